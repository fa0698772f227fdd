import MxConfig
import MxEngine
import MxModel
import MxRules
import Testing

/// Keeps what it is given, in the order in which it came.
final class ListSink: SampleSink {
  private(set) var rows: [(labels: LabelSet, time: Int64, value: Double)] = []
  private(set) var batch = SampleBatch()

  func append(_ batch: borrowing SampleBatch) throws {
    for row in 0..<batch.count {
      let labels = batch.series.labels(batch.refs[row])
      rows.append((labels, batch.times[row], batch.values[row]))
      self.batch.append(labels, batch.times[row], batch.values[row])
    }
  }

  func commit() throws {}

  /// `name{labels} @seconds value`, stale markers as `stale`.
  var lines: [String] {
    rows.map { row in
      let value = StaleMarker.isStale(row.value) ? "stale" : "\(row.value)"
      return "\(row.labels) @\(row.time / 1000) \(value)"
    }
  }
}

@Suite struct RuleRunTests {
  private func groups(_ text: String) throws -> [RuleGroup] {
    let problems = ConfigProblems()
    let file = RuleReader.read(Array(text.utf8), file: "r.yml", problems: problems)
    try problems.check()
    return file.groups
  }

  /// `m{i="a"}` and `m{i="b"}` each minute for ten minutes, values 1, 2, …; `b` ends
  /// at minute 5.
  private var source: MemorySource {
    var batch = SampleBatch()
    for minute in 0...10 {
      let time = Int64(minute) * 60_000
      batch.append(LabelSet(name: "m", [("i", "a")]), time, Double(minute))
      if minute < 5 {
        batch.append(LabelSet(name: "m", [("i", "b")]), time, Double(minute) * 10)
      } else if minute == 5 {
        batch.append(LabelSet(name: "m", [("i", "b")]), time, StaleMarker.value)
      }
    }
    return MemorySource(batch)
  }

  private func run(
    _ text: String, from: Int64, to: Int64, previous: Int64? = nil,
    source: (any SeriesSource)? = nil, alerts: RuleRun.AlertHandler? = nil
  ) throws -> (lines: [String], result: RuleRunResult) {
    let sink = ListSink()
    let due = try groups(text).map { group in
      GroupDue(
        group,
        DueSteps.plan(
          lastRun: from * 1000 - 1, now: to * 1000, interval: group.interval,
          maxCatchup: 1 << 50), previous: previous.map { $0 * 1000 })
    }
    let result = try RuleRun.execute(
      due, source: source ?? self.source, sink: sink, options: RuleOptions(), report: Report(),
      alerts: alerts)
    return (sink.lines, result)
  }

  @Test func recordsAreChainedWithinAStep() throws {
    let (lines, result) = try run(
      """
      groups:
        - name: g
          rules:
            - {record: twice, expr: m * 2, labels: {x: y, i: ''}}
            - {record: more, expr: twice + 1}
      """.replacing("m * 2", with: "sum(m) * 2"), from: 60, to: 120)
    #expect(result.failures.isEmpty)
    #expect(
      lines == [
        "twice{x=\"y\"} @60 22.0", "more{x=\"y\"} @60 23.0", "twice{x=\"y\"} @120 44.0",
        "more{x=\"y\"} @120 45.0",
      ])
  }

  @Test func aSeriesThatEndsGetsAStaleMarker() throws {
    let rules = "groups: [{name: g, rules: [{record: r, expr: m}]}]"
    let (lines, _) = try run(rules, from: 240, to: 360)
    #expect(
      lines == [
        "r{i=\"a\"} @240 4.0", "r{i=\"b\"} @240 40.0", "r{i=\"a\"} @300 5.0",
        "r{i=\"b\"} @300 stale", "r{i=\"a\"} @360 6.0",
      ])
    // Also where the run before this one saw it last.
    let (later, _) = try run(rules, from: 300, to: 300, previous: 240)
    #expect(later == ["r{i=\"a\"} @300 5.0", "r{i=\"b\"} @300 stale"])
  }

  @Test func aRuleMayReadItsOwnPast() throws {
    let (lines, result) = try run(
      "groups: [{name: g, rules: [{record: n, expr: n offset 1m + 1 or vector(1)}]}]",
      from: 60, to: 240)
    #expect(result.failures.isEmpty)
    #expect(lines == ["n @60 1.0", "n @120 2.0", "n @180 3.0", "n @240 4.0"])
  }

  @Test func anEarlierGroupIsSeenByALaterOneAtTheSameInstant() throws {
    let (lines, _) = try run(
      """
      groups:
        - name: late
          rules: [{record: c, expr: a + 1}]
        - name: g
          rules: [{record: a, expr: 'm{i="a"}', labels: {i: ''}}]
        - name: h
          rules: [{record: b, expr: a + 1}]
      """, from: 60, to: 120)
    #expect(
      lines == [
        "a @60 1.0", "b @60 2.0",
        // `late` comes first: it sees what was written a minute ago.
        "c @120 2.0", "a @120 2.0", "b @120 3.0",
      ])
  }

  @Test func theOffsetMovesQueriesAndSamplesBack() throws {
    let (lines, _) = try run(
      "groups: [{name: g, query_offset: 1m, rules: [{record: r, expr: 'm{i=\"a\"}'}]}]",
      from: 120, to: 180)
    #expect(lines == ["r{i=\"a\"} @60 1.0", "r{i=\"a\"} @120 2.0"])
  }

  @Test func aFailingRuleStopsNoOther() throws {
    let (lines, result) = try run(
      """
      groups:
        - name: g
          limit: 1
          rules:
            - {record: clash, expr: m, labels: {i: same}}
            - {record: many, expr: m}
            - {record: text, expr: '"a"'}
            - {record: good, expr: vector(1)}
      """, from: 60, to: 60)
    #expect(lines == ["good @60 1.0"])
    #expect(
      result.failures.map(\.message) == [
        "exceeded limit of 1 with 2 series", "exceeded limit of 1 with 2 series",
        "rule result is not a vector or scalar",
      ])
  }

  @Test func clashingLabelsAreAnError() throws {
    let (_, result) = try run(
      "groups: [{name: g, rules: [{record: clash, expr: m, labels: {i: same}}]}]", from: 60, to: 60)
    #expect(
      result.failures.map(\.message) == [
        "vector contains metrics with the same labelset after applying rule labels"
      ])
  }

  /// One run over all instants writes what many small runs write.
  @Test func howRunsFallDoesNotMatter() throws {
    let rules = """
      groups:
        - name: g
          rules:
            - {record: r, expr: m}
            - {record: s, expr: sum(r)}
            - {record: t, expr: 'sum_over_time(s[3m])'}
      """
    let whole = try run(rules, from: 60, to: 600).lines
    var parts: [String] = []
    var written = SampleBatch()
    var last: Int64 = 0
    for end: Int64 in [60, 240, 300, 360, 600] {
      let base = source
      var batch = SampleBatch()
      let selection = try base.open(
        [SelectRequest([], range: .all)], report: Report())[0]
      try selection.read(0..<selection.count, .all, worker: 0) { series, samples in
        let labels = try selection.labels(series)
        for index in 0..<samples.count {
          batch.append(labels, samples.times[index], samples.values[index])
        }
      }
      for row in 0..<written.count {
        batch.append(
          written.series.labels(written.refs[row]), written.times[row], written.values[row])
      }
      let sink = ListSink()
      let due = try groups(rules).map { group in
        GroupDue(
          group,
          DueSteps.plan(
            lastRun: last * 1000, now: end * 1000, interval: group.interval, maxCatchup: 1 << 50),
          previous: last == 0 ? nil : last * 1000)
      }
      _ = try RuleRun.execute(
        due, source: MemorySource(batch), sink: sink, options: RuleOptions(), report: Report(),
        alerts: nil)
      parts += sink.lines
      for row in sink.rows { written.append(row.labels, row.time, row.value) }
      last = end
    }
    #expect(parts == whole)
  }

  @Test func alertsCarryTheirLabelsAndAnnotations() throws {
    var seen: [String] = []
    let (lines, _) = try run(
      """
      groups:
        - name: g
          rules:
            - alert: High
              expr: m > 15
              labels: {value: '{{ $value }}', who: '{{ $labels.__name__ }}'}
              annotations:
                text: 'm of {{ $labels.i }} is {{ $value }}, all {{ with query "sum(m)" }}{{ . | first | value }}{{ end }}'
            - record: firing
              expr: count(ALERTS)
      """, from: 120, to: 120,
      alerts: { evaluation in
        AlertOutcome(
          evaluation.elements.map { element in
            seen.append("\(element.labels) \(evaluation.annotations(element).map(\.value))")
            return AlertSample(
              AlertSeriesName(element.labels.setting(LabelName.metric, to: "ALERTS")), 1)
          })
      })
    #expect(
      seen == [
        "{alertname=\"High\", i=\"b\", value=\"20\", who=\"m\"} [\"m of b is 20, all 22\"]"
      ])
    #expect(
      lines == [
        "ALERTS{alertname=\"High\", i=\"b\", value=\"20\", who=\"m\"} @120 1.0", "firing @120 1.0",
      ])
  }
}
