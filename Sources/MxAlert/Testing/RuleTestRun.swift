import MxConfig
import MxJSON
import MxModel
package import MxRules

/// What a rule unit test that failed has to say.
package struct RuleTestFailure: Hashable, Sendable {
  /// The test's name, or where it stands.
  package var test: String
  package var message: String
}

/// Runs rule unit tests as promtool does: rules are evaluated from the start at each
/// evaluation interval (their own intervals do not count); alerts are compared at the
/// last evaluation at or before the time asked for, expressions at that time.
package enum RuleTestRun {
  /// One test of a file: no failures where it passed.
  package struct Outcome: Sendable {
    package var test: String
    package var line: Int
    package var failures: [RuleTestFailure]
  }

  /// Runs the file's tests whose names are `wanted`.
  package static func execute(
    _ file: RuleTestFile, _ groups: [RuleGroup], wanted: (String) -> Bool = { _ in true }
  ) -> [Outcome] {
    let ordered = groups.sorted { left, right in
      let places = [left, right].map { group in
        file.order.firstIndex(of: group.name) ?? file.order.count
      }
      return places[0] < places[1]
    }
    return file.groups.compactMap { test in
      let name = test.name.isEmpty ? test.place.description : test.name
      guard wanted(name) else { return nil }
      var result = Outcome(test: name, line: test.place.line, failures: [])
      do {
        result.failures = try execute(test, file, ordered).map {
          RuleTestFailure(test: name, message: $0)
        }
      } catch {
        result.failures = [RuleTestFailure(test: name, message: "\(error)")]
      }
      return result
    }
  }

  /// Alerts that fire, at the evaluations at which tests look.
  private final class Watch {
    var firing: [Int64: [String: [AlertInstance]]] = [:]
    let times: Set<Int64>

    init(_ times: Set<Int64>) { self.times = times }
  }

  private static func execute(
    _ test: RuleTestFile.TestGroup, _ file: RuleTestFile, _ groups: [RuleGroup]
  ) throws -> [String] {
    var world = RuleTestWorld(
      interval: file.interval, externalLabels: test.externalLabels,
      externalURL: test.externalURL)
    for series in test.series {
      try world.load(
        series: series.series, values: series.values, start: test.start, interval: test.interval,
        line: series.line)
    }
    let times = test.alerts.map(\.time) + test.expressions.map(\.time) + test.notices.map(\.time)
    let last = times.max() ?? test.start
    let steps = DueSteps(
      first: test.start, interval: file.interval,
      count: Int((last - test.start) / file.interval) + 1)
    func evaluation(before time: Int64) -> Int64 { time - (time - test.start) % file.interval }
    let watch = Watch(Set(test.alerts.map { evaluation(before: $0.time) }))
    let keeper = AlertKeeper(groups, [:])
    let result = try world.run(groups, steps: steps) { evaluation in
      let outcome = try keeper.take(evaluation)
      if watch.times.contains(evaluation.time) {
        watch.firing[evaluation.time, default: [:]][evaluation.rule.name, default: []] +=
          keeper.firing(evaluation)
      }
      return outcome
    }
    if let failure = result.failures.first {
      return ["rule: \(failure.rule), time: \(failure.time / 1000)s, err: \(failure.message)"]
    }
    var messages: [String] = []
    for alert in test.alerts {
      let found = watch.firing[evaluation(before: alert.time)]?[alert.alert] ?? []
      messages += compare(alert, found, test.start)
    }
    for notice in test.notices {
      let at = evaluation(before: notice.time)
      let found = keeper.transitions.map(\.transition).filter { $0.at == at }
        .compactMap { NotifyAlert($0, rule: "", delay: 0) }
      messages += compare(notice, found, test.start)
    }
    let answers = try world.evaluate(test.expressions.map { ($0.expr, $0.time) })
    for (expression, answer) in zip(test.expressions, answers) {
      messages += try compare(expression, answer, file.isFuzzy, test.start)
    }
    return messages
  }

  // MARK: - Comparing

  private static func compare(
    _ test: RuleTestFile.AlertCase, _ found: [AlertInstance], _ start: Int64
  ) -> [String] {
    let got = found.map { instance in
      text(instance.labels.pairs.map { ($0.name, $0.value) })
        + " " + text(instance.annotations.map { ($0.name, $0.value) })
    }.sorted()
    let expected = test.expected.map { alert in
      let labels = alert.labels.filter { $0.name != "alertname" } + [("alertname", test.alert)]
      return text(labels) + " " + text(alert.annotations)
    }.sorted()
    if got == expected { return [] }
    return [
      "\(test.place): alertname: \(test.alert), time: \(DurationText.print(test.time - start)),\n"
        + "  exp: \(list(expected))\n  got: \(list(got))"
    ]
  }

  /// Texts of annotations and reasons count only where they are expected.
  private static func compare(
    _ test: RuleTestFile.NoticeCase, _ found: [NotifyAlert], _ start: Int64
  ) -> [String] {
    let hasTexts = test.expected.contains { !$0.alert.annotations.isEmpty }
    let hasReasons = test.expected.contains { $0.reason != nil }
    func line(
      _ status: String, _ labels: String, _ annotations: String, _ reason: String?
    ) -> String {
      "\(status) \(labels)" + (hasTexts ? " \(annotations)" : "")
        + (hasReasons ? " (\(reason ?? ""))" : "")
    }
    let got = found.map { notice in
      line(
        notice.isFiring ? "firing" : "resolved", notice.labels.description,
        text(notice.annotations.map { ($0.name, $0.value) }), notice.reason)
    }.sorted()
    let expected = test.expected.map { notice in
      line(
        notice.status, text(notice.alert.labels), text(notice.alert.annotations), notice.reason)
    }.sorted()
    if got == expected { return [] }
    return [
      "\(test.place): notices, time: \(DurationText.print(test.time - start)),\n"
        + "  exp: \(list(expected))\n  got: \(list(got))"
    ]
  }

  private static func text(_ pairs: [(name: String, value: String)]) -> String {
    LabelSet(pairs.map { ($0.name, $0.value) }).description
  }

  private static func list(_ lines: [String]) -> String {
    lines.isEmpty ? "nothing" : lines.joined(separator: "\n       ")
  }

  private static func compare(
    _ test: RuleTestFile.ExpressionCase, _ answer: Result<[RuleTestSample], RuleTestProblem>,
    _ isFuzzy: Bool, _ start: Int64
  ) throws -> [String] {
    let title =
      "\(test.place): expr: '\(test.expr)', time: \(DurationText.print(test.time - start)),"
    let got: [RuleTestSample]
    switch answer {
    case .failure(let problem): return ["\(title) err: \(problem.message)"]
    case .success(let found): got = found.sorted { $0.labels < $1.labels }
    }
    let expected = try test.expected.map(sample).sorted { $0.labels < $1.labels }
    let isSame = got.elementsEqual(expected) { left, right in
      left.labels == right.labels && isEqual(left.value, right.value, isFuzzy)
    }
    if isSame { return [] }
    return [
      "\(title)\n  exp: \(list(expected.map(line)))\n  got: \(list(got.map(line)))"
    ]
  }

  private static func sample(_ expected: RuleTestFile.ExpectedSample) throws -> RuleTestSample {
    let labels = try RuleTestWorld.labels(expected.labels, line: expected.line)
    guard let text = expected.histogram else {
      return RuleTestSample(labels, .float(expected.value))
    }
    guard let histogram = try RuleTestWorld.histogram(text, line: expected.line) else {
      throw RuleTestProblem(message: "'\(text)' is no histogram: {{count:2 sum:3 buckets:[2]}}")
    }
    return RuleTestSample(labels, .histogram(histogram))
  }

  private static func line(_ sample: RuleTestSample) -> String {
    switch sample.value {
    case .float(let value): "\(sample.labels) \(NumberText.template(value))"
    case .histogram(let histogram): "\(sample.labels) \(HistogramText.text(histogram))"
    }
  }

  private static func isEqual(
    _ left: RuleTestSample.Value, _ right: RuleTestSample.Value, _ isFuzzy: Bool
  ) -> Bool {
    switch (left, right) {
    case (.float(let left), .float(let right)): isEqual(left, right, isFuzzy)
    case (.histogram(let left), .histogram(let right)):
      HistogramText.text(left) == HistogramText.text(right)
    case (.float, .histogram), (.histogram, .float): false
    }
  }

  /// Fuzzy: neighbours among the doubles are equal.
  private static func isEqual(_ left: Double, _ right: Double, _ isFuzzy: Bool) -> Bool {
    if left == right || (left.isNaN && right.isNaN) { return true }
    return isFuzzy && (left.nextUp == right || left.nextDown == right)
  }
}
