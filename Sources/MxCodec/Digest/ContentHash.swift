/// A 128-bit name for content: equal bytes, equal name.
///
/// Series sets are named by it. It is two XXH64 of the same bytes under
/// unrelated seeds, the second one fed with the length and the first hash at
/// its end, so that a chance collision needs both to meet. Among a billion
/// files that has odds of about 1 in 10^21. It does not resist an adversary;
/// who can write into the store needs no collision.
///
/// Printed as 32 lower-case hex digits, high word first.
package struct ContentHash: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package static func of(_ bytes: UnsafeRawBufferPointer) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(bytes)
    return hasher.value
  }

  package static func of(_ bytes: [UInt8]) -> ContentHash {
    bytes.withUnsafeBytes { of($0) }
  }

  /// Exactly 32 hex digits of either case; nil for anything else.
  package init?(hex: some StringProtocol) {
    var words: (UInt64, UInt64) = (0, 0)
    var count = 0
    for byte in hex.utf8 {
      let digit: UInt64
      switch byte {
      case 0x30...0x39: digit = UInt64(byte &- 0x30)
      case 0x61...0x66: digit = UInt64(byte &- 0x61 &+ 10)
      case 0x41...0x46: digit = UInt64(byte &- 0x41 &+ 10)
      default: return nil
      }
      guard count < 32 else { return nil }
      if count < 16 { words.0 = words.0 &<< 4 | digit } else { words.1 = words.1 &<< 4 | digit }
      count += 1
    }
    guard count == 32 else { return nil }
    high = words.0
    low = words.1
  }

  package var description: String { Hex.string(high) + Hex.string(low) }

  package static func < (a: ContentHash, b: ContentHash) -> Bool {
    (a.high, a.low) < (b.high, b.low)
  }
}

/// `ContentHash` of bytes that come in pieces.
package struct ContentHasher {
  private var first = XXH64(seed: 0)
  private var second = XXH64(seed: 0x6d78_2d73_7469_6d65)
  private var length: UInt64 = 0

  package init() {}

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length &+= UInt64(bytes.count)
    // In pieces of 16 KiB, so that the second hash finds them in the cache.
    var offset = 0
    while offset < bytes.count {
      let end = min(offset &+ 16384, bytes.count)
      let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
      first.update(piece)
      second.update(piece)
      offset = end
    }
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  package var value: ContentHash {
    let high = first.value
    var last = second
    withUnsafeBytes(of: (length.littleEndian, high.littleEndian)) { last.update($0) }
    return ContentHash(high: high, low: last.value)
  }
}

/// Hex digits without Foundation.
package enum Hex {
  private static let digits: StaticString = "0123456789abcdef"

  /// 16 lower-case digits.
  package static func string(_ value: UInt64) -> String {
    withUnsafeBytes(of: value.bigEndian) { string($0) }
  }

  /// Two lower-case digits a byte.
  package static func string(_ bytes: UnsafeRawBufferPointer) -> String {
    let table = digits.utf8Start
    return String(unsafeUninitializedCapacity: bytes.count * 2) { out in
      for (index, byte) in bytes.enumerated() {
        out[index &* 2] = table[Int(byte &>> 4)]
        out[index &* 2 &+ 1] = table[Int(byte & 15)]
      }
      return bytes.count * 2
    }
  }

  package static func string(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { string($0) }
  }
}
