/// Label sets as people read them.
extension LabelSet: CustomStringConvertible {
  /// As Prometheus prints it: `up{job="node", zone="a"}`; `{}` when empty.
  package var description: String {
    var text: [UInt8] = []
    appendDescription(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the description's UTF-8. Ten thousand rows of a table are ten thousand
  /// calls, so nothing is taken apart into strings that is plain.
  package func appendDescription(to out: inout [UInt8]) {
    let start = out.count
    out.reserveCapacity(start + key.count * 2)
    key.withUnsafeBytes { bytes in
      let metric = LabelText.metric(in: bytes)
      if let metric, LabelText.isPlainMetric(metric) { out.append(contentsOf: metric) }
      let brace = out.count
      if let metric, !LabelText.isPlainMetric(metric) {
        out.append(LabelText.openBrace)
        LabelText.appendQuoted(metric, to: &out)
      }
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        if LabelText.isMetric(pair.name) { continue }
        if out.count == brace {
          out.append(LabelText.openBrace)
        } else {
          out.append(LabelText.comma)
          out.append(LabelText.space)
        }
        if LabelText.isPlainLabel(pair.name) {
          out.append(contentsOf: pair.name)
        } else {
          LabelText.appendQuoted(pair.name, to: &out)
        }
        out.append(LabelText.equals)
        LabelText.appendQuoted(pair.value, to: &out)
      }
      if out.count > brace {
        out.append(LabelText.closeBrace)
      } else if out.count == start {
        out.append(LabelText.openBrace)
        out.append(LabelText.closeBrace)
      }
    }
  }
}

/// Parts of label keys as text, byte by byte.
private enum LabelText {
  static let openBrace = UInt8(ascii: "{")
  static let closeBrace = UInt8(ascii: "}")
  static let comma = UInt8(ascii: ",")
  static let space = UInt8(ascii: " ")
  static let equals = UInt8(ascii: "=")
  static let quote = UInt8(ascii: "\"")
  private static let metricName = Array(LabelName.metric.utf8)

  static func isMetric(_ name: UnsafeRawBufferPointer) -> Bool {
    name.count == metricName.count && name.elementsEqual(metricName)
  }

  static func metric(in key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var cursor = LabelCursor(key)
    while let pair = cursor.next() {
      if isMetric(pair.name) { return pair.value }
    }
    return nil
  }

  static func isPlainMetric(_ name: UnsafeRawBufferPointer) -> Bool {
    LabelName.isPlain(name, colon: true)
  }

  static func isPlainLabel(_ name: UnsafeRawBufferPointer) -> Bool {
    LabelName.isPlain(name, colon: false)
  }

  /// Appends a part of a key, which may hold the escapes of keys, in quotes.
  static func appendQuoted(_ part: UnsafeRawBufferPointer, to out: inout [UInt8]) {
    guard LabelKey.isPlainText(part) else {
      out.append(contentsOf: LabelKey.quoted(LabelKey.text(part)).utf8)
      return
    }
    out.append(quote)
    out.append(contentsOf: part)
    out.append(quote)
  }
}

extension LabelKey {
  /// Whether quoting leaves `text` as it is: printable ASCII without quote or backslash.
  fileprivate static func isPlainText(_ text: some Sequence<UInt8>) -> Bool {
    text.allSatisfy {
      $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
  }

  /// A double-quoted string with Go's escapes for what would not be readable.
  package static func quoted(_ text: String) -> String {
    if isPlainText(text.utf8) { return "\"\(text)\"" }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\u{7}": result += "\\a"
      case "\u{8}": result += "\\b"
      case "\u{b}": result += "\\v"
      case "\u{c}": result += "\\f"
      default:
        if isPrintable(scalar) {
          result.unicodeScalars.append(scalar)
        } else {
          result += hexEscape(scalar)
        }
      }
    }
    return result + "\""
  }

  /// Letters, marks, numbers, punctuation, symbols and the one plain space.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }

  /// `\x1b`, `\u00a0` or `\U000e0001`: two digits below 128, then four, then eight.
  private static func hexEscape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let (mark, width) =
      scalar.isASCII ? ("\\x", 2) : scalar.value <= 0xffff ? ("\\u", 4) : ("\\U", 8)
    return mark + String(repeating: "0", count: width - digits.count) + digits
  }
}
