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
