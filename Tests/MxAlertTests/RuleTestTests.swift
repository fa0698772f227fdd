import MxAlert
import MxConfig
import MxRules
import Testing

@Suite struct RuleTestTests {
  private let rules = """
    groups:
      - name: g
        interval: 1h
        rules:
          - {record: twice, expr: m * 2}
          - alert: High
            expr: twice > 4
            for: 1m
            labels: {severity: page}
            annotations: {text: '{{ $labels.i }} at {{ $value }} in {{ $externalLabels.site }}'}
    """

  private func run(_ tests: String) throws -> [String] {
    let problems = ConfigProblems()
    let groups = RuleReader.read(Array(rules.utf8), file: "r.yml", problems: problems).groups
    let text = """
      tests:
        - name: one
          interval: 1m
          external_labels: {site: lab}
          input_series:
            - {series: 'm{i="a"}', values: '1+1x5 stale'}
            - series: h
              values: '{{count:1 sum:1 buckets:[1]}}+{{count:1 sum:1 buckets:[1]}}x2 {{count:1 sum:2 offset:1 buckets:[1]}}'
            - {series: 'h{g="1"}', values: '{{count:1 counter_reset_hint:gauge buckets:[0 1]}}x3'}

      """ + tests.split(separator: "\n").map { "    \($0)\n" }.joined()
    let file = RuleTestFile.read(Array(text.utf8), file: "t.yml", problems: problems)
    problems.sort()
    try problems.check()
    return RuleTestRun.execute(file, groups).flatMap { $0.failures.map(\.message) }
  }

  @Test func whatIsAsExpectedPasses() throws {
    #expect(
      try run(
        """
        alert_rule_test:
          - {eval_time: 2m, alertname: High, exp_alerts: []}
          - eval_time: 3m30s
            alertname: High
            exp_alerts:
              - exp_labels: {severity: page, i: a}
                exp_annotations: {text: a at 8 in lab}
          - {eval_time: 6m, alertname: High}
        promql_expr_test:
          - {expr: twice, eval_time: 2m, exp_samples: [{labels: 'twice{i="a"}', value: 6}]}
          - {expr: twice, eval_time: 6m, exp_samples: []}
          - expr: ALERTS
            eval_time: 2m
            exp_samples:
              - labels: 'ALERTS{alertname="High", alertstate="pending", i="a", severity="page"}'
                value: 1
        """
      ).isEmpty)
  }

  @Test(arguments: [
    "alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: []}]",
    "alert_rule_test: [{eval_time: 2m, alertname: High, exp_alerts: [{}]}]",
    "alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels: {severity: page, i: a}}]}]",
    "promql_expr_test: [{expr: m, eval_time: 1m, exp_samples: [{labels: 'm{i=\"a\"}', value: 3}]}]",
    "promql_expr_test: [{expr: m, eval_time: 1m, exp_samples: []}]",
    "promql_expr_test: [{expr: 'm +', eval_time: 1m}]",
  ])
  func whatIsNotFails(test: String) throws {
    #expect(try run(test).count == 1)
  }

  /// They come as they were loaded, with the hint that a store gives them.
  @Test(arguments: [
    (0, "{{count:1 sum:1 buckets:[1]}}"),
    (2, "{{sum:3 count:3 counter_reset_hint:not_reset buckets:[3]}}"),
    (3, "{{count:1 sum:2 counter_reset_hint:reset buckets:[0 1]}}"),
  ])
  func nativeHistogramsCanBeSelected(minute: Int, histogram: String) throws {
    func test(_ histogram: String) -> String {
      """
      promql_expr_test:
        - expr: (h)
          eval_time: \(minute)m
          exp_samples:
            - {labels: h, histogram: '\(histogram)'}
            - {labels: 'h{g="1"}', histogram: '{{count:1 counter_reset_hint:gauge buckets:[0 1]}}'}
      """
    }
    #expect(try run(test(histogram)).isEmpty)
    let failures = try run(test("{{count:7}}"))
    #expect(failures.count == 1 && failures[0].contains("{{count:7}}"))
    // Arithmetic with them is refused by name.
    let sums = try run("promql_expr_test: [{expr: sum(h), eval_time: 2m}]")
    #expect(sums.count == 1 && sums[0].contains("native histograms"))
  }

  /// Ours: who would be told of what.
  @Test func noticesCanBeExpected() throws {
    let told = """
      x-mx:
        notice_test:
          - {eval_time: 2m, exp_notices: []}
          - eval_time: 3m
            exp_notices:
              - status: firing
                exp_labels: {alertname: High, severity: page, i: a}
                exp_annotations: {text: a at 8 in lab}
          - eval_time: 6m30s
            exp_notices: [{status: STATUS, exp_labels: {alertname: High, severity: page, i: a}}]
      """
    #expect(try run(told.replacing("STATUS", with: "resolved")).isEmpty)
    #expect(try run(told.replacing("STATUS", with: "firing")).count == 1)
  }

  @Test func unknownFieldsAreRefused() {
    #expect(throws: ConfigError.self) { try run("alert_rule_tests: []") }
  }
}
