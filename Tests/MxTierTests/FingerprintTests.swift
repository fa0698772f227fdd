import MxEngine
import MxModel
import MxPromQL
import MxStore
import MxTestSupport
import Testing

/// A print says whether what would be read has changed, and reads nothing of it.
@Suite struct FingerprintTests {
  private func print(_ store: Store, _ query: TierQuery) throws -> UInt64 {
    try Session(Engine(), source: Snapshot(store, Report()), report: Report())
      .fingerprint(PromQL.parse(query.text), query.window)
  }

  @Test func printsFollowWhatWouldBeRead() throws {
    var work = try TierWork(seed: 21)
    let query = TierQuery("max_over_time(g[5m])", from: 30, to: 60, step: 5)
    let before = try print(work.store, query)
    #expect(try print(work.store, query) == before)
    #expect(
      try print(work.store, TierQuery("max_over_time(g[5m])", from: 35, to: 60, step: 5)) != before)
    // Other times, other series, and tiers that say the same.
    func commit(_ labels: LabelSet, minute: Int64) throws {
      var batch = SampleBatch()
      batch.append(labels, TierWork.start + minute * 60_000 + 5000, 7.25)
      try work.commit(batch)
    }
    let series = LabelSet(name: "g", [("job", "a")])
    try commit(series, minute: 100)
    try commit(LabelSet(name: "new", [("job", "a")]), minute: 40)
    try work.rollUp()
    #expect(try print(work.store, query) == before)
    // A sample inside, a new series inside, a deletion.
    try commit(series, minute: 40)
    let late = try print(work.store, query)
    #expect(late != before)
    try commit(LabelSet(name: "g", [("job", "new")]), minute: 41)
    let grown = try print(work.store, query)
    #expect(grown != late)
    let range = TimeRange(
      from: TierWork.start + 33 * 60_000, to: TierWork.start + 34 * 60_000)
    _ = try work.store.delete(
      [Matcher(equal: "__name__", "g")], range, now: work.now, Report(),
      random: SeededGenerator(seed: 1))
    #expect(try print(work.store, query) != grown)
  }

  /// Equal prints, equal answers, whatever was done between.
  @Test(arguments: 0..<3 as Range<UInt64>)
  func equalPrintsAreEqualAnswers(seed: UInt64) throws {
    var work = try TierWork(seed: seed &+ 30)
    var random = SeededGenerator(seed: seed &+ 300)
    let queries = (0..<20).map { _ in TierQuery(&random) }
    var known: [[UInt64: TierAnswer]] = queries.map { _ in [:] }
    var repeated = 0
    for _ in 0..<8 {
      for (number, query) in queries.enumerated() {
        let print = try print(work.store, query)
        let answer = try query.answer(Snapshot(work.store, Report()))
        if let before = known[number][print] {
          repeated += 1
          #expect(answer.difference(from: before) == nil, "\(query)")
        }
        known[number][print] = answer
      }
      _ = try work.upkeep()
    }
    #expect(repeated > 20)
  }
}
