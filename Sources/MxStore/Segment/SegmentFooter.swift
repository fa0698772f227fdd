package import MxCodec
import MxModel

/// Everything a segment says of itself: what the manifest repeats, what a
/// rebuild without any manifest needs, and where its sections lie.
package struct SegmentFooter: Hashable, Sendable {
  package var info: SegmentInfo
  package var storeID: ContentHash
  /// Segments whose files may still lie there and that this one stands for.
  package var replaces: [UInt64] = []
  /// A commit of several segments counts only if all of them are there: this
  /// is number `part` (from 0) of `parts`.
  package var part = 0
  package var parts = 1
  /// The inputs that this segment holds, so that none is taken twice.
  package var batches: [ContentHash] = []
  package var tombstones: [Tombstone] = []
  package var expiries: [Expiry] = []
  /// For windows: how their columns lie in the slots.
  package var layout: TierLayout?
  /// When it was made, ms.
  package var made: Int64 = 0
  /// The store's policy when it was made, so that a rebuild knows it.
  package var conflict = ConflictPolicy.last
  package var sections: [Section] = []

  package init(info: SegmentInfo, storeID: ContentHash) {
    self.info = info
    self.storeID = storeID
  }

  /// So many inputs at least are known again: an id is forgotten only where so many
  /// younger ones are held. 2 MiB; of an input a minute three months, of one a second a
  /// day and a half.
  package static let batchesKept = 1 << 17

  /// The batches that several segments hold together, each once, oldest first, the
  /// youngest `batchesKept` of them.
  static func batches(of footers: [SegmentFooter]) -> [ContentHash] {
    var known: Set<ContentHash> = []
    let all = footers.sorted { $0.info.lastSequence < $1.info.lastSequence }
      .flatMap(\.batches).filter { known.insert($0).inserted }
    return Array(all.suffix(batchesKept))
  }

  package func section(_ kind: SectionKind) -> Section? { sections.first { $0.kind == kind } }
}

/// The parts of a segment file besides its pages.
package enum SectionKind: UInt8, Sendable {
  case pageDirectory = 1
  case clockDirectory = 2
  case seriesList = 3
  case inlineSet = 4

  /// As the name of a case, without the reflection that interpolating one costs.
  package var name: String {
    switch self {
    case .pageDirectory: "pageDirectory"
    case .clockDirectory: "clockDirectory"
    case .seriesList: "seriesList"
    case .inlineSet: "inlineSet"
    }
  }
}

package struct Section: Hashable, Sendable {
  package var kind: SectionKind
  package var offset: Int
  package var count: Int
  package var hash: UInt64

  package init(kind: SectionKind, offset: Int, count: Int, hash: UInt64) {
    self.kind = kind
    self.offset = offset
    self.count = count
    self.hash = hash
  }
}

/// The frame of a segment file.
///
///     offset   size  field
///     0        4     magic "MXSG"
///     4        2     version of the format that wrote it: 1
///     6        2     version that a reader must know at least: 1
///     8        8     id of the segment
///     16       …     pages, index blocks and sections, wherever the footer says
///     end-24-n n     footer: fields (see FieldWriter)
///     end-24   8     XXH64 of the footer
///     end-16   4     n, the footer's length
///     end-12   4     magic "GSXM"
///     end-8    8     XXH64 of the 16 bytes at 0 and the 16 bytes at end-24
///
/// The end says where everything is, so a segment can be read over any
/// transport that serves ranges. Each page and section has its own XXH64 in an
/// index that is itself covered: no byte of the file is outside a checksum.
///
///     tag  value of the footer's fields
///     1    info (see SegmentInfo)
///     2    store id, 16 bytes
///     3    ids of replaced segments, 8 bytes each
///     4    part and parts, two varints
///     5    batch ids, 16 bytes each
///     6    a tombstone (see Tombstone); repeats
///     7    layout of a tier's columns (see TierLayout); a reader must know it
///     8    made, zigzag varint, ms
///     9    a section: kind (1 byte), offset, length (varints), XXH64; repeats
///     10   conflict policy, varint (see Manifest); last where absent
///     11   what retention took (see Expiry); repeats
extension SegmentFooter {
  static let headMagic: [UInt8] = Array("MXSG".utf8)
  static let tailMagic: [UInt8] = Array("GSXM".utf8)
  package static let version = 1
  static let headSize = 16
  static let tailSize = 24
  /// A footer is small; a length beyond this is damage, not a reason to reserve memory.
  static let maxSize = 64 << 20

  static func head(id: UInt64) -> [UInt8] {
    var out = headMagic
    out.append(littleEndian: UInt16(version))
    out.append(littleEndian: UInt16(version))
    out.append(littleEndian: id)
    return out
  }

  /// The footer and what follows it.
  func encoded() -> [UInt8] {
    let fields = encodedFields()
    var tail: [UInt8] = []
    tail.append(littleEndian: XXH64.hash(fields))
    tail.append(littleEndian: UInt32(fields.count))
    tail += SegmentFooter.tailMagic
    let frame = SegmentFooter.head(id: info.id) + tail
    tail.append(littleEndian: XXH64.hash(frame))
    return fields + tail
  }

  private func encodedFields() -> [UInt8] {
    var fields = FieldWriter()
    var value: [UInt8] = []
    info.append(to: &value)
    fields.add(1, value)
    fields.add(2, storeID)
    if !replaces.isEmpty {
      fields.add(
        3, replaces.reduce(into: [UInt8]()) { bytes, id in bytes.append(littleEndian: id) })
    }
    if parts > 1 {
      value = []
      value.append(varint: part)
      value.append(varint: parts)
      fields.add(4, value)
    }
    if !batches.isEmpty { fields.add(5, batches.flatMap(\.bytes)) }
    for tombstone in tombstones {
      value = []
      tombstone.append(to: &value)
      fields.add(6, value)
    }
    if let layout {
      value = []
      layout.append(to: &value)
      fields.add(7, value)
    }
    fields.add(8, signed: made)
    for section in sections {
      value = [section.kind.rawValue]
      value.append(varint: section.offset)
      value.append(varint: section.count)
      value.append(littleEndian: section.hash)
      fields.add(9, value)
    }
    if conflict != .last { fields.add(10, varint: UInt64(conflict.rawValue)) }
    for expiry in expiries {
      value = []
      expiry.append(to: &value)
      fields.add(11, value)
    }
    return fields.bytes
  }

  /// Most footers and directories lie within so many last bytes: one read for all.
  static let usualEnd = 4096

  /// Reads head, tail and footer of the file under `region`.
  package init(reading region: FileRegion) throws(StoreError) {
    guard region.count >= SegmentFooter.headSize + SegmentFooter.tailSize else {
      throw region.damaged("", "too short for a segment")
    }
    let guess = min(region.count, SegmentFooter.usualEnd)
    var end = try region.read(at: region.count - guess, count: guess, part: "footer")
    let head = try region.read(at: 0, count: SegmentFooter.headSize, part: "head")
    let length = try SegmentFooter.checkFrame(head: head, end: end, region)
    if length + SegmentFooter.tailSize > end.count {
      let whole = length + SegmentFooter.tailSize
      end = try region.read(at: region.count - whole, count: whole, part: "footer")
    }
    let fields = Array(end.dropLast(SegmentFooter.tailSize).suffix(length))
    guard XXH64.hash(fields) == end.littleEndian(at: end.count - 24) else {
      throw region.damaged("footer", "checksum differs")
    }
    do throws(CodecError) {
      self = try withBytes(of: fields) { bytes throws(CodecError) in
        try SegmentFooter(fields: bytes)
      }
    } catch {
      throw region.damaged("footer", "\(error)")
    }
    guard info.id == head.littleEndian(at: 8), info.bytes == region.count else {
      throw region.damaged("footer", "belongs to another file")
    }
  }

  /// The footer's length, once head and tail are known to be whole.
  private static func checkFrame(
    head: [UInt8], end: [UInt8], _ region: FileRegion
  ) throws(StoreError) -> Int {
    let tail = Array(end.suffix(tailSize))
    guard XXH64.hash(head + tail[..<16]) == tail.littleEndian(at: 16) else {
      // Without the magic it may never have been ours.
      if Array(head[..<4]) != headMagic, Array(tail[12..<16]) != tailMagic {
        throw .foreign(path: region.path)
      }
      throw region.damaged("frame", "checksum differs or the file is cut short")
    }
    let needs = Int(head[6]) | Int(head[7]) << 8
    guard needs <= version else {
      throw .newer(path: region.path, needs: needs, have: version)
    }
    let length = Int(tail[8]) | Int(tail[9]) << 8 | Int(tail[10]) << 16 | Int(tail[11]) << 24
    guard length <= region.count - headSize - tailSize, length <= maxSize else {
      throw region.damaged("footer", "reaches over the start of the file")
    }
    return length
  }

  private init(fields: UnsafeRawBufferPointer) throws(CodecError) {
    var reader = FieldReader(fields)
    guard var first = try reader.next(), first.tag == 1 else {
      throw .malformed("footer without info", at: 0)
    }
    let info = try SegmentInfo(from: &first.value)
    guard var second = try reader.next(), second.tag == 2 else {
      throw .malformed("footer without store id", at: 0)
    }
    self.init(info: info, storeID: try second.value.onlyHash())
    while let (tag, critical, bytes) = try reader.next() {
      var value = bytes
      switch tag {
      case 3: while !value.isAtEnd { replaces.append(try value.uint64()) }
      case 4:
        part = try value.count(atMost: 1 << 20)
        parts = try value.count(atMost: 1 << 20)
        guard part < parts else { throw .malformed("part of a commit", at: 0) }
      case 5: while !value.isAtEnd { batches.append(try value.hash()) }
      case 6: tombstones.append(try Tombstone(from: &value))
      case 7: layout = try TierLayout(from: &value)
      case 8: made = try value.onlySigned()
      case 9:
        guard let kind = SectionKind(rawValue: try value.uint8()) else {
          guard !critical else { throw .malformed("unknown section", at: 0) }
          continue
        }
        let offset = try value.count(atMost: .max)
        let count = try value.count(atMost: .max)
        sections.append(
          Section(kind: kind, offset: offset, count: count, hash: try value.uint64()))
      case 10: conflict = try ConflictPolicy(from: &value)
      case 11: expiries.append(try Expiry(from: &value))
      default:
        guard !critical else { throw .malformed("unknown critical field \(tag)", at: 0) }
      }
    }
  }
}

extension [UInt8] {
  /// Eight bytes at `offset`, which the caller knows to be there.
  func littleEndian(at offset: Int) -> UInt64 {
    self[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }
}
