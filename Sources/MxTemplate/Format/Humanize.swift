import MxTime

/// Numbers for people, as Prometheus' template functions write them.
enum Humanize {
  private static let large = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
  private static let small = ["m", "u", "n", "p", "f", "a", "z", "y"]

  /// `%.4g`
  static func short(_ value: Double) -> String {
    GoFloat.text(value, UInt8(ascii: "g"), precision: 4)
  }

  private static func isPlain(_ value: Double) -> Bool { value.isNaN || value.isInfinite }

  /// Powers of 1000: `1.235M`, `12.34m`.
  static func decimal(_ value: Double) -> String {
    if value == 0 || isPlain(value) { return short(value) }
    return abs(value) >= 1 ? scaledDown(value, 1000, large) : scaledUp(value)
  }

  /// Powers of 1024: `1.5ki`.
  static func binary(_ value: Double) -> String {
    if abs(value) <= 1 || isPlain(value) { return short(value) }
    return scaledDown(value, 1024, large.map { $0 + "i" })
  }

  private static func scaledDown(_ value: Double, _ base: Double, _ prefixes: [String]) -> String {
    var value = value
    var prefix = ""
    for next in prefixes {
      if abs(value) < base { break }
      prefix = next
      value /= base
    }
    return short(value) + prefix
  }

  private static func scaledUp(_ value: Double) -> String {
    var value = value
    var prefix = ""
    for next in small {
      if abs(value) >= 1 { break }
      prefix = next
      value *= 1000
    }
    return short(value) + prefix
  }

  static func percentage(_ value: Double) -> String { short(value * 100) + "%" }

  /// Seconds: `1d 2h 3m 4s`, `12.5s`, `1.234ms`.
  static func duration(_ value: Double) -> String {
    if isPlain(value) { return short(value) }
    if value == 0 { return short(value) + "s" }
    if abs(value) < 1 { return scaledUp(value) + "s" }
    let sign = value < 0 ? "-" : ""
    let magnitude = abs(value)
    // What Go's conversion makes of numbers too large for it.
    let whole = magnitude < 0x1p63 ? Int64(magnitude) : Int64.min
    let (days, hours) = (whole / 86_400, whole / 3600 % 24)
    let (minutes, seconds) = (whole / 60 % 60, whole % 60)
    if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
    if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
    if minutes != 0 { return "\(sign)\(minutes)m \(seconds)s" }
    return sign + short(magnitude) + "s"
  }

  /// The instant of `value` seconds since 1970, whole ms; nil for NaN and infinities.
  static func time(_ value: Double) throws -> TemplateTime? {
    if isPlain(value) { return nil }
    let nanoseconds = value * 1e9
    guard nanoseconds < 0x1p63, nanoseconds >= -0x1p63 else {
      let number = GoFloat.text(value, UInt8(ascii: "g"), precision: nil)
      throw TemplateFailure(
        "\(number) cannot be represented as a nanoseconds timestamp since it overflows int64")
    }
    return TemplateTime(milliseconds: Int64(nanoseconds) / 1_000_000)
  }

  static func timestamp(_ value: Double) throws -> String {
    try time(value)?.description ?? short(value)
  }

  /// What the humanizing functions take for a number.
  static func number(_ value: TemplateValue) throws -> Double {
    switch value {
    case .float(let number): return number
    case .int(let number): return Double(number)
    case .duration(let duration): return Double(duration.nanoseconds) / 1e9
    case .string(let text):
      guard let number = parsed(text) else {
        throw TemplateFailure(
          "strconv.ParseFloat: parsing \(GoLiteral.quoted(text)): invalid syntax")
      }
      return number
    default: throw TemplateFailure("can't convert \(value.typeName) to float")
    }
  }

  private static func parsed(_ text: String) -> Double? {
    let isPlain = text.utf8.allSatisfy { byte in
      (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
        || "+-._".utf8.contains(byte)
    }
    guard isPlain, text.utf8.count <= 1000 else { return nil }
    switch text.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan": return .nan
    default: break
    }
    if case .some(.int(let whole)) = GoLiteral.number(text), !text.hasPrefix("0") {
      return Double(whole)
    }
    return text.contains { "nN".contains($0) } ? nil : Double(text)
  }
}
