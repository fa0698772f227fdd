import Glibc
import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Synchronization
import Testing

@testable import MxStore

/// The answer depends on what was committed, in which order, and on nothing else.
@Suite struct SameAnswerTests {
  /// All samples in the order in which they are read, as numbers.
  static func answer(_ store: Store, workers: Int) throws -> [[UInt64]] {
    let report = Report()
    let snapshot = try Snapshot(store, report)
    let selection = try snapshot.open([SelectRequest([], range: .all)], report: report)[0]
    let result = Mutex([[UInt64]](repeating: [], count: selection.count))
    // More pieces than workers, so that they take turns.
    let pieces = workers * 3
    let count = selection.count
    try parallelFor(count: pieces, workers: workers) { piece, worker in
      let range = count * piece / pieces..<count * (piece + 1) / pieces
      try selection.read(range, .all, worker: worker) { series, samples in
        var numbers: [UInt64] = []
        for index in 0..<samples.count {
          numbers.append(UInt64(bitPattern: samples.times[index]))
          numbers.append(samples.values[index].bitPattern)
        }
        result.withLock { $0[series] = numbers }
      }
    }
    #expect(report.damage.isEmpty)
    return result.withLock { $0 }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func oneTwoAndFourWorkersReadTheSame(seed: UInt64) throws {
    var work = StoreWorkload(seed: seed)
    let (store, _) = try StoreTests.emptyStore()
    for step in 0..<14 {
      try work.commit(to: store)
      if step % 6 == 5 { try work.delete(from: store) }
    }
    let one = try SameAnswerTests.answer(store, workers: 1)
    #expect(one.joined().count == work.model.count * 2)
    for workers in [2, 4] {
      #expect(try SameAnswerTests.answer(store, workers: workers) == one, "\(workers) workers")
    }
    try work.compact(store)
    #expect(try SameAnswerTests.answer(store, workers: 4) == one, "merged")
  }

  /// The same commits, with folds, merges, removals and new processes wherever
  /// chance puts them.
  @Test(arguments: [ConflictPolicy.last, .first, .max])
  func anyUpkeepBetweenTheSameCommitsIsTheSame(policy: ConflictPolicy) throws {
    var answers: Set<[[UInt64]]> = []
    for seed in 0..<6 as Range<UInt64> {
      var work = StoreWorkload(seed: 40)
      work.seriesLimit = 4
      work.rowLimit = 20
      var upkeep = SeededGenerator(seed: seed)
      var (store, files) = try StoreTests.emptyStore()
      for step in 0..<16 {
        // Every third comes an hour later, so that there are hours to merge.
        work.now += step % 3 == 0 ? 3_600_000 : 60_000
        var options = CommitOptions(now: work.now)
        options.conflict = policy
        // Without a grace folds make deletions final; with one they wait for readers.
        options.grace = seed % 2 == 0 ? 0 : Removal.defaultGrace
        let writer = StoreWriter(store, options)
        try writer.append(work.batch())
        try writer.commit()
        if step % 5 == 4 { try work.delete(from: store) }
        guard seed > 0 else { continue }
        switch Int.random(in: 0..<4, using: &upkeep) {
        case 0:
          for job in MergePlan.jobs(try store.manifest(Report()), now: work.now, grace: 0) {
            try store.execute(job, now: work.now, grace: 0, effort: .merged, Report())
          }
        case 1: _ = try store.removeRetired(now: work.now, grace: 0, Report())
        case 2:
          files = files.crashed(.loseAll)
          store = Store(path: "/data/s", files: files)
        default: break
        }
      }
      answers.insert(try SameAnswerTests.answer(store, workers: 2))
    }
    #expect(answers.count == 1)
  }
}
