package import MxCodec
import MxModel

/// What wins where one series has two values for one instant.
package enum ConflictPolicy: UInt8, Sendable {
  /// The later commit.
  case last = 0
  case first = 1
  case max = 2
  /// The commit is refused.
  case error = 3
}

extension ConflictPolicy {
  init(from reader: inout ByteReader) throws(CodecError) {
    guard let policy = ConflictPolicy(rawValue: UInt8(clamping: try reader.onlyVarint())) else {
      throw .malformed("conflict policy", at: 0)
    }
    self = policy
  }
}

/// The one truth about what is live, and a reader's snapshot: small, whole,
/// never changed once written. Each commit writes the next generation.
package struct Manifest: Hashable, Sendable {
  /// The same in all copies of a store.
  package var storeID: ContentHash
  package var generation: UInt64 = 0
  /// The newest commit; the next one is one higher.
  package var lastSequence: UInt64 = 0
  package var conflict = ConflictPolicy.last
  /// The clock of the last writer, ms: a later run compares its own with it.
  package var lastRun: Int64 = .min
  /// In no particular order; see `Manifest.sorted`.
  package var segments: [SegmentInfo] = []
  package var tombstones: [Tombstone] = []
  package var retired = RetiredFiles()
  /// What retention has taken; the newest is the last.
  package var expiries: [Expiry] = []

  package init(storeID: ContentHash) { self.storeID = storeID }

  /// The newest timestamp of any live sample, nil in an empty store.
  package var newestSample: Int64? {
    segments.lazy.filter { $0.kind == .samples }.map(\.range.to).max()
  }

  /// The set files that live segments need.
  package var sets: Set<ContentHash> { Set(segments.compactMap(\.set)) }

  package func segment(_ id: UInt64) -> SegmentInfo? { segments.first { $0.id == id } }
}

/// The bytes of a manifest file `MANIFEST-<generation>`.
///
///     offset  size  field
///     0       4     magic "MXMF"
///     4       2     version of the format that wrote it: 2
///     6       2     version that a reader must know at least: 2 with field 10, else 1
///     8       …     fields (see FieldWriter)
///     end-8   8     XXH64 of all bytes before
///
///     tag  value
///     1    store id, 16 bytes
///     2    generation, varint
///     3    last sequence, varint
///     4    conflict policy, varint: 0 last, 1 first, 2 max, 3 error
///     5    last run, zigzag varint, ms
///     6    a live segment (see SegmentInfo); repeats
///     7    a tombstone (see Tombstone); repeats
///     8    a retired set, of older writers a retired segment too; repeats: since (zigzag),
///          segment id (8 bytes, 0 for a set), bytes (varint), path (the rest)
///     9    what retention took (see Expiry); repeats
///     10   all retired segments (see RetiredFiles)
extension Manifest {
  static let magic: [UInt8] = Array("MXMF".utf8)
  package static let version = 2
  package static let prefix = "MANIFEST-"

  /// `MANIFEST-0000000000000042`: names sort as generations do.
  package static func fileName(generation: UInt64) -> String {
    let digits = String(generation)
    return prefix + String(repeating: "0", count: max(0, 16 - digits.count)) + digits
  }

  package static func generation(ofFileName name: String) -> UInt64? {
    guard name.hasPrefix(prefix), name.utf8.count >= prefix.utf8.count + 16 else { return nil }
    // A name that claims more is none of ours; adding to a generation never overflows.
    return UInt64(name.dropFirst(prefix.count)).flatMap { $0 <= UInt64(Int64.max) ? $0 : nil }
  }

  package func encoded() -> [UInt8] {
    var fields = FieldWriter()
    fields.add(1, storeID)
    fields.add(2, varint: generation)
    fields.add(3, varint: lastSequence)
    fields.add(4, varint: UInt64(conflict.rawValue))
    fields.add(5, signed: lastRun)
    for segment in segments {
      var value: [UInt8] = []
      segment.append(to: &value)
      fields.add(6, value)
    }
    for tombstone in tombstones {
      var value: [UInt8] = []
      tombstone.append(to: &value)
      fields.add(7, value)
    }
    for file in retired.others {
      var value: [UInt8] = []
      value.append(signedVarint: file.since)
      value.append(littleEndian: file.segment)
      value.append(varint: file.bytes)
      fields.add(8, value + Array(file.path.utf8))
    }
    for expiry in expiries {
      var value: [UInt8] = []
      expiry.append(to: &value)
      fields.add(9, value)
    }
    if !retired.segmentBytes.isEmpty { fields.add(10, retired.segmentBytes) }
    var out = Manifest.magic
    out.append(littleEndian: UInt16(Manifest.version))
    out.append(littleEndian: UInt16(retired.segmentBytes.isEmpty ? 1 : Manifest.version))
    out += fields.bytes
    out.append(littleEndian: XXH64.hash(out))
    return out
  }

  /// Reads a manifest, `path` only for what it says of damage.
  package init(decoding bytes: [UInt8], path: String) throws(StoreError) {
    func damaged(_ reason: String) -> StoreError {
      .damaged(Damage(path: path, part: "", reason: reason))
    }
    guard bytes.count >= 16 else { throw damaged("too short for a manifest") }
    let body = bytes.count - 8
    let stored = bytes[body...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard stored == XXH64.hash(Array(bytes[..<body])) else { throw damaged("checksum differs") }
    guard Array(bytes[..<4]) == Manifest.magic else { throw .foreign(path: path) }
    let needs = Int(bytes[6]) | Int(bytes[7]) << 8
    guard needs <= Manifest.version else {
      throw .newer(path: path, needs: needs, have: Manifest.version)
    }
    do throws(CodecError) {
      self = try withBytes(of: bytes) { buffer throws(CodecError) in
        try Manifest(fields: UnsafeRawBufferPointer(rebasing: buffer[8..<body]))
      }
    } catch {
      throw damaged("\(error)")
    }
  }

  private init(fields: UnsafeRawBufferPointer) throws(CodecError) {
    self.init(storeID: ContentHash(high: 0, low: 0))
    var reader = FieldReader(fields)
    while let (tag, critical, bytes) = try reader.next() {
      var value = bytes
      switch tag {
      case 1: storeID = try value.onlyHash()
      case 2: generation = try value.onlyVarint() & UInt64(Int64.max)
      case 3: lastSequence = try value.onlyVarint() & SegmentInfo.maxSequence
      case 4: conflict = try ConflictPolicy(from: &value)
      case 5: lastRun = try value.onlySigned()
      case 6: segments.append(try SegmentInfo(from: &value))
      case 7: tombstones.append(try Tombstone(from: &value))
      case 8:
        let since = try value.signedVarint()
        let segment = try value.uint64()
        let size = try value.count(atMost: .max)
        let path = String(decoding: try value.rest(), as: UTF8.self)
        retired.append(Retired(path: path, segment: segment, bytes: size, since: since))
      case 9: expiries.append(try Expiry(from: &value))
      case 10: retired = try RetiredFiles(segments: &value, others: retired.others)
      default:
        guard !critical else { throw .malformed("unknown critical field \(tag)", at: 0) }
      }
    }
  }
}
