import Glibc

/// Label sets seen so far, each with a small dense number.
///
/// All keys lie in one arena, found by an open-addressed table of hashes: to
/// see a label set again costs a hash and a `memcmp`, no allocation. A million
/// series take their key bytes plus 24 bytes each.
package struct SeriesTable: Sendable {
  private var arena: [UInt8] = []
  /// `ends[ref]` is where the key of `ref` ends; it begins where the one before ended.
  private var ends: [Int] = []
  private var hashes: [UInt32] = []
  /// Slot -> ref + 1, zero where free. A power of two, at most half full.
  private var slots: [UInt32] = []

  package init() {}

  package var count: Int { ends.count }

  /// The bytes that all keys take, for memory budgets.
  package var keyBytes: Int { arena.count }

  /// The number of `key`, a new one if it was never seen.
  package mutating func intern(_ key: UnsafeRawBufferPointer) -> UInt32 {
    if ends.count * 2 >= slots.count { grow() }
    let hash = ByteHash.hash(key)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let ref = Int(slots[slot] - 1)
      if hashes[ref] == UInt32(truncatingIfNeeded: hash >> 32), isEqual(ref, key) {
        return UInt32(ref)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    let ref = UInt32(ends.count)
    slots[slot] = ref + 1
    arena.append(contentsOf: key)
    ends.append(arena.count)
    hashes.append(UInt32(truncatingIfNeeded: hash >> 32))
    return ref
  }

  package mutating func intern(_ labels: LabelSet) -> UInt32 {
    labels.key.withUnsafeBytes { intern($0) }
  }

  /// The number of `key`, nil if it was never seen.
  package func find(_ key: UnsafeRawBufferPointer) -> UInt32? {
    guard !slots.isEmpty else { return nil }
    let hash = ByteHash.hash(key)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let ref = Int(slots[slot] - 1)
      if hashes[ref] == UInt32(truncatingIfNeeded: hash >> 32), isEqual(ref, key) {
        return UInt32(ref)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  package func withKey<R>(_ ref: UInt32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    arena.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range(Int(ref))])) }
  }

  package func labels(_ ref: UInt32) -> LabelSet {
    LabelSet(key: Array(arena[range(Int(ref))]))
  }

  /// All numbers in label order.
  package func sortedRefs() -> [UInt32] {
    var refs = Array(0..<UInt32(count))
    arena.withUnsafeBytes { bytes in
      refs.sort { left, right in
        LabelKey.compare(
          UnsafeRawBufferPointer(rebasing: bytes[range(Int(left))]),
          UnsafeRawBufferPointer(rebasing: bytes[range(Int(right))])) < 0
      }
    }
    return refs
  }

  private func range(_ ref: Int) -> Range<Int> { (ref == 0 ? 0 : ends[ref - 1])..<ends[ref] }

  private func isEqual(_ ref: Int, _ key: UnsafeRawBufferPointer) -> Bool {
    let own = range(ref)
    guard own.count == key.count else { return false }
    guard let wanted = key.baseAddress, !own.isEmpty else { return own.isEmpty }
    return arena.withUnsafeBytes { bytes in
      bytes.baseAddress.map { memcmp($0 + own.lowerBound, wanted, own.count) == 0 } ?? false
    }
  }

  private mutating func grow() {
    let capacity = max(64, slots.count * 2)
    slots = [UInt32](repeating: 0, count: capacity)
    for ref in 0..<ends.count {
      let hash = arena.withUnsafeBytes {
        ByteHash.hash(UnsafeRawBufferPointer(rebasing: $0[range(ref)]))
      }
      var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = UInt32(ref) + 1
    }
  }
}

/// A fast hash of bytes for tables in memory. Not stored anywhere: it may
/// change with the version.
package enum ByteHash {
  @inline(__always)
  package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: bytes.count)
    guard var next = bytes.baseAddress else { return UInt(truncatingIfNeeded: mix(state, 1)) }
    var left = bytes.count
    while left >= 8 {
      state = mix(state ^ next.loadUnaligned(as: UInt64.self), 0xA076_1D64_78BD_642F)
      next += 8
      left -= 8
    }
    var tail: UInt64 = 0
    memcpy(&tail, next, left)
    return UInt(truncatingIfNeeded: mix(state ^ tail, 0xE703_7ED1_A0B4_28DB))
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a | 1).multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
