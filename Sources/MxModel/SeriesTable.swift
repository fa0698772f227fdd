import Glibc

/// Label sets seen so far, each with a small dense number.
///
/// All keys lie in one arena, found by an open-addressed table: to see a label
/// set again costs a hash and a `memcmp`, no allocation. A million series take
/// their key bytes plus about 24 bytes each.
package struct SeriesTable: Sendable {
  private var arena: [UInt8] = []
  /// `ends[ref]` is where the key of `ref` ends; it begins where the one before ended.
  private var ends: [Int] = []
  /// The hash's low half above, ref + 1 below; zero where free. Their number is
  /// a power of two, at most three quarters in use.
  private var slots: [UInt64] = []
  /// The first so many numbers in label order; see `arrange`.
  private var order: [UInt32] = []
  /// Differs from table to table, so that no input can be made to collide.
  private let seed: UInt64

  package init() {
    var generator = SystemRandomNumberGenerator()
    seed = generator.next()
  }

  package var count: Int { ends.count }

  /// The bytes that all keys take, for memory budgets.
  package var keyBytes: Int { arena.count }

  /// The number of `key`, a new one if it was never seen.
  package mutating func intern(_ key: UnsafeRawBufferPointer) -> UInt32 {
    if ends.count * 4 >= slots.count * 3 { grow() }
    let hash = UInt32(truncatingIfNeeded: ByteHash.hash(key, seed: seed))
    let (slot, found) = locate(key, hash)
    if let found { return found }
    precondition(ends.count < Int(UInt32.max) - 1, "BUG: a table of more series than memory has")
    let ref = UInt32(truncatingIfNeeded: ends.count)
    slots[slot] = UInt64(hash) << 32 | UInt64(ref &+ 1)
    arena.append(contentsOf: key)
    ends.append(arena.count)
    return ref
  }

  package mutating func intern(_ labels: LabelSet) -> UInt32 {
    labels.key.withUnsafeBytes { intern($0) }
  }

  /// The number of `key`, nil if it was never seen.
  package func find(_ key: UnsafeRawBufferPointer) -> UInt32? {
    if slots.isEmpty { return nil }
    let hash = UInt32(truncatingIfNeeded: ByteHash.hash(key, seed: seed))
    return locate(key, hash).found
  }

  package func withKey<R>(_ ref: UInt32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    arena.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range(Int(ref))])) }
  }

  package func labels(_ ref: UInt32) -> LabelSet {
    LabelSet(key: Array(arena[range(Int(ref))]))
  }

  /// All numbers in label order.
  package func sortedRefs() -> [UInt32] {
    order.count == count ? order : arranged()
  }

  /// Remembers the order: a stream is committed in parts, whose tables differ in
  /// a few series, and to sort a million takes longer than to write them.
  package mutating func arrange() {
    if order.count < count { order = arranged() }
  }

  /// The series added since `arrange`, sorted and merged into the others.
  private func arranged() -> [UInt32] {
    let fresh = sorted(order.count..<count)
    if order.isEmpty { return fresh }
    var result: [UInt32] = []
    result.reserveCapacity(count)
    var next = 0
    arena.withUnsafeBytes { bytes in
      for ref in fresh {
        let key = UnsafeRawBufferPointer(rebasing: bytes[range(Int(ref))])
        // Halving: few are new among many.
        var low = next
        var high = order.count
        while low < high {
          let middle = (low + high) / 2
          let other = UnsafeRawBufferPointer(rebasing: bytes[range(Int(order[middle]))])
          if LabelKey.compare(other, key) < 0 { low = middle + 1 } else { high = middle }
        }
        result.append(contentsOf: order[next..<low])
        result.append(ref)
        next = low
      }
    }
    result.append(contentsOf: order[next...])
    return result
  }

  private func sorted(_ refs: Range<Int>) -> [UInt32] {
    var items = refs.map { KeySort.Item(word: 0, length: 0, ref: UInt32($0)) }
    arena.withUnsafeBytes { bytes in
      items.withUnsafeMutableBufferPointer { items in
        KeySort.sort(items) { ref in
          UnsafeRawBufferPointer(rebasing: bytes[range(Int(ref))])
        }
      }
    }
    return items.map(\.ref)
  }

  @inline(__always)
  private func range(_ ref: Int) -> Range<Int> { (ref == 0 ? 0 : ends[ref - 1])..<ends[ref] }

  /// The number of `key`, or the free slot where it would go.
  @inline(__always)
  private func locate(_ key: UnsafeRawBufferPointer, _ hash: UInt32) -> (slot: Int, found: UInt32?)
  {
    let mask = slots.count &- 1
    var slot = Int(hash) & mask
    while true {
      let entry = slots[slot]
      if entry == 0 { return (slot, nil) }
      if UInt32(truncatingIfNeeded: entry >> 32) == hash {
        let ref = UInt32(truncatingIfNeeded: entry) &- 1
        if isEqual(Int(ref), key) { return (slot, ref) }
      }
      slot = (slot &+ 1) & mask
    }
  }

  @inline(__always)
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
    var larger = [UInt64](repeating: 0, count: capacity)
    for entry in slots where entry != 0 {
      var slot = Int(entry >> 32) & (capacity &- 1)
      while larger[slot] != 0 { slot = (slot &+ 1) & (capacity &- 1) }
      larger[slot] = entry
    }
    slots = larger
  }
}

/// Sorts keys eight bytes at a time.
///
/// Comparing two keys of a million touches two cold places in memory. Here the
/// next eight bytes of each key are fetched once, in order, and compared as one
/// number; only keys that agree in them are looked at further.
private enum KeySort {
  struct Item {
    /// Eight bytes of the key, the first uppermost, zeros after its end.
    var word: UInt64
    /// How many of them are the key's own.
    var length: UInt8
    var ref: UInt32
  }

  /// Below it, comparing whole keys is quicker than another round.
  private static let small = 12

  static func sort(
    _ items: UnsafeMutableBufferPointer<Item>, key: (UInt32) -> UnsafeRawBufferPointer
  ) {
    // A list instead of recursion: long keys that agree would nest as deep.
    var work = [(start: 0, end: items.count, depth: 0)]
    while let (start, end, depth) = work.popLast() {
      var part = UnsafeMutableBufferPointer(rebasing: items[start..<end])
      if part.count <= small {
        part.sort { LabelKey.compare(key($0.ref), key($1.ref)) < 0 }
        continue
      }
      for index in part.indices { load(&part[index], key(part[index].ref), depth) }
      part.sort { ($0.word, $0.length) < ($1.word, $1.length) }
      var first = 0
      while first < part.count {
        let head = part[first]
        var next = first + 1
        while next < part.count, part[next].word == head.word, part[next].length == head.length {
          next += 1
        }
        // Keys are distinct, so those that agree go on after these eight bytes.
        if next - first > 1, head.length == 8 {
          work.append((start + first, start + next, depth + 8))
        }
        first = next
      }
    }
  }

  private static func load(_ item: inout Item, _ key: UnsafeRawBufferPointer, _ depth: Int) {
    let left = max(0, key.count - depth)
    item.length = UInt8(min(8, left))
    if left >= 8 {
      item.word = UInt64(bigEndian: key.loadUnaligned(fromByteOffset: depth, as: UInt64.self))
      return
    }
    item.word = 0
    for offset in 0..<left {
      item.word |= UInt64(key[depth + offset]) << UInt64(56 - 8 * offset)
    }
  }
}

/// A fast hash of bytes for tables in memory. Not stored anywhere: it may
/// change with the version.
///
/// Sixteen bytes a step: both halves are mixed with secrets and multiplied to
/// 128 bits, which are folded by exclusive or. The last step reads the last
/// sixteen bytes again, so that no length needs a loop of single bytes.
package enum ByteHash {
  private static let first: UInt64 = 0xA076_1D64_78BD_642F
  private static let second: UInt64 = 0xE703_7ED1_A0B4_28DB
  private static let third: UInt64 = 0x8EBC_6AF0_9C88_C6E3

  @inline(__always)
  package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    let count = bytes.count
    var state = seed ^ third
    guard let start = bytes.baseAddress, count > 0 else { return mix(state ^ first, second) }
    if count >= 16 {
      var offset = 0
      while offset < count &- 16 {
        state = mix(word(start, offset) ^ first, word(start, offset &+ 8) ^ state)
        offset &+= 16
      }
      state = mix(word(start, count &- 16) ^ second, word(start, count &- 8) ^ state)
    } else if count >= 8 {
      state = mix(word(start, 0) ^ second, word(start, count &- 8) ^ state)
    } else if count >= 4 {
      let low = UInt64(start.loadUnaligned(as: UInt32.self))
      let high = UInt64(start.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      state = mix((high << 32 | low) ^ second, state ^ first)
    } else {
      let low = UInt64(bytes[0]) | UInt64(bytes[count >> 1]) << 8
      state = mix((UInt64(bytes[count &- 1]) << 16 | low) ^ second, state ^ first)
    }
    return mix(state ^ UInt64(truncatingIfNeeded: count), third)
  }

  @inline(__always)
  private static func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
