import MxModel

/// When segments are merged, and with which: pure, decided from the manifest.
///
/// Segments meet in buckets of time, each several times as wide as the one
/// below: hours, days, weeks. A bucket is merged once it is over, so a sample is
/// rewritten about once a level however long the store lives. Only commits
/// that follow each other may become one where they overlap in time: the
/// winner of a conflict is then the same before and after. Tiers are merged likewise,
/// each for itself, and further where they are coarse: a week of hours is 168
/// windows a series, and a year of such weeks costs a query 53 times the pages to
/// open (1h tier of 100 series, a year: 122 ms so, see docs/decisions/0190).
package struct MergePlan: Sendable {
  package struct Level: Sendable {
    package var number: UInt8
    /// The width of its buckets, ms.
    package var width: Int64
  }

  /// What the numbers of levels stand for, from 0 on.
  package static let names = ["fresh", "folded", "hours", "days", "weeks", "28 days", "364 days"]

  package static let hour = Level(number: 2, width: 3_600_000)
  package static let day = Level(number: 3, width: 86_400_000)
  package static let week = Level(number: 4, width: 7 * 86_400_000)

  package static let month = Level(number: 5, width: 28 * 86_400_000)
  package static let year = Level(number: 6, width: 364 * 86_400_000)

  /// Widest first: a backfilled week becomes one segment at once.
  private static let levels = [year, month, week, day, hour]
  /// A bucket of a tier holds at most so many windows of a series: about a page.
  private static let windows: Int64 = 10_080

  /// Whether segments of this tier (0: samples) are merged so far.
  private static func isReached(_ level: Level, tier: Int64) -> Bool {
    level.number <= week.number || (tier > 0 && level.width / tier <= windows)
  }
  /// A bucket is left alone this long after its end: late scrapes still come.
  private static let settling: Int64 = 300_000

  /// The merges that are due, none depending on another.
  package static func jobs(
    _ manifest: Manifest, now: Int64, grace: Int64 = Removal.defaultGrace
  ) -> [MergeJob] {
    var taken: Set<UInt64> = []
    var jobs: [MergeJob] = []
    let tiers = Set(manifest.segments.filter { $0.kind != .record }.map(\.tier)).sorted()
    for level in levels {
      for tier in tiers where isReached(level, tier: tier) {
        let free = manifest.segments.filter {
          $0.kind != .record && $0.tier == tier && !taken.contains($0.id)
        }
        let buckets = Dictionary(grouping: free.filter { fits($0, level) }) {
          bucket($0.bucketTimes.from, level.width)
        }
        for (number, segments) in buckets.sorted(by: { $0.key < $1.key }) {
          let end = (number + 1).multipliedReportingOverflow(by: level.width)
          guard !end.overflow, now >= end.partialValue + settling,
            let job = job(segments, level, manifest, now: now, grace: grace)
          else { continue }
          taken.formUnion(job.inputs)
          jobs.append(job)
        }
      }
    }
    return jobs
  }

  static func bucket(_ time: Int64, _ width: Int64) -> Int64 {
    time >= 0 ? time / width : -((-(time + 1)) / width) - 1
  }

  private static func fits(_ segment: SegmentInfo, _ level: Level) -> Bool {
    let times = segment.bucketTimes
    return bucket(times.from, level.width) == bucket(times.to, level.width)
  }

  private static func job(
    _ segments: [SegmentInfo], _ level: Level, _ manifest: Manifest, now: Int64, grace: Int64
  ) -> MergeJob? {
    let done = segments.filter { $0.level >= level.number }
    var inputs = segments.filter { $0.level < level.number }
    guard !inputs.isEmpty else { return nil }
    // Late data: the bucket's large segment is written again only where that
    // adds a quarter to it, or where many small ones lie beside it.
    let bytes = inputs.reduce(0) { $0 + $1.bytes }
    if done.count >= 4 || done.allSatisfy({ bytes * 4 >= $0.bytes }) { inputs += done }
    inputs.sort { $0.lastSequence < $1.lastSequence }
    guard mayMerge(inputs, manifest, now: now, grace: grace) else { return nil }
    return MergeJob(inputs: inputs.map(\.id), level: level.number)
  }

  /// Whether no other segment or young deletion stands between the inputs.
  static func mayMerge(
    _ inputs: [SegmentInfo], _ manifest: Manifest, now: Int64, grace: Int64
  ) -> Bool {
    guard let first = inputs.map(\.firstSequence).min(),
      let last = inputs.map(\.lastSequence).max(), let some = inputs.first
    else { return false }
    let ids = Set(inputs.map(\.id))
    let range = inputs.reduce(some.range) { $0.union($1.range) }
    let isBetween = manifest.segments.contains { other in
      other.kind == some.kind && other.tier == some.tier && !ids.contains(other.id)
        && other.range.overlaps(range)
        && other.lastSequence > first && other.firstSequence < last
    }
    // A deletion that may still be taken back must not be made permanent.
    let isUndoable =
      some.kind == .samples
      && manifest.tombstones.contains { tombstone in
        tombstone.sequence > first && tombstone.sequence < last && tombstone.range.overlaps(range)
          && !Removal.isOver(tombstone.made, grace, now: now)
      }
    return !isBetween && !isUndoable && !isFoldedInPart(inputs, range, manifest)
  }

  /// Whether some of the inputs were folded into windows whose other samples are
  /// gone, and some were not yet: as one they could not be told apart.
  private static func isFoldedInPart(
    _ inputs: [SegmentInfo], _ range: TimeRange, _ manifest: Manifest
  ) -> Bool {
    guard inputs.count > 1, inputs[0].kind == .samples, range.from <= manifest.oldestWhole else {
      return false
    }
    let tiers = Set(manifest.segments.lazy.filter { $0.kind == .windows }.map(\.tier))
    return tiers.contains { tier in
      let source = TierState(manifest, tier: tier).source
      return inputs.contains { $0.lastSequence <= source }
        && inputs.contains { $0.lastSequence > source }
    }
  }
}

extension SegmentInfo {
  /// The times that say which bucket it belongs to: a window's end is the last
  /// moment of what it covers, and belongs to the hour before.
  fileprivate var bucketTimes: TimeRange {
    if kind != .windows { return range }
    return TimeRange(from: range.from &- 1, to: range.to &- 1)
  }
}
