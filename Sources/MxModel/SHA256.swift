/// SHA-256 (FIPS 180-4): by it a page's policy knows its own style sheet, and a pager its
/// incidents.
///
/// What begins alike is hashed once: a copy goes on from there (0.13 ms of a page's 20 KB
/// of style sheet, of which 18 are the same on all pages, 2026-11-29).
package struct SHA256: Sendable {
  private var state = SHA256.initial
  /// What is not a whole block yet.
  private var rest: [UInt8] = []
  private var count = 0

  package init() {}

  package static func hash(_ message: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(message)
    return hash.digest
  }

  package mutating func update(_ bytes: [UInt8]) {
    count += bytes.count
    rest += bytes
    let whole = rest.count & ~63
    rest.withUnsafeBytes { Self.add(UnsafeRawBufferPointer(rebasing: $0[..<whole]), to: &state) }
    rest.removeFirst(whole)
  }

  /// Of all that was added.
  package var digest: [UInt8] {
    var end = rest
    end.append(0x80)
    end.append(contentsOf: repeatElement(0, count: (120 - end.count % 64) % 64))
    let bits = UInt64(count) &* 8
    for shift in stride(from: 56, through: 0, by: -8) {
      end.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    var state = state
    end.withUnsafeBytes { Self.add($0, to: &state) }
    return (0..<8).flatMap { index in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: state[index] >> UInt32($0)) }
    }
  }

  /// Whole blocks.
  private static func add(_ blocks: UnsafeRawBufferPointer, to state: inout SIMD8<UInt32>) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      constants.withUnsafeBufferPointer { constants in
        for start in stride(from: 0, to: blocks.count, by: 64) {
          schedule(blocks, start, words)
          compress(words, constants, &state)
        }
      }
    }
  }

  private static let initial: SIMD8<UInt32> = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
    0x5BE0_CD19,
  ]

  /// The 64 words of the block at `start`.
  private static func schedule(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ words: UnsafeMutableBufferPointer<UInt32>
  ) {
    for index in 0..<16 {
      words[index] = UInt32(
        bigEndian: bytes.loadUnaligned(fromByteOffset: start + index * 4, as: UInt32.self))
    }
    for index in 16..<64 {
      let one = words[index - 15]
      let two = words[index - 2]
      let small0 = rotate(one, 7) ^ rotate(one, 18) ^ (one >> 3)
      let small1 = rotate(two, 17) ^ rotate(two, 19) ^ (two >> 10)
      words[index] = words[index - 16] &+ small0 &+ words[index - 7] &+ small1
    }
  }

  private static func compress(
    _ words: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>,
    _ state: inout SIMD8<UInt32>
  ) {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    // Eight rounds at once: instead of the variables their roles move on.
    for start in stride(from: 0, to: 64, by: 8) {
      @inline(__always)
      func key(_ index: Int) -> UInt32 { constants[start &+ index] &+ words[start &+ index] }
      round(a, b, c, &d, e, f, g, &h, key(0))
      round(h, a, b, &c, d, e, f, &g, key(1))
      round(g, h, a, &b, c, d, e, &f, key(2))
      round(f, g, h, &a, b, c, d, &e, key(3))
      round(e, f, g, &h, a, b, c, &d, key(4))
      round(d, e, f, &g, h, a, b, &c, key(5))
      round(c, d, e, &f, g, h, a, &b, key(6))
      round(b, c, d, &e, f, g, h, &a, key(7))
    }
    state &+= SIMD8(a, b, c, d, e, f, g, h)
  }

  /// `key`: the round's constant and word.
  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
    _ g: UInt32, _ h: inout UInt32, _ key: UInt32
  ) {
    let big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    let first = h &+ big1 &+ (g ^ (e & (f ^ g))) &+ key
    let big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    d &+= first
    h = first &+ big0 &+ ((a & b) | (c & (a | b)))
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4,
    0xAB1C_5ED5, 0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE,
    0x9BDC_06A7, 0xC19B_F174, 0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F,
    0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA, 0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7,
    0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967, 0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC,
    0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85, 0xA2BF_E8A1, 0xA81A_664B,
    0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070, 0x19A4_C116,
    0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
    0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7,
    0xC671_78F2,
  ]

  /// Base64 with padding, as a content security policy wants it.
  package static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var word: UInt32 = 0
      for byte in part { word = word << 8 | UInt32(byte) }
      word <<= UInt32(8 * (3 - part.count))
      for index in 0..<4 {
        let digit = Int(word >> UInt32(18 - 6 * index) & 63)
        out.append(index <= part.count ? digits[digit] : 0x3D)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
