import MxCodec

/// One small number for each of many rows: the value's place in a symbol
/// table, or the tuple's place among the tuples of an axis.
///
/// Rows go in blocks of 4,096. A block in which all rows are equal is a few
/// bits of the directory; any other is an item, an integer column of MxCodec
/// encoded for index arrays (differences, packed or matched: sorted series
/// make runs and cycles). The directory holds each block's least and greatest
/// number, so that a search reads only blocks that can hold what it wants.
///
/// The directory, an item of its own:
///
///     item sequence   the blocks that are not constant, in order
///     per stretch of blocks, until all rows are covered:
///       varint  blocks << 1 | 1, varint id        that many constant blocks, or
///       varint  (max - min) << 1, varint min      one block of the sequence
///
/// A difference of 0 in the second form is never written.
final class IdColumn: Sendable {
  static let blockShift = 12
  static let blockRows = 1 << blockShift

  /// The number of rows.
  let count: Int
  /// Every id is below it: checked as blocks are decoded.
  let limit: Int
  let minima: [UInt32]
  let maxima: [UInt32]
  /// Block -> item of the sequence; -1 where the block is constant.
  private let items: [Int32]
  private let sequence: ItemSequence
  private let pages: SetPages
  private let part: String

  static func blockCount(_ rows: Int) -> Int { (rows + blockRows - 1) >> blockShift }

  init(
    directory: ItemPlace, count: Int, limit: Int, pages: SetPages, part: String
  ) throws(StoreError) {
    let item = try pages.item(directory, part: part)
    let blocks = Self.blockCount(count)
    let parsed = try item.read(pages.region, part) { (reader) throws(CodecError) in
      try Directory(&reader, blocks: blocks, limit: limit)
    }
    self.count = count
    self.limit = limit
    self.pages = pages
    self.part = part
    minima = parsed.minima
    maxima = parsed.maxima
    items = parsed.items
    sequence = parsed.sequence
  }

  var blocks: Int { items.count }

  /// Bytes of all blocks, for the inspector.
  var bytes: Int { sequence.bytes }

  func rows(inBlock block: Int) -> Int {
    min(Self.blockRows, count - block << Self.blockShift)
  }

  /// Fills `out` with the ids of a block: `rows(inBlock:)` of them.
  func decode(
    _ block: Int, with scratch: IdScratch, into out: UnsafeMutablePointer<UInt32>,
    keep: Bool = true
  ) throws(StoreError) {
    let rows = rows(inBlock: block)
    guard items[block] >= 0 else {
      out.update(repeating: minima[block], count: rows)
      return
    }
    let item = try pages.item(sequence[Int(items[block])], part: part, keep: keep)
    var failure: CodecError?
    item.page.bytes.withUnsafeBytes { bytes in
      do throws(CodecError) {
        try scratch.decode(
          UnsafeRawBufferPointer(rebasing: bytes[item.range]), count: rows,
          minimum: minima[block], maximum: maxima[block], into: out)
      } catch {
        failure = error
      }
    }
    if let failure {
      throw pages.region.damaged("\(part), block \(block)", "\(failure)")
    }
  }

  private struct Directory {
    var minima: [UInt32] = []
    var maxima: [UInt32] = []
    var items: [Int32] = []
    var sequence: ItemSequence

    init(_ reader: inout ByteReader, blocks: Int, limit: Int) throws(CodecError) {
      sequence = try ItemSequence(&reader)
      minima.reserveCapacity(blocks)
      maxima.reserveCapacity(blocks)
      items.reserveCapacity(blocks)
      var next: Int32 = 0
      while items.count < blocks {
        let field = try reader.count(atMost: 1 << 33)
        let low = try reader.count(atMost: limit - 1)
        if field & 1 == 1 {
          let run = field >> 1
          guard run > 0, run <= blocks - items.count else {
            throw .malformed("constant blocks", at: reader.offset)
          }
          let id = UInt32(low)
          minima.append(contentsOf: repeatElement(id, count: run))
          maxima.append(contentsOf: repeatElement(id, count: run))
          items.append(contentsOf: repeatElement(-1, count: run))
        } else {
          let spread = field >> 1
          guard spread > 0, spread <= limit - 1 - low, next < sequence.count else {
            throw .malformed("block", at: reader.offset)
          }
          minima.append(UInt32(low))
          maxima.append(UInt32(low + spread))
          items.append(next)
          next += 1
        }
      }
      guard next == sequence.count else { throw .malformed("block count", at: reader.offset) }
    }
  }
}

extension IdColumn {
  /// Writes `ids` and returns where the directory is.
  static func write(
    _ ids: [UInt32], with encoder: ColumnEncoder, into pages: inout PageWriter
  ) -> ItemPlace {
    var sequence = ItemSequence()
    var zones: [UInt8] = []
    var run = (id: UInt32(0), blocks: 0)
    var wide: [Int64] = []
    for start in stride(from: 0, to: ids.count, by: blockRows) {
      let block = ids[start..<min(start + blockRows, ids.count)]
      var low = UInt32.max
      var high: UInt32 = 0
      for id in block {
        low = Swift.min(low, id)
        high = Swift.max(high, id)
      }
      if low == high {
        if run.blocks > 0, run.id != low { close(&run, into: &zones) }
        run = (low, run.blocks + 1)
        continue
      }
      close(&run, into: &zones)
      zones.append(varint: UInt64(high - low) << 1)
      zones.append(varint: UInt64(low))
      wide.removeAll(keepingCapacity: true)
      for id in block { wide.append(Int64(id)) }
      sequence.append(pages.append(encoded(wide, with: encoder)))
    }
    close(&run, into: &zones)
    var directory: [UInt8] = []
    sequence.encode(into: &directory)
    return pages.append(directory + zones)
  }

  private static func close(_ run: inout (id: UInt32, blocks: Int), into zones: inout [UInt8]) {
    guard run.blocks > 0 else { return }
    zones.append(varint: UInt64(run.blocks) << 1 | 1)
    zones.append(varint: UInt64(run.id))
    run.blocks = 0
  }

  private static func encoded(_ ids: [Int64], with encoder: ColumnEncoder) -> [UInt8] {
    var bytes: [UInt8] = []
    let runs = [Int32(ids.count)]
    ids.withUnsafeBufferPointer { ids in
      runs.withUnsafeBufferPointer { runs in
        encoder.encode(integers: ids, runs: runs, effort: .index, into: &bytes)
      }
    }
    return bytes
  }
}

/// What decoding blocks needs, kept from block to block. One a thread.
final class IdScratch {
  private let decoder = ColumnDecoder()
  private let wide = UnsafeMutableBufferPointer<Int64>.allocate(capacity: IdColumn.blockRows)

  deinit { wide.deallocate() }

  /// Decodes `count` numbers that must lie within `minimum...maximum`.
  fileprivate func decode(
    _ bytes: UnsafeRawBufferPointer, count: Int, minimum: UInt32, maximum: UInt32,
    into out: UnsafeMutablePointer<UInt32>
  ) throws(CodecError) {
    guard let base = wide.baseAddress else { return }
    let target = UnsafeMutableBufferPointer(start: base, count: count)
    var run = Int32(truncatingIfNeeded: count)
    var failure: CodecError?
    withUnsafePointer(to: &run) { run in
      do throws(CodecError) {
        try decoder.decodeIntegers(
          bytes, runs: UnsafeBufferPointer(start: run, count: 1), into: target)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    // Callers index tables by these numbers without looking again. Sums whose
    // sign tells, not comparisons: they vectorise on any x86-64.
    let (low, high) = (Int64(minimum), Int64(maximum))
    var outside: Int64 = 0
    for index in 0..<count {
      let id = base[index]
      outside |= (id &- low) | (high &- id)
      out[index] = UInt32(truncatingIfNeeded: id)
    }
    guard outside >= 0 else { throw .malformed("id outside its block's zone", at: 0) }
  }
}
