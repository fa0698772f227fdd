import Glibc

/// Go's `strconv.FormatFloat`.
enum GoFloat {
  /// `verb` is one of e E f g G x X (x and X: hexadecimal); `precision` nil: as many
  /// digits as are needed to read the same number back.
  static func text(_ value: Double, _ verb: UInt8, precision: Int?) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if verb | 0x20 == UInt8(ascii: "x") { return hexadecimal(value, verb, precision) }
    guard let precision else { return shortest(value, verb) }
    let format = [UInt8(ascii: "%"), UInt8(ascii: "."), UInt8(ascii: "*"), verb, 0]
    return printed(format, precision, value)
  }

  /// The C library rounds exactly, as Go does, and has the same forms.
  private static func printed(_ format: [UInt8], _ precision: Int, _ value: Double) -> String {
    // 309 digits before the point, sign, point and end.
    var buffer = [CChar](repeating: 0, count: 330 + precision)
    let length = withVaList([Int32(clamping: precision), value]) { arguments in
      format.withUnsafeBytes { bytes in
        bytes.withMemoryRebound(to: CChar.self) { chars in
          chars.baseAddress.map { vsnprintf(&buffer, buffer.count, $0, arguments) } ?? 0
        }
      }
    }
    return String(decoding: buffer.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func hexadecimal(_ value: Double, _ verb: UInt8, _ precision: Int?) -> String {
    let letter = verb == UInt8(ascii: "x") ? UInt8(ascii: "a") : UInt8(ascii: "A")
    let format =
      [UInt8(ascii: "%")]
      + (precision == nil ? [] : [UInt8(ascii: "."), UInt8(ascii: "*")]) + [letter, 0]
    var text: String
    if let precision {
      text = printed(format, precision, value)
    } else {
      let full = printed(
        [UInt8(ascii: "%"), UInt8(ascii: "."), UInt8(ascii: "*"), letter, 0], 13, value)
      text = trimmedMantissa(full)
    }
    // Go writes at least two digits of exponent.
    if let mark = text.lastIndex(where: { $0 == "p" || $0 == "P" }) {
      let digits = text[text.index(mark, offsetBy: 2)...]
      if digits.utf8.count == 1 { text.insert("0", at: text.index(mark, offsetBy: 2)) }
    }
    return text
  }

  private static func trimmedMantissa(_ text: String) -> String {
    guard let mark = text.lastIndex(where: { $0 == "p" || $0 == "P" }) else { return text }
    var mantissa = text[..<mark]
    while mantissa.hasSuffix("0"), mantissa.contains(".") { mantissa.removeLast() }
    if mantissa.hasSuffix(".") { mantissa.removeLast() }
    return String(mantissa + text[mark...])
  }

  /// The shortest digits d₁d₂… with value 0.d₁d₂… · 10^point.
  private static func digits(_ magnitude: Double) -> (digits: [UInt8], point: Int) {
    if magnitude == 0 { return ([UInt8(ascii: "0")], 1) }
    var digits: [UInt8] = []
    var point = 0
    var seenPoint = false
    var exponent = 0
    let text = Array(magnitude.description.utf8)
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: ".") {
        seenPoint = true
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
        break
      } else {
        if !seenPoint { point += 1 }
        digits.append(byte)
      }
    }
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leading)
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (digits, point + exponent - leading)
  }

  private static func shortest(_ value: Double, _ verb: UInt8) -> String {
    let (digits, point) = digits(value.magnitude)
    let sign = value.sign == .minus ? "-" : ""
    switch verb | 0x20 {
    case UInt8(ascii: "e"): return sign + exponential(digits, point, verb)
    case UInt8(ascii: "f"): return sign + fixed(digits, point)
    default:
      let exponent = value == 0 ? 0 : point - 1
      // Shortest forms decide as if six digits had been asked for, as in Go.
      if exponent < -4 || exponent >= 6 {
        let letter = verb == UInt8(ascii: "G") ? UInt8(ascii: "E") : UInt8(ascii: "e")
        return sign + exponential(digits, point, letter)
      }
      return sign + fixed(digits, point)
    }
  }

  private static func exponential(_ digits: [UInt8], _ point: Int, _ verb: UInt8) -> String {
    let exponent = digits == [UInt8(ascii: "0")] ? 0 : point - 1
    var out = digits.prefix(1)
    if digits.count > 1 { out += [UInt8(ascii: ".")] + digits.dropFirst() }
    out += [verb, UInt8(ascii: exponent < 0 ? "-" : "+")]
    let text = String(exponent.magnitude)
    return String(decoding: out, as: UTF8.self) + (text.utf8.count < 2 ? "0" + text : text)
  }

  private static func fixed(_ digits: [UInt8], _ point: Int) -> String {
    let zero = UInt8(ascii: "0")
    if digits == [zero] { return "0" }
    var out: [UInt8] = []
    if point <= 0 {
      out = [zero, UInt8(ascii: ".")] + [UInt8](repeating: zero, count: -point) + digits
    } else if digits.count <= point {
      out = digits + [UInt8](repeating: zero, count: point - digits.count)
    } else {
      out = digits[..<point] + [UInt8(ascii: ".")] + digits[point...]
    }
    return String(decoding: out, as: UTF8.self)
  }
}
