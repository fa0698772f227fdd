import MxCodec
package import MxFiles
package import MxModel

/// What a file of a store is, for people.
package enum Inspection {
  case manifest(Manifest)
  case segment(SegmentReader)
  case set(SeriesSet)
}

extension Inspection {
  /// Opens `path` as what its first bytes say.
  package init(_ path: String, _ files: any FileSystem) throws(StoreError) {
    let region = try FileRegion(opening: path, in: files)
    guard region.count >= 4 else { throw .foreign(path: path) }
    let magic = try region.read(at: 0, count: 4, part: "head")
    switch String(decoding: magic, as: UTF8.self) {
    case "MXMF":
      self = .manifest(
        try Manifest(
          decoding: try region.read(at: 0, count: region.count, part: ""), path: path))
    case "MXSG": self = .segment(try SegmentReader(region))
    default: self = .set(try SeriesSet(region: region))
    }
  }
}

extension SegmentReader {
  /// A line for each part of the file: name, offset, bytes.
  package func parts() throws(StoreError) -> [(name: String, offset: Int, bytes: Int)] {
    var parts: [(name: String, offset: Int, bytes: Int)] = []
    for block in 0..<pageBlockCount {
      for entry in try entries(block: block) {
        let name = "page of series \(entry.firstSlot)…\(entry.slotRange.upperBound - 1)"
        parts.append(("\(name), \(entry.samples) samples", entry.offset, entry.bytes))
      }
    }
    for section in footer.sections {
      parts.append(("\(section.kind)", section.offset, section.count))
    }
    return parts.sorted { $0.offset < $1.offset }
  }

  /// Calls `body` with all samples, series by series. `store`: where its set lies.
  package func dump(
    in store: Store, _ body: (LabelSet, SampleColumns) throws -> Void
  ) throws {
    let snapshot = Snapshot(store, try store.manifest(Report()))
    let segment = try snapshot.segment(info)
    let cursor = SegmentCursor(self, decoder: ColumnDecoder())
    for slot in 0..<series.count {
      let labels = try segment.set.labels(UInt32(series.ref(slot)))
      try cursor.read(slot: slot, wanted: slot..<slot + 1, range: .all) {
        try body(labels, SampleColumns(times: $0, values: $1))
      }
    }
  }
}

/// What a store holds and takes.
package struct StoreStatistics: Hashable, Sendable {
  package var segments = 0
  package var segmentsByLevel: [Int] = [0, 0, 0, 0, 0]
  package var series = 0
  package var samples = 0
  package var segmentBytes = 0
  /// Of these, segments of tiers.
  package var tierBytes = 0
  package var setBytes = 0
  package var manifestBytes = 0
  package var retiredBytes = 0
  package var range: TimeRange?
  package var generation: UInt64 = 0
  package var deletions = 0

  /// All live files.
  package var liveBytes: Int { segmentBytes + setBytes + manifestBytes }
}

extension Store {
  package func statistics(_ report: Report) throws -> StoreStatistics {
    let manifest = try manifest(report)
    var result = StoreStatistics()
    result.generation = manifest.generation
    result.deletions = manifest.tombstones.count
    for info in manifest.segments {
      result.segments += 1
      result.segmentsByLevel[min(Int(info.level), 4)] += 1
      result.segmentBytes += info.bytes
      if info.kind == .windows { result.tierBytes += info.bytes }
      guard info.kind == .samples else { continue }
      result.samples += info.samples
      if info.samples > 0 { result.range = result.range?.union(info.range) ?? info.range }
    }
    for set in manifest.sets { result.setBytes += try size(setPath(set)) }
    result.manifestBytes = try size(
      FilePath.join(path, Manifest.fileName(generation: manifest.generation)))
    for file in manifest.retired { result.retiredBytes += try size(FilePath.join(path, file.path)) }
    var hints = SelectHints()
    hints.labelsOnly = true
    let all = SelectRequest([], range: .all, hints: hints)
    result.series = try Snapshot(self, manifest).open([all], report: report)[0].count
    return result
  }

  private func size(_ path: String) throws(StoreError) -> Int {
    try onDisk { () throws(FileError) in try files.status(path)?.size ?? 0 }
  }
}
