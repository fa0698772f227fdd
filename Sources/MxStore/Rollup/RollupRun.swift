package import MxCodec
import MxFiles
package import MxModel

/// What a run of the rollup shall do.
package struct RollupOptions: Sendable {
  /// The present, ms.
  package var now: Int64
  /// A window is due so long after its end, ms: late scrapes still come.
  package var lag: Int64 = 60_000
  /// The widths of the tiers, ms; each divides a day.
  package var tiers: [Int64] = [60_000, 300_000, 3_600_000]
  /// Samples whose windows are computed again in any case.
  package var again: TimeRange?
  /// Seconds to wait for the commit lock.
  package var lockWait: Double = 60
  package var effort = Effort.merged
  /// How many threads compute.
  package var threads = 1

  package init(now: Int64) { self.now = now }
}

/// What it did.
package struct RollupResult: Hashable, Sendable {
  package var segments: [SegmentInfo] = []
  /// Windows computed, and of these the ones that were new or had changed.
  package var computed = 0
  package var written = 0

  package init() {}
}

extension Store {
  /// Computes every window that is due and commits those that are new or differ from
  /// what is stored. Nothing due: nothing written. The caller holds the
  /// maintenance lock; samples may be committed meanwhile, they count next time.
  package func rollUp(
    _ options: RollupOptions, _ report: Report, _ oversight: Oversight = Oversight(),
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> RollupResult {
    for tier in options.tiers {
      precondition(TierLayout.isWidth(tier), "BUG: a tier of \(tier) ms")
    }
    let snapshot = try Snapshot(self, report)
    let jobs = RollupPlan.due(
      snapshot.manifest, now: options.now, lag: options.lag, tiers: options.tiers,
      again: options.again)
    if jobs.isEmpty { return RollupResult() }
    var run = RollupRun(snapshot, options, report, random: random)
    defer { run.discard() }
    // Jobs that fold come last: what they fold counts with the run's last commit alone.
    let whole = snapshot.manifest.oldestWhole
    for job in jobs where job.samples.from > whole { try run.carryOut(job, oversight) }
    for job in jobs where job.samples.from <= whole {
      try run.carryOut(job, oversight, folds: true)
    }
    try run.finish()
    return run.result
  }
}

/// One run: writes drafts job by job, then commits them.
///
/// Memory: of each tier the windows of one block of series; one series' samples
/// and windows of a week; what an unfinished segment needs of index.
struct RollupRun {
  /// So many drafts, each an open file, are committed before the run goes on. Such
  /// a commit does not claim to be the run's last: killed after it, the next run
  /// computes all again and finds those windows as they should be.
  private static let draftLimit = 64

  private let snapshot: Snapshot
  private let options: RollupOptions
  private let report: Report
  private var random: any RandomNumberGenerator
  private var drafts: [SegmentDraft] = []
  private(set) var result = RollupResult()

  private var store: Store { snapshot.store }

  init(
    _ snapshot: Snapshot, _ options: RollupOptions, _ report: Report,
    random: any RandomNumberGenerator
  ) {
    self.snapshot = snapshot
    self.options = options
    self.report = report
    self.random = random
  }

  /// `folds`: some of its samples are gone, so that its windows may be what they
  /// were and what came since.
  mutating func carryOut(
    _ job: RollupJob, _ oversight: Oversight, folds: Bool = false
  ) throws {
    let request = SelectRequest([], range: job.samples)
    let selection = try StoreSelection(snapshot, request, report)
    if !folds, drafts.count + job.due.count > RollupRun.draftLimit { try commit(isLast: false) }
    let fold = folds ? try RollupFold(selection, job, report) : nil
    var passes: [TierPass] = []
    do {
      for due in job.due {
        passes.append(
          try TierPass(store, due, effort: options.effort, id: random.next()))
      }
      try write(job, selection, passes, fold, oversight)
      for pass in passes {
        result.computed += pass.computed
        result.written += pass.written
        if pass.writer.series.isEmpty {
          pass.writer.draft.discard()
        } else {
          let home = try selection.home(of: pass.writer.series)
          try pass.writer.finishWindows()
          try pass.writer.draft.finishColumns(
            home.series, set: home.set, inline: home.inline, early: true)
          drafts.append(pass.writer.draft)
        }
      }
    } catch {
      for pass in passes where !drafts.contains(where: { $0 === pass.writer.draft }) {
        pass.writer.draft.discard()
      }
      throw error
    }
  }

  /// Goes through all series once, and feeds every tier that is due.
  private mutating func write(
    _ job: RollupJob, _ selection: StoreSelection, _ passes: [TierPass], _ fold: RollupFold?,
    _ oversight: Oversight
  ) throws {
    if selection.count == 0 { return }
    var chain = RollupChain(job.due.map(\.tier))
    let metrics = try selection.column(LabelName.metric).ids
    let olds = job.due.map { TierState(snapshot.manifest, tier: $0.tier).horizon }
    // Stored windows of a block are held: a quarter million are 30 MiB.
    let widest = passes.reduce(1) { max($0, $1.windows) }
    let block = max(16, min(1024, (1 << 18) / widest))
    for first in stride(from: 0, to: selection.count, by: block) {
      let series = first..<min(first + block, selection.count)
      try oversight.check()
      oversight.progress("series", first, selection.count)
      try fold?.load(series)
      // Old windows of the block, by tier; most often there are none.
      var old: [[Int: [Window]]] = []
      for (due, horizon) in zip(job.due, olds) {
        old.append(try stored(selection, series, due, horizon))
      }
      var next = series.lowerBound
      func settle(_ number: Int) throws {
        for (index, pass) in passes.enumerated() {
          let step = chain.index(of: pass.due.tier) ?? 0
          let old = old[index][number] ?? []
          let windows = fold?.windows(number, index, chain.windows[step], old)
          try pass.settle(
            number, metric: metrics[number], windows ?? chain.windows[step], old: old)
        }
      }
      try selection.read(series, job.samples, worker: 0) { number, samples in
        chain.reset()
        while next < number {
          try settle(next)
          next += 1
        }
        chain.add(samples.times, samples.values)
        chain.finish()
        try settle(number)
        next = number + 1
      }
      chain.reset()
      while next < series.upperBound {
        try settle(next)
        next += 1
      }
    }
  }

  private func stored(
    _ selection: StoreSelection, _ series: Range<Int>, _ due: RollupJob.Due, _ horizon: Int64
  ) throws -> [Int: [Window]] {
    var result: [Int: [Window]] = [:]
    guard let first = due.ends.first, let last = due.ends.last, first.from <= horizon else {
      return result
    }
    let ends = TimeRange(from: first.from, to: last.to)
    try selection.readStored(series, tier: due.tier, ends: ends, worker: 0) { number, windows in
      if !windows.isEmpty { result[number] = windows }
    }
    return result
  }

  mutating func finish() throws { try commit(isLast: true) }

  /// Numbers, names and lists what was written, under the commit lock.
  private mutating func commit(isLast: Bool) throws {
    // Where no window was new the tiers are up to date all the same, and say so once.
    if isLast { try addClosing() }
    if drafts.isEmpty { return }
    let lock = try store.lockCommit(wait: options.lockWait)
    defer { lock.release() }
    var manifest = try store.manifestForWriting(report, random: &random)
    let orphans = try store.orphans(beyond: manifest)
    let first = max(manifest.lastSequence, orphans.lastSequence) + 1
    var infos: [SegmentInfo] = []
    for (part, draft) in drafts.enumerated() {
      let sequence = first + UInt64(part)
      var footer = SegmentFooter(
        info: draft.info(sequences: sequence...sequence, level: 0), storeID: manifest.storeID)
      let state = state(footer.info.tier, isLast: isLast)
      footer.info.source = state.source
      footer.info.horizon = state.horizon
      footer.part = part
      footer.parts = drafts.count
      footer.replaces = part == 0 ? orphans.ids : []
      footer.made = options.now
      footer.conflict = manifest.conflict
      infos.append(try draft.seal(footer))
    }
    drafts = []
    try onDisk { () throws(FileError) in
      try store.files.syncDirectory(store.segmentDirectory)
    }
    manifest.lastSequence = first + UInt64(infos.count) - 1
    manifest.add(infos, now: options.now)
    try store.write(manifest)
    result.segments += infos
  }

  /// What a segment of this commit may say of its tier.
  private func state(_ tier: Int64, isLast: Bool) -> TierState {
    var state = TierState(snapshot.manifest, tier: tier)
    if isLast {
      state.source = snapshot.manifest.lastSequence
      state.horizon = max(
        state.horizon, RollupPlan.horizon(tier: tier, now: options.now, lag: options.lag))
    }
    return state
  }

  /// Segments without windows for the tiers of which nothing was written.
  private mutating func addClosing() throws {
    for tier in options.tiers where !drafts.contains(where: { $0.tier?.width == tier }) {
      let writer = try TierWriter(
        store, id: random.next(), tier: tier, windows: 1, effort: options.effort)
      drafts.append(writer.draft)
      let home = try store.home(of: SeriesSetWriter().finish())
      try writer.draft.finishColumns(
        .stretch(0..<0), set: home.id, inline: home.inline, early: false)
    }
  }

  mutating func discard() {
    for draft in drafts { draft.discard() }
    drafts = []
  }
}

/// One tier of a job: keeps what is worth keeping and differs from what is stored.
final class TierPass {
  let due: RollupJob.Due
  let writer: TierWriter
  /// How many windows a series may have.
  let windows: Int
  private(set) var computed = 0
  private(set) var written = 0
  private var rows: [Window] = []
  private var metric: UInt32?

  init(_ store: Store, _ due: RollupJob.Due, effort: Effort, id: UInt64) throws(StoreError) {
    self.due = due
    let windows = due.ends.reduce(Int64(0)) { $0 + ($1.to - $1.from) / due.tier + 1 }
    self.windows = Int(clamping: windows)
    writer = try TierWriter(
      store, id: id, tier: due.tier, windows: self.windows, effort: effort)
  }

  /// Takes the windows of a series as computed, beside those that are stored.
  func settle(
    _ number: Int, metric: UInt32, _ windows: [Window], old: [Window]
  ) throws(StoreError) {
    rows.removeAll(keepingCapacity: true)
    var place = 0
    for window in windows where due.ends.contains(where: { $0.contains(window.end) }) {
      while place < old.count, old[place].end < window.end {
        void(old[place])
        place += 1
      }
      computed += 1
      let before = place < old.count && old[place].end == window.end ? old[place] : nil
      if before != nil { place += 1 }
      if window.isWorthKeeping(due.tier) {
        let row = window.stored
        if before.map({ !$0.isIdentical(to: row) }) ?? true { rows.append(row) }
      } else if let before {
        void(before)
      }
    }
    for window in old[place...] { void(window) }
    if rows.isEmpty { return }
    written += rows.count
    try writer.add(UInt32(number), startsMetric: metric != self.metric, rows)
    self.metric = metric
  }

  /// A window that was stored and is no more.
  private func void(_ window: Window) {
    guard !window.flags.contains(.void), due.ends.contains(where: { $0.contains(window.end) })
    else { return }
    var row = Window(end: window.end)
    row.flags = .void
    rows.append(row)
  }
}

extension Window {
  /// The same bits in every column.
  func isIdentical(to other: Window) -> Bool {
    end == other.end && firstTime == other.firstTime && lastTime == other.lastTime
      && flags == other.flags && doubles == other.doubles
  }

  private var doubles: [UInt64] {
    [count, minimum, maximum, sum, tail, first, last, resetSum, resetCount].map(\.bitPattern)
  }
}

extension StoreSelection {
  /// Where the labels of some of its series shall live: in the set that is there, where
  /// one has them all in a file.
  func home(
    of series: [UInt32]
  ) throws(StoreError) -> (series: SeriesList, set: ContentHash?, inline: [UInt8]?) {
    let store = snapshot.store
    for (number, set) in sets.enumerated() where series.count * 2 >= set.count {
      let own = series.map { refs[number][Int($0)] }
      if !own.contains(.max), try store.has(set.id) { return (SeriesList(own), set.id, nil) }
    }
    var writer = SeriesSetWriter()
    // Label by label from the first set that has the series, each set read in order.
    var cursors: [KeyCursor] = []
    for set in sets {
      for entry in try set.allMetadata() { writer.add(entry) }
      cursors.append(try KeyCursor(set))
    }
    for number in series {
      guard let owner = refs.firstIndex(where: { $0[Int(number)] != .max }) else {
        preconditionFailure("BUG: series \(number) is in no set")
      }
      try cursors[owner].move(to: refs[owner][Int(number)])
      try writer.add(cursors[owner].key, readFrom: sets[owner])
    }
    let home = try store.home(of: writer.finish())
    return (.stretch(0..<series.count), home.id, home.inline)
  }
}
