/// Pieces of the query inside messages, quoted as Go's `%q` and `%#U` do.
enum Quoting {
  /// The character at `index` in single quotes; the end of the input is `'\x00'`.
  static func character(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> String {
    guard index < bytes.count else { return "'\\x00'" }
    guard let scalar = UTF8Scan.scalar(bytes, index)?.scalar else { return "'\u{FFFD}'" }
    return scalar == "'" ? "'\\''" : "'\(escaped(scalar, quote: "'"))'"
  }

  /// `U+0063 'c'`
  static func unicode(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> String {
    let scalar = UTF8Scan.scalar(bytes, index)?.scalar ?? "\u{FFFD}"
    let code = "U+\(hexadecimal(scalar.value, digits: 4).uppercased())"
    return isPrintable(scalar) ? "\(code) '\(scalar)'" : code
  }

  static func text(_ bytes: some Collection<UInt8>) -> String {
    text(String(decoding: bytes, as: UTF8.self))
  }

  static func text(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars { result += escaped(scalar, quote: "\"") }
    return result + "\""
  }

  /// A string literal that reads back as the same bytes.
  static func literal(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return self.text(text) }
    var result = "\""
    bytes.withUnsafeBufferPointer { bytes in
      var index = 0
      while index < bytes.count {
        if let (scalar, length) = UTF8Scan.scalar(bytes, index) {
          result += escaped(scalar, quote: "\"")
          index += length
        } else {
          result += "\\x\(hexadecimal(UInt32(bytes[index]), digits: 2))"
          index += 1
        }
      }
    }
    return result + "\""
  }

  private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
    switch scalar {
    case "\\": "\\\\"
    case "\n": "\\n"
    case "\t": "\\t"
    case "\r": "\\r"
    case "\u{07}": "\\a"
    case "\u{08}": "\\b"
    case "\u{0B}": "\\v"
    case "\u{0C}": "\\f"
    case quote: "\\\(quote)"
    default:
      isPrintable(scalar)
        ? String(scalar)
        : scalar.value < 0x80
          ? "\\x\(hexadecimal(scalar.value, digits: 2))"
          : scalar.value < 0x10000
            ? "\\u\(hexadecimal(scalar.value, digits: 4))"
            : "\\U\(hexadecimal(scalar.value, digits: 8))"
    }
  }

  /// Whether it can be shown as it is: no control, format or odd space character.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 { return scalar.value >= 0x20 && scalar.value != 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned, .spaceSeparator:
      return false
    default: return true
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
