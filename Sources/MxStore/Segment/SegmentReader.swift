import MxCodec
package import MxFiles
import MxModel
import Synchronization

/// One open segment: its footer, and its pages on demand. Many threads may
/// share one.
package final class SegmentReader: Sendable {
  package let footer: SegmentFooter
  let region: FileRegion
  let series: SeriesList
  private let pageBlocks: [BlockEntry]
  private let clockBlocks: [BlockEntry]
  private let clockCount: Int
  /// Index blocks read so far: a segment of 8 M samples has one.
  private let index = Mutex<[Int: [PageEntry]]>([:])

  package var info: SegmentInfo { footer.info }
  /// How many slots the pages speak of: series, or columns of series of a tier.
  let slots: Int

  package var path: String { region.path }

  package convenience init(opening path: String, in files: any FileSystem) throws(StoreError) {
    try self.init(FileRegion(opening: path, in: files))
  }

  init(_ region: FileRegion) throws(StoreError) {
    let region = try region.withEnd(SegmentFooter.usualEnd)
    self.region = region
    let footer = try SegmentFooter(reading: region)
    self.footer = footer
    slots = footer.info.series * (footer.layout?.columns.count ?? 1)
    if footer.info.kind == .record {
      series = .stretch(0..<0)
      pageBlocks = []
      clockBlocks = []
      clockCount = 0
      return
    }
    series = try SegmentReader.section(.seriesList, footer, region) { bytes throws(CodecError) in
      try SeriesList(decoding: bytes)
    }
    let pages = try SegmentReader.section(.pageDirectory, footer, region) {
      bytes throws(CodecError) in try BlockDirectory.decode(bytes)
    }
    pageBlocks = pages.entries
    let clocks = try SegmentReader.section(.clockDirectory, footer, region) {
      bytes throws(CodecError) in try BlockDirectory.decode(bytes)
    }
    clockBlocks = clocks.entries
    clockCount = clocks.total
    guard series.count == footer.info.series else {
      throw region.damaged("series list", "is not as long as the footer says")
    }
    guard (footer.info.kind == .windows) == (footer.layout != nil) else {
      throw region.damaged("footer", "has a tier's layout, or lacks it")
    }
  }

  /// The region of the series set inside, nil where it is a file of its own.
  /// Its own checksums cover it.
  var inlineSet: FileRegion? {
    get throws(StoreError) {
      guard let section = footer.section(.inlineSet) else { return nil }
      return try region.region(at: section.offset, count: section.count, part: "series set")
    }
  }

  private static func section<R>(
    _ kind: SectionKind, _ footer: SegmentFooter, _ region: FileRegion,
    _ decode: (UnsafeRawBufferPointer) throws(CodecError) -> R
  ) throws(StoreError) -> R {
    guard let section = footer.section(kind) else {
      throw region.damaged(kind.name, "is missing")
    }
    let bytes = try checked(
      region,
      BlockEntry(
        first: 0, range: .all, offset: section.offset, bytes: section.count, hash: section.hash),
      kind.name)
    do throws(CodecError) {
      return try withBytes(of: bytes, decode)
    } catch {
      throw region.damaged(kind.name, "\(error)")
    }
  }

  /// The bytes of a block whose checksum is right.
  private static func checked(
    _ region: FileRegion, _ block: BlockEntry, _ part: String
  ) throws(StoreError) -> [UInt8] {
    let bytes = try region.read(at: block.offset, count: block.bytes, part: part)
    guard XXH64.hash(bytes) == block.hash else { throw region.damaged(part, "checksum differs") }
    return bytes
  }

  var pageBlockCount: Int { pageBlocks.count }

  /// The entries of one index block.
  func entries(block: Int) throws(StoreError) -> [PageEntry] {
    if let known = index.withLock({ $0[block] }) { return known }
    let part = "page index \(block)"
    let bytes = try SegmentReader.checked(region, pageBlocks[block], part)
    let entries: [PageEntry]
    do throws(CodecError) {
      entries = try withBytes(of: bytes) { bytes throws(CodecError) in
        try PageIndex.decode(bytes)
      }
    } catch {
      throw region.damaged(part, "\(error)")
    }
    for entry in entries where entry.slotRange.upperBound > slots {
      throw region.damaged(part, "names slot \(entry.slotRange.upperBound) of \(slots)")
    }
    index.withLock { $0[block] = entries }
    return entries
  }

  /// The entries of all pages that hold any of `slots`, in order.
  func entries(slots: Range<Int>) throws(StoreError) -> [PageEntry] {
    var result: [PageEntry] = []
    if slots.isEmpty { return result }
    // The last block that begins before the first slot, and all up to the last slot.
    var block = pageBlocks.partition { $0.first < slots.lowerBound }
    block = max(0, block - 1)
    while block < pageBlocks.count, pageBlocks[block].first < slots.upperBound {
      let entries = try entries(block: block)
      var page = entries.partition { $0.slotRange.upperBound <= slots.lowerBound }
      while page < entries.count, entries[page].firstSlot < slots.upperBound {
        result.append(entries[page])
        page += 1
      }
      block += 1
    }
    return result
  }

  func load(
    _ entry: PageEntry, with decoder: ColumnDecoder = ColumnDecoder(),
    values: PageValues = PageValues()
  ) throws(StoreError) -> LoadedPage {
    let part = "page at \(entry.offset)"
    let bytes = try SegmentReader.checked(
      region,
      BlockEntry(
        first: entry.firstSlot, range: entry.range, offset: entry.offset, bytes: entry.bytes,
        hash: entry.hash), part)
    do throws(CodecError) {
      return try LoadedPage(entry, bytes, with: decoder, values: values)
    } catch {
      throw region.damaged(part, "\(error)")
    }
  }

  /// Decodes the page of clocks that holds clock `id`.
  func clockPage(holding id: Int, with decoder: ColumnDecoder) throws(StoreError) -> ClockPage {
    guard id < clockCount else { throw region.damaged("clocks", "there is no clock \(id)") }
    let number = max(0, clockBlocks.partition { $0.first <= id } - 1)
    let block = clockBlocks[number]
    let end = number + 1 < clockBlocks.count ? clockBlocks[number + 1].first : clockCount
    let part = "clocks at \(block.offset)"
    let bytes = try SegmentReader.checked(region, block, part)
    do throws(CodecError) {
      return try withBytes(of: bytes) { bytes throws(CodecError) in
        try ClockPage(first: block.first, count: end - block.first, bytes, decoder)
      }
    } catch {
      throw region.damaged(part, "\(error)")
    }
  }

  /// Reads and decodes every page of clocks.
  func checkClocks() throws(StoreError) {
    let decoder = ColumnDecoder()
    for block in clockBlocks { _ = try clockPage(holding: block.first, with: decoder) }
  }
}

/// The timestamps of neighbouring clocks.
final class ClockPage: Sendable {
  let first: Int
  private let starts: [Int]
  private let times: [Int64]

  init(
    first: Int, count: Int, _ bytes: UnsafeRawBufferPointer, _ decoder: ColumnDecoder
  ) throws(CodecError) {
    var reader = ByteReader(bytes)
    let clocks = try reader.count(atMost: Page.maxSamples)
    guard clocks == count else { throw .malformed("number of clocks", at: 0) }
    var lengths: [Int32] = []
    var starts = [0]
    for length in try reader.column(clocks, with: decoder) {
      guard length > 0, length <= Int64(Page.maxSamples) else {
        throw .malformed("length of a clock", at: 0)
      }
      lengths.append(Int32(length))
      starts.append(starts[starts.count - 1] + Int(length))
    }
    let total = starts[starts.count - 1]
    guard total <= Page.maxSamples else { throw .malformed("clock page too long", at: 0) }
    let column = try reader.rest()
    var times = [Int64](repeating: 0, count: total)
    let result: Result<Void, CodecError> = times.withUnsafeMutableBufferPointer { out in
      lengths.withUnsafeBufferPointer { runs in
        do throws(CodecError) {
          return .success(try decoder.decodeIntegers(column, runs: runs, into: out))
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
    self.first = first
    self.starts = starts
    self.times = times
  }

  func holds(_ clock: Int) -> Bool { clock >= first && clock < first + starts.count - 1 }

  /// The stretch of a clock that `place` names; nil where the clock is shorter.
  func withTimes<R>(
    _ place: LoadedPage.Place, _ body: (UnsafeBufferPointer<Int64>) throws -> R
  ) rethrows -> R? {
    let clock = place.clock - first
    let start = starts[clock] + place.clockStart
    guard start + place.count <= starts[clock + 1] else { return nil }
    return try times.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[start..<start + place.count]))
    }
  }
}

extension Array {
  /// The number of leading elements that satisfy `isBefore`, where those come first.
  func partition(_ isBefore: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
