import MxEngine
import MxModel
import MxPromQL
import MxStore
import MxTestSupport
import Testing

/// What lies on disk in whatever shape, the answer is that of the samples.
@Suite struct TierTests {
  @Test(arguments: 0..<4 as Range<UInt64>)
  func noUpkeepChangesAnyBitOfAnAnswer(seed: UInt64) throws {
    var work = try TierWork(seed: seed)
    var random = SeededGenerator(seed: seed &+ 100)
    let queries = (0..<50).map { _ in TierQuery(&random) }
    var history: [String] = []
    var fromTiers = 0
    for step in 0..<8 {
      if step == 1 { try work.rollUp() }
      let memory = work.memory
      for query in queries {
        let expected = try query.answer(memory)
        let report = Report()
        let found = try query.answer(Snapshot(work.store, report))
        #expect(report.damage.isEmpty)
        if found.resolution > 0 { fromTiers += 1 }
        if let difference = found.difference(from: expected) {
          Issue.record(
            "seed \(seed), after \(history), \(query) from \(found.resolution): \(difference)")
          return
        }
      }
      history.append(try work.upkeep())
    }
    #expect(fromTiers > 50, "seed \(seed) tested tiers \(fromTiers) times only")
  }

  @Test func theCoarsestTierThatFitsAnswers() throws {
    var work = try TierWork(seed: 11)
    try work.rollUp()
    let snapshot = try Snapshot(work.store, Report())
    func resolution(_ text: String, from: Int64, to: Int64, step: Int64) throws -> Int64 {
      try TierQuery(text, from: from, to: to, step: step).answer(snapshot).resolution
    }
    #expect(try resolution("max_over_time(g[1h])", from: 60, to: 120, step: 60) == 3_600_000)
    #expect(try resolution("max_over_time(g[15m])", from: 15, to: 120, step: 15) == 300_000)
    // The hours inside, five minutes at the edges.
    #expect(try resolution("rate(c_total[90m])", from: 90, to: 150, step: 60) == 3_600_000)
    // Nothing fits between ten seconds.
    #expect(try resolution("rate(c_total[5m])", from: 61, to: 62, step: 1) == 60_000)
    #expect(try resolution("stddev_over_time(g[1h])", from: 60, to: 120, step: 60) == 0)
    #expect(try resolution("g", from: 0, to: 120, step: 5) == 300_000)
    // A range narrower than any window.
    #expect(try resolution("max_over_time(g[30s])", from: 60, to: 120, step: 60) == 0)
  }

  @Test func aResolutionCanBeAskedFor() throws {
    var work = try TierWork(seed: 12)
    try work.rollUp()
    let snapshot = try Snapshot(work.store, Report())
    let query = TierQuery("sum_over_time(g[1h])", from: 60, to: 120, step: 60)
    let automatic = try query.answer(snapshot)
    for (choice, width) in [
      (ResolutionChoice.raw, 0), (.tier(300_000), 300_000), (.tier(60_000), 60_000),
    ] {
      let answer = try query.answer(snapshot) { $0.resolution = choice }
      #expect(answer.resolution == width)
      #expect(answer.rows == automatic.rows)
    }
    #expect(throws: EngineError.self) {
      try query.answer(snapshot) { $0.resolution = .tier(420_000) }
    }
  }

  /// Raw is gone up to the middle; tiers answer what they can and refuse the rest.
  @Test func whereSamplesAreGoneWindowsAnswerOrItIsRefused() throws {
    var work = try TierWork(seed: 13)
    let memory = work.memory
    try work.rollUp()
    try work.dropRaw(before: TierWork.start + 100 * 60_000)
    let snapshot = try Snapshot(work.store, Report())
    for function in TierQuery.exact {
      // Of gauges no resets are kept.
      let selector = ["rate", "increase", "resets"].contains(function) ? "c_total" : "g"
      let query = TierQuery("\(function)(\(selector)[1h])", from: 60, to: 120, step: 60)
      let found = try query.answer(snapshot)
      #expect(found.difference(from: try query.answer(memory)) == nil, "\(query)")
      #expect(found.resolution == 3_600_000)
    }
    let refused = [
      TierQuery("stddev_over_time(g[1h])", from: 60, to: 120, step: 60),
      TierQuery("sum_over_time(g[59m])", from: 60, to: 120, step: 60),
      TierQuery("irate(c_total[5m])", from: 30, to: 120, step: 5),
    ]
    for query in refused {
      do {
        _ = try query.answer(snapshot)
        Issue.record("\(query) is answered")
      } catch EngineError.coarse(let message, let hint) {
        #expect(message.contains("were removed") && hint.contains("--approximate"))
      }
    }
    // Later there are samples, and nothing is refused.
    let late = TierQuery("stddev_over_time(g[10m])", from: 130, to: 140, step: 5)
    #expect(try late.answer(snapshot).difference(from: late.answer(memory)) == nil)
  }

  /// The bounds of docs/rollups.md.
  @Test func approximationsStayWithinTheirBound() throws {
    var work = try TierWork(seed: 14)
    let memory = work.memory
    try work.rollUp()
    try work.dropRaw(before: TierWork.start + 100 * 60_000)
    let snapshot = try Snapshot(work.store, Report())
    func approximate(_ query: TierQuery) throws -> TierAnswer {
      let answer = try query.answer(snapshot) { $0.approximates = true }
      #expect(answer.warnings.contains { $0.contains("docs/rollups.md") }, "\(query)")
      return answer
    }
    // Borders move by less than a window: here by less than a minute or five.
    let query = TierQuery("count_over_time(c_total[19m30s])", from: 31, to: 71, step: 7)
    let found = try approximate(query)
    let less = try TierQuery(
      "count_over_time(c_total[14m30s] offset 5m)", from: 31, to: 71, step: 7
    )
    .answer(memory)
    let more = try TierQuery("count_over_time(c_total[24m30s])", from: 31, to: 71, step: 7)
      .answer(memory)
    #expect(found.rows.count == 2)
    for (labels, row) in found.rows {
      for step in row.indices {
        let value = try #require(found.value(labels, step))
        #expect(value >= less.value(labels, step) ?? 0)
        #expect(value <= more.value(labels, step) ?? 0)
      }
    }
    // What needs samples sees one a window: no value outside of those that were there.
    let quantile = TierQuery("quantile_over_time(0.5, c_total[1h])", from: 60, to: 120, step: 60)
    let median = try approximate(quantile)
    let least = try TierQuery("min_over_time(c_total[1h])", from: 60, to: 120, step: 60)
      .answer(memory)
    let most = try TierQuery("max_over_time(c_total[1h])", from: 60, to: 120, step: 60)
      .answer(memory)
    for labels in try quantile.answer(memory).rows.keys {
      // A quantile drops the name, as the extrema do.
      for step in 0..<2 {
        let value = try #require(median.value(labels, step))
        #expect(value >= least.value(labels, step) ?? 0)
        #expect(value <= most.value(labels, step) ?? 0)
      }
    }
  }
}
