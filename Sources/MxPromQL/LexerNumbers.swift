extension Lexer {
  /// `1`, `.5`, `2.`, `1e3`, `1_000`, `0x1F`; or `5m`, `1h30m`, `100ms`.
  mutating func numberOrDuration() throws(PromQLError) -> Token {
    if scanNumber() { return token(.number) }
    if scanDurationRest() { return token(.duration) }
    // The byte that spoiled it belongs to what the message shows.
    if offset < bytes.count, ByteClass.isLetterOrDigit(bytes[offset]) { offset &+= 1 }
    let found = Quoting.text(bytes[start..<offset])
    throw failure("bad number or duration syntax: \(found)")
  }

  /// Passes over a number; false where a letter follows that belongs to none,
  /// `offset` then being where it stands.
  private mutating func scanNumber() -> Bool {
    if peek() == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x") {
      offset &+= 2
      if peek() == UInt8(ascii: "_") { offset &+= 1 }
      return scanHexadecimal()
    }
    var sawDot = false
    var sawExponent = false
    while offset < bytes.count {
      let byte = bytes[offset]
      let following = peek(1)
      if ByteClass.isDigit(byte) {
        offset &+= 1
      } else if byte == UInt8(ascii: ".") {
        if sawDot || sawExponent { break }
        if following == UInt8(ascii: "_") { return false }
        sawDot = true
        offset &+= 1
      } else if byte == UInt8(ascii: "_") {
        if !ByteClass.isDigit(following) { return false }
        offset &+= 1
      } else if byte | 0x20 == UInt8(ascii: "e"), !sawExponent {
        let isSigned = following == UInt8(ascii: "+") || following == UInt8(ascii: "-")
        if !ByteClass.isDigit(peek(isSigned ? 2 : 1)) { return false }
        sawExponent = true
        offset &+= isSigned ? 2 : 1
      } else {
        break
      }
    }
    return !ByteClass.isLetterOrDigit(peek())
  }

  private mutating func scanHexadecimal() -> Bool {
    let digits = offset
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "_") {
        if ByteClass.hexadecimal(peek(1)) == nil { return false }
      } else if ByteClass.hexadecimal(byte) == nil {
        break
      }
      offset &+= 1
    }
    return offset > digits && !ByteClass.isLetterOrDigit(peek())
  }

  /// After the first number: its unit, then more numbers and units. Their order
  /// and doublets are judged when the value is made.
  private mutating func scanDurationRest() -> Bool {
    guard scanUnit(first: true) else { return false }
    while ByteClass.isDigit(peek()) {
      while ByteClass.isDigit(peek()) { offset &+= 1 }
      guard scanUnit(first: false) else { return false }
    }
    return !ByteClass.isLetterOrDigit(peek())
  }

  private mutating func scanUnit(first: Bool) -> Bool {
    switch peek() {
    case UInt8(ascii: "s"), UInt8(ascii: "m"), UInt8(ascii: "h"), UInt8(ascii: "d"),
      UInt8(ascii: "w"):
      break
    case UInt8(ascii: "y"): if !first { return false }
    default: return false
    }
    offset &+= 1
    // `ms`; nonsense such as `hs` is refused with the value.
    if peek() == UInt8(ascii: "s") { offset &+= 1 }
    return true
  }
}

/// Turns the text of numbers into values.
enum NumberText {
  /// As Go reads it: an integer in its own base first (`010` is 8), else decimal.
  /// Nil where the value is out of range.
  static func value(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    var small = 0
    for byte in text {
      guard ByteClass.isDigit(byte), small < 1_000_000_000_000_000 else { return slowValue(text) }
      small = small &* 10 &+ Int(byte &- UInt8(ascii: "0"))
    }
    if text.count > 1, text.first == UInt8(ascii: "0") { return slowValue(text) }
    return Double(small)
  }

  private static func slowValue(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    let digits = text.filter { $0 != UInt8(ascii: "_") }
    switch digits.first.map({ $0 | 0x20 }) {
    case UInt8(ascii: "i"): return .infinity
    case UInt8(ascii: "n"): return .nan
    default: break
    }
    if digits.count > 1, digits[0] == UInt8(ascii: "0") {
      if digits[1] | 0x20 == UInt8(ascii: "x") { return integer(digits.dropFirst(2), base: 16) }
      let isOctal = digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "7") }
      if isOctal, let value = integer(digits[...], base: 8) { return value }
    }
    guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
      return nil
    }
    return value
  }

  private static func integer(_ digits: ArraySlice<UInt8>, base: Int64) -> Double? {
    var result: Int64 = 0
    for byte in digits {
      guard let digit = ByteClass.hexadecimal(byte) else { return nil }
      let (shifted, tooLarge) = result.multipliedReportingOverflow(by: base)
      let (sum, overflow) = shifted.addingReportingOverflow(Int64(digit))
      if tooLarge || overflow { return nil }
      result = sum
    }
    return Double(result)
  }
}
