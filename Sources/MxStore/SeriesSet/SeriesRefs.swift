/// Series of one set, ascending, as ranges: a metric is one range, every
/// eighth series of a million one range each (8 bytes).
package struct SeriesRefs: Hashable, Sendable {
  package private(set) var ranges: [Range<UInt32>] = []
  package private(set) var count = 0

  package init() {}

  package init(_ range: Range<UInt32>) {
    if range.isEmpty { return }
    ranges = [range]
    count = range.count
  }

  /// From refs in ascending order.
  package init(_ refs: some Sequence<UInt32>) {
    for ref in refs { append(ref..<(ref + 1)) }
  }

  package var isEmpty: Bool { count == 0 }

  /// All refs, one by one.
  package var array: [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(count)
    for range in ranges { result.append(contentsOf: range) }
    return result
  }

  /// Adds refs that are all greater than those before.
  package mutating func append(_ range: Range<UInt32>) {
    if range.isEmpty { return }
    count += range.count
    if let last = ranges.last {
      precondition(last.upperBound <= range.lowerBound, "BUG: refs out of order")
      if last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        return
      }
    }
    ranges.append(range)
  }

  /// Whether any of `range` is among them.
  package func overlaps(_ range: Range<UInt32>) -> Bool {
    let first = ranges.partition { $0.upperBound <= range.lowerBound }
    return first < ranges.count && ranges[first].lowerBound < range.upperBound
  }

  package func contains(_ ref: UInt32) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound <= ref { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(ref)
  }
}

/// A set of small numbers below a limit, one bit each.
struct IdSet {
  let limit: Int
  private var words: [UInt64]

  init(limit: Int, full: Bool = false) {
    self.limit = limit
    words = [UInt64](repeating: full ? .max : 0, count: (limit + 63) / 64)
    if full { trim() }
  }

  /// The number of members; walks all words.
  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  @inline(__always)
  func contains(_ id: UInt32) -> Bool {
    words[Int(id &>> 6)] &>> UInt64(id & 63) & 1 == 1
  }

  /// The first member at or after `id`; nil where there is none.
  func next(from id: UInt32) -> UInt32? {
    var index = Int(id >> 6)
    guard index < words.count else { return nil }
    var word = words[index] & (.max << UInt64(id & 63))
    while word == 0 {
      index += 1
      guard index < words.count else { return nil }
      word = words[index]
    }
    return UInt32(index << 6 + word.trailingZeroBitCount)
  }

  /// Keeps of `masks`, one bit a row, those whose id is a member. All ids lie
  /// in `zone`. A stretch of members is compared with, which vectorises; only
  /// scattered ones are looked up one by one.
  func narrow(
    _ masks: UnsafeMutablePointer<UInt64>, _ ids: UnsafePointer<UInt32>, rows: Int,
    zone: ClosedRange<UInt32>
  ) {
    guard let low = next(from: zone.lowerBound), low <= zone.upperBound else {
      masks.update(repeating: 0, count: (rows + 63) >> 6)
      return
    }
    var high = low
    while high < zone.upperBound, contains(high + 1) { high += 1 }
    let isStretch = next(from: high + 1).map { $0 > zone.upperBound } ?? true
    let span = high - low
    words.withUnsafeBufferPointer { words in
      for chunk in 0..<((rows + 63) >> 6) where masks[chunk] != 0 {
        let first = ids + chunk << 6
        let count = min(64, rows - chunk << 6)
        var bits: UInt64 = 0
        if isStretch {
          for row in 0..<count {
            bits |= (first[row] &- low <= span ? 1 : 0) &<< UInt64(truncatingIfNeeded: row)
          }
        } else {
          for row in 0..<count {
            let id = first[row]
            let bit = words[Int(id &>> 6)] &>> UInt64(id & 63) & 1
            bits |= bit &<< UInt64(truncatingIfNeeded: row)
          }
        }
        masks[chunk] &= bits
      }
    }
  }

  mutating func insert(_ id: Int) { words[id >> 6] |= 1 << UInt64(id & 63) }
  mutating func remove(_ id: Int) { words[id >> 6] &= ~(1 << UInt64(id & 63)) }

  mutating func insert(_ range: Range<Int>) {
    for word in words(of: range) { words[word.index] |= word.mask }
  }

  mutating func remove(_ range: Range<Int>) {
    for word in words(of: range) { words[word.index] &= ~word.mask }
  }

  mutating func invert() {
    for index in words.indices { words[index] = ~words[index] }
    trim()
  }

  mutating func intersect(_ other: IdSet) {
    precondition(limit == other.limit, "BUG: sets of different limits")
    for index in words.indices { words[index] &= other.words[index] }
  }

  /// Whether any member is in `range`.
  func intersects(_ range: ClosedRange<UInt32>) -> Bool {
    for word in words(of: Int(range.lowerBound)..<(Int(range.upperBound) + 1)) {
      if words[word.index] & word.mask != 0 { return true }
    }
    return false
  }

  /// Whether all of `range` are members.
  func contains(_ range: ClosedRange<UInt32>) -> Bool {
    for word in words(of: Int(range.lowerBound)..<(Int(range.upperBound) + 1)) {
      if words[word.index] & word.mask != word.mask { return false }
    }
    return true
  }

  /// The members, ascending.
  var members: [UInt32] {
    var result: [UInt32] = []
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        result.append(UInt32(index << 6 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return result
  }

  private mutating func trim() {
    if limit & 63 != 0, !words.isEmpty { words[words.count - 1] &= 1 << UInt64(limit & 63) - 1 }
  }

  /// The words that `range` touches and which of their bits it covers.
  @inline(__always)
  private func words(of range: Range<Int>) -> WordSpan { WordSpan(range) }

  private struct WordSpan: Sequence, IteratorProtocol {
    var next64: Int
    let end: Int

    init(_ range: Range<Int>) {
      next64 = range.lowerBound
      end = range.upperBound
    }

    @inline(__always)
    mutating func next() -> (index: Int, mask: UInt64)? {
      guard next64 < end else { return nil }
      let index = next64 >> 6
      let stop = Swift.min(end, (index + 1) << 6)
      let bits = UInt64(stop - next64)
      let all: UInt64 = bits == 64 ? .max : 1 << bits - 1
      let mask = all << UInt64(next64 & 63)
      next64 = stop
      return (index, mask)
    }
  }
}
