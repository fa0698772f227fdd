import MxCodec
import MxModel

/// Where one page of values lies and what it may hold: enough to skip it.
struct PageEntry: Hashable, Sendable {
  /// The first series (by its slot in the segment) and how many follow it.
  var firstSlot: Int
  var slots: Int
  var samples: Int
  var range: TimeRange
  var offset: Int
  var bytes: Int
  var hash: UInt64

  var slotRange: Range<Int> { firstSlot..<firstSlot + slots }
}

/// Index entries of up to `PageIndex.blockSize` pages.
///
/// A block is columns, so that ten thousand regular pages cost ten bytes each:
///
///     size  field
///     …     number of pages, varint
///     …     first slots, slots, samples, oldest timestamps, newest - oldest,
///           offsets, lengths: seven integer columns (see `appendColumn`)
///     8·n   XXH64 of each page
///
/// Pages stand in the order of (first slot, oldest timestamp), so the pages
/// of one series are neighbours.
enum PageIndex {
  /// 512 entries are some 8 KiB: one read finds any page of 8 M samples.
  static let blockSize = 512

  static func encode(_ entries: ArraySlice<PageEntry>) -> [UInt8] {
    var out: [UInt8] = []
    out.append(varint: entries.count)
    out.appendColumn(entries.map { Int64($0.firstSlot) })
    out.appendColumn(entries.map { Int64($0.slots) })
    out.appendColumn(entries.map { Int64($0.samples) })
    out.appendColumn(entries.map(\.range.from))
    out.appendColumn(entries.map { $0.range.to &- $0.range.from })
    out.appendColumn(entries.map { Int64($0.offset) })
    out.appendColumn(entries.map { Int64($0.bytes) })
    for entry in entries { out.append(littleEndian: entry.hash) }
    return out
  }

  static func decode(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> [PageEntry] {
    var reader = ByteReader(bytes)
    let decoder = ColumnDecoder()
    // 8 bytes of hash each: a larger count cannot be true.
    let count = try reader.count(atMost: bytes.count / 8)
    let firstSlots = try reader.column(count, with: decoder)
    let slots = try reader.column(count, with: decoder)
    let samples = try reader.column(count, with: decoder)
    let oldest = try reader.column(count, with: decoder)
    let spans = try reader.column(count, with: decoder)
    let offsets = try reader.column(count, with: decoder)
    let lengths = try reader.column(count, with: decoder)
    var entries: [PageEntry] = []
    entries.reserveCapacity(count)
    for page in 0..<count {
      guard firstSlots[page] >= 0, firstSlots[page] <= Int64(UInt32.max),
        slots[page] > 0, slots[page] <= Int64(UInt32.max), samples[page] >= 0,
        samples[page] <= Int64(Page.maxSamples), offsets[page] >= 0, lengths[page] >= 0,
        lengths[page] <= Int64(Page.maxBytes), spans[page] >= 0,
        oldest[page] <= Int64.max &- spans[page]
      else { throw .malformed("page entry", at: reader.offset) }
      entries.append(
        PageEntry(
          firstSlot: Int(firstSlots[page]), slots: Int(slots[page]), samples: Int(samples[page]),
          range: TimeRange(from: oldest[page], to: oldest[page] &+ spans[page]),
          offset: Int(offsets[page]), bytes: Int(lengths[page]), hash: try reader.uint64()))
    }
    try reader.finish()
    return entries
  }
}

/// A stretch of the file with a checksum, and the first number (slot or clock)
/// that it speaks of: the entries of a directory.
struct BlockEntry: Hashable, Sendable {
  var first: Int
  var range: TimeRange
  var offset: Int
  var bytes: Int
  var hash: UInt64
}

/// A directory of blocks: of index blocks, or of clock pages.
///
///     size  field
///     …     number of blocks, varint
///     …     total of what is numbered (slots or clocks), varint
///     …     first numbers, oldest timestamps, newest timestamps, offsets,
///           lengths: five integer columns
///     8·n   XXH64 of each block
enum BlockDirectory {
  static func encode(_ entries: [BlockEntry], total: Int) -> [UInt8] {
    var out: [UInt8] = []
    out.append(varint: entries.count)
    out.append(varint: total)
    out.appendColumn(entries.map { Int64($0.first) })
    out.appendColumn(entries.map(\.range.from))
    out.appendColumn(entries.map(\.range.to))
    out.appendColumn(entries.map { Int64($0.offset) })
    out.appendColumn(entries.map { Int64($0.bytes) })
    for entry in entries { out.append(littleEndian: entry.hash) }
    return out
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CodecError) -> (entries: [BlockEntry], total: Int) {
    var reader = ByteReader(bytes)
    let decoder = ColumnDecoder()
    let count = try reader.count(atMost: bytes.count / 8)
    let total = try reader.count(atMost: Int(UInt32.max))
    let firsts = try reader.column(count, with: decoder)
    let oldest = try reader.column(count, with: decoder)
    let newest = try reader.column(count, with: decoder)
    let offsets = try reader.column(count, with: decoder)
    let lengths = try reader.column(count, with: decoder)
    var entries: [BlockEntry] = []
    entries.reserveCapacity(count)
    for block in 0..<count {
      guard firsts[block] >= 0, firsts[block] <= Int64(total), offsets[block] >= 0,
        lengths[block] >= 0, lengths[block] <= Int64(Page.maxBytes),
        block == 0 || firsts[block - 1] <= firsts[block]
      else { throw .malformed("directory entry", at: reader.offset) }
      entries.append(
        BlockEntry(
          first: Int(firsts[block]), range: TimeRange(from: oldest[block], to: newest[block]),
          offset: Int(offsets[block]), bytes: Int(lengths[block]), hash: try reader.uint64()))
    }
    try reader.finish()
    return (entries, total)
  }
}
