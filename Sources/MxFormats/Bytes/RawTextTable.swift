/// Raw texts seen before, each with a number.
///
/// The text of a series in a line (`up{job="node"}`, as it stands) is looked
/// up here before anything is parsed. The texts themselves are not kept: an
/// entry is 96 bits of a keyed hash and the number, so that a series takes 32 to
/// 64 bytes here whatever its length, and a lookup touches one cache line. Two
/// texts of a full table collide with a chance of 1 to 10^15; the key is random
/// in each process, so none can be made to.
struct RawTextTable {
  private struct Entry {
    var high: UInt64 = 0
    var low: UInt32 = 0
    /// The number + 1; zero where the slot is free.
    var number: UInt32 = 0
  }

  struct Hash {
    fileprivate var high: UInt64
    fileprivate var low: UInt32
  }

  private var entries: [Entry] = []
  private(set) var count = 0
  private let key: (UInt64, UInt64)

  /// Above this many texts the table starts anew: forgetting costs time, not
  /// correctness, and an endless stream of new series must not fill the memory.
  static let limit = 1 << 22

  init() {
    var random = SystemRandomNumberGenerator()
    key = (random.next() | 1, random.next() | 1)
  }

  @inline(__always)
  func hash(_ text: UnsafeRawBufferPointer) -> Hash {
    var a = key.0 ^ UInt64(truncatingIfNeeded: text.count)
    var b = key.1
    if let start = text.baseAddress {
      var at = 0
      let count = text.count
      while count &- at >= 16 {
        let first = start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        let second = start.loadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self)
        a = Self.mix(a ^ first, key.1)
        b = Self.mix(b ^ second, key.0)
        at &+= 16
      }
      if count >= 16 {
        // The last 16 bytes, some of them again: cheaper than byte by byte.
        a = Self.mix(a ^ start.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self), key.1)
        b = Self.mix(b ^ start.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self), key.0)
      } else {
        var first: UInt64 = 0
        var second: UInt64 = 0
        if count >= 8 {
          first = start.loadUnaligned(as: UInt64.self)
          second = start.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else {
          for index in 0..<count { first = first &<< 8 | UInt64(text[index]) }
        }
        a = Self.mix(a ^ first, key.1)
        b = Self.mix(b ^ second, key.0)
      }
    }
    let high = Self.mix(a ^ b, 0xA076_1D64_78BD_642F)
    let low = Self.mix(a &+ b &* 3, 0xE703_7ED1_A0B4_28DB)
    return Hash(high: high, low: UInt32(truncatingIfNeeded: low))
  }

  /// The number of the text with this hash.
  @inline(__always)
  func find(_ hash: Hash) -> UInt32? {
    if entries.isEmpty { return nil }
    return entries.withUnsafeBufferPointer { entries in
      let mask = entries.count &- 1
      var slot = Int(truncatingIfNeeded: hash.high) & mask
      while true {
        let entry = entries[slot]
        if entry.number == 0 { return nil }
        if entry.high == hash.high, entry.low == hash.low { return entry.number &- 1 }
        slot = (slot &+ 1) & mask
      }
    }
  }

  /// Gives the text with this hash a number; it must not have one.
  mutating func insert(_ hash: Hash, _ number: UInt32) {
    if count >= Self.limit { removeAll() }
    if (count + 1) * 2 > entries.count { grow() }
    place(Entry(high: hash.high, low: hash.low, number: number &+ 1))
    count += 1
  }

  mutating func removeAll() {
    entries = []
    count = 0
  }

  private mutating func grow() {
    let old = entries
    entries = [Entry](repeating: Entry(), count: max(64, old.count * 2))
    for entry in old where entry.number != 0 { place(entry) }
  }

  private mutating func place(_ entry: Entry) {
    let mask = entries.count - 1
    var slot = Int(truncatingIfNeeded: entry.high) & mask
    while entries[slot].number != 0 { slot = (slot + 1) & mask }
    entries[slot] = entry
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    // `a` must come in whole: to force it odd would make '0' and '1' equal.
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
