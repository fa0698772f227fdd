import MxModel

/// What a commit rewrites as one before it adds its own segments.
///
/// Folding counts as an odometer does, in eights. A segment is as *wide* as the
/// commits from its first to its last: fresh ones are of class 0, and eight of a
/// class that follow each other become one of a higher class. So an hour has at most
/// seven small segments a class however many commits it gets, and a sample is
/// rewritten once a class: four times in 3,000 commits. Where one carry brings about the
/// next, all is written at once.
extension MergePlan {
  /// As many segments of one class become one: they, and the one that is being
  /// committed, are more than eight.
  static let foldCount = 8
  /// What a commit rewrites at most, for the sake of those that wait for its lock.
  static let foldBytes = 1 << 20

  /// The fold that a commit should make before it adds its own segments.
  static func fold(_ manifest: Manifest, now: Int64, grace: Int64) -> MergeJob? {
    var run = foldable(manifest)[...]
    // What may not be folded across (a deletion that may be taken back, say)
    // must not keep what came after it from being folded.
    while carried(run) > 0, !mayMerge(Array(run), manifest, now: now, grace: grace) {
      run.removeLast()
    }
    let inputs = Array(run.prefix(carried(run)))
    guard !inputs.isEmpty, mayMerge(inputs, manifest, now: now, grace: grace) else { return nil }
    return MergeJob(inputs: inputs.reversed().map(\.id), level: 1)
  }

  /// The small segments of the newest one's hour, newest first: as far back as
  /// commits of other hours leave them alone, and as they are small together.
  private static func foldable(_ manifest: Manifest) -> [SegmentInfo] {
    let small = manifest.segments.filter { $0.kind == .samples && $0.level <= 1 }
      .sorted { $0.lastSequence > $1.lastSequence }
    guard let newest = small.first else { return [] }
    let hour = bucket(newest.range.to, MergePlan.hour.width)
    var run: [SegmentInfo] = []
    var range = newest.range
    var bytes = 0
    for segment in small {
      guard bucket(segment.range.to, MergePlan.hour.width) == hour else {
        if segment.range.overlaps(range) { break }
        continue
      }
      bytes += segment.bytes
      if bytes > foldBytes { break }
      range = range.union(segment.range)
      run.append(segment)
    }
    return run
  }

  /// How many of `run`, from the newest on, are to become one: up to the
  /// highest class that is full, where the carry of the class below counts as one.
  private static func carried(_ run: ArraySlice<SegmentInfo>) -> Int {
    let classes = run.map(foldClass)
    var (end, index, carry) = (0, 0, 0)
    for number in 0...(classes.max() ?? 0) {
      var count = carry
      while index < classes.count, classes[index] <= number {
        index += 1
        count += 1
      }
      carry = count >= foldCount ? 1 : 0
      if carry > 0 { end = index }
    }
    return end
  }

  /// The logarithm of a segment's width in commits, to the base 8.
  private static func foldClass(_ segment: SegmentInfo) -> Int {
    let width = segment.lastSequence - segment.firstSequence + 1
    return (UInt64.bitWidth - 1 - width.leadingZeroBitCount) / 3
  }
}
