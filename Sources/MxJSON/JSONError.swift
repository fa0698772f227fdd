/// Where in a text: all three are needed, to seek, to print and to click on.
package struct JSONPosition: Equatable, Sendable {
  /// Bytes from the start.
  package var offset: Int
  /// From 1.
  package var line: Int
  /// In bytes, from 1.
  package var column: Int

  package init(offset: Int, line: Int, column: Int) {
    self.offset = offset
    self.line = line
    self.column = column
  }
}

/// Why a text is not JSON (RFC 8259), and where.
package enum JSONError: Error, Equatable {
  /// The text ended within a value.
  case unexpectedEnd(at: JSONPosition)
  /// A byte that cannot stand here; `expected` says what can.
  case unexpected(UInt8, expected: String, at: JSONPosition)
  /// A number that JSON's grammar does not have, such as `01`, `1.` or `+1`.
  case badNumber(at: JSONPosition)
  /// A `\` before something that cannot be escaped.
  case badEscape(at: JSONPosition)
  /// A raw control character within a string.
  case controlCharacter(UInt8, at: JSONPosition)
  /// Bytes within a string that are not UTF-8.
  case invalidUTF8(at: JSONPosition)
  /// Arrays and objects inside each other beyond the limit.
  case tooDeep(limit: Int, at: JSONPosition)
  /// A complete value, then more, where one was wanted.
  case trailingData(at: JSONPosition)

  package var position: JSONPosition {
    switch self {
    case .unexpectedEnd(let at), .unexpected(_, _, let at), .badNumber(let at),
      .badEscape(let at), .controlCharacter(_, let at), .invalidUTF8(let at),
      .tooDeep(_, let at), .trailingData(let at):
      at
    }
  }

  /// What is wrong, without the place: `line` and `column` go before it.
  package var message: String {
    switch self {
    case .unexpectedEnd: "the text ends within a value"
    case .unexpected(let byte, let expected, _):
      "found \(Self.name(byte)), expected \(expected)"
    case .badNumber: "not a number in JSON's grammar"
    case .badEscape: "unknown escape in a string"
    case .controlCharacter(let byte, _): "raw control character \(Self.name(byte)) in a string"
    case .invalidUTF8: "a string is not valid UTF-8"
    case .tooDeep(let limit, _): "nested deeper than \(limit) levels"
    case .trailingData: "more text behind the end of the value"
    }
  }

  private static func name(_ byte: UInt8) -> String {
    if byte > 0x20 && byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
    let hex = String(byte, radix: 16)
    return "byte 0x" + (hex.count < 2 ? "0" : "") + hex
  }
}

extension JSONError: CustomStringConvertible {
  package var description: String {
    "line \(position.line), column \(position.column): \(message)"
  }
}
