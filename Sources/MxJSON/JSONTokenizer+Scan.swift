/// The inner loops: white space, strings, numbers and words.
extension JSONTokenizer {
  @inline(__always)
  mutating func skipWhitespace() {
    // Between tokens there is mostly nothing at all.
    if offset < bytes.count, bytes[offset] > 0x20 { return }
    skipSomeWhitespace()
  }

  private mutating func skipSomeWhitespace() {
    let count = bytes.count
    var at = offset
    while at < count {
      let byte = bytes[at]
      if byte == 0x20 {
        at &+= 1
        // Indented text: eight blanks at once.
        while count &- at >= 8,
          bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) == 0x2020_2020_2020_2020
        {
          at &+= 8
        }
      } else if byte == 0x0A {
        at &+= 1
        line &+= 1
        lineStart = at
      } else if byte == 0x0D || byte == 0x09 {
        at &+= 1
      } else {
        break
      }
    }
    offset = at
  }

  /// Reads a string, its opening quote at `offset`.
  mutating func readString(_ kind: JSONToken.Kind) throws(JSONError) -> JSONToken {
    let start = offset &+ 1
    let count = bytes.count
    var at = start
    var isEscaped = false
    while true {
      at = Self.plainRunEnd(bytes, at)
      guard at < count else {
        offset = count
        throw .unexpectedEnd(at: position)
      }
      let byte = bytes[at]
      if byte == 0x22 {
        offset = at &+ 1
        return JSONToken(kind: kind, isEscaped: isEscaped, start: start, end: at)
      } else if byte == 0x5C {
        isEscaped = true
        at = try escapeEnd(at)
      } else if byte < 0x20 {
        throw .controlCharacter(byte, at: position(of: at))
      } else {
        let length = UTF8Rules.sequenceLength(bytes, at)
        if length == 0 { throw .invalidUTF8(at: position(of: at)) }
        at &+= length
      }
    }
  }

  /// The first byte from `start` on that is a quote, a backslash, a control
  /// character or not ASCII; or the end.
  @inline(__always)
  private static func plainRunEnd(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var at = start
    while bytes.count &- at >= 8 {
      let raw = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let word = UInt64(littleEndian: raw)
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      // `(x - 1) & ~x` has a top bit where x has a zero byte. A borrow can set a
      // false one only above a true one, and the lowest is what counts.
      let found =
        (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
          | ((word &- ones &* 0x20) & ~word) | word) & tops
      if found != 0 { return at &+ found.trailingZeroBitCount &>> 3 }
      at &+= 8
    }
    while at < bytes.count {
      let byte = bytes[at]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { break }
      at &+= 1
    }
    return at
  }

  /// Checks the escape at `start`, and returns the offset behind it.
  private func escapeEnd(_ start: Int) throws(JSONError) -> Int {
    guard start + 1 < bytes.count else { throw .unexpectedEnd(at: position(of: bytes.count)) }
    switch bytes[start + 1] {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return start + 2
    case 0x75: break
    default: throw .badEscape(at: position(of: start))
    }
    for at in (start + 2)..<(start + 6) {
      guard at < bytes.count else { throw .unexpectedEnd(at: position(of: bytes.count)) }
      if JSONText.hexDigit(bytes[at]) == nil { throw .badEscape(at: position(of: start)) }
    }
    return start + 6
  }

  /// `-? (0 | [1-9] digit*) (. digit+)? ([eE] [+-]? digit+)?`
  mutating func readNumber() throws(JSONError) -> JSONToken {
    let start = offset
    var at = start
    if bytes[at] == 0x2D { at &+= 1 }
    let leadingZero = at < bytes.count && bytes[at] == 0x30
    let whole = skipDigits(&at)
    guard whole == 1 || (whole > 1 && !leadingZero) else {
      throw numberError(start, at, whole)
    }
    if at < bytes.count, bytes[at] == 0x2E {
      at &+= 1
      let fraction = skipDigits(&at)
      guard fraction > 0 else { throw numberError(start, at, fraction) }
    }
    if at < bytes.count, bytes[at] | 0x20 == 0x65 {
      at &+= 1
      if at < bytes.count, bytes[at] == 0x2D || bytes[at] == 0x2B { at &+= 1 }
      let exponent = skipDigits(&at)
      guard exponent > 0 else { throw numberError(start, at, exponent) }
    }
    guard at == bytes.count || !Self.continuesWord(bytes[at]) else {
      throw .badNumber(at: position(of: start))
    }
    offset = at
    return JSONToken(kind: .number, isEscaped: false, start: start, end: at)
  }

  @inline(__always)
  private func skipDigits(_ at: inout Int) -> Int {
    let start = at
    while at < bytes.count, bytes[at] &- 0x30 <= 9 { at &+= 1 }
    return at &- start
  }

  /// A number cut short by the end of the text is that, not a bad number.
  private func numberError(_ start: Int, _ at: Int, _ digits: Int) -> JSONError {
    digits == 0 && at >= bytes.count
      ? .unexpectedEnd(at: position(of: bytes.count)) : .badNumber(at: position(of: start))
  }

  mutating func readWord(
    _ kind: JSONToken.Kind, _ word: StaticString
  ) throws(JSONError) -> JSONToken {
    let start = offset
    let length = word.utf8CodeUnitCount
    for index in 0..<length {
      guard start &+ index < bytes.count else {
        throw .unexpectedEnd(at: position(of: bytes.count))
      }
      if bytes[start &+ index] != word.utf8Start[index] { throw unexpected("a value") }
    }
    offset = start &+ length
    if offset < bytes.count, Self.continuesWord(bytes[offset]) {
      throw .unexpected(
        bytes[offset], expected: "an end of '\(word)'", at: position(of: offset))
    }
    return JSONToken(kind: kind, isEscaped: false, start: start, end: offset)
  }

  /// Letters, digits and the like: `truefalse` and `1 2` without the blank are
  /// mistakes even where several values may follow each other.
  private static func continuesWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x5F, 0x22: true
    default: byte >= 0x80
    }
  }
}

/// Well-formed UTF-8 as the Unicode standard's table of byte sequences has it.
enum UTF8Rules {
  /// The length of the sequence at `at`, or 0 where it is not well-formed.
  static func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    let lead = bytes[at]
    let left = bytes.count - at
    func continues(_ index: Int) -> Bool { bytes[at + index] & 0xC0 == 0x80 }
    switch lead {
    case 0..<0x80:
      return 1
    case 0xC2...0xDF:
      return left >= 2 && continues(1) ? 2 : 0
    case 0xE0...0xEF:
      guard left >= 3, continues(1), continues(2) else { return 0 }
      // E0: overlong below A0. ED: surrogates from A0 on.
      if lead == 0xE0 && bytes[at + 1] < 0xA0 { return 0 }
      if lead == 0xED && bytes[at + 1] >= 0xA0 { return 0 }
      return 3
    case 0xF0...0xF4:
      guard left >= 4, continues(1), continues(2), continues(3) else { return 0 }
      // F0: overlong below 90. F4: above U+10FFFF from 90 on.
      if lead == 0xF0 && bytes[at + 1] < 0x90 { return 0 }
      if lead == 0xF4 && bytes[at + 1] >= 0x90 { return 0 }
      return 4
    default:
      return 0
    }
  }
}
