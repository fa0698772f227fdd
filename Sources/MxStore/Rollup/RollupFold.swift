import MxModel

/// Windows whose samples retention took: they cannot be computed again, so what came
/// late is folded into what is stored, flagged.
///
/// Each sample is folded once: only commits that the tier does not count yet are
/// read, and the windows are committed with the word that it counts them now. A
/// window that is not stored stands in raw, which stays as long; it is computed.
final class RollupFold {
  private let selection: StoreSelection
  private let job: RollupJob
  private let report: Report
  /// Series -> the newest time of which samples may be gone.
  private let floors: [Int64]
  /// Per due tier: the newest commit that it counts, deletions since then.
  private let sources: [UInt64]
  private let deletions: [[(refs: [SeriesRefs], range: TimeRange)]]
  /// Per due tier, of the block of series at hand: the windows of what came since.
  private var fresh: [[Int: [Window]]] = []

  init(_ selection: StoreSelection, _ job: RollupJob, _ report: Report) throws {
    self.selection = selection
    self.job = job
    self.report = report
    let manifest = selection.snapshot.manifest
    floors = try RollupFold.floors(selection, manifest.expiries)
    var sources: [UInt64] = []
    var deletions: [[(refs: [SeriesRefs], range: TimeRange)]] = []
    for due in job.due {
      let source = TierState(manifest, tier: due.tier).source
      sources.append(source)
      deletions.append(
        try manifest.tombstones.filter { $0.sequence > source && $0.range.overlaps(job.samples) }
          .map { deletion in
            (try selection.sets.map { try $0.match(deletion.matchers) }, deletion.range)
          })
    }
    self.sources = sources
    self.deletions = deletions
  }

  private static func floors(
    _ selection: StoreSelection, _ expiries: [Expiry]
  ) throws(StoreError) -> [Int64] {
    var floors = [Int64](repeating: .min, count: selection.count)
    for (set, refs) in zip(selection.sets, selection.refs) {
      for expiry in expiries {
        var taken: [SeriesRefs] = []
        for rule in expiry.rules {
          let found = try set.match(rule.matchers)
          for (number, ref) in refs.enumerated() where ref != .max && found.contains(ref) {
            if taken.contains(where: { $0.contains(ref) }) { continue }
            floors[number] = max(floors[number], rule.through)
          }
          taken.append(found)
        }
      }
    }
    return floors
  }

  /// Reads what came since the tiers' last run, of a block of series.
  func load(_ series: Range<Int>) throws {
    fresh = []
    for (due, source) in zip(job.due, sources) {
      var found: [Int: [Window]] = [:]
      var chain = RollupChain([due.tier])
      try selection.read(series, job.samples, newerThan: source, worker: 0) { number, samples in
        chain.reset()
        chain.add(samples.times, samples.values)
        chain.finish()
        guard let step = chain.index(of: due.tier) else { return }
        found[number] = chain.windows[step].filter { self.isGone(number, $0.end, due.tier) }
      }
      fresh.append(found)
    }
  }

  /// Whether samples of the window may be gone.
  private func isGone(_ number: Int, _ end: Int64, _ tier: Int64) -> Bool {
    WindowGrid.samples(of: TimeRange(from: end, to: end), tier).from <= floors[number]
  }

  /// The windows of a series of one due tier as they shall be: `computed` from the
  /// samples that are there where these are whole, else what is `old` and came since.
  func windows(_ number: Int, _ index: Int, _ computed: [Window], _ old: [Window]) -> [Window] {
    let tier = job.due[index].tier
    if floors[number] == .min { return computed }
    var kept: [Window] = []
    for window in old where !window.flags.contains(.void) && isGone(number, window.end, tier) {
      if !isDeleted(number, index, window) { kept.append(window) }
    }
    let since = fresh[index][number] ?? []
    var result: [Window] = []
    var place = 0
    for window in computed {
      while place < kept.count, kept[place].end < window.end {
        result.append(RollupFold.fold(kept[place], since))
        place += 1
      }
      if place < kept.count, kept[place].end == window.end {
        result.append(RollupFold.fold(kept[place], since))
        place += 1
      } else {
        result.append(window)
      }
    }
    for window in kept[place...] { result.append(RollupFold.fold(window, since)) }
    return result
  }

  /// Of windows without samples a deletion takes whole ones, and cannot give them back.
  private func isDeleted(_ number: Int, _ index: Int, _ window: Window) -> Bool {
    let tier = job.due[index].tier
    let samples = WindowGrid.samples(of: TimeRange(from: window.end, to: window.end), tier)
    for deletion in deletions[index] where deletion.range.overlaps(samples) {
      let isMeant = zip(deletion.refs, selection.refs).contains { found, refs in
        refs[number] != .max && found.contains(refs[number])
      }
      if !isMeant { continue }
      if deletion.range.contains(samples) { return true }
      report.warn(
        "a deletion ends inside \(DurationText.print(tier)) windows whose samples are gone: "
          + "these windows stay whole")
    }
    return false
  }

  /// `window` with what came since of the same window.
  private static func fold(_ window: Window, _ since: [Window]) -> Window {
    var result = window
    // It was worth keeping, whatever came since.
    result.closest = 0
    let place = since.partition { $0.end < window.end }
    if place < since.count, since[place].end == window.end { result.fold(since[place]) }
    return result
  }
}

extension Window {
  /// Takes in late samples between others that are not known any more: counts, sums
  /// and extrema are right, resets may not be.
  fileprivate mutating func fold(_ late: Window) {
    if late.count == 0 {
      flags.formUnion(late.flags)
      return
    }
    guard count > 0 else {
      let (end, flags) = (end, flags)
      self = late
      self.end = end
      self.flags.formUnion(flags)
      self.flags.insert(.mergedLate)
      closest = 0
      return
    }
    let (first, last) = (self, self)
    let keptResets = flags.contains(.noResets)
    add(late)
    // `add` took `late` for what follows; times say what is first and last.
    (self.first, self.firstTime) =
      late.firstTime < first.firstTime
      ? (late.first, late.firstTime) : (first.first, first.firstTime)
    if late.lastTime < last.lastTime {
      (self.last, self.lastTime) = (last.last, last.lastTime)
      if !last.flags.contains(.endsStale) { flags.remove(.endsStale) }
    }
    resetSum = first.resetSum + late.resetSum
    resetCount = keptResets ? 0 : first.resetCount + late.resetCount
    if keptResets { resetSum = 0 }
    flags.insert(.mergedLate)
    closest = 0
  }
}
