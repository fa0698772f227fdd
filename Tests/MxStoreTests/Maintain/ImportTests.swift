import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Stores that are taken over: each commit counts once, however often and in whatever
/// state of merging the other comes, and copies of one store are stores of their own.
@Suite struct ImportTests {
  private let disk = SimulatedFileSystem()
  private let now: Int64 = 1_700_000_000_000

  private func store(_ name: String) throws -> Store {
    try disk.makeDirectory("/data")
    return Store(path: "/data/" + name, files: disk)
  }

  /// An event and a gauge, a second after `now` a number.
  private func commit(_ number: Int64, _ value: Double, to store: Store) throws {
    var batch = SampleBatch()
    batch.metadata = [MetricMetadata(family: "e", type: .event)]
    batch.append(LabelSet(name: "e"), now + number * 1000, value)
    batch.append(LabelSet(name: "g"), now + number * 1000, value)
    let writer = StoreWriter(store, CommitOptions(now: now))
    try writer.append(batch)
    try writer.commit()
  }

  private func copy(_ store: Store, to name: String) throws -> Store {
    let copy = try self.store(name)
    _ = try store.snapshot(to: copy, Report())
    return copy
  }

  @discardableResult
  private func takeOver(
    _ other: Store, into store: Store, _ report: Report = Report()
  ) throws -> ImportResult {
    try store.takeOver(other, CommitOptions(now: now), report)
  }

  /// The values of `name` by the number of their commit.
  private func values(_ name: String, _ store: Store) throws -> [Int64: Double] {
    let samples = try StoreModel(reading: store).series[LabelSet(name: name)] ?? [:]
    return Dictionary(
      uniqueKeysWithValues: samples.map { (($0.key - now) / 1000, Double(bitPattern: $0.value)) })
  }

  @Test func copiesThatGrewApartAreTakenOverInFull() throws {
    let store = try store("a")
    try commit(1, 10, to: store)
    let (left, right) = (try copy(store, to: "b"), try copy(store, to: "c"))
    try commit(2, 20, to: left)
    try commit(3, 30, to: right)
    #expect(try !takeOver(left, into: store).isKnown)
    #expect(try !takeOver(right, into: store).isKnown)
    #expect(try values("e", store) == [1: 10, 2: 20, 3: 30])
    #expect(try values("g", store) == [1: 10, 2: 20, 3: 30])
    #expect(try takeOver(left, into: store).isKnown && takeOver(right, into: store).isKnown)
  }

  /// Both have an event of one instant, each its own.
  @Test func eventsOfCopiesThatJustPartedAddUp() throws {
    let store = try store("a")
    try commit(1, 10, to: store)
    let other = try copy(store, to: "b")
    try commit(2, 1, to: store)
    try commit(2, 1, to: other)
    let report = Report()
    try takeOver(other, into: store, report)
    #expect(report.warnings.isEmpty)
    #expect(try values("e", store) == [1: 10, 2: 2])
  }

  /// Where nobody knows any more when they parted, nothing counts twice.
  @Test func eventsOfCopiesThatMergedSinceCountOnce() throws {
    let store = try store("a")
    for number in 1...3 { try commit(Int64(number), 5, to: store) }
    let other = try copy(store, to: "b")
    for one in [store, other] {
      _ = try one.mergeAll(now: now, Report())
      _ = try one.removeRetired(now: now, grace: 0, Report())
    }
    try commit(2, 1, to: other)
    let report = Report()
    try takeOver(other, into: store, report)
    #expect(try values("e", store) == [1: 5, 2: 6, 3: 5])
    #expect(report.warnings.count == 1, "one event stands at the instant of another")
    #expect(try takeOver(other, into: store).isKnown)
  }

  /// A store that grows and merges between the times it is taken over.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func eachCommitCountsOnce(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let store = try store("a")
    let others = [try self.store("b"), try self.store("c")]
    var expected: [Int64: Double] = [:]
    var number: Int64 = 0
    for _ in 0..<40 {
      let other = others[Int.random(in: 0...1, using: &random)]
      switch Int.random(in: 0..<8, using: &random) {
      case 0..<4:
        number += 1
        try commit(number, Double(number), to: other)
        expected[number] = Double(number)
      case 4 where number > 0:
        for one in [store, other] where try disk.status(one.path) != nil {
          _ = try one.mergeAll(now: now, Report())
        }
      case 5 where try disk.status(other.path) != nil:
        _ = try other.removeRetired(now: now, grace: 0, Report())
      case 6 where try disk.status(other.path) != nil:
        try takeOver(other, into: store)
      default: break
      }
    }
    for other in others where try disk.status(other.path) != nil {
      try takeOver(other, into: store)
    }
    for name in ["e", "g"] { #expect(try values(name, store) == expected, "\(name)") }
    #expect(try StoreModel(rebuilding: store) == StoreModel(reading: store))
  }

  /// What could not be read of another store is taken once it can, and the rest once.
  @Test func whatDamageHidIsTakenWhenItIsMended() throws {
    let (store, other) = (try self.store("a"), try self.store("b"))
    for number in 1...3 { try commit(Int64(number), 5, to: other) }
    let hidden = try #require(try other.manifest(Report()).segments.first)
    let path = other.segmentPath(hidden)
    let bytes = try disk.contents(of: path, limit: 1 << 20)
    try disk.remove(path)
    let report = Report()
    try takeOver(other, into: store, report)
    #expect(!report.damage.isEmpty)
    #expect(try values("e", store).count == 2)
    try disk.writeNew(path, bytes)
    try takeOver(other, into: store)
    #expect(try values("e", store) == [1: 5, 2: 5, 3: 5])
    #expect(try takeOver(other, into: store).isKnown)
  }

  /// What damage took from a store comes back from its copy, and only that.
  @Test func whatIsLostComesBackFromACopy() throws {
    let store = try store("a")
    for number in 1...3 { try commit(Int64(number), 5, to: store) }
    let backup = try copy(store, to: "b")
    let lost = try #require(
      try store.manifest(Report()).segments.min { $0.lastSequence < $1.lastSequence })
    try disk.remove(store.segmentPath(lost))
    _ = try store.repair(now: now, Report())
    #expect(try values("e", store).count == 2)
    try takeOver(backup, into: store)
    #expect(try values("e", store) == [1: 5, 2: 5, 3: 5])
  }
}
