import Glibc
import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Every call that a store makes to the disk fails once, or from then on, or is
/// the last of its process; then the power goes as well. What was acknowledged
/// is there, what was refused is not; where the store says that it is uncertain, or
/// dies, it is there whole or not at all, and work goes on.
@Suite struct FaultTests {
  struct Step: Sendable, CustomTestStringConvertible {
    let name: String
    let work: @Sendable (Store, inout StoreWorkload) throws -> Void
    var testDescription: String { name }
  }

  /// The story of a small store, in which each step fails in turn.
  static let story: [Step] = [
    Step(name: "first commit") { try $1.commit(to: $0) },
    Step(name: "commit with a shared set") { try $1.commitPods(to: $0) },
    Step(name: "commit of known series") { try $1.commitPods(to: $0) },
    Step(name: "commit of three segments") { try $1.commitTogether(3, to: $0) },
    Step(name: "delete") { try $1.delete(from: $0) },
    Step(name: "fifth commit") { try $1.commit(to: $0) },
    Step(name: "sixth commit") { try $1.commit(to: $0) },
    Step(name: "commit that folds") { try $1.commitTogether(2, to: $0) },
    Step(name: "undelete") { store, work in
      guard let last = try store.manifest(Report()).tombstones.last else { return }
      _ = try store.undelete(last.sequence, now: work.now, Report())
    },
    Step(name: "second deletion") { try $1.delete(from: $0) },
    Step(name: "merge") { try $1.compact($0) },
    Step(name: "removal") { _ = try $0.removeRetired(now: $1.now, grace: 0, Report()) },
    Step(name: "commit beside a merged hour") { try $1.commitTogether(2, to: $0) },
    Step(name: "retention") { store, work in
      let oldest = try store.manifest(Report()).segments.filter { $0.kind == .samples }
        .min { $0.lastSequence < $1.lastSequence }
      _ = try store.drop(Set(oldest.map { [$0.id] } ?? []), now: work.now, Report())
    },
    Step(name: "second removal") { _ = try $0.removeRetired(now: $1.now, grace: 0, Report()) },
    Step(name: "commit at the end") { try $1.commit(to: $0) },
  ]

  /// Every call fails with every error once and for good in a long run; in a
  /// short one the pairs take turns from call to call.
  static func faults(at call: Int) -> [DiskFault?] {
    let all = [
      DiskFault(at: call, EIO), DiskFault(at: call, ENOSPC, lasting: true),
      DiskFault(at: call, ENOSPC), DiskFault(at: call, EIO, lasting: true),
    ]
    if isLong { return all + [nil] }
    return [all[call % 4], nil]
  }

  static let isLong = getenv("MX_LONG") != nil

  /// One step, from the state that those before it leave, with a fault at every call.
  @Test(arguments: story.indices)
  func everyCallOfAStepMayFail(_ number: Int) throws {
    var trial = try FaultTrial(before: number)
    var call = 1
    var struck = true
    while struck {
      struck = false
      for fault in FaultTests.faults(at: call) where try trial.run(fault, at: call) {
        struck = true
      }
      call += 1
    }
    #expect(call > 2, "the step touched the disk")
  }
}

/// One step of the story, tried again and again from the same disk.
struct FaultTrial {
  let step: FaultTests.Step
  let base: SimulatedFileSystem
  let work: StoreWorkload
  /// The model before the step and after it.
  let before: StoreModel
  let after: StoreModel
  /// Counts trials, so that crashes of all kinds take turns.
  private var turn: UInt64 = 0
  /// What was found on disks so far: many failures leave the same bytes.
  private var seen: [[String: [UInt8]]: Found] = [:]

  private struct Found {
    /// What the store says, what its segments alone say.
    var state: StoreModel
    var alone: StoreModel
  }

  init(before number: Int) throws {
    let disk = SimulatedFileSystem()
    try disk.makeDirectory("/data")
    try disk.syncDirectory("/")
    let store = Store(path: "/data/s", files: disk)
    var work = StoreWorkload(seed: 31)
    work.now = 1_700_000_000_000 / 3_600_000 * 3_600_000
    work.seriesLimit = 3
    work.rowLimit = 10
    for step in FaultTests.story[..<number] { try step.work(store, &work) }
    step = FaultTests.story[number]
    before = number == 0 ? StoreModel() : try StoreModel(reading: store)
    base = disk.crashed(.loseAll)
    self.work = work
    let trial = Store(path: "/data/s", files: base.restarted())
    var done = work
    try step.work(trial, &done)
    after = try StoreModel(reading: trial)
    // What the model follows (all but undeletion and retention) is what the store says.
    if !["undelete", "retention"].contains(step.name), work.model == before {
      #expect(after == done.model)
    }
  }

  /// Does the step with `fault` (nil: the process dies) at call `number`; false
  /// where it has fewer calls.
  mutating func run(_ fault: DiskFault?, at number: Int) throws -> Bool {
    turn += 1
    let disk = base.restarted()
    if let fault { disk.set(fault) } else { disk.kill(at: number) }
    var worker = work
    let outcome = attempt(disk, &worker)
    let acknowledged = outcome == .done
    let struck = disk.hasStruck
    let place: Comment = "\(step.name), call \(number) of \(disk.log.count), \(fault as Any)"
    let policies: [CrashPolicy] = [.torn(seed: turn), .random(seed: turn), .random(seed: ~turn)]
    if fault == nil {
      try check(disk.crashed(.loseAll), acknowledged: acknowledged, place)
      if number % 2 == 0 || FaultTests.isLong {
        try check(disk.restarted(), acknowledged: acknowledged, place)
      }
      if number % 2 == 1 || FaultTests.isLong {
        try check(disk.crashed(policies[number % 3]), acknowledged: acknowledged, place)
      }
    } else {
      // The user tries again at once, in the state that the failure left.
      disk.set(nil)
      if outcome == .refused {
        #expect(try state(of: Store(path: "/data/s", files: disk)) == before, place)
      }
      var again = work
      again.ids = SeededGenerator(seed: turn)
      #expect(attempt(disk, &again) == .done, "a second try works: \(place)")
      try check(disk.crashed(.loseAll), acknowledged: true, place)
    }
    return struck
  }

  private enum Outcome {
    case done, refused, uncertain
  }

  private func attempt(_ disk: SimulatedFileSystem, _ work: inout StoreWorkload) -> Outcome {
    do {
      try step.work(Store(path: "/data/s", files: disk), &work)
      return .done
    } catch StoreError.uncertain {
      return .uncertain
    } catch {
      return .refused
    }
  }

  /// What the store says; nothing where there is none.
  private func state(of store: Store) throws -> StoreModel {
    do {
      return try StoreModel(reading: store)
    } catch StoreError.missing {
      return StoreModel()
    }
  }

  private mutating func check(
    _ disk: SimulatedFileSystem, acknowledged: Bool, _ place: Comment
  ) throws {
    let image = disk.allFiles()
    let found = try seen[image] ?? examine(Store(path: "/data/s", files: disk), place)
    seen[image] = found
    #expect(found.state == after || (!acknowledged && found.state == before), place)
    let mayBeBefore = !acknowledged && found.state == before
    #expect(found.alone == after || (mayBeBefore && found.alone == before), place)
  }

  /// Opens the store, goes on working in it, and looks at all of it.
  private func examine(_ store: Store, _ place: Comment) throws -> Found {
    let report = Report()
    var found = Found(state: StoreModel(), alone: StoreModel())
    do {
      let manifest = try store.manifest(report)
      let rebuilt = try store.rebuiltManifest(report)
      found.state = try StoreModel(Snapshot(store, manifest), report)
      let isSame =
        Set(rebuilt.segments) == Set(manifest.segments)
        && Set(rebuilt.tombstones) == Set(manifest.tombstones)
      found.alone = isSame ? found.state : try StoreModel(Snapshot(store, rebuilt), report)
    } catch StoreError.missing {
      // Nothing was made yet: an empty store.
    }
    #expect(report.damage.isEmpty, place)
    if seen.count % 4 > 0, !FaultTests.isLong { return found }
    var next = work
    next.ids = SeededGenerator(seed: 4711)
    next.now += 4 * 3_600_000
    next.model = found.state
    try next.commitTogether(2, to: store)
    #expect(try StoreModel(reading: store, report) == next.model, place)
    let manifest = try store.manifest(report)
    let rebuilt = try store.rebuiltManifest(report)
    #expect(Set(rebuilt.tombstones) == Set(manifest.tombstones), place)
    let isSame = Set(rebuilt.segments) == Set(manifest.segments)
    #expect(try isSame || StoreModel(rebuilding: store) == next.model, place)
    _ = try store.verify(deep: true, report)
    #expect(report.damage.isEmpty, place)
    return found
  }
}
