package import MxCodec
package import MxModel

/// What a segment is made of.
package enum SegmentKind: UInt8, Sendable {
  /// Raw samples.
  case samples = 1
  /// The windows of a rollup tier.
  case windows = 2
  /// No columns: only what its footer says (a deletion, what retention dropped).
  case record = 3
}

/// What the manifest knows of a segment: enough to plan and to decide whether
/// to open it.
package struct SegmentInfo: Hashable, Sendable {
  /// Drawn at random when the segment is made: never used twice.
  package var id: UInt64
  package var kind: SegmentKind
  /// 0 fresh from a commit, 1 folded, 2 and up merged to hours, days, weeks.
  package var level: UInt8 = 0
  /// The commits that it holds, as a closed range; ranks by its end.
  package var firstSequence: UInt64
  package var lastSequence: UInt64
  /// Newest and oldest timestamp inside (of windows: their ends); of a record:
  /// when samples went or came back without a commit of their own.
  package var range: TimeRange
  package var samples: Int = 0
  package var series: Int = 0
  /// The size of its file.
  package var bytes: Int = 0
  /// The series set file it refers to; nil where its set is inside.
  package var set: ContentHash?
  /// The window of a tier in ms, 0 for raw.
  package var tier: Int64 = 0
  /// Of windows: the newest commit that the whole tier counts, in every window
  /// that ends at `horizon` or before. A tier is as far as the newest of its segments.
  package var source: UInt64 = 0
  package var horizon = Int64.min
  /// Whether its footer names inputs that it holds: only then need `holds` open it.
  package var hasBatches = false

  package init(
    id: UInt64, kind: SegmentKind, firstSequence: UInt64, lastSequence: UInt64, range: TimeRange
  ) {
    self.id = id
    self.kind = kind
    self.firstSequence = firstSequence
    self.lastSequence = lastSequence
    self.range = range
  }

  var name: SegmentName { SegmentName(first: firstSequence, last: lastSequence, id: id) }

  package var fileName: String { name.text }

  /// No commit has a higher number: what claims one is damaged, and adding to
  /// a number never overflows.
  package static let maxSequence = UInt64(Int64.max)
}

/// The bytes of a `SegmentInfo`, in manifests and footers alike.
///
///     size   field
///     8      id
///     1      kind: 1 samples, 2 windows, 3 record
///     1      level
///     1…10   first sequence, varint
///     1…10   last sequence - first sequence, varint
///     1…10   oldest timestamp, zigzag varint, ms
///     1…10   newest - oldest, varint
///     1…10   samples, varint
///     1…10   series, varint
///     1…10   bytes, varint
///     1…10   tier, varint, ms
///     1      1 where a set's hash follows, plus 2 where the footer has batch ids
///     0/16   the set's hash
///     1…10   of windows: newest commit that the tier counts, varint
///     1…10   of windows: end of the newest window that was due, zigzag varint
extension SegmentInfo {
  func append(to out: inout [UInt8]) {
    out.append(littleEndian: id)
    out.append(kind.rawValue)
    out.append(level)
    out.append(varint: firstSequence)
    out.append(varint: lastSequence - firstSequence)
    out.append(signedVarint: range.from)
    out.append(varint: UInt64(bitPattern: range.to &- range.from))
    out.append(varint: samples)
    out.append(varint: series)
    out.append(varint: bytes)
    out.append(varint: UInt64(tier))
    out.append((set == nil ? 0 : 1) | (hasBatches ? 2 : 0))
    if let set { out += set.bytes }
    if kind == .windows {
      out.append(varint: source)
      out.append(signedVarint: horizon)
    }
  }

  init(from reader: inout ByteReader) throws(CodecError) {
    let start = reader.offset
    let id = try reader.uint64()
    guard let kind = SegmentKind(rawValue: try reader.uint8()) else {
      throw .malformed("segment kind", at: start)
    }
    let level = try reader.uint8()
    let first = try reader.varint()
    let (last, overflow) = first.addingReportingOverflow(try reader.varint())
    guard !overflow, last <= SegmentInfo.maxSequence else {
      throw .malformed("sequence range", at: start)
    }
    let from = try reader.signedVarint()
    let to = from &+ Int64(bitPattern: try reader.varint())
    guard from <= to || kind == .record else { throw .malformed("time range", at: start) }
    self.init(
      id: id, kind: kind, firstSequence: first, lastSequence: last,
      range: TimeRange(from: from, to: to))
    self.level = level
    samples = try reader.count(atMost: .max)
    series = try reader.count(atMost: Int(UInt32.max))
    bytes = try reader.count(atMost: .max)
    tier = Int64(try reader.count(atMost: Int(Int64.max)))
    let marks = try reader.uint8()
    guard marks < 4 else { throw .malformed("marks", at: start) }
    set = marks & 1 == 0 ? nil : try reader.hash()
    hasBatches = marks & 2 != 0
    guard kind == .windows else { return }
    guard TierLayout.isWidth(tier) else { throw .malformed("width of a tier", at: start) }
    source = try reader.varint()
    horizon = try reader.signedVarint()
  }
}
