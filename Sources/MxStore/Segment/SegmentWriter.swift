import MxCodec
import MxFiles
import MxModel

/// Writes the columns of one segment, series by series in slot order.
///
/// Bytes go to the file as pages fill: memory is one page, the clocks that are
/// remembered for sharing, and 60 bytes a page of index. What the footer says
/// is decided last, so that a commit can number itself when it holds the lock.
final class SegmentWriter {
  private let file: any WritableFile
  private let effort: Effort
  private let encoder = ColumnEncoder()
  /// Bytes written so far.
  private(set) var offset: Int

  // The page being filled: series, and the groups of one metric they form.
  private var values: [Double] = []
  private var lengths: [Int32] = []
  private var clocks: [Int64] = []
  private var clockStarts: [Int64] = []
  private var groupSizes: [Int] = []
  private var firstSlot = 0
  private var pageRange = TimeRange(from: .max, to: .min)

  private var clockTable = ClockTable()
  private var clockBlocks: [BlockEntry] = []
  private var pages: [PageEntry] = []
  private var pageBlocks: [BlockEntry] = []
  private var lastSlot = -1
  private(set) var samples = 0
  private(set) var range = TimeRange(from: .max, to: .min)

  /// Starts a segment in an empty file.
  init(_ file: any WritableFile, id: UInt64, effort: Effort) throws(StoreError) {
    self.file = file
    self.effort = effort
    offset = 0
    try write(SegmentFooter.head(id: id))
  }

  /// Adds all samples of series `slot`, a higher one than before, in time order.
  /// `startsMetric`: another metric than the slot before.
  func add(
    slot: Int, startsMetric: Bool, times: UnsafeBufferPointer<Int64>,
    values: UnsafeBufferPointer<Double>
  ) throws(StoreError) {
    precondition(slot > lastSlot, "BUG: slot \(slot) after \(lastSlot)")
    precondition(times.count == values.count, "BUG: columns of unlike length")
    // A page of several series holds them whole: the parts of a long one stay alone.
    let isLong = times.count > Page.maxSamples
    if isLong { try flushPage() }
    defer { lastSlot = slot }
    var begin = 0
    while begin < times.count {
      // Parts as even as can be: a tail of ten samples would be a page of its own.
      let parts = (times.count - begin + Page.maxSamples - 1) / Page.maxSamples
      let end = begin + (times.count - begin + parts - 1) / parts
      try addPart(
        slot: slot, startsMetric: startsMetric,
        times: UnsafeBufferPointer(rebasing: times[begin..<end]),
        values: UnsafeBufferPointer(rebasing: values[begin..<end]))
      if isLong { try flushPage() }
      begin = end
    }
  }

  private func addPart(
    slot: Int, startsMetric: Bool, times: UnsafeBufferPointer<Int64>,
    values part: UnsafeBufferPointer<Double>
  ) throws(StoreError) {
    if !lengths.isEmpty, values.count + part.count > Page.maxSamples || slot != lastSlot + 1 {
      try flushPage()
    }
    if lengths.isEmpty {
      firstSlot = slot
      groupSizes = [0]
    } else if startsMetric {
      groupSizes.append(0)
    }
    groupSizes[groupSizes.count - 1] += 1
    let clock = clockTable.reference(times)
    clocks.append(Int64(clock.id))
    clockStarts.append(Int64(clock.start))
    lengths.append(Int32(part.count))
    values.append(contentsOf: part)
    pageRange = pageRange.union(TimeRange(from: times[0], to: times[times.count - 1]))
    if clockTable.unwrittenTimes >= Page.maxSamples { try writeClocks() }
  }

  private func flushPage() throws(StoreError) {
    if lengths.isEmpty { return }
    let bytes = lengths.count == 1 ? singlePage() : severalPage()
    let block = try writeBlock(bytes, first: firstSlot, range: pageRange)
    pages.append(
      PageEntry(
        firstSlot: firstSlot, slots: lengths.count, samples: values.count, range: pageRange,
        offset: block.offset, bytes: block.bytes, hash: block.hash))
    if pages.count == PageIndex.blockSize { try writeIndexBlock() }
    samples += values.count
    range = range.union(pageRange)
    pageRange = TimeRange(from: .max, to: .min)
    values.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    clocks.removeAll(keepingCapacity: true)
    clockStarts.removeAll(keepingCapacity: true)
  }

  /// Form 1 of `Page`.
  private func singlePage() -> [UInt8] {
    var out: [UInt8] = [1]
    out.append(varint: Int(lengths[0]))
    out.append(varint: UInt64(clocks[0]))
    out.append(varint: UInt64(clockStarts[0]))
    out.append(Page.floats)
    appendGroup(0..<1, from: 0, to: &out)
    return out
  }

  /// Form 0 of `Page`.
  private func severalPage() -> [UInt8] {
    var out: [UInt8] = [0]
    out.append(varint: lengths.count)
    out.append(varint: groupSizes.count)
    out.appendColumn(lengths.map(Int64.init), with: encoder)
    out.appendColumn(clocks, with: encoder)
    out.appendColumn(clockStarts, with: encoder)
    out.appendColumn(groupSizes.map(Int64.init), with: encoder)
    var columns: [UInt8] = []
    var sizes: [Int64] = []
    var slot = 0
    var sample = 0
    for size in groupSizes {
      let before = columns.count
      sample = appendGroup(slot..<slot + size, from: sample, to: &columns)
      sizes.append(Int64(columns.count - before))
      slot += size
    }
    out.appendColumn(sizes, with: encoder)
    out += [UInt8](repeating: Page.floats, count: groupSizes.count)
    return out + columns
  }

  /// Appends the column of some neighbouring series; returns where their samples end.
  @discardableResult
  private func appendGroup(_ slots: Range<Int>, from sample: Int, to out: inout [UInt8]) -> Int {
    let end = lengths[slots].reduce(sample) { $0 + Int($1) }
    values.withUnsafeBufferPointer { values in
      lengths.withUnsafeBufferPointer { lengths in
        encoder.encode(
          doubles: UnsafeBufferPointer(rebasing: values[sample..<end]),
          runs: UnsafeBufferPointer(rebasing: lengths[slots]), effort: effort, into: &out)
      }
    }
    return end
  }

  private func writeIndexBlock() throws(StoreError) {
    guard let first = pages.first else { return }
    let range = pages.dropFirst().reduce(first.range) { $0.union($1.range) }
    let block = try writeBlock(
      PageIndex.encode(pages[...]), first: first.firstSlot, range: range)
    pageBlocks.append(block)
    pages.removeAll(keepingCapacity: true)
  }

  private func writeClocks() throws(StoreError) {
    var failure: StoreError?
    do {
      try clockTable.writePage { first, times, lengths in
        try writeClockPage(first, times, lengths)
      }
    } catch let error as StoreError {
      failure = error
    } catch {
      preconditionFailure("BUG: clocks threw \(error)")
    }
    if let failure { throw failure }
  }

  /// A page of clocks: number of clocks (varint), their lengths (an integer
  /// column), then one column of integers with a run a clock.
  private func writeClockPage(
    _ first: Int, _ times: UnsafeBufferPointer<Int64>, _ lengths: [Int32]
  ) throws(StoreError) {
    var out: [UInt8] = []
    out.append(varint: lengths.count)
    out.appendColumn(lengths.map(Int64.init), with: encoder)
    lengths.withUnsafeBufferPointer {
      encoder.encode(integers: times, runs: $0, effort: effort, into: &out)
    }
    let oldest = times.min() ?? 0
    let range = TimeRange(from: oldest, to: times.max() ?? oldest)
    clockBlocks.append(try writeBlock(out, first: first, range: range))
  }

  /// Finishes the pages and indexes. Afterwards only sections and the footer follow.
  func finishPages() throws(StoreError) -> [Section] {
    try flushPage()
    try writeIndexBlock()
    while clockTable.unwritten < clockTable.count { try writeClocks() }
    return [
      try addSection(
        .pageDirectory, BlockDirectory.encode(pageBlocks, total: lastSlot + 1)),
      try addSection(
        .clockDirectory, BlockDirectory.encode(clockBlocks, total: clockTable.count)),
    ]
  }

  func addSection(_ kind: SectionKind, _ bytes: [UInt8]) throws(StoreError) -> Section {
    let block = try writeBlock(bytes, first: 0, range: .all)
    return Section(kind: kind, offset: block.offset, count: block.bytes, hash: block.hash)
  }

  /// Writes the end of the file; `footer.info.bytes` is filled in. Returns what
  /// the manifest shall know. Syncing and closing are the caller's.
  func finish(_ footer: SegmentFooter) throws(StoreError) -> SegmentInfo {
    var footer = footer
    // The size is part of what is sized: a varint may grow once, no more.
    footer.info.bytes = offset
    for _ in 0..<3 { footer.info.bytes = offset + footer.encoded().count }
    let bytes = footer.encoded()
    precondition(offset + bytes.count == footer.info.bytes, "BUG: footer of unsettled size")
    try write(bytes)
    return footer.info
  }

  private func writeBlock(
    _ bytes: [UInt8], first: Int, range: TimeRange
  ) throws(StoreError) -> BlockEntry {
    let entry = BlockEntry(
      first: first, range: range, offset: offset, bytes: bytes.count, hash: XXH64.hash(bytes))
    try write(bytes)
    return entry
  }

  private func write(_ bytes: [UInt8]) throws(StoreError) {
    do throws(FileError) {
      try withBytes(of: bytes) { buffer throws(FileError) in try file.write(buffer) }
    } catch {
      throw .file(error)
    }
    offset += bytes.count
  }
}
