import MxEngine
import MxModel
import MxPromQL
import MxTestSupport
import Testing

/// More series than a block holds, and values that do not add up exactly.
@Suite struct ThreadTests {
  private static func source(seed: UInt64) -> MemorySource {
    var generator = SeededGenerator(seed: seed)
    var batch = SampleBatch()
    for series in 0..<900 {
      let labels = LabelSet(
        name: "m", [("id", "\(series)"), ("zone", "\(series % 7)"), ("even", "\(series % 2)")])
      let ref = batch.series.intern(labels)
      for sample in 0..<40 where Int.random(in: 0..<10, using: &generator) > 0 {
        let value = Double.random(in: -1e6...1e6, using: &generator)
        batch.append(ref, Int64(sample) * 15_000, value)
      }
    }
    return MemorySource(batch)
  }

  @Test(arguments: [
    "sum by (zone) (m)", "avg by (zone) (rate(m[2m]))", "stddev(m)", "sum(avg_over_time(m[5m]))",
    "topk(3, m)", "quantile by (even) (0.9, m)", "max by (zone) (m) / on (zone) sum by (zone) (m)",
    "m * 2 > 0", "count_values(\"v\", sgn(m))", "sum(m) or m{zone=\"1\"}", "absent(m > 1e7)",
  ])
  func theNumberOfThreadsChangesNoBit(query: String) throws {
    let source = Self.source(seed: 7)
    let expr = try PromQL.parse(query)
    let window = QueryWindow.range(start: 0, end: 600_000, step: 10_000)
    var answers: [QueryResult.SeriesTable] = []
    for threads in [1, 2, 4, 7] {
      var options = EngineOptions()
      options.threads = threads
      let result = try Engine(options).evaluate(
        expr, text: query, window, source: source, report: Report())
      guard case .series(let table) = result.value else {
        Issue.record("no vector")
        return
      }
      answers.append(table)
    }
    for answer in answers.dropFirst() {
      #expect(answer.labels == answers[0].labels)
      #expect(answer.presence == answers[0].presence)
      #expect(answer.values.map(\.bitPattern) == answers[0].values.map(\.bitPattern))
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func sumsOverBlocksAreExactToTheLastDigits(seed: UInt64) throws {
    let source = Self.source(seed: seed)
    for query in ["sum(m)", "avg(m)", "sum by (zone) (sum_over_time(m[7m]))", "stddev(m)"] {
      let expr = try PromQL.parse(query)
      let result = try Engine().evaluate(
        expr, text: query, .instant(600_000), source: source, report: Report())
      guard case .series(let table) = result.value else { continue }
      var series: [NaiveEvaluator.Series] = []
      let all = try source.open([SelectRequest([], range: .all)], report: Report())[0]
      try all.read(0..<all.count, .all, worker: 0) { number, columns in
        let points = zip(columns.times, columns.values).map {
          NaiveEvaluator.Point(time: $0, value: $1)
        }
        series.append((try all.labels(number), points))
      }
      let naive = NaiveEvaluator(data: series, lookback: nil, start: 600_000, end: 600_000, step: 0)
      for element in try naive.result(expr, 600_000) {
        let place = try #require(table.labels.firstIndex(of: element.labels))
        let value = try #require(table.value(place, 0))
        #expect(Comparison.agree(element.value, value), "\(query): \(element.value) \(value)")
      }
    }
  }
}
