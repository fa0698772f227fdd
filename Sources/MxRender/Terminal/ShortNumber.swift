import Glibc
import MxJSON

/// Numbers for people: so many significant digits and no more.
package enum ShortNumber {
  /// `0.0166667`, `1234.57`, `12345700`, `1.5e-09`, `NaN`, `+Inf`; whole numbers below
  /// 10^15 keep all their digits.
  package static func text(_ value: Double, digits: Int) -> String {
    guard value.isFinite, value != 0 else { return NumberText.general(value) }
    let magnitude = value.magnitude
    if magnitude < 1e15, value == value.rounded() { return NumberText.fixed(value) }
    guard magnitude < 1e15, magnitude >= 1e-5 else { return exponential(value, digits) }
    let places = max(0, digits - 1 - Int(floor(log10(magnitude))))
    return trimmed(Decimals.fixed(value, places))
  }

  private static func exponential(_ value: Double, _ digits: Int) -> String {
    let power = floor(log10(value.magnitude))
    let scaled = value / pow(10, power)
    // Too small for a power of its own: the shortest text will do.
    guard scaled.isFinite else { return NumberText.general(value) }
    let sign = power < 0 ? "-" : "+"
    let exponent = String(Int(power.magnitude))
    return trimmed(Decimals.fixed(scaled, digits - 1)) + "e" + sign
      + (exponent.utf8.count < 2 ? "0" : "") + exponent
  }

  private static func trimmed(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: ".")) else { return text }
    var text = Substring(text)
    while text.utf8.last == UInt8(ascii: "0") { text.removeLast() }
    if text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
    return String(text)
  }
}
