import Glibc
import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// What footers say of each other decides what is live.
@Suite struct RebuildTests {
  static func footer(
    _ id: UInt64, _ sequences: ClosedRange<UInt64>, part: Int = 0, of parts: Int = 1,
    replaces: [UInt64] = []
  ) -> SegmentFooter {
    var footer = SegmentFooter(
      info: SegmentInfo(
        id: id, kind: .samples, firstSequence: sequences.lowerBound,
        lastSequence: sequences.upperBound, range: TimeRange(from: 0, to: 9)),
      storeID: ContentHash(high: 1, low: 1))
    footer.part = part
    footer.parts = parts
    footer.replaces = replaces
    return footer
  }

  static func live(_ footers: [SegmentFooter], claimed: [ClosedRange<UInt64>] = []) -> [UInt64] {
    Store.manifest(from: footers.shuffledBySeed(), generation: 0, claimed: claimed)
      .segments.map(\.id).sorted()
  }

  @Test func allPartsOfACommitCountOrNone() {
    let parts = (0..<3).map {
      RebuildTests.footer(UInt64($0), 5 + UInt64($0)...5 + UInt64($0), part: $0, of: 3)
    }
    #expect(RebuildTests.live(parts) == [0, 1, 2])
    for missing in 0..<3 {
      var some = parts
      some.remove(at: missing)
      #expect(RebuildTests.live(some) == [])
    }
    #expect(RebuildTests.live(Array(parts.dropFirst()), claimed: [5...5]) == [1, 2])
  }

  @Test func aPartCountsWhileItsSiblingsAreInsideMergedSegments() {
    let merged = RebuildTests.footer(9, 1...5, replaces: [3, 4])
    let rest = RebuildTests.footer(8, 6...6, part: 1, of: 2)
    #expect(RebuildTests.live([merged, rest]) == [8, 9])
  }

  @Test func aPartWhoseSiblingsExpiredCountsBecauseLaterCommitsDoNotNameIt() {
    let rest = RebuildTests.footer(8, 6...6, part: 1, of: 2)
    #expect(RebuildTests.live([rest, RebuildTests.footer(9, 7...7)]) == [8, 9])
    #expect(RebuildTests.live([rest, RebuildTests.footer(9, 7...7, replaces: [8])]) == [9])
  }

  @Test func aDeadFoldHasNoSay() {
    let inputs = [RebuildTests.footer(1, 1...1), RebuildTests.footer(2, 2...2)]
    let fold = RebuildTests.footer(3, 1...2, replaces: [1, 2])
    #expect(RebuildTests.live(inputs + [fold]) == [3])
    let next = RebuildTests.footer(4, 3...3, replaces: [3])
    #expect(RebuildTests.live(inputs + [fold, next]) == [1, 2, 4])
  }

  @Test func whoeverClaimsACircleIsNotDropped() {
    let circle = [
      RebuildTests.footer(1, 1...1, replaces: [2]), RebuildTests.footer(2, 2...2, replaces: [1]),
    ]
    #expect(RebuildTests.live(circle) == [1, 2])
  }

  /// Two failures in a row, folds, merges, retention: after each success the
  /// segments alone say what the manifest says.
  @Test(arguments: 0..<12 as Range<UInt64>)
  func randomFailuresNeverSplitTheTwoTruths(seed: UInt64) throws {
    var work = StoreWorkload(seed: seed)
    work.seriesLimit = 3
    work.rowLimit = 8
    var (store, files) = try StoreTests.emptyStore()
    try work.commit(to: store)
    for step in 0..<40 {
      if Int.random(in: 0..<3, using: &work.random) == 0 {
        let call = Int.random(in: 1..<60, using: &work.random)
        if Bool.random(using: &work.random) {
          files.kill(at: call)
        } else {
          files.set(DiskFault(at: call, EIO, lasting: Bool.random(using: &work.random)))
        }
      }
      var tried = work
      tried.intended = work.model
      var isRefused = false
      do {
        try RebuildTests.anything(step, store, &tried)
        work = tried
      } catch let error as StoreError {
        guard error.isOfTheDisk else { throw error }
        isRefused = !error.isUncertain
        work.random = tried.random
        work.ids = tried.ids
        work.now = tried.now
      }
      if files.hasStruck {
        files =
          Bool.random(using: &work.random) ? files.restarted() : files.crashed(.random(seed: seed))
      }
      files.set(nil)
      files.kill(at: .max)
      store = Store(path: "/data/s", files: files)
      let state = try StoreModel(reading: store)
      #expect(state == work.model || (!isRefused && state == tried.intended), "step \(step)")
      work.model = state
      try work.commit(to: store)
      #expect(try StoreModel(rebuilding: store) == work.model, "step \(step)")
    }
    let report = Report()
    _ = try store.verify(deep: true, report)
    #expect(report.damage.isEmpty)
  }

  static func anything(_ step: Int, _ store: Store, _ work: inout StoreWorkload) throws {
    switch Int.random(in: 0..<9, using: &work.random) {
    case 0: try work.compact(store)
    case 1: try work.delete(from: store)
    case 2, 3: _ = try store.removeRetired(now: work.now, grace: 0, Report())
    case 4: try work.commitPods(to: store)
    case 5, 6: try work.commitTogether(3, to: store)
    default: try work.commit(to: store)
    }
  }
}

extension StoreError {
  /// The dead say nothing at all.
  fileprivate var isUncertain: Bool {
    switch self {
    case .uncertain, .file(.failed(operation: "killed", path: _, code: _)): true
    default: false
    }
  }

  fileprivate var isOfTheDisk: Bool {
    switch self {
    case .file, .uncertain: true
    default: false
    }
  }
}

extension Array {
  /// Another order, the same at every run: footers have none.
  fileprivate func shuffledBySeed() -> [Element] {
    var generator = SeededGenerator(seed: 3)
    return shuffled(using: &generator)
  }
}
