/// A colour by what it is for. On the page it is a class that sets `--c`, so that
/// one drawing serves light, dark and print.
enum Ink: Hashable, Sendable {
  /// Of the palette, by a series' number; after the last it starts over.
  case series(Int)
  /// One of Grafana's names that we know.
  case named(String)
  /// Chosen by the author, the same in light and dark.
  case rgb(UInt32)
  /// Between two names, so many eighths of the way.
  case blend(String, String, Int)
  /// Of a heatmap's scheme, reversed or not: so many of a hundred from few to many.
  case heat(String, Bool, Int)

  var className: String {
    switch self {
    case .series(let index): "c\(index % Palette.series.count)"
    case .named(let name): "n-\(name)"
    case .rgb(let value): "k\(Palette.hex(value))"
    case .blend(let from, let to, let eighths): "b-\(from)-\(to)-\(eighths)"
    case .heat(let name, let isReversed, let share): "h-\(name)-\(isReversed ? "r" : "")\(share)"
    }
  }

  /// What an author wrote; nil for what is no colour.
  static func parse(_ text: String) -> Ink? {
    if let value = Palette.named[text] { return value.light == nil ? nil : .named(text) }
    if text.hasPrefix("#") { return hex(text.dropFirst()) }
    if text.hasPrefix("rgb"), let open = text.firstIndex(of: "("), text.hasSuffix(")") {
      let parts = text[text.index(after: open)...].dropLast().split(separator: ",")
        .compactMap { Double(TextTools.trim($0)) }
      guard parts.count >= 3 else { return nil }
      let bytes = parts.prefix(3).map { UInt32(min(max($0, 0), 255)) }
      return .rgb(bytes[0] << 16 | bytes[1] << 8 | bytes[2])
    }
    return nil
  }

  /// The hue of a share between 0 and 1.
  static func scheme(_ hues: [String], _ share: Double) -> Ink? {
    guard hues.count > 1, share.isFinite else { return nil }
    let place = share.clamped(to: 0...1) * Double(hues.count - 1)
    let first = min(Int(place), hues.count - 2)
    return .blend(hues[first], hues[first + 1], Int(((place - Double(first)) * 8).rounded()))
  }

  private static func hex(_ digits: Substring) -> Ink? {
    guard let value = UInt32(digits, radix: 16) else { return nil }
    switch digits.count {
    case 3:
      let (r, g, b) = (value >> 8 & 15, value >> 4 & 15, value & 15)
      return .rgb(r * 17 << 16 | g * 17 << 8 | b * 17)
    case 6: return .rgb(value)
    case 8: return .rgb(value >> 8)
    default: return nil
    }
  }

  /// Light and dark, without the `#`.
  var values: (light: String, dark: String) {
    switch self {
    case .series(let index):
      let pair = Palette.series[index % Palette.series.count]
      return (Palette.hex(pair.light), Palette.hex(pair.dark))
    case .named(let name):
      let pair = Palette.named[name]
      return (Palette.hex(pair?.light ?? 0x5C6670), Palette.hex(pair?.dark ?? 0x9AA3AD))
    case .rgb(let value): return (Palette.hex(value), Palette.hex(value))
    case .blend(let from, let to, let eighths):
      let (one, other) = (Palette.named[from], Palette.named[to])
      let share = Double(eighths) / 8
      func mixed(_ a: UInt32??, _ b: UInt32??) -> String {
        Palette.hex(Palette.mix((a ?? nil) ?? 0x5C6670, (b ?? nil) ?? 0x5C6670, share))
      }
      return (mixed(one?.light, other?.light), mixed(one?.dark, other?.dark))
    case .heat(let name, let isReversed, let share):
      let color = HeatPalette.color(name, isReversed: isReversed, Double(share) / 100)
      return (Palette.hex(color.light), Palette.hex(color.dark))
    }
  }
}

/// Colours that people with any kind of colour vision tell apart.
///
/// The first seven are at least 22 (light) and 32 (dark) apart in CIELAB for every
/// kind of colour vision, found by a search from hand-picked hues; neighbours differ
/// in lightness, which everybody sees. Each has a contrast of at least 3 to the
/// panel's ground (WCAG 1.4.11); a test computes both.
enum Palette {
  static let lightGround: UInt32 = 0xFFFFFF
  static let darkGround: UInt32 = 0x181B1F

  static let series: [(light: UInt32, dark: UInt32)] = [
    (0x294293, 0x458CEA),  // blue
    (0xD47C05, 0xF6A259),  // orange
    (0x0D7B62, 0x53F0BB),  // green
    (0xB35BA2, 0x9B6C99),  // pink
    (0x775900, 0xF8E421),  // olive
    (0x2096F7, 0xC4D5FF),  // sky
    (0x831227, 0xC34750),  // crimson
    (0x5152B8, 0x9A9CFF),  // indigo
    (0x74512F, 0xC79A72),  // brown
    (0x5F6B76, 0xA9B4BF),  // grey
  ]

  private static let hues: [(name: String, light: UInt32, dark: UInt32)] = [
    ("green", 0x007A5E, 0x3FBF95), ("red", 0xC4283C, 0xFF7383), ("yellow", 0x8F6B00, 0xF2CC4D),
    ("orange", 0xC05A00, 0xFF9A4A), ("blue", 0x1F6FB4, 0x6EB1FF), ("purple", 0x8A4BB8, 0xC795F0),
  ]

  /// `dark-red` and its like are the hue with black or white in it. `text` and
  /// `transparent` are known, and no ink.
  static let named: [String: (light: UInt32?, dark: UInt32?)] = {
    var table: [String: (light: UInt32?, dark: UInt32?)] = [
      "text": (nil, nil), "transparent": (nil, nil), "": (nil, nil),
      "white": (0x5C6670, 0xE4E7EB), "black": (0x1F2328, 0x9AA3AD),
      "gray": (0x5F6B76, 0xA9B4BF), "grey": (0x5F6B76, 0xA9B4BF),
    ]
    for hue in hues {
      table[hue.name] = (hue.light, hue.dark)
      table["dark-" + hue.name] = (mix(hue.light, 0, 0.25), mix(hue.dark, 0, 0.22))
      table["semi-dark-" + hue.name] = (mix(hue.light, 0, 0.12), mix(hue.dark, 0, 0.1))
      table["light-" + hue.name] = (mix(hue.light, 0xFFFFFF, 0.12), mix(hue.dark, 0xFFFFFF, 0.25))
      table["super-light-" + hue.name] = (
        mix(hue.light, 0xFFFFFF, 0.2), mix(hue.dark, 0xFFFFFF, 0.45)
      )
    }
    return table
  }()

  static func hex(_ value: UInt32) -> String {
    let digits = String(value & 0xFFFFFF, radix: 16)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }

  static func mix(_ color: UInt32, _ other: UInt32, _ share: Double) -> UInt32 {
    var result: UInt32 = 0
    for shift: UInt32 in [16, 8, 0] {
      let one = Double(color >> shift & 255)
      let two = Double(other >> shift & 255)
      result |= UInt32((one + (two - one) * share).rounded()) << shift
    }
    return result
  }
}
