import Glibc
import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Upkeep in several commits dies or is refused at any call: what it keeps is there at
/// every moment, what it takes goes once it is run again.
@Suite struct UpkeepFaultTests {
  struct Work: Sendable, CustomTestStringConvertible {
    let name: String
    let run: @Sendable (Store, Int64) throws -> Void
    var testDescription: String { name }
  }

  static let all: [Work] = [
    Work(name: "retention") { store, now in
      let rules = RetentionRules(
        [
          RetentionPolicy(matchers: [Matcher(equal: "job", "j0")], ages: [0: 1_800_000]),
          RetentionPolicy(matchers: [], ages: [0: 3_600_000]),
        ], tiers: [], lag: 60_000)
      let plan = RetentionPlan(try store.manifest(Report()), rules, now: now)
      let result = try store.retain(plan, rules, RetentionOptions(now: now), Report())
      if result.isPartial { throw StoreError.file(.full(path: store.path)) }
    },
    Work(name: "final deletions") { store, now in
      _ = try store.finishDeletions(now: now, grace: 0, effort: .fresh, Report())
    },
    Work(name: "room") { store, now in
      var options = RetentionOptions(now: now)
      options.grace = 0
      _ = try store.makeRoom(
        SpaceLimits(maxBytes: try store.usedBytes() > 6000 ? 6000 : nil), options, Report())
    },
    Work(name: "rollup") { store, now in
      _ = try store.rollUp(RollupOptions(now: now), Report())
    },
  ]

  /// Some hours with a deletion, two of them merged, tiers computed in part.
  static func base() throws -> (SimulatedFileSystem, Int64) {
    let disk = SimulatedFileSystem()
    try disk.makeDirectory("/data")
    try disk.syncDirectory("/")
    let store = Store(path: "/data/s", files: disk)
    var work = StoreWorkload(seed: 5)
    work.now = 1_700_000_000_000 / 86_400_000 * 86_400_000
    work.seriesLimit = 3
    work.rowLimit = 8
    for step in 0..<7 {
      try work.commit(to: store)
      work.now += 1_200_000
      if step == 2 { try work.delete(from: store) }
      if step == 4 { _ = try store.rollUp(RollupOptions(now: work.now), Report()) }
    }
    try work.compact(store, after: 0)
    return (disk.crashed(.loseAll), work.now)
  }

  /// All of them in a long run, else in turns from call to call.
  static func faults(at call: Int) -> [DiskFault?] {
    let all = [nil, DiskFault(at: call, ENOSPC, lasting: true), DiskFault(at: call, EIO)]
    return FaultTests.isLong ? all : [all[call % 3]]
  }

  @Test(arguments: all)
  func anyCallMayBeTheLastOrFail(_ work: Work) throws {
    let (disk, now) = try UpkeepFaultTests.base()
    let before = try StoreModel(reading: Store(path: "/data/s", files: disk.restarted()))
    let whole = Store(path: "/data/s", files: disk.restarted())
    try work.run(whole, now)
    let after = try StoreModel(reading: whole)
    let tiers = try TierDump(whole)
    var call = 1
    var struck = true
    while struck {
      struck = false
      for fault in UpkeepFaultTests.faults(at: call) {
        let trial = disk.restarted()
        if let fault { trial.set(fault) } else { trial.kill(at: call) }
        do { try work.run(Store(path: "/data/s", files: trial), now) } catch {}
        struck = struck || trial.hasStruck
        let left =
          fault == nil
          ? (call % 2 == 0 ? trial.restarted() : trial.crashed(.random(seed: UInt64(call))))
          : trial
        left.set(nil)
        let place: Comment = "\(work.name), call \(call), \(fault as Any)"
        let store = Store(path: "/data/s", files: left)
        let found = try StoreModel(reading: store)
        #expect(found.holds(after) && before.holds(found), place)
        try work.run(store, now)
        #expect(try StoreModel(reading: store) == after, place)
        #expect(try StoreModel(rebuilding: store) == after, place)
        if work.name == "rollup" { #expect(try TierDump(store) == tiers, place) }
        let report = Report()
        _ = try store.verify(deep: true, report)
        #expect(report.damage.isEmpty, place)
      }
      call += FaultTests.isLong || call < 6 ? 1 : 7
    }
    #expect(call > 12, "the work touched the disk")
  }
}

extension StoreModel {
  /// Whether all samples of `other` are here.
  func holds(_ other: StoreModel) -> Bool {
    other.series.allSatisfy { labels, samples in
      guard let own = series[labels] else { return false }
      return samples.allSatisfy { own[$0.key] == $0.value }
    }
  }
}
