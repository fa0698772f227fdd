import MxEngine
import MxModel
import MxPromQL
import MxStore
import MxTestSupport
import Testing

/// After retention: what it left is read, what windows know is told, the rest is refused.
@Suite struct RetainedTests {
  private static let minute: Int64 = 60_000
  private static let hour: Int64 = 3_600_000
  /// Seconds between samples. The first is in 1m, the next in 5m, the next two in 1h, the
  /// last in no tier.
  private static let spacings = [5, 15, 60, 300, 600]

  private let store: Store
  private let memory: MemorySource

  init() throws {
    let files = SimulatedFileSystem()
    try files.makeDirectory("/data")
    store = Store(path: "/data/s", files: files)
    var batch = SampleBatch()
    for spacing in RetainedTests.spacings {
      let labels = LabelSet(name: "s\(spacing)_total")
      // From the edge of all windows on.
      for number in 0...(48 * 3600 / spacing) {
        batch.append(
          labels, TierWork.start + Int64(number * spacing) * 1000,
          Double(number * spacing % 7200) * 2)
      }
    }
    memory = MemorySource(batch)
    let now = TierWork.start + 48 * RetainedTests.hour + 2 * RetainedTests.minute
    let writer = StoreWriter(store, CommitOptions(now: now), random: SeededGenerator(seed: 1))
    try writer.append(batch)
    try writer.commit()
    let tiers = [RetainedTests.minute, 5 * RetainedTests.minute, RetainedTests.hour]
    let ages: [Int64: Int64] = [
      0: 3 * RetainedTests.hour, tiers[0]: 12 * RetainedTests.hour,
      tiers[1]: 24 * RetainedTests.hour, tiers[2]: .max,
    ]
    let rules = RetentionRules(
      [RetentionPolicy(matchers: [], ages: ages)], tiers: tiers, lag: RetainedTests.minute)
    _ = try store.rollUp(RollupOptions(now: now), Report(), random: SeededGenerator(seed: 2))
    let plan = RetentionPlan(try store.manifest(Report()), rules, now: now)
    _ = try store.retain(
      plan, rules, RetentionOptions(now: now), Report(), random: SeededGenerator(seed: 3))
  }

  private func query(_ text: String, hour: Int64, step: Int64, count: Int = 10) -> TierQuery {
    TierQuery(
      text, start: TierWork.start + hour * RetainedTests.hour, step: step * 1000, count: count)
  }

  /// Hours from the start, and what is still there of each series then.
  @Test(arguments: spacings) func whatWasLeftIsRead(spacing: Int) throws {
    let snapshot = try Snapshot(store, Report())
    var queries: [TierQuery] = []
    let name = "s\(spacing)_total"
    // All samples after 45 h, those of no 1m window after 36 h, of no 5m window after 24 h.
    // A range of an hour, and the hour that retention cut.
    let since: Int64 = spacing < 15 ? 47 : spacing < 60 ? 39 : spacing < 600 ? 27 : 2
    for hour in [since, (since + 47) / 2] {
      queries.append(query("rate(\(name)[20m])", hour: hour, step: 61))
      queries.append(query("stddev_over_time(\(name)[20m])", hour: hour, step: 60))
      queries.append(query(name, hour: hour, step: 7))
      queries.append(query(name, hour: hour, step: 300, count: 1))
      queries.append(query("changes(\(name)[1h])", hour: hour, step: 300, count: 1))
    }
    // Windows of hours tell of all.
    for function in ["count", "min", "max", "sum", "last"] {
      queries.append(query("\(function)_over_time(\(name)[2d])", hour: 48, step: 3600, count: 1))
      queries.append(query("\(function)_over_time(\(name)[3d])", hour: 48, step: 3600, count: 1))
      queries.append(query("\(function)_over_time(\(name)[1h])", hour: 0, step: 3600, count: 48))
    }
    for query in queries {
      let found = try query.answer(snapshot)
      #expect(found.difference(from: try query.answer(memory)) == nil, "\(query)")
      #expect(found.warnings.allSatisfy { !$0.contains("rollups.md") }, "\(query)")
    }
  }

  @Test func whatIsGoneIsRefused() throws {
    let snapshot = try Snapshot(store, Report())
    for query in [
      query("stddev_over_time(s5_total[20m])", hour: 40, step: 60),
      query("stddev_over_time(s15_total[20m])", hour: 30, step: 60),
      query("rate(s60_total[5m])", hour: 20, step: 300),
      query("s300_total", hour: 20, step: 61),
    ] {
      #expect(throws: EngineError.self, "\(query)") { try query.answer(snapshot) }
    }
  }

  /// Five minutes where only hours are left: the hour's rate; later the samples' own.
  @Test func aRangeNarrowerThanAllWindowsIsThatOfAWindow() throws {
    let snapshot = try Snapshot(store, Report())
    func values(_ text: String, hour: Int64, step: Int64, count: Int) throws -> [Double?] {
      let query = query(text, hour: hour, step: step, count: count)
      let found = try query.answer(snapshot) { $0.approximates = true }
      #expect(found.warnings.contains { $0.contains("docs/rollups.md") }, "\(text)")
      return (0..<count).map { found.value(LabelSet.empty, $0) }
    }
    // Two a second, a reset every two hours.
    let rates = try values("rate(s60_total[5m])", hour: 9, step: 400, count: 12)
    #expect(rates.allSatisfy { abs(($0 ?? 0) - 2) < 0.1 }, "\(rates)")
    let grown = try values("increase(s60_total[5m])", hour: 9, step: 400, count: 12)
    #expect(grown.allSatisfy { abs(($0 ?? 0) - 600) < 30 }, "\(grown)")
    let counts = try values("count_over_time(s60_total[5m])", hour: 9, step: 400, count: 12)
    #expect(counts == [Double?](repeating: 5, count: 12))
    let most = try values("max_over_time(s300_total[10m] offset 1h)", hour: 9, step: 3600, count: 2)
    #expect(most.allSatisfy { $0 != nil }, "\(most)")
    // From hours, then from samples: these agree with memory.
    let text = "last_over_time(s15_total[1m])"
    let both = query(text, hour: 10, step: 3600, count: 30)
    let found = try both.answer(snapshot) { $0.approximates = true }
    let labels = try #require(found.rows.keys.first)
    let expected = try both.answer(memory)
    for step in 27..<30 {
      #expect(found.value(labels, step) == expected.value(labels, step), "step \(step)")
    }
    #expect((0..<30).allSatisfy { found.value(labels, $0) != nil })
  }
}
