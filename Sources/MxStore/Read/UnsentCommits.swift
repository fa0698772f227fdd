import MxFiles
package import MxModel

/// What the commits after a number brought, for those who pass it on.
///
/// A merge may hold commits on both sides of that number. The files that it
/// replaced are still there for the length of the grace, so what came later is
/// read from them; where they are gone the whole merge comes again.
package struct UnsentCommits {
  /// Their samples alone, deletions applied.
  package let snapshot: Snapshot
  /// The newest commit in it.
  package let last: UInt64
  package let samples: Int
  /// Commits at or before the number may be in it too.
  package let hasRepeats: Bool

  /// The commits after `sequence` (and up to `end`, where one is given), oldest
  /// first, as many as hold about `limit` samples and one at least; nil where there
  /// are none.
  package static func next(
    _ store: Store, after sequence: UInt64, upTo end: UInt64?, limit: Int, _ report: Report
  ) throws(StoreError) -> UnsentCommits? {
    var manifest = try store.manifest(report)
    let last = end ?? .max
    guard sequence < last else { return nil }
    let wanted = sequence + 1...last
    let live = manifest.segments.filter {
      $0.kind == .samples && $0.lastSequence > sequence && $0.firstSequence <= last
    }.sorted { ($0.lastSequence, $0.id) < ($1.lastSequence, $1.id) }
    var chosen: [SegmentInfo] = []
    var reached = sequence
    var samples = 0
    var hasRepeats = false
    for info in live {
      // The parts of one commit, and merges that overlap, belong together.
      if samples >= limit, info.firstSequence > reached { break }
      let parts = try store.parts(of: info, in: wanted, manifest, depth: 0)
      if parts == nil { hasRepeats = true }
      chosen += parts ?? [info]
      samples += (parts ?? [info]).reduce(0) { $0 + $1.samples }
      reached = max(reached, info.lastSequence)
    }
    if chosen.isEmpty { return nil }
    manifest.segments = chosen
    return UnsentCommits(
      snapshot: Snapshot(store, manifest), last: min(reached, last), samples: samples,
      hasRepeats: hasRepeats)
  }
}

extension Store {
  /// Merges of merges of merges: hours, days, weeks.
  private static let deepest = 16

  /// The segments that hold exactly the commits of `info` that are `wanted`; nil
  /// where one of them is gone.
  fileprivate func parts(
    of info: SegmentInfo, in wanted: ClosedRange<UInt64>, _ manifest: Manifest, depth: Int
  ) throws(StoreError) -> [SegmentInfo]? {
    let own = info.firstSequence...info.lastSequence
    if wanted.lowerBound <= own.lowerBound, own.upperBound <= wanted.upperBound { return [info] }
    if !own.overlaps(wanted) { return [] }
    guard depth < Self.deepest else { return nil }
    var parts: [SegmentInfo] = []
    for id in try footer(segmentPath(info))?.replaces ?? [] {
      guard let file = manifest.retired.segment(id),
        let input = try footer(FilePath.join(path, file.path))?.info
      else { return nil }
      guard input.kind == .samples else { continue }
      guard let found = try self.parts(of: input, in: wanted, manifest, depth: depth + 1) else {
        return nil
      }
      parts += found
    }
    // A merge that names nothing it was made of cannot be taken apart.
    return parts.isEmpty ? nil : parts
  }

  private func footer(_ path: String) throws(StoreError) -> SegmentFooter? {
    do throws(StoreError) {
      return try SegmentReader(opening: path, in: files).footer
    } catch .vanished { return nil } catch .damaged { return nil }
  }
}
