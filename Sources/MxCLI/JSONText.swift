/// A JSON value to be written: reports and log lines, nothing is read here.
package enum JSONText: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Not finite numbers are written as null: JSON has no other word for them.
  case number(Double)
  case string(String)
  case array([JSONText])
  /// In the order given.
  case object([(String, JSONText)])

  package static func == (a: JSONText, b: JSONText) -> Bool {
    a.text == b.text
  }

  /// On one line, without spaces.
  package var text: String {
    var out = ""
    write(to: &out)
    return out
  }

  func write(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value): out += value.isFinite ? NumberText.shortest(value) : "null"
    case .string(let value): JSONText.quote(value, to: &out)
    case .array(let values):
      out += "["
      for (index, value) in values.enumerated() {
        if index > 0 { out += "," }
        value.write(to: &out)
      }
      out += "]"
    case .object(let members):
      out += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { out += "," }
        JSONText.quote(member.0, to: &out)
        out += ":"
        member.1.write(to: &out)
      }
      out += "}"
    }
  }

  private static func quote(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\0"..<" ", "\u{7f}", "\u{2028}", "\u{2029}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}

extension NumberText {
  /// The shortest text that reads back as the same number, whole numbers
  /// without a point: `5`, `0.1`, `1e+30`.
  package static func shortest(_ value: Double) -> String {
    // 2^53: up to there every whole Double is its integer's digits.
    if value.rounded(.towardZero) == value, value.magnitude < 9_007_199_254_740_992 {
      return value == 0 && value.sign == .minus ? "-0" : String(Int64(value))
    }
    return value.description
  }
}
