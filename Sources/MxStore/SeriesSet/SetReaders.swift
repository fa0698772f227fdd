import Glibc
import MxModel

/// Reads the column of an axis block by block. Belongs to one thread.
final class AxisReader {
  let column: IdColumn
  /// The ids of the loaded block.
  let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: IdColumn.blockRows)
  private(set) var block = -1
  private let scratch: IdScratch

  init(_ column: IdColumn, scratch: IdScratch) {
    self.column = column
    self.scratch = scratch
  }

  deinit { ids.deallocate() }

  func load(_ block: Int) throws(StoreError) {
    if block == self.block { return }
    self.block = -1
    try column.decode(block, with: scratch, into: ids)
    self.block = block
  }

  /// Whether all rows of `block` have id 0.
  func isAbsent(_ block: Int) -> Bool { column.maxima[block] == 0 }
}

/// Tuple -> symbol of one label, blocks read as they are asked for and kept:
/// 4 bytes a tuple at most. Belongs to one thread.
final class TupleReader {
  let ids: UnsafeMutablePointer<UInt32>
  private let column: IdColumn
  private var loaded: [Bool]
  private var missing: Int
  private let scratch: IdScratch

  init(_ column: IdColumn, scratch: IdScratch) {
    self.column = column
    self.scratch = scratch
    ids = .allocate(capacity: max(column.count, 1))
    loaded = [Bool](repeating: false, count: column.blocks)
    missing = column.blocks
  }

  deinit { ids.deallocate() }

  @inline(__always)
  func symbol(_ tuple: UInt32) throws(StoreError) -> UInt32 {
    if missing > 0, !loaded[Int(tuple) >> IdColumn.blockShift] {
      try load(Int(tuple) >> IdColumn.blockShift)
    }
    return ids[Int(tuple)]
  }

  func loadAll() throws(StoreError) {
    for block in 0..<column.blocks where !loaded[block] { try load(block) }
  }

  private func load(_ block: Int) throws(StoreError) {
    try column.decode(block, with: scratch, into: ids + block << IdColumn.blockShift)
    loaded[block] = true
    missing -= 1
  }
}

/// Symbols by number, items unpacked as they are asked for and kept. Belongs
/// to one thread; what it hands out is valid as long as it lives.
final class SymbolReader {
  private struct Unpacked {
    var bytes: UnsafePointer<UInt8>
    var ends: UnsafePointer<UInt32>
  }

  let table: SymbolTable
  private let shift: UInt32
  private let mask: UInt32
  private let unpacked: UnsafeMutablePointer<Unpacked?>
  private var owners: [SymbolItem] = []

  init(_ table: SymbolTable) {
    self.table = table
    shift = UInt32(table.shift)
    mask = 1 << shift - 1
    unpacked = .allocate(capacity: max(table.itemCount, 1))
    unpacked.initialize(repeating: nil, count: table.itemCount)
  }

  deinit { unpacked.deallocate() }

  /// The symbol of `id`, which is 1…count.
  @inline(__always)
  func symbol(_ id: UInt32) throws(StoreError) -> UnsafeRawBufferPointer {
    let place = id &- 1
    let item = Int(place &>> shift)
    guard let known = unpacked[item] else { return try load(item)[Int(place & mask)] }
    let index = Int(place & mask)
    let start = index == 0 ? 0 : Int(known.ends[index &- 1])
    return UnsafeRawBufferPointer(
      start: known.bytes + start, count: Int(known.ends[index]) &- start)
  }

  private func load(_ index: Int) throws(StoreError) -> SymbolItem {
    let item = try table.unpack(index)
    owners.append(item)
    unpacked[index] = Unpacked(bytes: item.bytes, ends: item.ends)
    return item
  }
}
