package import MxModel

/// How far a tier is, from the manifest alone.
package struct TierState: Hashable, Sendable {
  /// All commits up to this one are counted…
  package var source: UInt64 = 0
  /// …in every window that ends here or before.
  package var horizon = Int64.min

  package init(_ manifest: Manifest, tier: Int64) {
    for info in manifest.segments where info.kind == .windows && info.tier == tier {
      // Each run brings the whole tier up to date, so the newest speaks for all.
      source = max(source, info.source)
      horizon = max(horizon, info.horizon)
    }
  }
}

/// A stretch of samples to read once, for the windows that are due there.
package struct RollupJob: Hashable, Sendable {
  package struct Due: Hashable, Sendable {
    package var tier: Int64
    /// The ends of the windows to compute, ascending stretches.
    package var ends: [TimeRange]
  }

  /// Covers all windows of `due` whole.
  package var samples: TimeRange
  package var due: [Due]
}

/// Which windows are due: pure, decided from the manifest.
///
/// Nothing is marked dirty anywhere. A tier counts all commits up to its source in
/// every window up to its horizon; so due is what newer commits touch, and what
/// became complete since.
package enum RollupPlan {
  /// Jobs end with weeks, as merged segments do: a tier's segments meet in the same buckets.
  private static let chunk: Int64 = 7 * 86_400_000
  /// So many jobs at most for one stretch, a century of weeks: between a clock that stood at
  /// the year 1 and now are more weeks than memory holds jobs.
  private static let mostChunks: UInt64 = 5200
  /// Stretches nearer than this are read as one.
  private static let near: Int64 = 3_600_000

  /// The newest window that is complete.
  package static func horizon(tier: Int64, now: Int64, lag: Int64) -> Int64 {
    let time = now.subtractingReportingOverflow(lag)
    return time.overflow ? .min : WindowGrid.floor(time.partialValue, tier)
  }

  /// What is due, oldest first. `again`: samples whose windows are computed in any case.
  package static func due(
    _ manifest: Manifest, now: Int64, lag: Int64, tiers: [Int64], again: TimeRange? = nil
  ) -> [RollupJob] {
    let due = tiers.sorted().map { tier in
      RollupJob.Due(
        tier: tier,
        ends: ends(manifest, tier, horizon(tier: tier, now: now, lag: lag), again: again))
    }
    let stretches = due.flatMap { due in due.ends.map { WindowGrid.samples(of: $0, due.tier) } }
    var jobs: [RollupJob] = []
    for stretch in joined(stretches, near: near) {
      for samples in chunks(stretch) {
        let inside = due.compactMap { due -> RollupJob.Due? in
          let ends = due.ends.map { $0.intersection(samples) }.filter { !$0.isEmpty }
          return ends.isEmpty ? nil : RollupJob.Due(tier: due.tier, ends: ends)
        }
        if !inside.isEmpty { jobs.append(RollupJob(samples: samples, due: inside)) }
      }
    }
    return jobs
  }

  /// The ends of the windows of one tier that are due, as stretches that do not meet.
  private static func ends(
    _ manifest: Manifest, _ tier: Int64, _ horizon: Int64, again: TimeRange?
  ) -> [TimeRange] {
    let state = TierState(manifest, tier: tier)
    // A clock that went back must not hide what a newer commit touched.
    let horizon = max(horizon, state.horizon)
    let data = manifest.segments.filter { $0.kind == .samples }.map(\.range)
    guard let some = data.first else { return [] }
    // What has no samples needs no window, however wide a deletion was.
    let all = data.reduce(some) { $0.union($1) }
    var touched: [TimeRange] = []
    for info in manifest.segments {
      switch info.kind {
      case .windows: continue
      case .samples, .record:
        if info.lastSequence > state.source {
          touched.append(info.range)
        } else if info.kind == .samples, info.range.to > state.horizon {
          touched.append(
            TimeRange(from: max(info.range.from, state.horizon + 1), to: info.range.to))
        }
      }
    }
    if let again { touched.append(again) }
    let ends = touched.map { $0.intersection(all) }.filter { !$0.isEmpty }.map { range in
      TimeRange(
        from: WindowGrid.end(of: range.from, tier),
        to: min(WindowGrid.end(of: range.to, tier), horizon))
    }
    return joined(ends.filter { !$0.isEmpty }, near: tier)
  }

  /// Ascending, those that meet (or nearly do) joined.
  private static func joined(_ ranges: [TimeRange], near: Int64) -> [TimeRange] {
    var result: [TimeRange] = []
    for range in ranges.sorted(by: { $0.from < $1.from }) {
      let limit = result.last.map { $0.to.addingReportingOverflow(near) }
      if let last = result.last, let limit, limit.overflow || range.from <= limit.partialValue {
        result[result.count - 1] = last.union(range)
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// `samples` cut at the ends of weeks, or of several: (a, b] with whole ones between.
  private static func chunks(_ samples: TimeRange) -> [TimeRange] {
    let span = UInt64(bitPattern: samples.to) &- UInt64(bitPattern: samples.from)
    let chunk = chunk * Int64(span / UInt64(chunk) / mostChunks + 1)
    var result: [TimeRange] = []
    var from = samples.from
    while true {
      let end = min(WindowGrid.end(of: from, chunk), samples.to)
      result.append(TimeRange(from: from, to: max(from, end)))
      if end >= samples.to || end < from { return result }
      from = end + 1
    }
  }
}
