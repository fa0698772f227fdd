import MxCodec

/// A file that is no longer live and waits for the grace to end.
package struct Retired: Hashable, Sendable {
  /// The path inside the store: `segments/…` or `sets/…`.
  package var path: String
  /// The segment's id, 0 for a set.
  package var segment: UInt64
  package var bytes: Int
  /// When it was retired, ms.
  package var since: Int64

  package init(path: String, segment: UInt64, bytes: Int, since: Int64) {
    self.path = path
    self.segment = segment
    self.bytes = bytes
    self.since = since
  }

  static let segmentPrefix = "segments/"

  /// The name of its file, where it is a segment's and such as the store gives.
  fileprivate var name: SegmentName? {
    guard segment != 0, path.hasPrefix(Retired.segmentPrefix),
      let name = SegmentName(String(path.dropFirst(Retired.segmentPrefix.count))),
      name.id == segment
    else { return nil }
    return name
  }
}

/// The files that wait for the grace to end. Where cron commits every minute they are
/// thousands of segments a day, and every commit writes, every reader reads them:
/// so they are kept as the bytes that the manifest has of them.
///
/// A segment, after the one before it (after zeros, the first):
///
///     size   field
///     1…10   since - since of the one before, zigzag varint, ms
///     1…10   first sequence - that of the one before, zigzag varint
///     1…10   last - first sequence, varint
///     8      id
///     1…10   bytes, varint
///
/// Its path follows: `segments/` and the name (see SegmentName). Example, the commits 66
/// to 73 of 4,660 bytes that were retired at 1,000 ms: `d0 0f 84 01 07`, the id, `b4 24`.
package struct RetiredFiles: Hashable, Sendable {
  /// Segments, as above.
  private(set) var segmentBytes: [UInt8] = []
  private var segmentCount = 0
  private var last = Entry()
  /// Series sets, and what has no name that follows from its numbers.
  private(set) var others: [Retired] = []

  fileprivate struct Entry: Hashable, Sendable {
    var since: Int64 = 0
    var name = SegmentName(first: 0, last: 0, id: 0)
    var bytes = 0

    var file: Retired {
      Retired(
        path: Retired.segmentPrefix + name.text, segment: name.id, bytes: bytes, since: since)
    }
  }

  package init() {}

  package init(_ files: some Sequence<Retired>) { for file in files { append(file) } }

  /// Reads what `segmentBytes` was.
  init(segments reader: inout ByteReader, others: [Retired]) throws(CodecError) {
    self.others = others
    let start = reader
    while !reader.isAtEnd {
      last = try Entry(from: &reader, after: last)
      segmentCount += 1
    }
    var all = start
    segmentBytes = Array(try all.rest())
  }

  package var count: Int { segmentCount + others.count }
  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ file: Retired) {
    guard let name = file.name, file.bytes >= 0 else { return others.append(file) }
    let entry = Entry(since: file.since, name: name, bytes: file.bytes)
    entry.append(to: &segmentBytes, after: last)
    last = entry
    segmentCount += 1
  }

  package mutating func removeAll(where isGone: (Retired) -> Bool) {
    let left = filter { !isGone($0) }
    if left.count < count { self = RetiredFiles(left) }
  }

  /// Of the sets alone.
  mutating func removeOthers(where isGone: (Retired) -> Bool) { others.removeAll(where: isGone) }

  /// The names of all segments.
  var segmentNames: [SegmentName] {
    var names: [SegmentName] = []
    names.reserveCapacity(segmentCount)
    forEachSegment { names.append($0.name) }
    return names
  }

  /// The ids of all segments, in the order they were retired.
  var segmentIDs: [UInt64] {
    segmentNames.map(\.id) + others.lazy.map(\.segment).filter { $0 != 0 }
  }

  /// The file of one segment.
  func segment(_ id: UInt64) -> Retired? {
    var found: Retired?
    forEachSegment { if $0.name.id == id { found = $0.file } }
    return found ?? others.first { $0.segment == id }
  }

  private func forEachSegment(_ body: (Entry) -> Void) {
    segmentBytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      var entry = Entry()
      for _ in 0..<segmentCount {
        do throws(CodecError) {
          entry = try Entry(from: &reader, after: entry)
        } catch {
          preconditionFailure("BUG: bytes of retired segments that were read before: \(error)")
        }
        body(entry)
      }
    }
  }
}

extension RetiredFiles: Sequence {
  package func makeIterator() -> IndexingIterator<[Retired]> {
    var files: [Retired] = []
    files.reserveCapacity(count)
    forEachSegment { files.append($0.file) }
    return (files + others).makeIterator()
  }
}

extension RetiredFiles.Entry {
  fileprivate init(from reader: inout ByteReader, after before: Self) throws(CodecError) {
    since = before.since &+ (try reader.signedVarint())
    let first = before.name.first &+ UInt64(bitPattern: try reader.signedVarint())
    let (last, isOver) = first.addingReportingOverflow(try reader.varint())
    guard !isOver, last <= SegmentInfo.maxSequence else {
      throw .malformed("sequences of a retired segment", at: reader.offset)
    }
    name = SegmentName(first: first, last: last, id: try reader.uint64())
    bytes = try reader.count(atMost: .max)
  }

  fileprivate func append(to out: inout [UInt8], after before: Self) {
    out.append(signedVarint: since &- before.since)
    out.append(signedVarint: Int64(bitPattern: name.first &- before.name.first))
    out.append(varint: name.last - name.first)
    out.append(littleEndian: name.id)
    out.append(varint: bytes)
  }
}
