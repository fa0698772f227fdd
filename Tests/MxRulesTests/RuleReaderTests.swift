import MxConfig
import MxRules
import MxTemplate
import Testing

@Suite struct RuleReaderTests {
  private func read(_ text: String) -> (RuleFile, [String]) {
    let problems = ConfigProblems()
    let file = RuleReader.read(Array(text.utf8), file: "r.yml", problems: problems)
    problems.sort()
    return (file, problems.all.map { $0.description + ($0.hint.map { " (\($0))" } ?? "") })
  }

  @Test func aFileIsReadAsItIs() throws {
    let (file, problems) = read(
      """
      groups:
        - name: a
          interval: 30s
          query_offset: 10s
          limit: 5
          labels: {team: ops, severity: low}
          rules:
            - record: job:up:sum
              expr: sum by (job) (up)
            - alert: Down
              expr: up == 0
              for: 5m
              keep_firing_for: 1h
              labels: {severity: page}
              annotations: {summary: '{{ $labels.instance }} is down'}
      """)
    #expect(problems.isEmpty)
    let group = try #require(file.groups.first)
    #expect(group.interval == 30_000 && group.queryOffset == 10_000 && group.limit == 5)
    #expect(group.rules.map(\.kind) == [.record("job:up:sum"), .alert("Down")])
    #expect(group.rules[1].holdFor == 300_000 && group.rules[1].keepFiringFor == 3_600_000)
    #expect(
      group.rules[1].labels.map { "\($0.name)=\($0.template.text)" } == [
        "severity=page", "team=ops",
      ])
    #expect(group.key == "r.yml;a")
  }

  @Test(arguments: [
    ("- {record: a, alert: b, expr: up}", "r.yml:4: only one of 'record' and 'alert' must be set"),
    ("- {expr: up}", "r.yml:4: one of 'record' or 'alert' must be set"),
    ("- {alert: a}", "r.yml:4: field 'expr' must be set in rule"),
    ("- {record: a, expr: up, for: 1m}", "r.yml:4: invalid field 'for' in recording rule"),
    (
      "- {record: a, expr: up, keep_firing_for: 1m}",
      "r.yml:4: invalid field 'keep_firing_for' in recording rule"
    ),
    (
      "- {record: a, expr: up, annotations: {b: c}}",
      "r.yml:4: invalid field 'annotations' in recording rule"
    ),
    (
      "- {record: 'a{b=\"c\"}', expr: up}",
      "r.yml:4: braces present in the recording rule name; should it be in expr?: a{b=\"c\"}"
    ),
    ("- {alert: a, expr: up, labels: {__name__: b}}", "r.yml:4: invalid label name: __name__"),
    ("- {alert: a, expr: up, fro: 5m}", "r.yml:4: unknown field 'fro' (did you mean 'for'?)"),
    (
      "- {alert: a, expr: up, for: 5 minutes}",
      "r.yml:4: 'for' is '5 minutes', not a valid duration (write it like 30s, 5m or 1h30m)"
    ),
    (
      "- {alert: a, expr: up, annotations: {b: '{{ $label.x }}'}}",
      "r.yml:4: annotation 'b': template: __alert_a:1: undefined variable \"$label\""
    ),
    (
      "- {alert: a, expr: up, x-mx: {flop: off}}",
      "r.yml:4: unknown field 'flop' (did you mean 'flap'?)"
    ),
    (
      "- {alert: a, expr: up, x-mx: {no_data: kep}}",
      "r.yml:4: 'no_data' is 'kep', expected prometheus, keep, alert, ok (did you mean 'keep'?)"
    ),
    (
      "- {alert: a, expr: up, x-mx: {no_data: {grace: 5m}}}",
      "r.yml:4: field 'policy' is missing"
    ),
    (
      "- {alert: a, expr: up, x-mx: {flap: never}}",
      "r.yml:4: 'flap' is the text 'never', expected off or such as 5 in 10m"
    ),
    (
      "- {alert: a, expr: up, x-mx: {timeout: 0s}}",
      "r.yml:4: 'timeout' is 0, expected a duration such as 10s"
    ),
    (
      "- {alert: a, expr: up > 5, x-mx: {resolve_threshold: 6}}",
      """
      r.yml:4: 'resolve_threshold' is 6, at most 5 allowed (else the alert would end while its \
      expression holds)
      """
    ),
    (
      "- {alert: a, expr: up, x-mx: {resolve_threshold: 6}}",
      """
      r.yml:4: 'resolve_threshold' needs an 'expr' that compares with a number by > >= < or <= \
      (say with 'resolve_expr' when the alert ends)
      """
    ),
    (
      "- {alert: a, expr: up, x-mx: {resolve_expr: 'up =='}}",
      "r.yml:4: could not parse 'resolve_expr': 1:6: parse error: unexpected end of input"
    ),
    ("- {record: a, expr: up, x-mx: {}}", "r.yml:4: invalid field 'x-mx' in recording rule"),
  ])
  func badRulesAreNamedWithTheirLine(rule: String, expected: String) {
    let (file, problems) = read(
      "groups:\n  - name: g\n    rules:\n      \(rule)\n      - {record: ok, expr: up}\n")
    #expect(problems == [expected])
    // The good rule beside it stays.
    #expect(file.groups.first?.rules.map(\.name) == ["ok"])
  }

  @Test(arguments: [
    (
      "flap: 3 in 5m, grace: 2m, no_data: keep", AlertAdditions.Flap.at(changes: 3, window: 300_000)
    ),
    ("flap: off, no_data: {policy: keep, grace: 2m}", .off),
    (
      "flap: {window: 1h}, grace: 1m, no_data: {policy: keep, grace: 2m}",
      .at(changes: 5, window: 3_600_000)
    ),
  ])
  func additionsHaveShortAndLongForms(text: String, flap: AlertAdditions.Flap) throws {
    let (file, problems) = read(
      "groups: [{name: g, rules: [{alert: a, expr: up, x-mx: {\(text)}}]}]")
    #expect(problems.isEmpty)
    let additions = try #require(file.groups.first?.rules.first?.additions)
    #expect(additions.flap == flap && additions.grace == 120_000 && additions.noData == .keep)
  }

  @Test(arguments: [
    ("type: SIMPLE_COUNT, window: 5m", "(sum by () (count_over_time(m{a=\"b\"}[5m]))) > 5"),
    (
      "type: BUCKETED_WINDOW, aggregation: p95, bucket: 5m, window: 15m",
      "last_over_time((quantile_over_time(0.95, m{a=\"b\"}[5m]) > 5)[15m:5m])"
    ),
    (
      "type: MOVING_WINDOW, aggregation: avg, window: 5m, by: [c]",
      "sum by (c) (sum_over_time(m{a=\"b\"}[5m])) / sum by (c) (count_over_time(m{a=\"b\"}[5m])) > 5"
    ),
  ])
  func theShortFormBecomesPromQL(text: String, expected: String) throws {
    let (file, problems) = read(
      "x-mx: {rules: [{name: a, metric: m, labels: {a: b}, operator: gt, threshold: 5, \(text)}]}")
    #expect(problems.isEmpty)
    #expect(file.groups.first?.name == "x-mx/a")
    #expect(file.groups.first?.rules.first?.text.replacing(" or vector(0)", with: "") == expected)
  }

  @Test(arguments: [
    (
      "metric: m, type: SIMPLE_COUNT, operator: gt, threshold: 1, window: 5m",
      "r.yml:3: field 'name' is missing"
    ),
    (
      "name: a, metric: m, type: SIMPLE, operator: gt, threshold: 1, window: 5m",
      "r.yml:3: 'type' is 'SIMPLE', expected SIMPLE_COUNT, BUCKETED_WINDOW, MOVING_WINDOW"
    ),
    (
      "name: a, metric: m, type: BUCKETED_WINDOW, aggregation: sum, operator: gt, threshold: 1, window: 5m, bucket: 2m",
      "r.yml:3: 'window' is 5m, expected a multiple of 'bucket', 2m"
    ),
    (
      "name: a, metric: m, type: MOVING_WINDOW, operator: gt, threshold: 1, window: 5m",
      "r.yml:3: field 'aggregation' is missing"
    ),
    (
      "name: a, metric: m, type: MOVING_WINDOW, aggregation: p0, operator: gt, threshold: 1, window: 5m",
      "r.yml:3: 'aggregation' is 'p0', expected sum, avg, min, max, count, last, stddev, p50 to p99"
    ),
    (
      "name: a, metric: m, type: MOVING_WINDOW, aggregation: last, by: [x], operator: gt, threshold: 1, window: 5m",
      "r.yml:3: 'by' cannot be combined with this aggregation (it can be with sum, avg, min, max and count)"
    ),
  ])
  func badShortRulesAreNamedWithTheirLine(rule: String, expected: String) {
    let good = "{name: ok, metric: m, type: SIMPLE_COUNT, operator: gt, threshold: 1, window: 5m}"
    let (file, problems) = read("x-mx:\n  rules:\n    - {\(rule)}\n    - \(good)\n")
    #expect(problems == [expected])
    #expect(file.groups.map(\.name) == ["x-mx/ok"])
  }

  @Test func groupsNeedNamesOfTheirOwn() {
    let (file, problems) = read("groups:\n- name: a\n- name: a\n- rules: []\n")
    #expect(file.groups.map(\.name) == ["a"])
    #expect(
      problems == [
        "r.yml:3: groupname: \"a\" is repeated in the same file", "r.yml:4: the group has no name",
      ])
  }

  @Test func onlyTheFirstDocumentCounts() {
    let (file, problems) = read("groups: [{name: a}]\n---\nnonsense: 1\n")
    #expect(file.groups.map(\.name) == ["a"] && problems.isEmpty)
  }
}

@Suite struct DueStepsTests {
  private func plan(_ last: Int64?, _ now: Int64, catchup: Int64 = 1_000_000) -> [Int64] {
    let due = DueSteps.plan(lastRun: last, now: now, interval: 100, maxCatchup: catchup)
    return (0..<due.count).map { due[$0] }
  }

  @Test func stepsAreMultiplesOfTheInterval() {
    #expect(plan(nil, 1234) == [1200])
    #expect(plan(1200, 1299) == [])
    #expect(plan(1200, 1300) == [1300])
    #expect(plan(1000, 1299) == [1100, 1200])
    #expect(plan(1050, 1299) == [1100, 1200])
    #expect(plan(nil, -1) == [-100])
  }

  @Test func aClockThatWentBackMakesNothingDue() {
    #expect(plan(5000, 1000) == [])
  }

  @Test func catchUpIsBounded() {
    #expect(plan(0, 10_000, catchup: 300) == [9800, 9900, 10_000])
    let due = DueSteps.plan(lastRun: 0, now: 10_000, interval: 100, maxCatchup: 300)
    #expect(due.skipped == 97)
  }

  /// However the runs fall, each instant is evaluated once.
  @Test(arguments: 0..<50 as Range<UInt64>)
  func anyRunsCoverEveryInstantOnce(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var now: Int64 = 1000
    var last: Int64 = 1000
    var seen: [Int64] = []
    for _ in 0..<30 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      now += Int64(state % 700)
      let due = DueSteps.plan(lastRun: last, now: now, interval: 100, maxCatchup: 1 << 40)
      seen += (0..<due.count).map { due[$0] }
      if due.count > 0 { last = due.last }
    }
    #expect(seen == Array(stride(from: 1100, through: now, by: 100)))
  }
}
