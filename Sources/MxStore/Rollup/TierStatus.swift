package import MxModel

/// What a tier holds and how far it is, for people.
package struct TierStatus: Hashable, Sendable {
  package var width: Int64
  package var segments = 0
  /// Of the segment that has most of them.
  package var series = 0
  /// In all segments: a window that was computed again counts twice until the merge.
  package var windows = 0
  package var bytes = 0
  /// The end of the newest window that is stored; nil where none is.
  package var newest: Int64?
  package var isDue = false
}

extension Store {
  package func tierStatus(
    _ tiers: [Int64], now: Int64, lag: Int64 = 60_000, _ report: Report
  ) throws -> [TierStatus] {
    let snapshot = try Snapshot(self, report)
    let due = RollupPlan.due(snapshot.manifest, now: now, lag: lag, tiers: tiers)
    var result: [TierStatus] = []
    for width in tiers {
      var status = TierStatus(width: width)
      status.isDue = due.contains { $0.due.contains { $0.tier == width } }
      for info in snapshot.manifest.segments where info.kind == .windows && info.tier == width {
        status.segments += 1
        status.bytes += info.bytes
        guard info.samples > 0 else { continue }
        let layout = try snapshot.segment(info).reader.footer.layout
        status.windows += info.samples / max(1, layout?.columns.count ?? 1)
        status.series = max(status.series, info.series)
        status.newest = max(status.newest ?? .min, info.range.to)
      }
      result.append(status)
    }
    return result
  }
}
