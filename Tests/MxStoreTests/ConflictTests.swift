import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// One series, one instant, two values: the store's policy says which one holds.
@Suite struct ConflictTests {
  private static func commit(
    _ value: Double, at time: Int64, _ name: String = "a", to store: Store,
    _ policy: ConflictPolicy? = nil, event: Bool = false
  ) throws {
    var batch = SampleBatch()
    batch.append(LabelSet(name: name), time, value)
    if event { batch.metadata = [MetricMetadata(family: name, type: .event)] }
    var options = CommitOptions(now: 10_000)
    options.conflict = policy
    let writer = StoreWriter(store, options)
    try writer.append(batch)
    try writer.commit()
  }

  /// Random commits that meet each other, against a fold over a dictionary,
  /// before and after merges and a rebuild.
  @Test(arguments: [ConflictPolicy.last, .first, .max])
  func policiesHoldAcrossCommitsAndMerges(policy: ConflictPolicy) throws {
    var random = SeededGenerator(seed: UInt64(policy.rawValue))
    let (store, _) = try StoreTests.emptyStore()
    var model: [String: [Int64: Double]] = [:]
    for round in 0..<24 {
      let time = Int64.random(in: 0..<4, using: &random)
      let name = ["a", "b"].randomElement(using: &random) ?? "a"
      let value = [1, 2, 3, .nan, StaleMarker.value, -0.0].randomElement(using: &random) ?? 0
      try ConflictTests.commit(value, at: time, name, to: store, policy)
      let rule = ConflictRule(policy: policy)
      let old = model[name]?[time]
      model[name, default: [:]][time] = old.map { rule.resolve(earlier: $0, later: value) } ?? value
      if round % 7 == 6 { _ = try store.mergeAll(now: 1_000_000_000, Report()) }
      let found = try StoreModel(reading: store).series
      for (name, samples) in model {
        #expect(found[LabelSet(name: name)] == samples.mapValues(\.bitPattern), "round \(round)")
      }
    }
    #expect(try store.rebuiltManifest(Report()).conflict == policy)
    #expect(try StoreModel(rebuilding: store) == StoreModel(reading: store))
  }

  @Test func errorRefusesAnotherValueAndTakesTheSameOne() throws {
    let (store, _) = try StoreTests.emptyStore()
    try ConflictTests.commit(1, at: 500, to: store, .error)
    try ConflictTests.commit(1, at: 500, to: store)
    try ConflictTests.commit(2, at: 501, to: store)
    let before = try StoreModel(reading: store)
    let refusal = StoreError.conflict(series: LabelSet(name: "a").description, time: 500)
    #expect(throws: refusal) { try ConflictTests.commit(2, at: 500, to: store) }
    #expect(try StoreModel(reading: store) == before)
    _ = try store.mergeAll(now: 1_000_000_000, Report())
    #expect(throws: refusal) { try ConflictTests.commit(2, at: 500, to: store) }
    #expect(throws: Never.self) { try ConflictTests.commit(2, at: 500, "b", to: store) }
    // A deleted sample contradicts nothing.
    _ = try store.delete([Matcher(equal: "__name__", "a")], .all, now: 10_000, Report())
    try ConflictTests.commit(2, at: 500, to: store)
  }

  @Test func errorLooksWithinOneBatchAndBetweenBatchesOfOneCommit() throws {
    let (store, _) = try StoreTests.emptyStore()
    var options = CommitOptions(now: 10_000)
    options.conflict = .error
    func batch(_ values: [Double]) -> SampleBatch {
      var batch = SampleBatch()
      batch.append(LabelSet(name: "other"), 7, 7)
      for value in values { batch.append(LabelSet(name: "a"), 7, value) }
      return batch
    }
    let refusal = StoreError.conflict(series: LabelSet(name: "a").description, time: 7)
    #expect(throws: refusal) { try StoreWriter(store, options).append(batch([1, 2])) }
    let writer = StoreWriter(store, options)
    try writer.append(batch([1, 1]))
    #expect(throws: refusal) { try writer.append(batch([2])) }
    try writer.append(batch([1]))
    try writer.commit()
    #expect(try StoreModel(reading: store).count == 2)
  }

  /// The other commits between this one's look and its lock.
  @Test func errorLooksAgainUnderTheLock() throws {
    let (store, _) = try StoreTests.emptyStore()
    try ConflictTests.commit(0, at: 1, to: store, .error)
    var batch = SampleBatch()
    batch.append(LabelSet(name: "a"), 9, 1)
    let late = StoreWriter(store, CommitOptions(now: 10_000))
    try late.append(batch)
    try ConflictTests.commit(2, at: 9, to: store)
    let refusal = StoreError.conflict(series: LabelSet(name: "a").description, time: 9)
    #expect(throws: refusal) { try late.commit() }
    #expect(try StoreModel(reading: store).series[LabelSet(name: "a")]?[9] == 2.0.bitPattern)
  }

  @Test func eventsAddUpUnderEveryPolicy() throws {
    for policy in [ConflictPolicy.last, .first, .max, .error] {
      let (store, _) = try StoreTests.emptyStore()
      for _ in 0..<3 { try ConflictTests.commit(2, at: 5, to: store, policy, event: true) }
      #expect(try StoreModel(reading: store).series[LabelSet(name: "a")] == [5: 6.0.bitPattern])
    }
  }

  // MARK: Batch ids

  @Test func aBatchIsHeldThroughFoldsMergesAndRebuilds() throws {
    var work = StoreWorkload(seed: 8)
    work.seriesLimit = 2
    work.now = 1_700_000_000_000 / 3_600_000 * 3_600_000
    let (store, files) = try StoreTests.emptyStore()
    func id(_ number: UInt64) -> ContentHash { ContentHash(high: number, low: ~number) }
    #expect(try !store.heldBatches(Report()).ids.contains(id(0)))
    for number in 0..<12 as Range<UInt64> {
      work.now += 60_000
      var options = CommitOptions(now: work.now)
      options.batches = number == 3 ? [] : [id(number), id(number + 100)]
      let writer = StoreWriter(store, options)
      try writer.append(work.batch())
      if number == 5 { try writer.append(work.batch()) }
      try writer.commit()
    }
    func check() throws {
      for number in 0..<13 as Range<UInt64> {
        let isHeld = number != 3 && number != 12
        #expect(
          try store.heldBatches(Report()).ids.contains(id(number)) == isHeld, "batch \(number)")
      }
    }
    try check()
    #expect(try store.manifest(Report()).segments.contains { $0.level == 1 }, "it folded")
    _ = try store.mergeAll(now: work.now, Report())
    try check()
    let merged = try #require(try store.manifest(Report()).segments.first)
    let footer = try SegmentReader(opening: store.segmentPath(merged), in: files).footer
    #expect(footer.batches.count == 22, "each once")
    // Where everything is deleted for good, what was taken is still known.
    _ = try store.delete([], .all, now: work.now, Report())
    try store.execute(
      MergeJob(inputs: [merged.id], level: 3), now: work.now, grace: 0, effort: .fresh, Report())
    #expect(try StoreModel(reading: store).count == 0)
    try check()
    #expect(try StoreModel(rebuilding: store).count == 0)
  }

  /// Ids would else fill footers: the youngest stay, through any number of merges.
  @Test func theYoungestIdsAreKept() throws {
    func footer(_ sequence: UInt64, _ numbers: Range<UInt64>) -> SegmentFooter {
      let info = SegmentInfo(
        id: sequence, kind: .samples, firstSequence: sequence, lastSequence: sequence, range: .all)
      var footer = SegmentFooter(info: info, storeID: ContentHash(high: 1, low: 1))
      footer.batches = numbers.map { ContentHash(high: 0, low: $0) }
      return footer
    }
    let kept = UInt64(SegmentFooter.batchesKept)
    let all = SegmentFooter.batches(of: [footer(2, 5..<kept + 5), footer(1, 0..<9)])
    #expect(all.count == Int(kept))
    #expect(all.first?.low == 5)
    #expect(all.last?.low == kept + 4)
  }

  @Test func segmentsWithoutIdsAreNotOpenedToLookForOne() throws {
    var work = StoreWorkload(seed: 8)
    let (store, files) = try StoreTests.emptyStore()
    for _ in 0..<4 { try work.commit(to: store) }
    let opened = files.count(.open)
    #expect(try store.heldBatches(Report()).ids.isEmpty)
    #expect(files.count(.open) == opened + 1, "the manifest alone")
  }
}
