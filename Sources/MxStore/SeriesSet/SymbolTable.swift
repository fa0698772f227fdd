import Glibc
import MxCodec
import MxModel

/// Distinct byte strings in order, each known by its place.
///
/// Label values, and whatever else in a set is sorted text (families, the
/// first keys of blocks). They lie in items of `1 << shift` symbols; `shift`
/// is the greatest up to 8 that keeps an item near 8 KiB. Inside an item each
/// symbol leaves out what it shares with the one before.
///
/// The directory, an item:
///
///     item sequence
///     per item after the first: varint bytes, the bytes of a separator:
///       the shortest start of the item's first symbol that sorts after the
///       last symbol of the item before
///
/// so that a look-up reads the directory and one item. An item of n symbols
/// (n is known: the count and the shift stand in the index):
///
///     n varints      bytes of each symbol, all of it
///     n - 1 varints  bytes that the 2nd … n-th share with the one before
///     the rest of each symbol, joined
///
/// Whole lengths rather than rests: identifiers have one length, so that the
/// first column folds to nothing. The three apart: bytes that mean the same
/// compress better side by side.
///
/// Example: `ab abc b` in one item is `02 03 01  02 00  'a' 'b' 'c' 'b'`.
final class SymbolTable: Sendable {
  static let maxShift = 8
  static let itemBytes = 8192

  let count: Int
  let shift: Int
  let sequence: ItemSequence
  /// The separators, joined; `ends[i]` is where that of item i + 1 ends.
  private let separators: [UInt8]
  private let ends: [Int]
  private let pages: SetPages
  let part: String

  init(
    directory: ItemPlace, count: Int, shift: Int, pages: SetPages, part: String
  ) throws(StoreError) {
    let item = try pages.item(directory, part: part)
    let items = (count + (1 << shift) - 1) >> shift
    let parsed = try item.read(pages.region, part) { (reader) throws(CodecError) in
      try Directory(&reader, items: items)
    }
    self.count = count
    self.shift = shift
    self.pages = pages
    self.part = part
    sequence = parsed.sequence
    separators = parsed.separators
    ends = parsed.ends
  }

  var itemCount: Int { sequence.count }

  func symbols(inItem item: Int) -> Int { min(1 << shift, count - item << shift) }

  /// The item that holds `symbol` if any does.
  func item(for symbol: UnsafeRawBufferPointer) -> Int {
    separators.withUnsafeBytes { bytes in
      var low = 0
      var high = ends.count
      while low < high {
        let middle = (low + high) / 2
        let start = middle == 0 ? 0 : ends[middle - 1]
        let separator = UnsafeRawBufferPointer(rebasing: bytes[start..<ends[middle]])
        if LabelKey.compare(separator, symbol) <= 0 { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  /// Unpacks an item.
  func unpack(_ index: Int, keep: Bool = true) throws(StoreError) -> SymbolItem {
    let item = try pages.item(sequence[index], part: part, keep: keep)
    let count = symbols(inItem: index)
    return try item.read(pages.region, "\(part), item \(index)") { (reader) throws(CodecError) in
      try SymbolItem(&reader, count: count)
    }
  }

  /// The place of the first symbol that is not before `symbol`, and whether it is equal.
  func lowerBound(_ symbol: UnsafeRawBufferPointer) throws(StoreError) -> (
    place: Int, isEqual: Bool
  ) {
    guard count > 0 else { return (0, false) }
    let index = item(for: symbol)
    let unpacked = try unpack(index)
    var low = 0
    var high = unpacked.count
    while low < high {
      let middle = (low + high) / 2
      if LabelKey.compare(unpacked[middle], symbol) < 0 { low = middle + 1 } else { high = middle }
    }
    let isEqual = low < unpacked.count && LabelKey.compare(unpacked[low], symbol) == 0
    return (index << shift + low, isEqual)
  }

  private struct Directory {
    var sequence: ItemSequence
    var separators: [UInt8] = []
    var ends: [Int] = []

    init(_ reader: inout ByteReader, items: Int) throws(CodecError) {
      sequence = try ItemSequence(&reader)
      guard sequence.count == items else { throw .malformed("item count", at: 0) }
      guard items > 1 else { return }
      separators.reserveCapacity(reader.remaining)
      ends.reserveCapacity(items - 1)
      for _ in 1..<items {
        let count = try reader.count(atMost: reader.remaining)
        separators.append(contentsOf: try reader.bytes(count))
        ends.append(separators.count)
      }
    }
  }
}

/// The symbols of one item, unpacked; owns their memory.
final class SymbolItem {
  /// An item may expand to this much: 256 symbols of the greatest length
  /// that the writer takes would be more, and are refused there.
  static let maxBytes = 1 << 28

  let count: Int
  let bytes: UnsafeMutablePointer<UInt8>
  /// `ends[i]` is where symbol i ends; it begins where the one before ended.
  let ends: UnsafeMutablePointer<UInt32>

  init(_ reader: inout ByteReader, count: Int) throws(CodecError) {
    self.count = count
    guard count <= reader.remaining else { throw .truncated(at: reader.offset) }
    ends = .allocate(capacity: max(count, 1))
    let shared = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
    do throws(CodecError) {
      let total = try Self.readLengths(&reader, count, ends, shared)
      bytes = .allocate(capacity: max(total, 1))
    } catch {
      ends.deallocate()
      shared.deallocate()
      throw error
    }
    defer { shared.deallocate() }
    // From here on deinit frees the rest.
    try fill(&reader, shared)
  }

  deinit {
    ends.deallocate()
    bytes.deallocate()
  }

  /// Reads both columns of numbers; returns the bytes of all symbols.
  private static func readLengths(
    _ reader: inout ByteReader, _ count: Int, _ ends: UnsafeMutablePointer<UInt32>,
    _ shared: UnsafeMutablePointer<UInt32>
  ) throws(CodecError) -> Int {
    let bytes = reader.bytes
    let first = reader.offset
    var offset = first
    var total = 0
    for index in 0..<count {
      total += try number(bytes, &offset, atMost: maxBytes - total)
      ends[index] = UInt32(total)
    }
    var start: UInt32 = 0
    var previous: UInt32 = 0
    for index in 0..<count {
      let length = ends[index] - start
      shared[index] =
        index == 0 ? 0 : UInt32(try number(bytes, &offset, atMost: Int(min(length, previous))))
      previous = length
      start = ends[index]
    }
    try reader.skip(offset - first)
    return total
  }

  /// A varint of at most `limit`; nearly all are one byte.
  @inline(__always)
  private static func number(
    _ bytes: UnsafeRawBufferPointer, _ offset: inout Int, atMost limit: Int
  ) throws(CodecError) -> Int {
    if offset < bytes.count, bytes[offset] < 0x80, Int(bytes[offset]) <= limit {
      offset &+= 1
      return Int(bytes[offset &- 1])
    }
    let value = try Varint.read(bytes, at: &offset)
    guard value <= UInt64(clamping: limit) else { throw .tooLarge(limit: limit) }
    return Int(value)
  }

  /// A copy without a call: symbols' parts are a few dozen bytes.
  @inline(__always)
  private static func copy(
    _ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ count: Int
  ) {
    typealias Wide = SIMD16<UInt8>
    if count > 64 {
      memcpy(target, source, count)
    } else if count >= 16 {
      var offset = 0
      while offset < count &- 16 {
        target.storeBytes(
          of: source.loadUnaligned(fromByteOffset: offset, as: Wide.self), toByteOffset: offset,
          as: Wide.self)
        offset &+= 16
      }
      // The last sixteen overlap those before.
      target.storeBytes(
        of: source.loadUnaligned(fromByteOffset: count &- 16, as: Wide.self),
        toByteOffset: count &- 16, as: Wide.self)
    } else {
      var offset = 0
      while offset < count {
        target.storeBytes(
          of: source.loadUnaligned(fromByteOffset: offset, as: UInt8.self), toByteOffset: offset,
          as: UInt8.self)
        offset &+= 1
      }
    }
  }

  private func fill(
    _ reader: inout ByteReader, _ shared: UnsafeMutablePointer<UInt32>
  ) throws(CodecError) {
    let rests =
      count == 0 ? 0 : Int(ends[count - 1]) - (0..<count).reduce(0) { $0 + Int(shared[$1]) }
    guard var source = try reader.bytes(rests).baseAddress else { return }
    var start = 0
    var last = 0
    for index in 0..<count {
      let common = Int(shared[index])
      let end = Int(ends[index])
      let rest = end &- start &- common
      Self.copy(bytes + start, bytes + last, common)
      Self.copy(bytes + start + common, source, rest)
      source += rest
      last = start
      start = end
    }
  }

  @inline(__always)
  subscript(index: Int) -> UnsafeRawBufferPointer {
    let start = index == 0 ? 0 : Int(ends[index - 1])
    return UnsafeRawBufferPointer(start: bytes + start, count: Int(ends[index]) - start)
  }
}

/// Byte strings in order, joined: what a symbol table is written from.
struct SymbolList {
  private(set) var bytes: [UInt8] = []
  private(set) var ends: [Int] = []

  init() {}

  /// The strings of `table` in order.
  init(sorted table: SeriesTable, order: [UInt32]) {
    bytes.reserveCapacity(table.keyBytes)
    ends.reserveCapacity(order.count)
    for ref in order { table.withKey(ref) { append($0) } }
  }

  var count: Int { ends.count }

  mutating func append(_ symbol: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: symbol)
    ends.append(bytes.count)
  }

  func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  /// The greatest shift whose items stay near `SymbolTable.itemBytes`.
  var shift: Int {
    var shift = SymbolTable.maxShift
    while shift > 0, bytes.count / max(count, 1) << shift > SymbolTable.itemBytes * 4 / 3 {
      shift -= 1
    }
    return shift
  }

  /// Writes the table and returns where its directory is.
  func write(into pages: inout PageWriter) -> ItemPlace {
    var sequence = ItemSequence()
    var separators: [UInt8] = []
    let shift = shift
    bytes.withUnsafeBytes { bytes in
      for first in stride(from: 0, to: count, by: 1 << shift) {
        let last = min(first + 1 << shift, count)
        if first > 0 {
          let shared = Self.shared(bytes[range(first - 1)], bytes[range(first)])
          separators.append(varint: shared + 1)
          separators += bytes[range(first)].prefix(shared + 1)
        }
        sequence.append(pages.append(item(first..<last, bytes)))
      }
    }
    var directory: [UInt8] = []
    sequence.encode(into: &directory)
    return pages.append(directory + separators)
  }

  private func item(_ symbols: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var out: [UInt8] = []
    for index in symbols { out.append(varint: range(index).count) }
    var rests: [UInt8] = []
    for index in symbols {
      var shared = 0
      if index > symbols.lowerBound {
        shared = Self.shared(bytes[range(index - 1)], bytes[range(index)])
        out.append(varint: shared)
      }
      rests += bytes[range(index)].dropFirst(shared)
    }
    return out + rests
  }

  /// How many bytes both begin with.
  private static func shared(
    _ left: Slice<UnsafeRawBufferPointer>, _ right: Slice<UnsafeRawBufferPointer>
  ) -> Int {
    let limit = min(left.count, right.count)
    var count = 0
    while count < limit, left[left.startIndex + count] == right[right.startIndex + count] {
      count += 1
    }
    return count
  }
}
