import MxCodec
import MxModel

/// The first bytes of a series set: what it is, its name, where the index ends.
///
///     offset  size  field
///     0       8     magic "mxSeries"
///     8       2     format version, 1
///     10      2     the least version a reader must know, 1
///     12      4     bytes of the index
///     16      16    content hash of all bytes from 48 on, low word first:
///                   the set's name
///     32      8     XXH64 of the index
///     40      8     XXH64 of bytes 0 to 39
///     48      …     index, then pages to the end
///
/// To open a set is to read these, the index and nothing else; the index
/// vouches for each page. So every byte lies under a checksum that is
/// compared before the byte is used.
struct SetHeader: Equatable {
  static let size = 48
  static let magic: [UInt8] = Array("mxSeries".utf8)
  static let version = 1

  var indexCount: Int
  var id: ContentHash
  var indexChecksum: UInt64

  func encode() -> [UInt8] {
    var out = Self.magic
    out.append(littleEndian: UInt16(Self.version))
    out.append(littleEndian: UInt16(Self.version))
    out.append(littleEndian: UInt32(indexCount))
    out.append(littleEndian: id.low)
    out.append(littleEndian: id.high)
    out.append(littleEndian: indexChecksum)
    out.append(littleEndian: XXH64.hash(out))
    return out
  }

  init(indexCount: Int, id: ContentHash, indexChecksum: UInt64) {
    self.indexCount = indexCount
    self.id = id
    self.indexChecksum = indexChecksum
  }

  init(_ region: FileRegion) throws(StoreError) {
    let part = "header"
    guard region.count >= Self.size else { throw region.damaged(part, "the file ends too early") }
    let bytes = try region.read(at: 0, count: Self.size, part: part)
    var fields: (least: Int, indexCount: Int, low: UInt64, high: UInt64, sum: UInt64)?
    bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer, at: 10)
      do throws(CodecError) {
        fields = (
          Int(try reader.uint16()), Int(try reader.uint32()), try reader.uint64(),
          try reader.uint64(), try reader.uint64()
        )
      } catch {
        fields = nil
      }
    }
    let stored = bytes[40..<48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let fields, XXH64.hash(Array(bytes[..<40])) == stored else {
      // A flipped bit in the magic alone is damage; other bytes are no set of ours.
      let known = zip(bytes, Self.magic).filter { $0 == $1 }.count
      if known < 6 { throw .foreign(path: region.path) }
      throw region.damaged(part, "checksum does not match")
    }
    guard Array(bytes[..<8]) == Self.magic else { throw .foreign(path: region.path) }
    guard fields.least <= Self.version else {
      throw .newer(path: region.path, needs: fields.least, have: Self.version)
    }
    indexCount = fields.indexCount
    id = ContentHash(high: fields.high, low: fields.low)
    indexChecksum = fields.sum
  }
}

/// Kinds of index sections.
enum SetSection: Int {
  case pages = 1
  case series = 2
  case axes = 3
  case labels = 4
  case blockKeys = 5
  case metadata = 6

  /// A reader that does not know a critical section must not go on.
  var isCritical: Bool { self != .blockKeys && self != .metadata }
}

/// The index: sections one after the other, under the header's checksum.
///
///     per section:
///       varint  kind << 1 | critical
///       varint  version of the section, 1
///       varint  bytes of the payload, then the payload
///
/// A section that a reader does not know is skipped, or refused if critical.
///
/// - `pages` (1): the page table, see `SetPage`.
/// - `series` (2): `varint` number of series.
/// - `axes` (3): `varint` count; per axis `varint` number of tuples << 1 |
///   has several labels, then the place of its column's directory.
/// - `labels` (4): `varint` count; per label, in name order: `varint` bytes of
///   the name, the name, `varint` axis, `varint` number of symbols,
///   `varint` shift << 1 | some symbol holds an escape, the place of the
///   symbol directory and, if its axis has several labels, of the directory
///   of its tuple column.
/// - `blockKeys` (5): the symbol table of the first keys of all blocks:
///   `varint` count, `varint` shift, place. Absent for one block.
/// - `metadata` (6): see `SetMetadata`. Absent where there is none.
///
/// A place is three varints: page, offset, bytes.
struct SetIndex {
  struct Axis: Sendable {
    /// Ids of its column are below it.
    var tuples: Int
    var isShared: Bool
    var column: ItemPlace
  }

  struct Label: Sendable {
    /// The escaped bytes of the name.
    var name: [UInt8]
    var axis: Int
    var symbols: TablePlace
    /// Whether any symbol holds the escape byte 1.
    var hasEscapes: Bool
    /// Tuple -> symbol, where the axis is shared with other labels.
    var column: ItemPlace?
  }

  struct TablePlace: Sendable {
    var count: Int
    var shift: Int
    var directory: ItemPlace
  }

  var count = 0
  var axes: [Axis] = []
  var labels: [Label] = []
  var blockKeys: TablePlace?
  var metadata: SetMetadata.Place?

  func encode(pages table: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    func section(_ kind: SetSection, _ payload: [UInt8]) {
      out.append(varint: kind.rawValue << 1 | (kind.isCritical ? 1 : 0))
      out.append(varint: 1)
      out.append(varint: payload.count)
      out += payload
    }
    section(.pages, table)
    var payload: [UInt8] = []
    payload.append(varint: count)
    section(.series, payload)
    payload = []
    payload.append(varint: axes.count)
    for axis in axes {
      payload.append(varint: axis.tuples << 1 | (axis.isShared ? 1 : 0))
      axis.column.encode(into: &payload)
    }
    section(.axes, payload)
    payload = []
    payload.append(varint: labels.count)
    for label in labels { label.encode(into: &payload) }
    section(.labels, payload)
    if let blockKeys {
      payload = []
      blockKeys.encode(into: &payload)
      section(.blockKeys, payload)
    }
    if let metadata {
      payload = []
      metadata.encode(into: &payload)
      section(.metadata, payload)
    }
    return out
  }
}

extension SetIndex.TablePlace {
  func encode(into out: inout [UInt8]) {
    out.append(varint: count)
    out.append(varint: shift)
    directory.encode(into: &out)
  }

  init(_ reader: inout ByteReader) throws(CodecError) {
    count = try reader.count(atMost: Int(UInt32.max) - 1)
    shift = try reader.count(atMost: SymbolTable.maxShift)
    directory = try ItemPlace(&reader)
  }
}

extension SetIndex.Label {
  func encode(into out: inout [UInt8]) {
    out.append(varint: name.count)
    out += name
    out.append(varint: axis)
    out.append(varint: symbols.count)
    out.append(varint: symbols.shift << 1 | (hasEscapes ? 1 : 0))
    symbols.directory.encode(into: &out)
    column?.encode(into: &out)
  }

  init(_ reader: inout ByteReader, axes: [SetIndex.Axis]) throws(CodecError) {
    let length = try reader.count(atMost: reader.remaining)
    name = Array(try reader.bytes(length))
    axis = try reader.count(atMost: axes.count - 1)
    guard axis < axes.count else { throw .malformed("axis", at: reader.offset) }
    let count = try reader.count(atMost: Int(UInt32.max) - 1)
    let field = try reader.count(atMost: SymbolTable.maxShift << 1 | 1)
    hasEscapes = field & 1 == 1
    symbols = SetIndex.TablePlace(
      count: count, shift: field >> 1, directory: try ItemPlace(&reader))
    if axes[axis].isShared {
      column = try ItemPlace(&reader)
    } else {
      column = nil
      guard axes[axis].tuples == count + 1 else { throw .malformed("axis", at: reader.offset) }
    }
  }
}

extension SetIndex {
  /// Reads the index; `start` is where it ends and the pages begin.
  static func read(
    _ bytes: [UInt8], region: FileRegion, start: Int
  ) throws(StoreError) -> (index: SetIndex, pages: SetPages) {
    var outcome: Result<(SetIndex, SetPages), StoreError> = .failure(
      region.damaged("index", "empty"))
    bytes.withUnsafeBytes { buffer in
      do throws(StoreError) {
        outcome = .success(try parse(buffer, region: region, start: start))
      } catch {
        outcome = .failure(error)
      }
    }
    return try outcome.get()
  }

  private static func parse(
    _ buffer: UnsafeRawBufferPointer, region: FileRegion, start: Int
  ) throws(StoreError) -> (SetIndex, SetPages) {
    var index = SetIndex()
    var pages: SetPages?
    var seen: Set<Int> = []
    do throws(CodecError) {
      var reader = ByteReader(buffer)
      while !reader.isAtEnd {
        let field = try reader.count(atMost: 1 << 31)
        let version = try reader.count(atMost: 1 << 31)
        var payload = ByteReader(
          try reader.bytes(try reader.count(atMost: reader.remaining)))
        guard let kind = SetSection(rawValue: field >> 1), version == 1 else {
          if field & 1 == 0 { continue }
          throw .unknownKind(UInt8(truncatingIfNeeded: field >> 1))
        }
        guard seen.insert(kind.rawValue).inserted else { throw .malformed("section twice", at: 0) }
        if kind == .pages {
          pages = try SetPages(&payload, region: region, start: start)
        } else {
          try index.take(kind, &payload)
        }
        try payload.finish()
      }
    } catch .unknownKind {
      throw .newer(path: region.path, needs: SetHeader.version + 1, have: SetHeader.version)
    } catch {
      throw region.damaged("index", "\(error)")
    }
    guard let pages, seen.isSuperset(of: [1, 2, 3, 4]) else {
      throw region.damaged("index", "a section is missing")
    }
    return (index, pages)
  }

  private mutating func take(
    _ kind: SetSection, _ reader: inout ByteReader
  ) throws(CodecError) {
    switch kind {
    case .pages: break
    case .series: count = try reader.count(atMost: Int(UInt32.max) - 1)
    case .axes:
      for _ in 0..<(try reader.count(atMost: reader.remaining)) {
        let field = try reader.count(atMost: 1 << 33)
        guard field >> 1 > 0 else { throw .malformed("tuples", at: reader.offset) }
        axes.append(
          Axis(
            tuples: field >> 1, isShared: field & 1 == 1, column: try ItemPlace(&reader)))
      }
    case .labels:
      for _ in 0..<(try reader.count(atMost: reader.remaining)) {
        labels.append(try Label(&reader, axes: axes))
      }
    case .blockKeys: blockKeys = try TablePlace(&reader)
    case .metadata: metadata = try SetMetadata.Place(&reader)
    }
  }
}
