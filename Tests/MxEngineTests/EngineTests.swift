import MxEngine
import MxModel
import MxPromQL
import Synchronization
import Testing

@Suite struct EngineTests {
  /// Samples of a few series by labels, at whole minutes.
  private func source(_ series: [(LabelSet, [Double?])], every: Int64 = 60_000) -> MemorySource {
    var batch = SampleBatch()
    for (labels, values) in series {
      let ref = batch.series.intern(labels)
      for (index, value) in values.enumerated() {
        if let value { batch.append(ref, Int64(index) * every, value) }
      }
    }
    return MemorySource(batch)
  }

  private func evaluate(
    _ query: String, _ window: QueryWindow, _ source: MemorySource,
    _ change: (inout EngineOptions) -> Void = { _ in }
  ) throws -> QueryResult {
    var options = EngineOptions()
    change(&options)
    return try Engine(options).evaluate(
      PromQL.parse(query), text: query, window, source: source, report: Report())
  }

  private func series(_ result: QueryResult) throws -> QueryResult.SeriesTable {
    guard case .series(let table) = result.value else {
      throw EngineError.query("no vector")
    }
    return table
  }

  // MARK: Lookback

  /// An hourly job is there between its runs, and gone when it missed one and a half.
  @Test func aSlowPaceIsVisibleForTwoAndAHalfGaps() throws {
    let hour: Int64 = 3_600_000
    let data = source([(LabelSet(name: "backup"), [1, 2, 3, 4])], every: hour)
    for (minutes, isVisible) in [(0, true), (149, true), (150, true), (151, false), (400, false)] {
      let time = 3 * hour + Int64(minutes) * 60_000
      let result = try evaluate("backup", .instant(time), data)
      #expect(try series(result).labels.count == (isVisible ? 1 : 0), "after \(minutes) minutes")
      let isPaced = isVisible && minutes >= 5
      #expect(result.pacedSeries == (isPaced ? ["backup"] : []))
      let plain = try evaluate("backup", .instant(time), data) { $0.lookback = .fixed(300_000) }
      #expect(try series(plain).labels.isEmpty == (minutes >= 5))
    }
  }

  @Test func oneSampleAloneHasNoPace() throws {
    let data = source([(LabelSet(name: "once"), [1])])
    #expect(try series(evaluate("once", .instant(299_999), data)).labels.count == 1)
    #expect(try series(evaluate("once", .instant(300_000), data)).labels.isEmpty)
  }

  @Test func aStaleMarkerEndsASlowSeriesToo() throws {
    let data = source(
      [(LabelSet(name: "backup"), [1, 2, 3, StaleMarker.value])], every: 3_600_000)
    #expect(try series(evaluate("backup", .instant(10_900_000), data)).labels.isEmpty)
    #expect(try series(evaluate("backup", .instant(10_799_999), data)).labels.count == 1)
  }

  @Test func theSameAnswerComesFromAnInstantAndFromARange() throws {
    let data = source(
      [(LabelSet(name: "backup"), [1, 2, nil, 4, 5, nil, nil, 8])], every: 3_600_000)
    let window = QueryWindow.range(start: 0, end: 50_000_000, step: 700_000)
    let table = try series(evaluate("backup", window, data))
    for step in 0..<table.steps {
      let instant = try series(evaluate("backup", .instant(Int64(step) * 700_000), data))
      let value = instant.labels.isEmpty ? nil : instant.value(0, 0)
      #expect(table.value(0, step) == value, "step \(step)")
    }
  }

  // MARK: Limits

  @Test func limitsNameThemselvesAndWhatToNarrow() throws {
    let data = source((0..<20).map { (LabelSet(name: "m", [("id", "\($0)")]), [1, 2, 3]) })
    func message(_ query: String, _ window: QueryWindow, _ change: (inout EngineOptions) -> Void)
      -> String
    {
      do {
        _ = try evaluate(query, window, data, change)
        return "no error"
      } catch EngineError.limit(let message) {
        return message
      } catch {
        return "\(error)"
      }
    }
    let range = QueryWindow.range(start: 0, end: 120_000, step: 1000)
    #expect(
      message("m", range) { $0.maximumSeries = 10 }
        == "'m' finds 20 series, query_series allows 10: add matchers")
    #expect(
      message("m", range) { $0.maximumSamples = 1000 }.contains("query_samples allows 1000"))
    #expect(message("m", range) { $0.maximumSteps = 100 }.contains("query has 121 steps"))
    #expect(
      message("sum_over_time(m[1h:1s])", .instant(0)) { $0.maximumSteps = 100 }
        .contains("subquery needs 3600 steps"))
    #expect(message("sum(m)", range) { $0.maximumSamples = 1000 } == "no error")
  }

  @Test func aDeadlineEndsTheQuery() throws {
    let data = source([(LabelSet(name: "m"), [1, 2, 3])])
    #expect(throws: EngineError.timeout) {
      try evaluate("sum(m)", .instant(0), data) { $0.hasExpired = { true } }
    }
  }

  /// One series, one block: the clock is looked at all the same, and what was going on
  /// ends there.
  @Test(arguments: [
    "stddev_over_time(m[1h])", "quantile_over_time(0.5, m[1h])", "rate(m[1h] anchored)",
    "rate(m[1h])", "sum_over_time(m[1h:1s])", "max by (x) (deriv(m[1h]))",
  ])
  func aDeadlineEndsTheWorkOnOneSeries(query: String) throws {
    let data = source([(LabelSet(name: "m"), (0..<4000).map { Double($0) })], every: 1000)
    let looks = Atomic<Int>(0)
    #expect(throws: EngineError.timeout) {
      try evaluate(query, .range(start: 0, end: 4_000_000, step: 1000), data) {
        // The first few belong to its beginning.
        $0.hasExpired = { looks.add(1, ordering: .relaxed).newValue > 5 }
      }
    }
    #expect(looks.load(ordering: .relaxed) == 6)
  }

  @Test func timesThatMakeNoSenseAreErrors() throws {
    let data = source([(LabelSet(name: "m"), [1])])
    for window in [
      QueryWindow.range(start: 10, end: 0, step: 1), .range(start: 0, end: 10, step: 0),
      .range(start: 0, end: 10, step: -5), .instant(.max), .instant(.min),
      .range(start: .min, end: .max, step: 1),
    ] {
      #expect(throws: EngineError.self) { try evaluate("m", window, data) }
    }
  }

  /// Nothing of this may trap, whatever it answers.
  @Test(arguments: [
    "m offset 290y", "m offset -290y", "m @ 9e15", "m @ -9e15", "rate(m[290y])",
    "sum_over_time(m[290y:100y])", "m[5m:1ms] offset 100y", "predict_linear(m[290y], 1e300)",
    "hour(vector(1e300))", "year(vector(-1e18))", "topk(1e18, m)", "topk(-5, m)",
    "clamp(m, NaN, Inf)", "round(m, 0)", "quantile(1e300, m)", "day_of_year(vector(NaN))",
    "histogram_quantile(NaN, m)", "label_replace(m, \"a\", \"$9$\", \"b\", \"()\")",
  ])
  func extremesDoNotTrap(query: String) throws {
    let data = source([(LabelSet(name: "m"), [1, .nan, .infinity, 4])])
    for window in [QueryWindow.instant(180_000), .range(start: 0, end: 180_000, step: 60_000)] {
      do {
        _ = try evaluate(query, window, data)
      } catch is EngineError {
        continue
      } catch is PromQLError {
        continue
      }
    }
  }

  // MARK: Answers

  @Test func resultsAreInLabelOrderUnlessTheQuerySorts() throws {
    let data = source([
      (LabelSet(name: "m", [("id", "b")]), [1]), (LabelSet(name: "m", [("id", "a")]), [2]),
      (LabelSet(name: "m", [("id", "c")]), [3]),
    ])
    func ids(_ query: String) throws -> [String?] {
      try series(evaluate(query, .instant(0), data)).labels.map { $0["id"] }
    }
    #expect(try ids("m") == ["a", "b", "c"])
    #expect(try ids("sort_desc(m)") == ["c", "a", "b"])
    #expect(try ids("topk(2, m)") == ["c", "a"])
    #expect(try ids("sort_by_label_desc(m, \"id\")") == ["c", "b", "a"])
    #expect(try ids("sort(m) + 0") == ["a", "b", "c"])
  }

  @Test func aRangeSelectorAloneGivesItsSamples() throws {
    let data = source([(LabelSet(name: "m"), [1, nil, StaleMarker.value, 4])])
    let result = try evaluate("m[5m]", .instant(180_000), data)
    guard case .samples(let table) = result.value else {
      Issue.record("no samples")
      return
    }
    #expect(table.labels == [LabelSet(name: "m")])
    #expect(table.times == [0, 180_000])
    #expect(table.values == [1, 4])
    #expect(throws: EngineError.self) {
      try evaluate("m[5m]", .range(start: 0, end: 60_000, step: 1000), data)
    }
  }

  @Test func namesGoAtOnceOrAtTheEnd() throws {
    let data = source([(LabelSet(name: "a_total"), [0, 1]), (LabelSet(name: "b_total"), [0, 2])])
    let query =
      "label_replace(rate({__name__=~\"._total\"}[2m]), \"of\", \"$1\", \"__name__\", \"(.*)\")"
    #expect(throws: EngineError.query("vector cannot contain metrics with the same labelset")) {
      try evaluate(query, .instant(60_000), data)
    }
    let later = try evaluate(query, .instant(60_000), data) { $0.delaysNameRemoval = true }
    #expect(try series(later).labels.map { $0["of"] } == ["a_total", "b_total"])
  }

  @Test func aNativeHistogramIsOneClearError() throws {
    var batch = SampleBatch()
    let ref = batch.series.intern(LabelSet(name: "h"))
    batch.append(ref, 0, 1)
    batch.append(ref, 60_000, NativeHistogram())
    let data = MemorySource(batch)
    #expect(throws: EngineError.nativeHistogram("h")) { try evaluate("h", .instant(60_000), data) }
    #expect(throws: EngineError.nativeHistogram("h")) {
      try evaluate("count_over_time(h[2m])", .instant(60_000), data)
    }
    #expect(try series(evaluate("h", .instant(30_000), data)).value(0, 0) == 1)
  }

  @Test func requestsNameWhatWouldBeRead() throws {
    var options = EngineOptions()
    options.lookback = .fixed(300_000)
    let expr = try PromQL.parse("sum by (job) (rate(a_total[1m] offset 10s)) / b")
    let requests = try Engine(options).requests(
      expr, .range(start: 600_000, end: 900_000, step: 30_000))
    #expect(requests.count == 2)
    #expect(requests[0].range == TimeRange(from: 530_001, to: 890_000))
    #expect(requests[0].hints.function == "rate")
    #expect(requests[0].hints.window == 60_000)
    #expect(requests[0].hints.grouping == ["job"])
    #expect(requests[1].range == TimeRange(from: 300_001, to: 900_000))
  }
}
