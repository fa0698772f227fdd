extension Lexer {
  /// A string in `"`, `'` or backticks. Its escapes are checked here and
  /// replaced by `StringText.unquoted`.
  mutating func string(_ quote: UInt8) throws(PromQLError) -> Token {
    let isRaw = quote == UInt8(ascii: "`")
    offset &+= 1
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == quote { return take(.string) }
      if byte >= 0x80 {
        let length = UTF8Scan.length(bytes, offset)
        if length == 0 { throw failure("invalid UTF-8 rune") }
        offset &+= length
      } else if byte == UInt8(ascii: "\\"), !isRaw {
        try escape(quote)
      } else if byte == UInt8(ascii: "\n"), !isRaw {
        break
      } else {
        offset &+= 1
      }
    }
    throw failure(isRaw ? "unterminated raw string" : "unterminated quoted string")
  }

  /// Passes over one escape; `offset` stands on the backslash.
  private mutating func escape(_ quote: UInt8) throws(PromQLError) {
    offset &+= 1
    guard offset < bytes.count else { throw failure("escape sequence not terminated") }
    let byte = bytes[offset]
    if byte == quote || StringText.simpleEscape(byte) != nil {
      offset &+= 1
      return
    }
    guard let form = StringText.numericEscape(byte) else {
      let found = Quoting.unicode(bytes, offset)
      throw failure("unknown escape sequence \(found)")
    }
    offset &+= form.skip
    var value: UInt32 = 0
    for _ in 0..<form.digits {
      guard offset < bytes.count else { throw failure("escape sequence not terminated") }
      guard let digit = ByteClass.hexadecimal(bytes[offset]), digit < form.base else {
        let found = Quoting.unicode(bytes, offset)
        throw failure("illegal character \(found) in escape sequence")
      }
      value = value &* form.base &+ digit
      offset &+= 1
    }
    if value > form.maximum || (0xD800..<0xE000).contains(value) {
      throw failure("escape sequence is an invalid Unicode code point")
    }
  }
}

/// The inside of string tokens.
enum StringText {
  struct NumericEscape {
    /// Bytes before the digits: the letter, none for octal.
    var skip: Int
    var digits: Int
    var base: UInt32
    var maximum: UInt32
    /// Whether the value is one byte, and not a character.
    var isByte: Bool
  }

  static func simpleEscape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "a"): 7
    case UInt8(ascii: "b"): 8
    case UInt8(ascii: "f"): 12
    case UInt8(ascii: "n"): 10
    case UInt8(ascii: "r"): 13
    case UInt8(ascii: "t"): 9
    case UInt8(ascii: "v"): 11
    case UInt8(ascii: "\\"): byte
    default: nil
    }
  }

  static func numericEscape(_ byte: UInt8) -> NumericEscape? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      NumericEscape(skip: 0, digits: 3, base: 8, maximum: 255, isByte: true)
    case UInt8(ascii: "x"):
      NumericEscape(skip: 1, digits: 2, base: 16, maximum: 255, isByte: true)
    case UInt8(ascii: "u"):
      NumericEscape(skip: 1, digits: 4, base: 16, maximum: 0x10FFFF, isByte: false)
    case UInt8(ascii: "U"):
      NumericEscape(skip: 1, digits: 8, base: 16, maximum: 0x10FFFF, isByte: false)
    default: nil
    }
  }

  /// The bytes that a string token (with its quotes) stands for. The lexer has
  /// checked it.
  static func unquoted(_ token: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
    let inside = token.dropFirst().dropLast()
    let isRaw = token.first == UInt8(ascii: "`")
    if isRaw || !inside.contains(UInt8(ascii: "\\")) { return Array(inside) }
    var result: [UInt8] = []
    result.reserveCapacity(inside.count)
    var index = inside.startIndex
    while index < inside.endIndex {
      guard inside[index] == UInt8(ascii: "\\"), index + 1 < inside.endIndex else {
        result.append(inside[index])
        index += 1
        continue
      }
      index += 1
      if let form = numericEscape(inside[index]) {
        index += form.skip
        let digits = inside[index...].prefix(form.digits)
        index += digits.count
        append(digits, form, to: &result)
      } else {
        result.append(simpleEscape(inside[index]) ?? inside[index])
        index += 1
      }
    }
    return result
  }

  private static func append(
    _ digits: Slice<UnsafeBufferPointer<UInt8>>, _ form: NumericEscape, to result: inout [UInt8]
  ) {
    let value = digits.reduce(UInt32(0)) {
      $0 &* form.base &+ (ByteClass.hexadecimal($1) ?? 0)
    }
    if form.isByte {
      result.append(UInt8(truncatingIfNeeded: value))
    } else if let scalar = Unicode.Scalar(value) {
      result.append(contentsOf: Array(String(scalar).utf8))
    }
  }
}

enum UTF8Scan {
  /// The length of the well-formed character at `index`, 0 if there is none.
  static func length(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
    scalar(bytes, index)?.length ?? 0
  }

  static func scalar(
    _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int
  ) -> (scalar: Unicode.Scalar, length: Int)? {
    guard index < bytes.count else { return nil }
    var iterator = bytes[index..<min(index + 4, bytes.count)].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
    return (scalar, UTF8.width(scalar))
  }
}
