import Glibc

/// The bytes that text formats are made of.
enum Byte {
  static let tab = UInt8(ascii: "\t")
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let quote = UInt8(ascii: "\"")
  static let hash = UInt8(ascii: "#")
  static let comma = UInt8(ascii: ",")
  static let minus = UInt8(ascii: "-")
  static let plus = UInt8(ascii: "+")
  static let point = UInt8(ascii: ".")
  static let zero = UInt8(ascii: "0")
  static let colon = UInt8(ascii: ":")
  static let semicolon = UInt8(ascii: ";")
  static let equals = UInt8(ascii: "=")
  static let backslash = UInt8(ascii: "\\")
  static let underscore = UInt8(ascii: "_")
  static let openBrace = UInt8(ascii: "{")
  static let closeBrace = UInt8(ascii: "}")
  static let openBracket = UInt8(ascii: "[")
  static let closeBracket = UInt8(ascii: "]")

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- zero <= 9 }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") <= 25 }

  /// `[a-zA-Z_]`
  @inline(__always)
  static func startsLabelName(_ byte: UInt8) -> Bool { isLetter(byte) || byte == underscore }

  /// `[a-zA-Z0-9_]`
  @inline(__always)
  static func isInLabelName(_ byte: UInt8) -> Bool { startsLabelName(byte) || isDigit(byte) }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[range])
  }

  /// The offset of the first `byte` at or after `start`, nil if there is none.
  @inline(__always)
  func offset(of byte: UInt8, from start: Int = 0) -> Int? {
    guard let base = baseAddress, start < count,
      let found = memchr(base + start, Int32(byte), count - start)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// The offset of the last `byte`, nil if there is none: eight bytes a step,
  /// because what stands behind the brace of a line is short.
  @inline(__always)
  func lastOffset(of byte: UInt8) -> Int? {
    let pattern = 0x0101_0101_0101_0101 &* UInt64(byte)
    var end = count
    while end >= 8 {
      let word =
        UInt64(littleEndian: loadUnaligned(fromByteOffset: end &- 8, as: UInt64.self)) ^ pattern
      // The high bit of each byte that is zero, exactly (no borrow between bytes).
      let low7 = (word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F
      let zeros = ~(low7 | word | 0x7F7F_7F7F_7F7F_7F7F)
      if zeros != 0 { return end &- 1 &- zeros.leadingZeroBitCount &>> 3 }
      end &-= 8
    }
    while end > 0 {
      end &-= 1
      if self[end] == byte { return end }
    }
    return nil
  }

  /// The first offset at or after `start` that holds no space or tab.
  @inline(__always)
  func skipBlanks(_ start: Int) -> Int {
    var at = start
    while at < count, Byte.isBlank(self[at]) { at &+= 1 }
    return at
  }

  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    return memcmp(baseAddress ?? UnsafeRawPointer(text.utf8Start), text.utf8Start, count) == 0
  }

  func hasPrefix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && part(0..<text.utf8CodeUnitCount).equals(text)
  }

  func hasSuffix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && part(count - text.utf8CodeUnitCount..<count).equals(text)
  }

  func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let a = baseAddress, let b = other.baseAddress else { return true }
    return memcmp(a, b, count) == 0
  }

  /// The text of a message: the bytes with what is no UTF-8 replaced, cut short.
  var shown: String {
    let cut = String(decoding: prefix(64), as: UTF8.self)
    return count > 64 ? cut + "…" : cut
  }

  var text: String { String(decoding: self, as: UTF8.self) }

  /// Whether a zero or one byte is inside, which a label key must escape.
  @inline(__always)
  var hasZeroOrOne: Bool {
    var at = 0
    while count &- at >= 8 {
      let word = loadUnaligned(fromByteOffset: at, as: UInt64.self)
      // A byte below 2 borrows; one with its high bit set does not count.
      if (word &- 0x0202_0202_0202_0202) & ~word & 0x8080_8080_8080_8080 != 0 {
        return contains { $0 <= 1 }
      }
      at &+= 8
    }
    while at < count {
      if self[at] <= 1 { return true }
      at &+= 1
    }
    return false
  }

  /// Whether all of it is UTF-8.
  var isUTF8: Bool {
    var at = 0
    while count &- at >= 8 {
      if loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
        return String(validating: self, as: UTF8.self) != nil
      }
      at &+= 8
    }
    while at < count {
      if self[at] >= 0x80 { return String(validating: self, as: UTF8.self) != nil }
      at &+= 1
    }
    return true
  }
}
