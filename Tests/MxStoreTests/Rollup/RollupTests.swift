import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Tiers are a pure function of the samples, however and whenever they were computed.
@Suite struct RollupTests {
  static let start: Int64 = 1_700_006_400_000 / 86_400_000 * 86_400_000

  @Test(arguments: 0..<6 as Range<UInt64>)
  func delayedInterruptedAndRepeatedRunsGiveTheSameWindows(seed: UInt64) throws {
    // One store is rolled up every few minutes, one after hours, one once at the end.
    var stores: [Store] = []
    for every in [5, 45, 10_000] {
      var work = RollupWork(seed: seed)
      let (store, _) = try StoreTests.emptyStore()
      for minute in 1...150 {
        try work.commit(to: store, late: minute % 17 == 0)
        if minute % every == 0 { _ = try work.rollUp(store) }
        if minute % 60 == 0, every == 45 { try work.compact(store) }
      }
      work.now += 3_600_000
      _ = try work.rollUp(store)
      stores.append(store)
    }
    let expected = try TierDump(stores[2])
    #expect(expected.windows.count > 600, "\(expected.windows.count)")
    for store in stores { #expect(try TierDump(store) == expected) }
    // Merged tiers hold the same.
    for tier in [60_000, 300_000, 3_600_000] as [Int64] {
      _ = try stores[0].mergeAll(tier: tier, now: RollupTests.start, Report())
      #expect(
        try stores[0].manifest(Report()).segments.count { $0.kind == .windows && $0.tier == tier }
          == 1)
    }
    #expect(try TierDump(stores[0]) == expected)
  }

  @Test func aRunWithNothingDueWritesNothing() throws {
    var work = RollupWork(seed: 1)
    let (store, files) = try StoreTests.emptyStore()
    for _ in 0..<30 { try work.commit(to: store) }
    let first = try work.rollUp(store)
    #expect(first.written > 0)
    let (syncs, bytes) = (files.syncs, files.bytesWritten)
    let again = try work.rollUp(store)
    #expect(again == RollupResult())
    #expect(files.syncs == syncs && files.bytesWritten == bytes)
  }

  @Test func aLateSampleRewritesOnlyTheWindowsThatItTouches() throws {
    var work = RollupWork(seed: 2)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<120 { try work.commit(to: store) }
    work.now += 3_600_000
    _ = try work.rollUp(store)
    var batch = SampleBatch()
    batch.append(work.labels(0), RollupTests.start + 1_801_234, 77)
    try work.commit(batch, to: store)
    let result = try work.rollUp(store)
    // One window a tier, of one series.
    #expect(result.written == 3, "\(result)")
    let manifest = try store.manifest(Report())
    let newest = manifest.segments.filter { $0.kind == .windows }.suffix(3)
    #expect(newest.allSatisfy { $0.series == 1 })
    try work.expectTruth(store)
  }

  /// A clock that stood at the year 1, or at nothing that a calendar has: between it and now
  /// lie more weeks than there is memory for jobs.
  @Test(
    arguments: [-62_135_596_799_999, -9_000_000_000_000_000, -9_200_000_000_000_000_000] as [Int64])
  func samplesOfAnyAgeAreRolledUp(time: Int64) throws {
    var work = RollupWork(seed: 7)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<30 { try work.commit(to: store) }
    var batch = SampleBatch()
    for tick in 0..<10 as Range<Int64> {
      batch.append(work.labels(0), time + tick * 5000, Double(tick))
    }
    try work.commit(batch, to: store)
    work.now += 7_200_000
    let plan = RollupPlan.due(
      try store.manifest(Report()), now: work.now, lag: 0, tiers: RollupOptions(now: 0).tiers)
    #expect(plan.count <= 5300)
    _ = try work.rollUp(store)
    try work.expectTruth(store, from: time)
    #expect(try work.rollUp(store) == RollupResult())
  }

  @Test func deletedSamplesLeaveTheirWindowsAndComeBack() throws {
    var work = RollupWork(seed: 4)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<130 { try work.commit(to: store) }
    work.now += 3_600_000
    _ = try work.rollUp(store)
    let before = try TierDump(store)
    let from = RollupTests.start + 1_000_000
    let tombstone = try store.delete(
      [Matcher(equal: "job", "j1")], TimeRange(from: from, to: from + 2_000_000), now: work.now,
      Report(), random: SeededGenerator(seed: 99))
    let selection = try work.selection(store)
    let touched = try selection.resolutions(in: .all).tiers.map(\.dirty)
    #expect(touched == [[tombstone.range], [tombstone.range], [tombstone.range]])
    _ = try work.rollUp(store)
    #expect(try TierDump(store) != before)
    try work.expectTruth(store)
    _ = try store.undelete(
      tombstone.sequence, now: work.now, Report(), random: SeededGenerator(seed: 98))
    _ = try work.rollUp(store)
    #expect(try TierDump(store) == before)
  }

  @Test func tiersAreOfferedUpToTheirHorizon() throws {
    var work = RollupWork(seed: 5)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<121 { try work.commit(to: store) }
    _ = try work.rollUp(store)
    let offered = try work.selection(store).resolutions(in: .all)
    #expect(offered.tiers.map(\.width) == [60_000, 300_000, 3_600_000])
    for tier in offered.tiers {
      #expect(tier.from == .min && tier.dirty.isEmpty)
      #expect(tier.to <= work.now && tier.to > work.now - 2 * tier.width)
    }
    #expect(offered.rawAfter == .min)
  }

  /// Raw that is gone shows by what the tiers still tell of.
  @Test func samplesThatWereDroppedAreKnownToBe() throws {
    var work = RollupWork(seed: 7)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<61 { try work.commit(to: store) }
    work.now += 3_600_000
    _ = try work.rollUp(store)
    let raw = try store.manifest(Report()).segments.filter { $0.kind == .samples }
    let old = raw.sorted { $0.range.from < $1.range.from }.prefix(raw.count / 2)
    _ = try store.drop(Set(old.map(\.id)), now: work.now, Report())
    let left = try store.manifest(Report()).segments.filter { $0.kind == .samples }
    let oldest = try #require(left.map(\.range.from).min())
    let offered = try work.selection(store).resolutions(in: .all)
    #expect(offered.rawAfter == oldest - 1)
    #expect(offered.tiers.allSatisfy { $0.from == .min && $0.dirty.isEmpty })
  }

  /// Dies at any call to the disk; then one whole run.
  @Test func aKilledRunIsMadeGoodByTheNext() throws {
    var work = RollupWork(seed: 6)
    let (whole, _) = try StoreTests.emptyStore()
    for _ in 0..<16 { try work.commit(to: whole) }
    _ = try work.rollUp(whole)
    let expected = try TierDump(whole)
    let samples = try StoreModel(reading: whole)
    var step = 1
    var struck = true
    while struck {
      var work = RollupWork(seed: 6)
      let (store, files) = try StoreTests.emptyStore()
      try files.syncDirectory("/")
      for _ in 0..<16 { try work.commit(to: store) }
      files.kill(at: step)
      do { _ = try work.rollUp(store) } catch {}
      struck = files.hasStruck
      let after = Store(
        path: store.path,
        files: step % 2 == 0 ? files.restarted() : files.crashed(.random(seed: UInt64(step))))
      #expect(try StoreModel(reading: after) == samples, "step \(step)")
      _ = try work.rollUp(after)
      #expect(try TierDump(after) == expected, "step \(step)")
      step += 7
    }
    #expect(step > 50)
  }
}
