import Glibc
import MxJSON

/// Numbers with a given count of decimals, without the C library's formats.
enum Decimals {
  /// `3.14` for 3.14159 and 2; halves go away from zero. Beyond 2^53 the digits
  /// of the shortest text, which has no decimals there.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return special(value) }
    let places = min(max(decimals, 0), 15)
    let scale = powers[places]
    let scaled = (value.magnitude * scale).rounded(.toNearestOrAwayFromZero)
    guard scaled < 0x1p53 else { return NumberText.fixed(value) }
    let digits = UInt64(scaled)
    var out: [UInt8] = []
    // No minus before what became zero.
    if value < 0 && digits > 0 { out.append(0x2D) }
    let whole = UInt64(scale)
    NumberText.append(digits / whole, to: &out)
    if places > 0 {
      out.append(0x2E)
      var unit = whole / 10
      let rest = digits % whole
      while unit > 0 {
        out.append(UInt8(truncatingIfNeeded: rest / unit % 10) + 0x30)
        unit /= 10
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func special(_ value: Double) -> String {
    value.isNaN ? "NaN" : value > 0 ? "∞" : "-∞"
  }

  /// How many decimals tell a value to three digits: 42.34 has one, 0.00123 five.
  /// Whole numbers have none, nor what is one but for the last bits of a scaling.
  static func automatic(_ value: Double) -> Int {
    guard value.isFinite, abs(value - value.rounded()) > value.magnitude * 1e-14 else { return 0 }
    let power = Int(floor(log10(value.magnitude)))
    return min(max(2 - power, 0), 12)
  }

  /// How many decimals tell multiples of `step` apart.
  static func needed(forStep step: Double) -> Int {
    guard step.isFinite, step > 0 else { return 0 }
    for places in 0..<12 {
      let scaled = step * powers[places]
      if abs(scaled - scaled.rounded()) < 1e-6 * scaled { return places }
    }
    return 12
  }

  /// Without zeros at the end of its decimals.
  static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    let digits = text.reversed().drop { $0 == "0" }
    return String(String(digits.first == "." ? digits.dropFirst() : digits).reversed())
  }

  /// `1,234,567.8`.
  static func grouped(_ text: String) -> String {
    let isNegative = text.hasPrefix("-")
    let body = isNegative ? text.dropFirst() : text[...]
    let whole = body.prefix { $0 != "." }
    guard whole.allSatisfy(\.isNumber) else { return text }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0 && (whole.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return (isNegative ? "-" : "") + result + body.dropFirst(whole.count)
  }

  static let powers: [Double] = [
    1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]
}
