package import MxCodec
import MxFiles
package import MxModel

/// What making deletions final did.
package struct DeletionResult: Hashable, Sendable {
  /// Segments written again without what was deleted.
  package var rewritten = 0
  /// Deletions that there is nothing left to hide for.
  package var finished = 0

  package init() {}
}

/// Deletions hide at once. When the grace is over nobody can take them back, and the
/// samples leave the files as well.
package enum DeletionPlan {
  /// The segments that may hold what deletions past the grace hide.
  package static func segments(
    _ manifest: Manifest, now: Int64, grace: Int64
  ) -> [SegmentInfo] {
    let due = due(manifest, now: now, grace: grace)
    return manifest.segments.filter { info in
      info.kind == .samples && due.contains { $0.mayHide(in: info) }
    }
  }

  static func due(_ manifest: Manifest, now: Int64, grace: Int64) -> [Tombstone] {
    manifest.tombstones.filter { $0.isFinal(grace: grace, now: now) }
  }

  /// The deletions that have done their work, once no segment holds what they hide:
  /// tiers that do not count them yet must still find where to look.
  static func finished(_ due: [Tombstone], _ manifest: Manifest) -> [Tombstone] {
    let tiers = Set(manifest.segments.lazy.filter { $0.kind == .windows }.map(\.tier))
    let counted = tiers.map { TierState(manifest, tier: $0).source }.min() ?? .max
    return due.filter { $0.sequence <= counted }
  }
}

extension Tombstone {
  /// Whether it can no longer be taken back.
  package func isFinal(grace: Int64, now: Int64) -> Bool {
    Removal.isOver(made, grace, now: now)
  }

  func mayHide(in info: SegmentInfo) -> Bool {
    sequence > info.lastSequence && range.overlaps(info.range)
  }
}

extension Store {
  /// Counts what `matchers` hide in `range` now.
  package func count(
    _ matchers: [Matcher], _ range: TimeRange, _ report: Report
  ) throws -> (series: Int, samples: Int) {
    let selection = try StoreSelection(
      try Snapshot(self, report), SelectRequest(matchers, range: range), report)
    var found = (series: 0, samples: 0)
    var last = -1
    try selection.read(0..<selection.count, range, worker: 0) { number, samples in
      if number != last { found.series += 1 }
      last = number
      found.samples += samples.count
    }
    return found
  }

  /// Takes what deletions past the grace hide out of the files. The caller holds the
  /// maintenance lock.
  package func finishDeletions(
    now: Int64, grace: Int64 = Removal.defaultGrace, effort: Effort, lockWait: Double = 60,
    _ report: Report, _ oversight: Oversight = Oversight(),
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> DeletionResult {
    var random = random
    var result = DeletionResult()
    let snapshot = try Snapshot(self, report)
    let due = DeletionPlan.due(snapshot.manifest, now: now, grace: grace)
    if due.isEmpty { return result }
    var isWhole = true
    for info in DeletionPlan.segments(snapshot.manifest, now: now, grace: grace) {
      try oversight.check()
      do {
        guard try snapshot.holds(due.filter { $0.mayHide(in: info) }, in: info) else { continue }
        let ids = SeededIds(&random)
        try execute(
          MergeJob(inputs: [info.id], level: info.level), now: now, grace: grace, effort: effort,
          lockWait: lockWait, report, oversight, random: ids)
        result.rewritten += 1
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
        isWhole = false
      }
    }
    if isWhole {
      result.finished = try forget(due, now: now, lockWait: lockWait, report, random: &random)
    }
    return result
  }

  /// Drops deletions of which no segment holds anything any more.
  private func forget(
    _ due: [Tombstone], now: Int64, lockWait: Double, _ report: Report,
    random: inout any RandomNumberGenerator
  ) throws -> Int {
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(report, random: &random)
    let live = Set(manifest.tombstones.map(\.sequence))
    let done = DeletionPlan.finished(due, manifest).filter { live.contains($0.sequence) }
    if done.isEmpty { return 0 }
    let records = Set(done.map(\.record))
    manifest.tombstones.removeAll { records.contains($0.record) }
    let spent = manifest.segments.filter { records.contains($0.id) }
    manifest.retire(spent, now: now)
    try commitRecord(random.next(), &manifest, replaces: spent.map(\.id).sorted(), now: now)
    return done.count
  }
}

extension Snapshot {
  /// Whether a segment holds any series, at times, that one of the deletions hides.
  fileprivate func holds(_ deletions: [Tombstone], in info: SegmentInfo) throws -> Bool {
    let segment = try segment(info)
    return try deletions.contains { deletion in
      try segment.set.match(deletion.matchers).ranges.contains { range in
        segment.reader.series.refs.overlaps(range)
      }
    }
  }
}

/// Numbers drawn from another generator, for work that takes one of its own.
struct SeededIds: RandomNumberGenerator {
  private var state: UInt64

  init(_ source: inout any RandomNumberGenerator) { state = source.next() }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }
}
