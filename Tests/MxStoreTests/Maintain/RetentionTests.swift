import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Retention takes what the policies say and nothing else, whatever the segments are.
@Suite struct RetentionTests {
  static let hour: Int64 = 3_600_000
  static let day: Int64 = 86_400_000

  static func rules(_ tiers: [Int64] = []) throws -> RetentionRules {
    RetentionRules(
      [
        RetentionPolicy(
          matchers: [try Matcher("job", .regex, "j[01]")], ages: [0: 2 * hour]),
        RetentionPolicy(matchers: [Matcher(equal: "zone", "z1")], ages: [0: 5 * hour]),
        RetentionPolicy(matchers: [], ages: [0: 9 * hour]),
      ], tiers: tiers, lag: 60_000)
  }

  static func age(_ labels: LabelSet) -> Int64 {
    if ["j0", "j1"].contains(labels["job"]) { return 2 * hour }
    return labels["zone"] == "z1" ? 5 * hour : 9 * hour
  }

  static func retain(
    _ store: Store, _ rules: RetentionRules, now: Int64
  ) throws -> RetentionResult {
    let plan = RetentionPlan(try store.manifest(Report()), rules, now: now)
    var options = RetentionOptions(now: now)
    options.grace = 0
    return try store.retain(plan, rules, options, Report())
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func exactlyTheOldSamplesGo(seed: UInt64) throws {
    var work = StoreWorkload(seed: seed)
    let (store, _) = try StoreTests.emptyStore()
    let rules = try RetentionTests.rules()
    for step in 0..<40 as Range<UInt64> {
      work.now += 20 * 60_000
      try work.commit(to: store)
      if step % 6 == 5 { try work.compact(store, after: 0) }
      if step % 7 == 6 {
        _ = try RetentionTests.retain(store, rules, now: work.now)
        let present = min(work.now, (work.model.newest ?? work.now) + RetentionTests.day)
        work.model.keep { $1 >= present - RetentionTests.age($0) }
        #expect(try StoreModel(reading: store) == work.model, "step \(step)")
        #expect(try StoreModel(rebuilding: store) == work.model, "step \(step)")
      }
    }
    let report = Report()
    _ = try store.verify(deep: true, report)
    #expect(report.damage.isEmpty)
  }

  /// Cron retires, and takes what is too old, hour after hour; files wait for their grace
  /// all the time. What keeps them dead must not grow with the hours.
  @Test func recordsDoNotPileUp() throws {
    var work = StoreWorkload(seed: 5)
    let (store, _) = try StoreTests.emptyStore()
    let rules = try RetentionTests.rules()
    for _ in 0..<30 {
      for _ in 0..<4 {
        work.now += 15 * 60_000
        try work.commit(to: store)
      }
      try work.compact(store, after: 0)
      let plan = RetentionPlan(try store.manifest(Report()), rules, now: work.now)
      _ = try store.retain(plan, rules, RetentionOptions(now: work.now), Report())
      _ = try store.removeRetired(now: work.now, Report())
    }
    let manifest = try store.manifest(Report())
    let records = manifest.segments.filter { $0.kind == .record }
    #expect(manifest.retired.count > 100)
    #expect(records.count <= 2, "\(records.count) records live")
    #expect(try StoreModel(rebuilding: store) == StoreModel(reading: store))
  }

  @Test func nothingNewIsNothingWritten() throws {
    var work = StoreWorkload(seed: 3)
    let (store, files) = try StoreTests.emptyStore()
    for _ in 0..<30 {
      work.now += RetentionTests.hour
      try work.commit(to: store)
    }
    let rules = try RetentionTests.rules()
    let first = try RetentionTests.retain(store, rules, now: work.now)
    #expect(first.dropped + first.rewritten > 0)
    let bytes = files.bytesWritten
    #expect(
      try RetentionTests.retain(store, rules, now: work.now) == RetentionResult())
    #expect(files.bytesWritten == bytes)
  }

  /// A store of last year's samples merges today, and has the room back tomorrow.
  @Test func filesOfOldDataGoWhenTheirGraceIsOver() throws {
    let (store, files) = try StoreTests.emptyStore()
    var work = StoreWorkload(seed: 3)
    for _ in 0..<3 { try work.commit(to: store) }
    let today = work.now + 300 * 86_400_000
    var batch = SampleBatch()
    batch.append(LabelSet(name: "old"), work.now, 1)
    let writer = StoreWriter(store, CommitOptions(now: today))
    try writer.append(batch)
    try writer.commit()
    _ = try store.mergeAll(now: today, Report())
    func segments() throws -> Int { try files.list(store.segmentDirectory).count }
    _ = try store.removeRetired(now: today + 3_600_000, Report())
    #expect(try segments() > 1)
    _ = try store.removeRetired(now: today + 86_400_000, Report())
    #expect(try segments() == 1)
  }

  /// A clock far ahead makes nothing old: samples say what time it is.
  @Test(arguments: [0, 12 * 3_600_000, 40 * 365 * 86_400_000] as [Int64])
  func aClockAheadTakesNoMoreThanADay(ahead: Int64) throws {
    var work = StoreWorkload(seed: 4)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<20 {
      work.now += RetentionTests.hour
      try work.commit(to: store)
    }
    let rules = RetentionRules(
      [RetentionPolicy(matchers: [], ages: [0: RetentionTests.day + 3 * RetentionTests.hour])],
      tiers: [], lag: 60_000)
    let newest = try #require(try store.manifest(Report()).newestSample)
    _ = try RetentionTests.retain(store, rules, now: work.now + ahead)
    let present = min(work.now + ahead, newest + RetentionTests.day)
    work.model.keep { $1 >= present - RetentionTests.day - 3 * RetentionTests.hour }
    #expect(try StoreModel(reading: store) == work.model)
  }

  @Test func aClockThatJumpedIsNotTrusted() throws {
    var manifest = Manifest(storeID: ContentHash(high: 1, low: 2))
    #expect(RetentionPlan.clockProblem(manifest, now: 0) == nil)
    manifest.lastRun = 1_795_132_800_000
    for (shift, isTrusted) in [
      (0, true), (-30_000, true), (600_000, true), (30 * RetentionTests.day, true),
      (-12 * RetentionTests.hour, false), (-1_795_132_800_000, false),
      (32 * RetentionTests.day, false), (5000 * RetentionTests.day, false),
    ] as [(Int64, Bool)] {
      let problem = RetentionPlan.clockProblem(manifest, now: manifest.lastRun + shift)
      #expect((problem == nil) == isTrusted, "\(shift)")
    }
    #expect(RetentionPlan.clockProblem(manifest, now: .min) != nil)
    #expect(RetentionPlan.clockProblem(manifest, now: .max) != nil)
  }

  /// Hours of series with samples every 5, 20, 60 and 400 s, a commit an hour.
  static func spaced(_ store: Store, hours: Int64, seed: UInt64) throws -> [LabelSet] {
    let spacings: [Int64] = [5000, 20_000, 60_000, 400_000]
    let series = spacings.map { LabelSet(name: "m", [("every", "\($0)")]) }
    var random = SeededGenerator(seed: seed)
    for hour in 0..<hours {
      var batch = SampleBatch()
      for (labels, spacing) in zip(series, spacings) {
        for time in stride(
          from: hour * Self.hour + spacing, through: (hour + 1) * Self.hour, by: Int(spacing))
        {
          batch.append(
            labels, RollupTests.start + Int64(time), Double(Int.random(in: 0...999, using: &random))
          )
        }
      }
      let now = RollupTests.start + (hour + 1) * Self.hour
      let writer = StoreWriter(
        store, CommitOptions(now: now))
      try writer.append(batch)
      try writer.commit()
    }
    return series
  }

  static func rollUp(
    _ store: Store, now: Int64, again: TimeRange? = nil
  ) throws -> RollupResult {
    var options = RollupOptions(now: now)
    options.again = again
    return try store.rollUp(options, Report())
  }

  /// Windows that are computed let their samples go; those that no tier stores stay
  /// in raw; tiers answer as before.
  @Test func tiersStandForSamplesAndSamplesForWindowsThatAreNotStored() throws {
    let (store, _) = try StoreTests.emptyStore()
    let series = try RetentionTests.spaced(store, hours: 5, seed: 7)
    let now = RollupTests.start + 5 * RetentionTests.hour + 120_000
    let rules = RetentionRules(
      [
        RetentionPolicy(
          matchers: [], ages: [0: RetentionTests.hour, 300_000: 30 * RetentionTests.day])
      ], tiers: [60_000, 300_000, 3_600_000], lag: 60_000)
    let early = RetentionPlan(try store.manifest(Report()), rules, now: now)
    #expect(early.waiting != nil && early.segments.isEmpty)
    _ = try RetentionTests.rollUp(store, now: now)
    let range = TimeRange(
      from: RollupTests.start, to: RollupTests.start + 5 * RetentionTests.hour)
    func windows() throws -> [[Window]] {
      let report = Report()
      let selection = try StoreSelection(
        try Snapshot(store, report), SelectRequest([], range: .all), report)
      var found: [[Window]] = []
      try selection.readWindows(
        0..<selection.count, tier: 300_000, range, fields: .every, worker: 0
      ) {
        found.append(TierDump.windows($1))
      }
      return found
    }
    let before = try windows()
    let samples = try StoreModel(reading: store)
    let result = try RetentionTests.retain(store, rules, now: now)
    #expect(result.rewritten > 0)
    let after = try StoreModel(reading: store)
    let limit = now - RetentionTests.hour
    for labels in series[..<2] { #expect(after.series[labels]?.keys.min() ?? 0 >= limit) }
    // 60 s and 400 s apart: no 5m windows, so they stay.
    for labels in series[2...] { #expect(after.series[labels] == samples.series[labels]) }
    let found = try windows()
    #expect(found.count == 4)
    for (left, right) in zip(found, before) {
      #expect(left.count == right.count)
      #expect(left.elementsEqual(right) { $0.isIdentical(to: $1) })
    }
    // Rolled up again nothing changes, also when told to.
    let dump = try TierDump(store)
    #expect(try RetentionTests.rollUp(store, now: now, again: .all).written == 0)
    #expect(try TierDump(store) == dump)
  }

  /// Two months late, raw gone: what is there stays, what comes is added once.
  @Test func aSampleThatComesAfterItsNeighboursWentIsFoldedInOnce() throws {
    let (store, _) = try StoreTests.emptyStore()
    let labels = try RetentionTests.spaced(store, hours: 3, seed: 8)[0]
    var now = RollupTests.start + 3 * RetentionTests.hour + 120_000
    _ = try RetentionTests.rollUp(store, now: now)
    let before = try TierDump(store)
    let rules = RetentionRules(
      [RetentionPolicy(matchers: [], ages: [0: RetentionTests.hour, 3_600_000: .max])],
      tiers: [60_000, 300_000, 3_600_000], lag: 60_000)
    now += 60 * RetentionTests.day
    func commit(_ time: Int64, _ value: Double) throws {
      var batch = SampleBatch()
      batch.append(labels, time, value)
      let writer = StoreWriter(
        store, CommitOptions(now: now))
      try writer.append(batch)
      try writer.commit()
      for _ in 0..<2 { _ = try RetentionTests.rollUp(store, now: now) }
      for job in MergePlan.jobs(try store.manifest(Report()), now: now) {
        try store.execute(
          job, now: now, effort: .merged, Report())
      }
    }
    try commit(now, 1)
    _ = try RetentionTests.retain(store, rules, now: now)
    let old = TimeRange(from: .min, to: RollupTests.start + RetentionTests.day)
    #expect(try StoreModel(reading: store, in: old).series[labels] == nil)
    // Late samples into two windows, one of them twice.
    for (number, time) in [1_801_234, 1_802_000, 5_400_000].enumerated() {
      try commit(
        RollupTests.start + Int64(time), 1e6 + Double(number))
    }
    let after = try TierDump(store)
    let hour = RollupTests.start + RetentionTests.hour
    let was = try #require(before.window(labels, 3_600_000, hour))
    let new = try #require(after.window(labels, 3_600_000, hour))
    #expect(new.count == was.count + 2)
    #expect(new.maximum == 1e6 + 1 && new.minimum == was.minimum)
    #expect(new.sum == was.sum + 2e6 + 1)
    #expect(new.flags.contains(.mergedLate) && !was.flags.contains(.mergedLate))
    #expect(new.first == was.first && new.last == was.last)
    // Only the windows touched: of an hour, of 5 m and of 1 m at two times.
    let changed = after.windows.filter {
      $0.key.labels == labels && $0.key.end <= old.to && before.windows[$0.key] != $0.value
    }
    #expect(changed.count == 6, "\(changed.keys)")
  }
}

extension StoreModel {
  var newest: Int64? { series.values.compactMap { $0.keys.max() }.max() }

  mutating func keep(_ isKept: (LabelSet, Int64) -> Bool) {
    var kept = StoreModel()
    for (labels, samples) in series {
      for (time, bits) in samples where isKept(labels, time) {
        var batch = SampleBatch()
        batch.append(labels, time, Double(bitPattern: bits))
        kept.add(batch)
      }
    }
    self = kept
  }
}

extension TierDump {
  func window(_ labels: LabelSet, _ tier: Int64, _ end: Int64) -> Window? {
    guard let bits = windows[Key(labels: labels, tier: tier, end: end)] else { return nil }
    var window = Window(end: end)
    for (column, value) in zip(TierDump.columns, bits) {
      column.set(Double(bitPattern: value), of: &window, width: tier)
    }
    return WindowCoder.decoded(window)
  }
}
