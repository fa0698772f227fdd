/// Go's `json.Marshal` for template values: keys sorted, `<`, `>` and `&` escaped.
struct TemplateJSON {
  private(set) var out: [UInt8] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  private mutating func put(_ text: String) throws {
    out += Array(text.utf8)
    if out.count > limit { throw TemplateFailure("result is longer than \(limit) bytes") }
  }

  mutating func write(_ value: TemplateValue) throws {
    switch value {
    case .null: try put("null")
    case .bool(let truth): try put(truth ? "true" : "false")
    case .int(let number): try put(String(number))
    case .duration(let duration): try put(String(duration.nanoseconds))
    case .float(let number): try put(try text(number))
    case .string(let text): try put(Self.quoted(text))
    case .time(let time):
      try put(Self.quoted(time.formatted("2006-01-02T15:04:05.999999999Z07:00")))
    case .list(let values): try write(values)
    case .map(let map):
      try put("{")
      for (index, key) in map.keys.enumerated() {
        try put((index > 0 ? "," : "") + Self.quoted(key) + ":")
        try write(map.entries[key] ?? .null)
      }
      try put("}")
    case .object(let object):
      if let elements = object.elements { return try write(elements) }
      try put("{")
      for (index, field) in object.fields.enumerated() {
        try put((index > 0 ? "," : "") + Self.quoted(field.name) + ":")
        try write(field.value)
      }
      try put("}")
    case .function: throw TemplateFailure("json: unsupported type: func()")
    }
  }

  private mutating func write(_ values: [TemplateValue]) throws {
    try put("[")
    for (index, value) in values.enumerated() {
      if index > 0 { try put(",") }
      try write(value)
    }
    try put("]")
  }

  /// Go's form: exponents below 1e-6 and from 1e21 on, without a leading zero.
  private func text(_ number: Double) throws -> String {
    guard number.isFinite else { throw TemplateFailure("json: unsupported value") }
    let magnitude = number.magnitude
    if magnitude != 0, magnitude < 1e-6 || magnitude >= 1e21 {
      var text = GoFloat.text(number, UInt8(ascii: "e"), precision: nil)
      if let mark = text.firstIndex(of: "e"), text[mark...].hasPrefix("e-0") {
        text.remove(at: text.index(mark, offsetBy: 2))
      }
      return text
    }
    return GoFloat.text(number, UInt8(ascii: "f"), precision: nil)
  }

  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}": out += "\\b"
      case "\u{c}": out += "\\f"
      case "<", ">", "&", "\u{2028}", "\u{2029}": out += escape(scalar.value)
      default:
        if scalar.value < 0x20 {
          out += escape(scalar.value)
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }

  private static func escape(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }
}
