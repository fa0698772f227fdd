import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// A store holds what was committed, whatever is done to its files meanwhile.
@Suite struct StoreTests {
  static func emptyStore() throws -> (Store, SimulatedFileSystem) {
    let files = SimulatedFileSystem()
    try files.makeDirectory("/data")
    return (Store(path: "/data/s", files: files), files)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func anySequenceOfWorkKeepsTheAnswer(seed: UInt64) throws {
    var work = StoreWorkload(seed: seed)
    let (store, _) = try StoreTests.emptyStore()
    for step in 0..<30 {
      switch Int.random(in: 0..<10, using: &work.random) {
      case 0 where step > 3: try work.compact(store)
      case 1 where step > 3: try work.delete(from: store)
      case 2 where step > 3:
        _ = try store.removeRetired(now: work.now, grace: 0, Report())
      default: try work.commit(to: store)
      }
      #expect(try StoreModel(reading: store) == work.model, "after step \(step)")
    }
    let report = Report()
    _ = try store.verify(deep: true, report)
    #expect(report.damage.isEmpty)
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func aStretchOfTimeIsTheSameStretchOfTheModel(seed: UInt64) throws {
    var work = StoreWorkload(seed: seed)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<12 { try work.commit(to: store) }
    for _ in 0..<10 {
      let from = work.now - Int64.random(in: 0..<7_200_000, using: &work.random)
      let range = TimeRange(
        from: from, to: from + Int64.random(in: 0..<900_000, using: &work.random))
      #expect(try StoreModel(reading: store, in: range) == work.model.within(range))
    }
  }

  /// The manifest is a convenience: the segments alone say the same.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func segmentsAloneAddUpToTheManifest(seed: UInt64) throws {
    var work = StoreWorkload(seed: seed)
    let (store, _) = try StoreTests.emptyStore()
    for step in 0..<25 {
      switch Int.random(in: 0..<8, using: &work.random) {
      case 0 where step > 3: try work.compact(store)
      case 1 where step > 3: try work.delete(from: store)
      case 2 where step > 3: _ = try store.removeRetired(now: work.now, grace: 0, Report())
      default: try work.commit(to: store)
      }
      let manifest = try store.manifest(Report())
      let rebuilt = try store.rebuiltManifest(Report())
      #expect(Set(rebuilt.segments) == Set(manifest.segments), "step \(step)")
      #expect(Set(rebuilt.tombstones) == Set(manifest.tombstones), "step \(step)")
      #expect(rebuilt.lastSequence == manifest.lastSequence)
      #expect(rebuilt.storeID == manifest.storeID)
    }
  }

  @Test func aMinuteOfKnownSeriesWritesNoLabelsAndSyncsFourTimes() throws {
    let (store, files) = try StoreTests.emptyStore()
    func scrape(_ minute: Int64) throws {
      var batch = SampleBatch()
      for series in 0..<500 {
        batch.append(
          LabelSet(name: "m\(series % 50)", [("instance", "host-\(series)")]),
          1_700_000_000_000 + minute * 60_000, Double(series))
      }
      let writer = StoreWriter(store, CommitOptions(now: 1_700_000_000_000 + minute * 60_000))
      try writer.append(batch)
      try writer.commit()
    }
    try scrape(0)
    let (syncs, bytes) = (files.syncs, files.bytesWritten)
    try scrape(1)
    #expect(files.syncs - syncs <= 5)
    #expect(files.bytesWritten - bytes < 4000, "500 values, an index, a manifest")
    #expect(try store.manifest(Report()).sets.count == 1)
  }

  @Test func minutesAreFoldedSoThatAnHourStaysAHandfulOfSegments() throws {
    var work = StoreWorkload(seed: 5)
    work.now = 1_700_000_000_000 / 3_600_000 * 3_600_000
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<58 { try work.commit(to: store) }
    #expect(try store.manifest(Report()).segments.count <= 16)
    #expect(try StoreModel(reading: store) == work.model)
  }

  @Test func aDeletionCanBeTakenBackUntilTheGraceIsOver() throws {
    var work = StoreWorkload(seed: 9)
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<5 { try work.commit(to: store) }
    let before = try StoreModel(reading: store)
    let matchers = [Matcher(equal: "zone", "z1")]
    let tombstone = try store.delete(matchers, .all, now: work.now, Report())
    var deleted = before
    deleted.delete(matchers, .all)
    #expect(try StoreModel(reading: store) == deleted)
    try work.compact(store, grace: Removal.defaultGrace)
    #expect(try StoreModel(reading: store) == deleted)
    #expect(try store.undelete(tombstone.sequence, now: work.now, Report()))
    #expect(try StoreModel(reading: store) == before)
    #expect(try !store.undelete(tombstone.sequence, now: work.now, Report()))
  }

  @Test func laterCommitsDoNotFallUnderAnEarlierDeletion() throws {
    let (store, _) = try StoreTests.emptyStore()
    func commit(_ value: Double) throws {
      var batch = SampleBatch()
      batch.append(LabelSet(name: "a"), 1000, value)
      let writer = StoreWriter(store, CommitOptions(now: 1000))
      try writer.append(batch)
      try writer.commit()
    }
    try commit(1)
    _ = try store.delete([Matcher(equal: "__name__", "a")], .all, now: 1000, Report())
    try commit(2)
    #expect(try StoreModel(reading: store).series[LabelSet(name: "a")] == [1000: 2.0.bitPattern])
    _ = try store.mergeAll(now: 1_000_000_000, Report())
    #expect(try StoreModel(reading: store).series[LabelSet(name: "a")] == [1000: 2.0.bitPattern])
  }

  @Test func eventsOfOneInstantAddUpWithinAndAcrossBatches() throws {
    let (store, _) = try StoreTests.emptyStore()
    for _ in 0..<3 {
      var batch = SampleBatch()
      batch.metadata = [MetricMetadata(family: "deploys", type: .event)]
      for _ in 0..<10 { batch.append(LabelSet(name: "deploys", [("app", "a")]), 5000, 1) }
      let writer = StoreWriter(store, CommitOptions(now: 5000))
      try writer.append(batch)
      try writer.commit()
    }
    let labels = LabelSet(name: "deploys", [("app", "a")])
    #expect(try StoreModel(reading: store).series[labels] == [5000: 30.0.bitPattern])
    _ = try store.mergeAll(now: 1_000_000_000, Report())
    #expect(try StoreModel(reading: store).series[labels] == [5000: 30.0.bitPattern])
  }
}
