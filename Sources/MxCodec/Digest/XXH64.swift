/// XXH64, the 64-bit xxHash: the checksum of every page and section.
///
/// It finds flipped bits and torn writes at the speed of memory; it is no
/// defence against someone who forges. Written from the published algorithm:
/// four lanes of eight bytes, then the tail, then an avalanche.
///
/// One-shot: `XXH64.hash(bytes)`. In pieces: `var h = XXH64(); h.update(a);
/// h.update(b); h.value`, where the cuts between pieces do not matter.
///
/// Example: the empty input with seed 0 is `ef46db3751d8e999`.
package struct XXH64 {
  private static let p1: UInt64 = 0x9e37_79b1_85eb_ca87
  private static let p2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
  private static let p3: UInt64 = 0x1656_67b1_9e37_79f9
  private static let p4: UInt64 = 0x85eb_ca77_c2b2_ae63
  private static let p5: UInt64 = 0x27d4_eb2f_1656_67c5

  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64
  private var v4: UInt64
  private let seed: UInt64
  private var total: UInt64 = 0
  // Up to 31 bytes that do not fill a stripe yet, as four words.
  private var pending: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var pendingCount = 0

  package init(seed: UInt64 = 0) {
    self.seed = seed
    v1 = seed &+ Self.p1 &+ Self.p2
    v2 = seed &+ Self.p2
    v3 = seed
    v4 = seed &- Self.p1
  }

  /// The hash of `bytes` at once.
  package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    #if MX_FUZZ
      // A fuzzer would meet nothing but this wall: for it every checksum is right.
      return 0
    #else
      return whole(bytes, seed: seed)
    #endif
  }

  private static func whole(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    var state = XXH64(seed: seed)
    state.total = UInt64(bytes.count)
    var tail = bytes
    if bytes.count >= 32, let base = bytes.baseAddress {
      let whole = bytes.count & ~31
      state.stripes(base, count: whole)
      tail = UnsafeRawBufferPointer(rebasing: bytes[whole...])
    }
    return state.finish(tail)
  }

  package static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  /// Adds `bytes` behind all that was added before.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    total &+= UInt64(bytes.count)
    var offset = 0
    if pendingCount > 0 {
      offset = min(32 &- pendingCount, bytes.count)
      let fill = pendingCount
      withUnsafeMutableBytes(of: &pending) {
        ($0.baseAddress.unsafelyUnwrapped + fill).copyMemory(from: base, byteCount: offset)
      }
      pendingCount &+= offset
      if pendingCount < 32 { return }
      let full = pending
      withUnsafeBytes(of: full) { stripes($0.baseAddress.unsafelyUnwrapped, count: 32) }
      pendingCount = 0
    }
    let whole = (bytes.count &- offset) & ~31
    if whole > 0 {
      stripes(base + offset, count: whole)
      offset &+= whole
    }
    let rest = bytes.count &- offset
    if rest > 0 {
      withUnsafeMutableBytes(of: &pending) {
        $0.baseAddress.unsafelyUnwrapped.copyMemory(from: base + offset, byteCount: rest)
      }
      pendingCount = rest
    }
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The hash of everything added so far; more may follow.
  package var value: UInt64 {
    let count = pendingCount
    return withUnsafeBytes(of: pending) { finish(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  /// `count` is a multiple of 32.
  @inline(__always)
  private mutating func stripes(_ base: UnsafeRawPointer, count: Int) {
    var (a, b, c, d) = (v1, v2, v3, v4)
    var p = base
    let end = base + count
    while p < end {
      a = Self.round(a, Self.word(p))
      b = Self.round(b, Self.word(p + 8))
      c = Self.round(c, Self.word(p + 16))
      d = Self.round(d, Self.word(p + 24))
      p += 32
    }
    (v1, v2, v3, v4) = (a, b, c, d)
  }

  /// Folds the lanes, then the under 32 bytes of `tail`.
  private func finish(_ tail: UnsafeRawBufferPointer) -> UInt64 {
    var h = seed &+ Self.p5
    if total >= 32 {
      h = Self.rotl(v1, 1) &+ Self.rotl(v2, 7) &+ Self.rotl(v3, 12) &+ Self.rotl(v4, 18)
      h = (h ^ Self.round(0, v1)) &* Self.p1 &+ Self.p4
      h = (h ^ Self.round(0, v2)) &* Self.p1 &+ Self.p4
      h = (h ^ Self.round(0, v3)) &* Self.p1 &+ Self.p4
      h = (h ^ Self.round(0, v4)) &* Self.p1 &+ Self.p4
    }
    h = h &+ total
    var offset = 0
    while offset &+ 8 <= tail.count {
      let word = UInt64(littleEndian: tail.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      h = Self.rotl(h ^ Self.round(0, word), 27) &* Self.p1 &+ Self.p4
      offset &+= 8
    }
    if offset &+ 4 <= tail.count {
      let word = UInt32(littleEndian: tail.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      h = Self.rotl(h ^ (UInt64(word) &* Self.p1), 23) &* Self.p2 &+ Self.p3
      offset &+= 4
    }
    while offset < tail.count {
      h = Self.rotl(h ^ (UInt64(tail[offset]) &* Self.p5), 11) &* Self.p1
      offset &+= 1
    }
    h = (h ^ (h &>> 33)) &* Self.p2
    h = (h ^ (h &>> 29)) &* Self.p3
    return h ^ (h &>> 32)
  }

  @inline(__always)
  private static func word(_ p: UnsafeRawPointer) -> UInt64 {
    UInt64(littleEndian: p.loadUnaligned(as: UInt64.self))
  }

  @inline(__always)
  private static func rotl(_ x: UInt64, _ n: UInt64) -> UInt64 { (x &<< n) | (x &>> (64 &- n)) }

  @inline(__always)
  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotl(lane &+ (word &* p2), 31) &* p1
  }
}
