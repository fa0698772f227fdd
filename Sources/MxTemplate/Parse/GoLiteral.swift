import Glibc

/// Go's constants: numbers, characters, strings.
package enum GoLiteral {
  /// An untyped number: whole where it is written without point and exponent.
  static func number(_ text: String) -> TemplateValue? {
    let plain = text.utf8.filter { $0 != UInt8(ascii: "_") }
    var digits = String(decoding: plain, as: UTF8.self)
    var isNegative = false
    if digits.hasPrefix("+") || digits.hasPrefix("-") {
      isNegative = digits.hasPrefix("-")
      digits.removeFirst()
    }
    guard let first = digits.utf8.first, digits.utf8.count <= 400 else { return nil }
    let lower = digits.lowercased()
    for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] where lower.hasPrefix(prefix) {
      guard let value = Int64((isNegative ? "-" : "") + lower.dropFirst(2), radix: radix) else {
        return radix == 16 ? float(lower, isNegative) : nil
      }
      return .int(value)
    }
    guard first == UInt8(ascii: ".") || (first >= 48 && first <= 57) else { return nil }
    if lower.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
      let isOctal = first == 48 && lower.utf8.count > 1
      if let value = Int64((isNegative ? "-" : "") + lower, radix: isOctal ? 8 : 10) {
        return .int(value)
      }
      return nil
    }
    guard lower.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ".e+-".utf8.contains($0) }) else {
      return nil
    }
    return float(lower, isNegative)
  }

  private static func float(_ text: String, _ isNegative: Bool) -> TemplateValue? {
    // A hexadecimal float needs its exponent in Go.
    if text.hasPrefix("0x"), !text.contains("p") { return nil }
    guard let value = Double(text), value.isFinite else { return nil }
    return .float(isNegative ? -value : value)
  }

  /// `'a'`, `'\n'`, `'\u00e9'`: the code point.
  static func character(_ text: String) -> Int64? {
    guard let inner = unescaped(text, quote: "'"), inner.unicodeScalars.count == 1 else {
      return nil
    }
    return inner.unicodeScalars.first.map { Int64($0.value) }
  }

  /// `"a\n"` or a raw string.
  package static func string(_ text: String) -> String? {
    if text.hasPrefix("`") {
      return String(decoding: text.utf8.dropFirst().dropLast().filter { $0 != 13 }, as: UTF8.self)
    }
    return unescaped(text, quote: "\"")
  }

  private static func unescaped(_ text: String, quote: Character) -> String? {
    let bytes = Array(text.utf8.dropFirst().dropLast())
    var out: [UInt8] = []
    var at = 0
    while at < bytes.count {
      if bytes[at] != UInt8(ascii: "\\") {
        out.append(bytes[at])
        at += 1
        continue
      }
      guard at + 1 < bytes.count else { return nil }
      guard let next = escape(bytes, at + 1, quote, &out) else { return nil }
      at = next
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static let simple: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
    UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
    UInt8(ascii: "\\"): UInt8(ascii: "\\"),
  ]

  /// The escape whose letter stands at `at`; where it ends.
  private static func escape(
    _ bytes: [UInt8], _ at: Int, _ quote: Character, _ out: inout [UInt8]
  ) -> Int? {
    let letter = bytes[at]
    if let byte = simple[letter] {
      out.append(byte)
      return at + 1
    }
    if letter == quote.asciiValue {
      out.append(letter)
      return at + 1
    }
    let width: Int
    switch letter {
    case UInt8(ascii: "x"): width = 2
    case UInt8(ascii: "u"): width = 4
    case UInt8(ascii: "U"): width = 8
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      guard at + 3 <= bytes.count,
        let value = UInt8(String(decoding: bytes[at..<at + 3], as: UTF8.self), radix: 8)
      else { return nil }
      out.append(value)
      return at + 3
    default: return nil
    }
    guard at + 1 + width <= bytes.count else { return nil }
    let digits = String(decoding: bytes[(at + 1)..<(at + 1 + width)], as: UTF8.self)
    guard let value = UInt32(digits, radix: 16) else { return nil }
    if width == 2 {
      out.append(UInt8(truncatingIfNeeded: value))
    } else {
      guard let scalar = Unicode.Scalar(value) else { return nil }
      out += Array(String(Character(scalar)).utf8)
    }
    return at + 1 + width
  }

  /// As Go's `%q`.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars { out += escaped(scalar, quote: "\"") }
    return out + "\""
  }

  static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
    if scalar == quote || scalar == "\\" { return "\\\(scalar)" }
    switch scalar.value {
    case 7: return "\\a"
    case 8: return "\\b"
    case 9: return "\\t"
    case 10: return "\\n"
    case 11: return "\\v"
    case 12: return "\\f"
    case 13: return "\\r"
    default: break
    }
    if isPrintable(scalar) { return String(Character(scalar)) }
    let digits = String(scalar.value, radix: 16)
    let (mark, width) =
      scalar.value < 0x80 ? ("\\x", 2) : scalar.value <= 0xffff ? ("\\u", 4) : ("\\U", 8)
    return mark + String(repeating: "0", count: width - digits.count) + digits
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}
