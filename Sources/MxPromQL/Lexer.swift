/// Cuts a query into tokens, one at a time.
///
/// Three modes, as in Prometheus: between braces every word is a label's name;
/// between brackets there is only duration arithmetic; elsewhere words may be
/// keywords. The lexer finds the mode by itself, so the parser may look one
/// token ahead without care.
struct Lexer {
  let bytes: UnsafeBufferPointer<UInt8>
  /// The next byte to read.
  var offset = 0
  /// Where the token at hand begins.
  var start = 0
  private var parenDepth = 0
  private var isInBraces = false
  private var isInBrackets = false
  private var sawColon = false
  private var sawDuration = false

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The byte at `offset + ahead`, zero past the end (and for a zero byte).
  @inline(__always)
  func peek(_ ahead: Int = 0) -> UInt8 {
    let index = offset &+ ahead
    return index < bytes.count ? bytes[index] : 0
  }

  mutating func next() throws(PromQLError) -> Token {
    skipBlanks()
    start = offset
    if offset >= bytes.count { return try end() }
    if isInBraces { return try nextInBraces() }
    if isInBrackets { return try nextInBrackets() }
    let byte = bytes[offset]
    if ByteClass.isLetter(byte) || byte == UInt8(ascii: ":") { return word() }
    if ByteClass.isDigit(byte) || (byte == UInt8(ascii: ".") && ByteClass.isDigit(peek(1))) {
      return try numberOrDuration()
    }
    return try symbol(byte)
  }

  // MARK: Helpers

  func token(_ kind: TokenKind) -> Token { Token(kind: kind, start: start, end: offset) }

  mutating func take(_ kind: TokenKind, _ length: Int = 1) -> Token {
    offset &+= length
    return token(kind)
  }

  func failure(_ message: String) -> PromQLError {
    PromQLError(message, Token(kind: .end, start: start, end: max(offset, start)).range)
  }

  private mutating func skipBlanks() {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        offset &+= 1
      case UInt8(ascii: "#"):
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset &+= 1 }
      default: return
      }
    }
  }

  private func end() throws(PromQLError) -> Token {
    if isInBraces { throw failure("unexpected end of input inside braces") }
    if isInBrackets { throw failure("unexpected end of input in duration expression") }
    if parenDepth > 0 { throw failure("unclosed left parenthesis") }
    return token(.end)
  }

  // MARK: Outside braces and brackets

  private mutating func symbol(_ byte: UInt8) throws(PromQLError) -> Token {
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"): return try parenthesis(byte)
    case UInt8(ascii: "{"):
      isInBraces = true
      return take(.leftBrace)
    case UInt8(ascii: "["):
      isInBrackets = true
      sawColon = false
      sawDuration = false
      return take(.leftBracket)
    case UInt8(ascii: "]"):
      throw failure("unexpected right bracket ']'")
    case UInt8(ascii: ","): return take(.comma)
    case UInt8(ascii: "@"): return take(.atSign)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string(byte)
    case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"):
      return try comparison(byte)
    default:
      if let operation = arithmetic(byte) { return take(operation) }
      throw failure("unexpected character: \(Quoting.character(bytes, offset))")
    }
  }

  private func arithmetic(_ byte: UInt8) -> TokenKind? {
    switch byte {
    case UInt8(ascii: "+"): .add
    case UInt8(ascii: "-"): .subtract
    case UInt8(ascii: "*"): .multiply
    case UInt8(ascii: "/"): .divide
    case UInt8(ascii: "%"): .modulo
    case UInt8(ascii: "^"): .power
    default: nil
    }
  }

  private mutating func parenthesis(_ byte: UInt8) throws(PromQLError) -> Token {
    if byte == UInt8(ascii: "(") {
      parenDepth += 1
      return take(.leftParen)
    }
    if parenDepth == 0 { throw failure("unexpected right parenthesis ')'") }
    parenDepth -= 1
    return take(.rightParen)
  }

  private mutating func comparison(_ byte: UInt8) throws(PromQLError) -> Token {
    let following = peek(1)
    switch (byte, following) {
    case (UInt8(ascii: "="), UInt8(ascii: "=")): return take(.equal, 2)
    case (UInt8(ascii: "="), UInt8(ascii: "~")):
      throw failure("unexpected character after '=': '~'")
    case (UInt8(ascii: "="), _): return take(.assign)
    case (UInt8(ascii: "!"), UInt8(ascii: "=")): return take(.notEqual, 2)
    case (UInt8(ascii: "!"), _):
      throw failure("unexpected character after '!': \(Quoting.character(bytes, offset + 1))")
    case (UInt8(ascii: "<"), UInt8(ascii: "=")): return take(.lessOrEqual, 2)
    case (UInt8(ascii: "<"), UInt8(ascii: "/")): return take(.trimUpper, 2)
    case (UInt8(ascii: "<"), _): return take(.less)
    case (_, UInt8(ascii: "=")): return take(.greaterOrEqual, 2)
    case (_, UInt8(ascii: "/")): return take(.trimLower, 2)
    default: return take(.greater)
    }
  }

  private mutating func word() -> Token {
    var hasColon = false
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: ":") {
        hasColon = true
      } else if !ByteClass.isLetterOrDigit(byte) {
        break
      }
      offset &+= 1
    }
    if hasColon { return token(.metricIdentifier) }
    guard let keyword = Keyword.find(UnsafeBufferPointer(rebasing: bytes[start..<offset])) else {
      return token(.identifier)
    }
    if keyword.rawValue >= TokenKind.fill.rawValue, keyword.rawValue <= TokenKind.fillRight.rawValue
    {
      return token(isParenthesisNext() ? keyword : .identifier)
    }
    return token(keyword)
  }

  /// `fill` is a word like any other unless a parenthesis follows.
  private func isParenthesisNext() -> Bool {
    var ahead = self
    ahead.skipBlanks()
    return ahead.peek() == UInt8(ascii: "(")
  }

  // MARK: Inside braces

  private mutating func nextInBraces() throws(PromQLError) -> Token {
    let byte = bytes[offset]
    switch byte {
    case UInt8(ascii: ","): return take(.comma)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string(byte)
    case UInt8(ascii: "="):
      return peek(1) == UInt8(ascii: "~") ? take(.regex, 2) : take(.assign)
    case UInt8(ascii: "!"):
      switch peek(1) {
      case UInt8(ascii: "~"): return take(.notRegex, 2)
      case UInt8(ascii: "="): return take(.notEqual, 2)
      default:
        let found = Quoting.character(bytes, offset + 1)
        throw failure("unexpected character after '!' inside braces: \(found)")
      }
    case UInt8(ascii: "{"): throw failure("unexpected left brace '{'")
    case UInt8(ascii: "}"):
      isInBraces = false
      return take(.rightBrace)
    default:
      guard ByteClass.isLetter(byte) else {
        throw failure("unexpected character inside braces: \(Quoting.character(bytes, offset))")
      }
      while offset < bytes.count, ByteClass.isLetterOrDigit(bytes[offset]) { offset &+= 1 }
      return token(.identifier)
    }
  }

  // MARK: Inside brackets

  private mutating func nextInBrackets() throws(PromQLError) -> Token {
    let byte = bytes[offset]
    switch byte {
    case UInt8(ascii: "]"):
      isInBrackets = false
      return take(.rightBracket)
    case UInt8(ascii: ":"):
      if !sawDuration { throw failure("unexpected colon before duration in duration expression") }
      if sawColon { throw failure("unexpected repeated colon in duration expression") }
      sawColon = true
      return take(.colon)
    case UInt8(ascii: "("), UInt8(ascii: ")"): return try parenthesis(byte)
    case UInt8(ascii: ","): return take(.comma)
    default: break
    }
    if let operation = arithmetic(byte) { return take(operation) }
    if ByteClass.isDigit(byte) || (byte == UInt8(ascii: ".") && ByteClass.isDigit(peek(1))) {
      sawDuration = true
      return try numberOrDuration()
    }
    if ByteClass.isLetter(byte) {
      let found = word()
      switch found.kind {
      case .step, .range, .minOf, .maxOf:
        sawDuration = true
        return found
      default: offset = start
      }
    }
    let found = Quoting.character(bytes, offset)
    throw failure("unexpected character in duration expression: \(found)")
  }
}

/// Classes of bytes, as Prometheus' lexer has them.
enum ByteClass {
  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
  }

  @inline(__always)
  static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

  /// The value of a hexadecimal digit, nil for another byte.
  static func hexadecimal(_ byte: UInt8) -> UInt32? {
    if isDigit(byte) { return UInt32(byte &- UInt8(ascii: "0")) }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? UInt32(letter) + 10 : nil
  }
}
