import Glibc
import MxCodec

/// The bytes of one page: up to 16 Ki samples of neighbouring series.
///
/// Series of one metric form a *group*, whose values are one column with one
/// entropy table: neighbours have the same habits, so short series cost what
/// long ones do. Small groups share a page, because a page is what is read,
/// checked and indexed at once. Times are not here: a series names its clock.
///
///     size  field
///     1     form: 0 several series, 1 a part of one series
///
///     form 1
///     …     samples, clock, start in the clock: varints
///     1     content of the column: 0 floats (16…31 are kept for histograms
///           and start times)
///     …     column of values, to the end
///
///     form 0
///     …     number of series n, number of groups g: varints
///     …     samples of each series, clock, start in the clock: three integer
///           columns of n
///     …     series of each group, bytes of its column: two integer columns of g
///     g     content of each group's column: 0 floats
///     …     g columns of values
///
/// `start`: a series that began later than its neighbours or ended before them
/// has a stretch of their clock.
enum Page {
  /// 16 Ki: a Huffman table costs under 0.5 % then, and one series of it is
  /// decoded in some 20 µs.
  static let maxSamples = 16384
  /// No page is larger: at most 9 bytes a sample and the lists of 16 Ki series.
  static let maxBytes = 1 << 20
  /// How a column's content is marked.
  static let floats: UInt8 = 0
}

/// One page, read and checked; values are decoded when asked for.
final class LoadedPage {
  let entry: PageEntry
  private let bytes: [UInt8]
  /// Samples of each series, and where they begin among all samples.
  private(set) var lengths: [Int32] = []
  private(set) var starts: [Int] = []
  private var clocks: [Int64] = []
  private var clockStarts: [Int64] = []
  private var groups: [Group] = []
  private let values: PageValues

  private struct Group {
    var slots: Range<Int>
    var bytes: Range<Int>
    /// The series (numbered in the page) whose values are decoded.
    var decoded: Range<Int>
  }

  /// Where one series' samples are: so many, in this clock, from there on.
  struct Place: Equatable {
    var clock: Int
    var clockStart: Int
    var count: Int
  }

  /// Reads the lists of a page whose checksum was right.
  init(
    _ entry: PageEntry, _ bytes: [UInt8], with decoder: ColumnDecoder,
    values: PageValues = PageValues()
  ) throws(CodecError) {
    self.entry = entry
    self.bytes = bytes
    self.values = values
    try withBytes(of: bytes) { buffer throws(CodecError) in
      var reader = ByteReader(buffer)
      switch try reader.uint8() {
      case 0: try readSeveral(&reader, decoder)
      case 1: try readSingle(&reader)
      default: throw .malformed("page form", at: 0)
      }
    }
    let total = sumUp()
    guard total == entry.samples, lengths.count == entry.slots else {
      throw .malformed("page that is not what its index says", at: 0)
    }
    values.reserve(total, atMost: Page.maxSamples)
  }

  /// Where each series begins; returns the sum of all lengths.
  private func sumUp() -> Int {
    var total = 0
    starts = [Int](unsafeUninitializedCapacity: lengths.count) { starts, count in
      for index in 0..<lengths.count {
        starts[index] = total
        total += Int(lengths[index])
      }
      count = lengths.count
    }
    return total
  }

  private func readSingle(_ reader: inout ByteReader) throws(CodecError) {
    lengths = [Int32(try reader.count(atMost: Page.maxSamples))]
    clocks = [Int64(try reader.count(atMost: Int(UInt32.max)))]
    clockStarts = [Int64(try reader.count(atMost: Int(UInt32.max)))]
    try checkContent(try reader.uint8())
    groups = [Group(slots: 0..<1, bytes: reader.offset..<bytes.count, decoded: 0..<0)]
  }

  private func readSeveral(
    _ reader: inout ByteReader, _ decoder: ColumnDecoder
  ) throws(CodecError) {
    let count = try reader.count(atMost: Page.maxSamples)
    let groupCount = try reader.count(atMost: count)
    let stored = try reader.column(count, with: decoder)
    var total: Int64 = 0
    var isRight = true
    for length in stored {
      isRight = isRight && length > 0 && length <= Page.maxSamples
      total &+= length
    }
    guard isRight, total <= Page.maxSamples else {
      throw .malformed("page too long", at: reader.offset)
    }
    lengths = stored.map { Int32(truncatingIfNeeded: $0) }
    clocks = try reader.column(count, with: decoder)
    clockStarts = try reader.column(count, with: decoder)
    let sizes = try reader.column(groupCount, with: decoder)
    let lengths = try reader.column(groupCount, with: decoder)
    for _ in 0..<groupCount { try checkContent(try reader.uint8()) }
    var slot = 0
    var offset = reader.offset
    for group in 0..<groupCount {
      guard sizes[group] > 0, sizes[group] <= count - slot, lengths[group] >= 0,
        lengths[group] <= bytes.count - offset
      else { throw .malformed("page group", at: offset) }
      let slots = slot..<slot + Int(sizes[group])
      let range = offset..<offset + Int(lengths[group])
      groups.append(Group(slots: slots, bytes: range, decoded: slots.lowerBound..<slots.lowerBound))
      slot = slots.upperBound
      offset = range.upperBound
    }
    guard slot == count, offset == bytes.count else {
      throw .malformed("page groups", at: offset)
    }
  }

  private func checkContent(_ content: UInt8) throws(CodecError) {
    guard content == Page.floats else { throw .unknownKind(content) }
  }

  /// Where the samples of series `slot` (numbered in the page) are.
  func place(_ slot: Int) throws(CodecError) -> Place {
    guard clocks[slot] >= 0, clocks[slot] <= Int64(UInt32.max), clockStarts[slot] >= 0,
      clockStarts[slot] <= Int64(UInt32.max)
    else { throw .malformed("clock of a series", at: 0) }
    return Place(
      clock: Int(clocks[slot]), clockStart: Int(clockStarts[slot]), count: Int(lengths[slot]))
  }

  /// Decodes the values of the series `wanted` (numbered in the page).
  func decode(_ wanted: Range<Int>, with decoder: ColumnDecoder) throws(CodecError) {
    for index in groups.indices {
      let need = wanted.clamped(to: groups[index].slots)
      let have = groups[index].decoded
      if need.isEmpty || (have.lowerBound <= need.lowerBound && need.upperBound <= have.upperBound)
      {
        continue
      }
      // Who comes again mostly goes on; the symbols are decoded anew each time.
      let isNext = have.upperBound <= need.lowerBound
      let end = have.isEmpty ? need.upperBound : groups[index].slots.upperBound
      let range = have.isEmpty || isNext ? need.lowerBound..<end : groups[index].slots
      try decode(groups[index], range, with: decoder)
      groups[index].decoded = range
    }
  }

  private func decode(
    _ group: Group, _ range: Range<Int>, with decoder: ColumnDecoder
  ) throws(CodecError) {
    let first = starts[range.lowerBound]
    let last = range.upperBound - 1
    let end = starts[last] + Int(lengths[last])
    let inGroup =
      range.lowerBound - group.slots.lowerBound..<range.upperBound - group.slots.lowerBound
    let result: Result<Void, CodecError> = bytes.withUnsafeBytes { bytes in
      lengths.withUnsafeBufferPointer { lengths in
        do throws(CodecError) {
          try decoder.decodeDoubles(
            UnsafeRawBufferPointer(rebasing: bytes[group.bytes]),
            runs: UnsafeBufferPointer(rebasing: lengths[group.slots]), range: inGroup,
            into: UnsafeMutableBufferPointer(rebasing: values.all[first..<end]))
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
  }

  /// The values of a series that was decoded. Valid while the page lives and
  /// decodes nothing more.
  func values(_ slot: Int) -> UnsafeBufferPointer<Double> {
    let start = starts[slot]
    return UnsafeBufferPointer(rebasing: values.all[start..<start + Int(lengths[slot])])
  }
}
