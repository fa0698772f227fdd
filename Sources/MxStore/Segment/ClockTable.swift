import Glibc
import MxCodec
import MxModel

/// The timestamps of a segment being written, each sequence once.
///
/// The series of one scrape share their timestamps to the millisecond, and a
/// series that came later or ended earlier has a stretch of them: both become
/// a reference. Found through the first timestamp, which leads to the clocks
/// and places where it stands.
struct ClockTable {
  /// Where a series' timestamps are: from `start` in clock `id`.
  struct Reference: Equatable {
    var id: Int
    var start: Int
  }

  /// 4 Mi timestamps (32 MiB) are remembered for sharing; past that the table
  /// forgets and starts anew, which costs bytes, never a wrong answer.
  private static let memory = 4 << 20

  private var times: [Int64] = []
  /// Clock (counted from `forgotten`) -> where it ends in `times`.
  private var ends: [Int] = []
  private var forgotten = 0
  /// First timestamp -> where it stands, newest first, by `chain`.
  private var heads: [Int64: Int32] = [:]
  private var chain: [Int32] = []
  /// Hash of a whole clock -> it: found also where many begin alike, as the
  /// columns of a tier do that has gaps.
  private var wholes: [UInt64: Reference] = [:]
  /// The clock of the series before, which is most often this one's as well.
  private var recent: Reference?

  var count: Int { forgotten + ends.count }

  /// The clocks that were not handed to `write` yet begin here.
  private(set) var unwritten = 0

  /// The place of `sequence`, made new where no clock holds it.
  mutating func reference(_ sequence: UnsafeBufferPointer<Int64>) -> Reference {
    if let recent, matches(recent, sequence) { return recent }
    var candidate = heads[sequence[0]] ?? -1
    // A few tries: places that share a first timestamp but no more are rare.
    for _ in 0..<16 where candidate >= 0 {
      let found = locate(Int(candidate))
      if matches(found, sequence) {
        recent = found
        return found
      }
      candidate = chain[Int(candidate)]
    }
    let hash = XXH64.hash(UnsafeRawBufferPointer(sequence))
    if let known = wholes[hash], matches(known, sequence) {
      recent = known
      return known
    }
    let new = append(sequence)
    wholes[hash] = new
    recent = new
    return new
  }

  private mutating func append(_ sequence: UnsafeBufferPointer<Int64>) -> Reference {
    if times.count + sequence.count > ClockTable.memory, unwritten == count { forget() }
    let start = times.count
    times.append(contentsOf: sequence)
    for (index, time) in sequence.enumerated() {
      chain.append(heads[time] ?? -1)
      heads[time] = Int32(start + index)
    }
    ends.append(times.count)
    return Reference(id: count - 1, start: 0)
  }

  private mutating func forget() {
    forgotten = count
    times.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
    chain.removeAll(keepingCapacity: true)
    wholes.removeAll(keepingCapacity: true)
    recent = nil
  }

  private func range(_ id: Int) -> Range<Int> {
    let index = id - forgotten
    return (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  /// The clock and place of a timestamp by its number among all.
  private func locate(_ position: Int) -> Reference {
    var low = 0
    var high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return Reference(id: forgotten + low, start: position - (low == 0 ? 0 : ends[low - 1]))
  }

  private func matches(_ place: Reference, _ sequence: UnsafeBufferPointer<Int64>) -> Bool {
    let clock = range(place.id)
    let start = clock.lowerBound + place.start
    guard start + sequence.count <= clock.upperBound, let wanted = sequence.baseAddress else {
      return false
    }
    return times.withUnsafeBufferPointer { own in
      guard let base = own.baseAddress else { return false }
      return memcmp(base + start, wanted, sequence.count * 8) == 0
    }
  }

  /// How many timestamps wait to be written.
  var unwrittenTimes: Int {
    unwritten == count ? 0 : times.count - range(unwritten).lowerBound
  }

  /// Hands the next unwritten clocks to `body`, as many as fill a page (one at
  /// least), with their first id, timestamps and lengths.
  mutating func writePage(
    _ body: (_ first: Int, UnsafeBufferPointer<Int64>, [Int32]) throws -> Void
  ) throws {
    precondition(unwritten < count, "BUG: no clock to write")
    let first = unwritten
    let begin = range(first).lowerBound
    var lengths: [Int32] = []
    var total = 0
    while unwritten < count {
      let length = range(unwritten).count
      if total + length > Page.maxSamples, total > 0 { break }
      lengths.append(Int32(length))
      total += length
      unwritten += 1
    }
    try times.withUnsafeBufferPointer {
      try body(first, UnsafeBufferPointer(rebasing: $0[begin..<begin + total]), lengths)
    }
  }
}
