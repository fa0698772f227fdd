import MxFiles
package import MxModel

/// What a store holds and takes.
package struct StoreStatistics: Hashable, Sendable {
  package var segments = 0
  package var segmentsByLevel = [Int](repeating: 0, count: MergePlan.names.count)
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
  /// What a day of samples takes, by the newest week; nil where there is less than an hour.
  package var growthADay: Int?

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
      result.segmentsByLevel[min(Int(info.level), MergePlan.names.count - 1)] += 1
      result.segmentBytes += info.bytes
      if info.kind == .windows { result.tierBytes += info.bytes }
      guard info.kind == .samples else { continue }
      result.samples += info.samples
      if info.samples > 0 { result.range = result.range?.union(info.range) ?? info.range }
    }
    result.growthADay = manifest.growthADay
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

extension Manifest {
  fileprivate var growthADay: Int? {
    let data = segments.filter { $0.kind != .record && $0.samples > 0 }
    guard let newest = data.map(\.range.to).max(), let oldest = data.map(\.range.from).min() else {
      return nil
    }
    let week: Int64 = 7 * 86_400_000
    let since = Double(oldest) > Double(newest) - Double(week) ? oldest : newest - week
    let span = Double(newest) - Double(since)
    guard span >= 3_600_000 else { return nil }
    var bytes = 0.0
    for info in data where info.range.to > since {
      let whole = Double(info.range.to) - Double(info.range.from) + 1
      let part = Double(info.range.to) - Double(max(info.range.from, since)) + 1
      bytes += Double(info.bytes) * part / whole
    }
    return Int(bytes / span * 86_400_000)
  }
}

extension Store {
  /// What the pages of each metric take, the largest first. A page of several metrics
  /// counts for each by its series; what no page is (labels, indexes) is left out.
  package func bytesByMetric(_ report: Report) throws -> [(name: String, bytes: Int)] {
    let snapshot = try Snapshot(self, report)
    var bytes: [String: Double] = [:]
    for info in snapshot.manifest.segments where info.kind != .record && info.samples > 0 {
      do throws(StoreError) {
        try snapshot.segment(info).addBytes(to: &bytes)
      } catch {
        guard case .damaged(let damage) = error else { throw error }
        report.damaged(damage)
      }
    }
    return bytes.map { (name: $0.key, bytes: Int($0.value)) }
      .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
  }
}

extension Snapshot.OpenSegment {
  fileprivate func addBytes(to bytes: inout [String: Double]) throws(StoreError) {
    let metrics = try set.metrics()
    for block in 0..<reader.pageBlockCount {
      for entry in try reader.entries(block: block) {
        var counts: [Int: Int] = [:]
        for slot in entry.slotRange {
          let series = reader.footer.layout?.series(ofSlot: slot, among: reader.info.series) ?? slot
          let ref = UInt32(reader.series.ref(series))
          counts[metrics.partition { $0.series.upperBound <= ref }, default: 0] += 1
        }
        for (metric, count) in counts where metric < metrics.count {
          bytes[metrics[metric].name, default: 0] +=
            Double(entry.bytes) * Double(count) / Double(entry.slots)
        }
      }
    }
  }
}

extension TierLayout {
  /// The series whose column is in a slot.
  fileprivate func series(ofSlot slot: Int, among count: Int) -> Int {
    let first = slot / (block * columns.count) * block
    let size = max(1, min(block, count - first))
    return min(count - 1, first + (slot - first * columns.count) % size)
  }
}
