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

extension Store {
  /// When the youngest of these segments was made, ms; nil where none can be read.
  package func newestMade(of segments: [UInt64], _ report: Report) -> Int64? {
    let ids = Set(segments)
    var newest: Int64?
    do throws(StoreError) {
      for info in try manifest(report).segments where ids.contains(info.id) {
        let footer = try SegmentFooter(reading: FileRegion(opening: segmentPath(info), in: files))
        newest = max(newest ?? .min, footer.made)
      }
      return newest
    } catch {
      return nil
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
  /// Of a tier: calls `body` with each window of each series, by the names of its columns.
  package func dumpWindows(
    in store: Store, _ body: (LabelSet, _ end: Int64, _ columns: [(String, String)]) throws -> Void
  ) throws {
    let snapshot = Snapshot(store, try store.manifest(Report()))
    let segment = try snapshot.segment(info)
    let cursor = TierCursor(self, decoder: ColumnDecoder())
    var windows: [Window] = []
    for slot in 0..<series.count {
      let labels = try segment.set.labels(UInt32(series.ref(slot)))
      try cursor.read(slot: slot, wanted: slot..<slot + 1, range: .all, into: &windows)
      for window in windows { try body(labels, window.end, window.named) }
    }
  }
}

extension Window {
  /// What it knows, for people; what is nothing is left out.
  fileprivate var named: [(String, String)] {
    var columns = [("count", "\(count)")]
    if count > 0 {
      columns += [
        ("min", "\(minimum)"), ("max", "\(maximum)"), ("sum", "\(sum)"), ("tail", "\(tail)"),
        ("first", "\(first)"), ("last", "\(last)"), ("first_at", "\(firstTime)"),
        ("last_at", "\(lastTime)"),
      ]
    }
    if resetCount > 0 {
      columns += [("resets", "\(resetCount)"), ("before_resets", "\(resetSum)")]
    }
    if !flags.isEmpty { columns.append(("flags", "\(flags.rawValue)")) }
    return columns
  }
}
