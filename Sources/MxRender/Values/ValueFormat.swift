import MxJSON
import MxTime

/// A value as text in its unit.
struct ValueFormat: Sendable {
  var unit: Unit
  var decimals: Int?
  var zone: Zone
  /// The present, for `dateTimeFromNow`; milliseconds.
  var now: Int64

  init(unit: Unit, decimals: Int? = nil, zone: Zone = .utc, now: Int64 = 0) {
    self.unit = unit
    self.decimals = decimals
    self.zone = zone
    self.now = now
  }

  /// `scale` is the distance of ticks, when the text stands at one: all ticks of
  /// an axis have the decimals that tell them apart.
  func text(_ value: Double, step: Double? = nil) -> String {
    guard value.isFinite else { return Decimals.special(value) }
    switch unit.kind {
    case .plain: return unit.prefix + number(value, step) + unit.suffix
    case .fraction: return number(value * 100, step.map { $0 * 100 }) + "%"
    case .decimal(let prefixes): return scaled(value, step, 1000, prefixes)
    case .binary(let prefixes): return scaled(value, step, 1024, prefixes)
    case .duration(let seconds): return duration(value * seconds, step.map { $0 * seconds })
    case .longDuration(let seconds): return Self.words(value * seconds)
    case .clock(let seconds): return Self.clock(value * seconds)
    case .grouped: return Decimals.grouped(number(value, step))
    case .scientific: return NumberText.template(value)
    case .hexadecimal:
      let whole = value.rounded(.towardZero)
      guard abs(whole) < 0x1p53 else { return NumberText.fixed(value) }
      return unit.prefix + String(Int64(whole), radix: 16, uppercase: true)
    case .truth(let yes, let no): return value != 0 ? yes : no
    case .date(let style): return DateText.text(value, style, zone)
    case .ago: return ago(value)
    case .text: return NumberText.general(value)
    }
  }

  /// The distance of ticks that differ as texts; 0 for any.
  func leastStep(decimals: Int?) -> Double {
    switch unit.kind {
    case .truth, .hexadecimal: return 1
    case .clock(let seconds): return 1 / seconds
    case .plain, .grouped: return decimals.map { 1 / Decimals.powers[min(max($0, 0), 15)] } ?? 0
    case .fraction: return decimals.map { 0.01 / Decimals.powers[min(max($0, 0), 13)] } ?? 0
    default: return 0
    }
  }

  private func number(_ value: Double, _ step: Double?) -> String {
    let places = decimals ?? step.map(Decimals.needed) ?? Decimals.automatic(value)
    return Decimals.fixed(value, places)
  }

  private func scaled(
    _ value: Double, _ step: Double?, _ factor: Double, _ prefixes: [String]
  ) -> String {
    var rest = value
    var stepRest = step
    var index = unit.offset
    // A zero on an axis has no prefix of its own; rounding may carry to the next.
    while rest.magnitude >= factor * 0.99995 && index + 1 < prefixes.count {
      rest /= factor
      stepRest = stepRest.map { $0 / factor }
      index += 1
    }
    let prefix = prefixes.indices.contains(index) ? prefixes[index] : ""
    let text = number(rest, stepRest)
    // Names of counts (K, Mil) stand apart from the suffix by the suffix's blank.
    return unit.prefix + text + prefix + unit.suffix
  }

  private static let durations: [(seconds: Double, name: String)] = [
    (31_536_000, " years"), (604_800, " weeks"), (86_400, " days"), (3600, " hours"),
    (60, " mins"), (1, " s"), (1e-3, " ms"), (1e-6, " µs"), (1e-9, " ns"),
  ]

  private func duration(_ seconds: Double, _ step: Double?) -> String {
    if seconds == 0 { return "0 s" }
    let unit =
      Self.durations.first { seconds.magnitude >= $0.seconds * 0.99995 }
      ?? Self.durations[Self.durations.count - 1]
    let value = seconds / unit.seconds
    let text = number(value, step.map { $0 / unit.seconds })
    if text == "1", unit.seconds >= 60 { return text + unit.name.dropLast() }
    return text + unit.name
  }

  /// `2 days, 3 hours`: the two largest parts.
  static func words(_ seconds: Double) -> String {
    var rest = seconds.magnitude
    guard rest < 1e15 else { return NumberText.fixed(seconds) + " s" }
    if rest < 1 { return rest == 0 ? "0 seconds" : Decimals.fixed(seconds * 1000, 0) + " ms" }
    var parts: [String] = []
    let names: [(Double, String)] = [
      (31_536_000, "year"), (604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"),
      (1, "second"),
    ]
    for (size, name) in names {
      let count = (rest / size).rounded(.down)
      if count == 0 {
        if parts.isEmpty { continue }
        break
      }
      parts.append("\(Decimals.fixed(count, 0)) \(name)\(count == 1 ? "" : "s")")
      rest -= count * size
      if parts.count == 2 { break }
    }
    return (seconds < 0 ? "-" : "") + parts.joined(separator: ", ")
  }

  static func clock(_ seconds: Double) -> String {
    guard seconds.magnitude < 1e12 else { return NumberText.fixed(seconds) + " s" }
    let whole = Int64(seconds.magnitude.rounded())
    let pad = { (part: Int64) in part < 10 ? "0\(part)" : "\(part)" }
    return (seconds < 0 ? "-" : "")
      + "\(pad(whole / 3600)):\(pad(whole / 60 % 60)):\(pad(whole % 60))"
  }

  private func ago(_ milliseconds: Double) -> String {
    let seconds = (Double(now) - milliseconds) / 1000
    let text = Self.words(seconds.magnitude).split(separator: ",").first.map(String.init) ?? ""
    return seconds >= 0 ? text + " ago" : "in " + text
  }
}

/// Instants as dates.
enum DateText {
  static func text(_ milliseconds: Double, _ style: Unit.DateStyle, _ zone: Zone) -> String {
    // A year of five digits is nobody's date.
    guard milliseconds.magnitude < 253_402_300_800_000 else {
      return NumberText.fixed(milliseconds)
    }
    let civil = zone.civil(milliseconds: Int64(milliseconds))
    switch style {
    case .iso, .local: return iso(civil)
    case .us: return pattern("MM/DD/YYYY h:mm:ss a", civil)
    case .pattern(let text): return pattern(text, civil)
    }
  }

  /// `2026-11-29 04:11:18`. Not by way of tokens: pages have thousands of it.
  private static func iso(_ civil: Civil) -> String {
    guard (0...9999).contains(civil.year) else { return pattern("YYYY-MM-DD HH:mm:ss", civil) }
    var text: [UInt8] = []
    text.reserveCapacity(19)
    RFC3339.append(civil, separator: 0x20, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  static func pad(_ value: Int, _ width: Int = 2) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  /// The tokens of moment.js that dashboards use; text in brackets stays.
  static func pattern(_ text: String, _ civil: Civil) -> String {
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      if first == "[", let end = rest.firstIndex(of: "]") {
        result += rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        continue
      }
      let run = rest.prefix { $0 == first }
      if let (token, value) = token(String(run), rest, civil) {
        result += value
        rest = rest.dropFirst(token)
      } else {
        result += run
        rest = rest.dropFirst(run.count)
      }
    }
    return result
  }

  private static func token(
    _ run: String, _ rest: Substring, _ civil: Civil
  ) -> (length: Int, value: String)? {
    let month = months[min(max(civil.month - 1, 0), 11)]
    let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12
    switch run {
    case "YYYY": return (4, pad(civil.year, 4))
    case "YY": return (2, pad(civil.year % 100))
    case "MMMM": return (4, month)
    case "MMM": return (3, String(month.prefix(3)))
    case "MM": return (2, pad(civil.month))
    case "M": return (1, String(civil.month))
    case "DD": return (2, pad(civil.day))
    case "D": return (1, String(civil.day))
    case "dddd": return (4, days[civil.weekday])
    case "ddd": return (3, String(days[civil.weekday].prefix(3)))
    case "HH": return (2, pad(civil.hour))
    case "H": return (1, String(civil.hour))
    case "hh": return (2, pad(hour12))
    case "h": return (1, String(hour12))
    case "mm": return (2, pad(civil.minute))
    case "m": return (1, String(civil.minute))
    case "ss": return (2, pad(civil.second))
    case "s": return (1, String(civil.second))
    case "SSS": return (3, pad(civil.nanosecond / 1_000_000, 3))
    case "A": return (1, civil.hour < 12 ? "AM" : "PM")
    case "a": return (1, civil.hour < 12 ? "am" : "pm")
    case "L":
      if rest.hasPrefix("LTS") { return (3, pattern("h:mm:ss A", civil)) }
      if rest.hasPrefix("LT") { return (2, pattern("h:mm A", civil)) }
      return (1, pattern("MM/DD/YYYY", civil))
    case "LL": return (2, pattern("MMMM D, YYYY", civil))
    case "LLL": return (3, pattern("MMMM D, YYYY h:mm A", civil))
    default: return nil
    }
  }
}
