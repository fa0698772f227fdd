import MxEngine
import MxFormats
import MxJSON
import MxModel
import MxPromQL
import Testing

/// Twelve hundred answers of a Prometheus 2.42 server to queries over real series.
///
/// Prometheus 3.0 changed three rules that show in results (`OldRules`). A case that
/// differs must be explained by one of them alone, to the last of its values: the naive
/// evaluator gives the server's answer under that old rule, and the engine's under none.
/// Every other case agrees within 1e-6.
@Suite struct OracleTests {
  /// How many of the cases each rule explains. Another number is a change to look into.
  ///
  /// Closed ranges: subqueries `[3h:7m]` and `[5h:29m]` whose inner ranges begin on a
  /// sample. Closed lookback: inner selectors of a subquery that stand on a sample of 5m.
  /// Zero before gap: a counter of 20 days whose first sample is near its zero.
  private static let expected = ["closed ranges": 10, "closed lookback": 2, "zero before gap": 2]

  @Test func answersAgreeWithAServer() throws {
    guard let samples = Corpora.read("\(Corpora.root)/promql-oracle/nab.om"),
      let text = Corpora.read("\(Corpora.root)/promql-oracle/cases.json")
    else { return print("skipped: no corpora") }
    let source = MemorySource(try OracleTests.batch(samples))
    let cases = try #require(try JSONValue.parse(text)["cases"]?.array)
    #expect(cases.count >= 1200)
    var naive = NaiveEvaluator(
      data: try OracleTests.series(source), lookback: 300_000, start: 0, end: 0, step: 0)
    var explained: [String: Int] = [:]
    for item in cases {
      guard let problem = try problem(item, source) else { continue }
      let query = item["query"]?.string ?? "?"
      naive.oldRules = []
      let today = try problem2(item, naive)
      #expect(today != nil, "\(query): only the engine differs: \(problem)")
      let rule = try OldRules.single.first { rule in
        naive.oldRules = rule.rule
        return try problem2(item, naive) == nil
      }
      guard let rule else {
        Issue.record("\(query): no single old rule explains: \(problem)")
        continue
      }
      explained[rule.name, default: 0] += 1
    }
    #expect(explained == OracleTests.expected)
    print("oracle: \(cases.count) cases, by rules of 2.x only: \(explained)")
  }

  private static func series(_ source: MemorySource) throws -> [NaiveEvaluator.Series] {
    var series: [NaiveEvaluator.Series] = []
    let all = try source.open([SelectRequest([], range: .all)], report: Report())[0]
    try all.read(0..<all.count, .all, worker: 0) { number, columns in
      let points = zip(columns.times, columns.values).map {
        NaiveEvaluator.Point(time: $0, value: $1)
      }
      series.append((try all.labels(number), points))
    }
    return series
  }

  /// What differs from the answer under the rules of 2.x.
  private func problem2(_ item: JSONValue, _ naive: NaiveEvaluator) throws -> String? {
    guard let query = item["query"]?.string else { return "no case" }
    let expr = try PromQL.parse(query)
    var times: [Int64: [NaiveEvaluator.Element]] = [:]
    var count = 0
    for item in item[path: "response", "data", "result"]?.array ?? [] {
      let labels = LabelSet(
        (item["metric"]?.members ?? []).map { ($0.name, $0.value.string ?? "") })
      for point in item["values"]?.array ?? [item["value"]].compactMap({ $0 }) {
        let time = Int64(((point[0]?.double ?? 0) * 1000).rounded())
        let found = try times[time] ?? naive.result(expr, time)
        times[time] = found
        guard let element = found.first(where: { $0.labels == labels }) else {
          return "missing \(labels) at \(time)"
        }
        let wanted = number(point[1])
        if !isClose(wanted, element.value) {
          return "\(labels) at \(time): expected \(wanted), found \(element.value)"
        }
        count += 1
      }
    }
    let all = times.values.reduce(0) { $0 + $1.count }
    return all == count ? nil : "expected \(count) values, found \(all)"
  }

  static func batch(_ bytes: [UInt8]) throws -> SampleBatch {
    var decoder = FormatDecoder(.openmetrics, FormatOptions(defaultTime: 0))
    var batch = SampleBatch()
    var problems = Problems()
    try bytes.withUnsafeBytes { try decoder.feed($0, into: &batch, problems: &problems) }
    try decoder.finish(into: &batch, problems: &problems)
    #expect(problems.count == 0)
    return batch
  }

  private func problem(_ item: JSONValue, _ source: MemorySource) throws -> String? {
    guard let query = item["query"]?.string, let data = item[path: "response", "data"] else {
      return "no case"
    }
    func time(_ name: String) -> Int64 { Int64((item[name]?.double ?? 0) * 1000) }
    let window: QueryWindow =
      item["kind"]?.string == "instant"
      ? .instant(time("time"))
      : .range(start: time("start"), end: time("end"), step: time("step"))
    var options = EngineOptions()
    options.lookback = .fixed(300_000)
    // Version 2.42 has another name for it.
    let text = query.replacing("holt_winters", with: "double_exponential_smoothing")
    let expr = try PromQL.parse(text)
    let result = try Engine(options).evaluate(
      expr, text: text, window, source: source, report: Report())
    return compare(result, data)
  }

  private func compare(_ result: QueryResult, _ data: JSONValue) -> String? {
    switch result.value {
    case .scalar(let values):
      // Of a range query it is a series without labels.
      if data["resultType"]?.string == "matrix" {
        let points = data["result"]?[0]?["values"]?.array ?? []
        let isSame = zip(points, values).allSatisfy { isClose(number($0[1]), $1) }
        return isSame && points.count == values.count ? nil : "another series"
      }
      guard data["resultType"]?.string == "scalar" else { return "a scalar" }
      let expected = number(data["result"]?[1])
      return isClose(expected, values[0]) ? nil : "expected \(expected), found \(values[0])"
    case .series(let table):
      return compare(table, result, data["result"]?.array ?? [])
    default: return "another type"
    }
  }

  private func compare(
    _ table: QueryResult.SeriesTable, _ result: QueryResult, _ expected: [JSONValue]
  ) -> String? {
    guard expected.count == table.labels.count else {
      return "expected \(expected.count) series, found \(table.labels.count): \(table.labels)"
    }
    for item in expected {
      let labels = LabelSet(
        (item["metric"]?.members ?? []).map { ($0.name, $0.value.string ?? "") })
      guard let series = table.labels.firstIndex(of: labels) else { return "missing \(labels)" }
      let points = item["values"]?.array ?? [item["value"]].compactMap { $0 }
      let found = (0..<table.steps).filter { table.isPresent(series, $0) }
      guard points.count == found.count else {
        return "\(labels): expected \(points.count) points, found \(found.count)"
      }
      for (point, step) in zip(points, found) {
        let time = Int64(((point[0]?.double ?? 0) * 1000).rounded())
        guard time == result.time(step) else { return "\(labels): a point at another time" }
        let value = table.value(series, step) ?? .nan
        if !isClose(number(point[1]), value) {
          return "\(labels) at \(time): expected \(number(point[1])), found \(value)"
        }
      }
    }
    return nil
  }

  private func number(_ value: JSONValue?) -> Double {
    switch value?.string {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    case "NaN", nil: .nan
    case let text?: Double(text) ?? .nan
    }
  }

  private func isClose(_ expected: Double, _ found: Double) -> Bool {
    if expected.isNaN && found.isNaN || expected == found { return true }
    return abs(expected - found) <= 1e-6 * max(abs(expected), abs(found))
  }
}

extension String {
  /// This text with every `word` replaced.
  func replacing(_ word: String, with other: String) -> String {
    var result = ""
    var rest = self[...]
    while !rest.isEmpty {
      if rest.hasPrefix(word) {
        result += other
        rest = rest.dropFirst(word.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }
}
