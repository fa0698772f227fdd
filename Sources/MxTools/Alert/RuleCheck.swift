import MxAlert
import MxCLI
import MxConfig
import MxEngine
import MxModel
import MxPromQL
import MxRules

/// `check --rules FILE...`: what would fire now, had the rules always been run.
struct RuleCheck {
  private let run: Run

  init(_ run: Run) { self.run = run }

  func outcome(_ source: any SeriesSource, _ report: Report) throws -> AlertChecking.Outcome {
    let loaded = try RuleFiles.load(run)
    var settings = try AlertRunning.settings(run, loaded.brokenFiles)
    settings.delay = 0
    let standing = try AlertReplay.standing(
      loaded.groups, at: run.common.now, source: source, settings: settings, report: report)
    // A rule may have failed long ago and be well now: only the newest instant counts.
    let newest = Dictionary(
      loaded.groups.map { ($0.name, DueSteps.newest(run.common.now, $0.interval)) },
      uniquingKeysWith: max)
    let failures = standing.rules.failures.filter { newest[$0.group] == $0.time }
    let rules = RuleKey.all(loaded.groups)
    var outcome = AlertChecking.Outcome(
      result: NagiosResult(.ok, ""), suite: CaseReport.Suite("mx-alert check"))
    var firing: [AlertInstance] = []
    for (key, _, rule) in rules {
      let own = (standing.instances[key] ?? []).filter { $0.state == .firing }
        .sorted { $0.labels < $1.labels }
      firing += own
      let failure = failures.first { $0.place == rule.place }
      outcome.suite.cases.append(one(rule, own, failure))
      outcome.rows += own.map { (Severity.state($0.labels), $0.labels.description, $0.value) }
    }
    let pending = standing.instances.values.joined().count { $0.state == .pending }
    outcome.result = result(
      firing, pending, failures, loaded.brokenFiles.count, rules: rules.count)
    if loaded.brokenFiles.isEmpty, rules.isEmpty {
      outcome.result = NagiosResult(
        EmptyState.read(run) ?? .unknown, "the files hold no alert rule")
    }
    let questions = rules.map { ($0.rule.text, $0.rule.expr) }
    let engine = Engine(settings.rules.engine)
    if firing.isEmpty, outcome.result.state == .ok,
      try !hasData(rules.map(\.rule), engine, source, report)
    {
      let text = "\(rules.count) rules, and no data for any of them"
      outcome.result.state = EmptyState.read(run) ?? .unknown
      outcome.result.summary = text
      if outcome.result.state != .ok {
        outcome.suite.cases.append(CaseReport.Case("data", .errored(text)))
      }
    }
    if let stale = try DataAge.problem(questions, run, engine, source, report, needsAll: false) {
      outcome.result.state = .unknown
      outcome.result.summary = stale
      outcome.suite.cases.append(CaseReport.Case("data", .errored(stale)))
    }
    return outcome
  }

  /// Whether some rule looks at anything. One without data may be about what is not there;
  /// where none has any, nobody knows whether all is well.
  private func hasData(
    _ rules: [Rule], _ engine: Engine, _ source: any SeriesSource, _ report: Report
  ) throws -> Bool {
    for rule in rules {
      guard let data = rule.dataExpr else { return true }
      let found = try engine.evaluate(
        data, text: data.description, .instant(run.common.now), source: source, report: report)
      guard case .series(let table) = found.value, table.labels.isEmpty else { return true }
    }
    return rules.isEmpty
  }

  private func one(
    _ rule: Rule, _ firing: [AlertInstance], _ failure: RuleFailure?
  ) -> CaseReport.Case {
    let verdict: CaseReport.Verdict
    let text = firing.map(Self.text).joined(separator: "\n")
    if let failure {
      verdict = .errored(failure.message)
    } else if firing.isEmpty {
      verdict = .passed
    } else {
      let worst = firing.map { Severity.state($0.labels) }.max() ?? .critical
      verdict = worst == .warning ? .warned(text) : .failed(text)
    }
    return CaseReport.Case(rule.name, verdict, file: rule.place.file, line: rule.place.line)
  }

  private static func text(_ instance: AlertInstance) -> String {
    var text = "\(instance.labels["alertname"] ?? "")"
    let rest = instance.labels.removing(["alertname"])
    if rest != .empty { text += rest.description }
    text += ", value \(NumberText.shortest(instance.value))"
    let told = instance.annotations.first { $0.name == "summary" } ?? instance.annotations.first
    return told.map { "\(text): \($0.value)" } ?? text
  }

  private func result(
    _ firing: [AlertInstance], _ pending: Int, _ failures: [RuleFailure], _ broken: Int,
    rules: Int
  ) -> NagiosResult {
    var state = firing.map { Severity.state($0.labels) }.max() ?? .ok
    if !failures.isEmpty || broken > 0 { state = max(state, .unknown) }
    var parts: [String] = []
    if !firing.isEmpty {
      let sorted = firing.sorted { Severity.state($0.labels) > Severity.state($1.labels) }
      var names: [String] = []
      for name in sorted.map({ $0.labels["alertname"] ?? "" }) where !names.contains(name) {
        names.append(name)
      }
      let shown = names.prefix(5).joined(separator: ", ")
      parts.append(
        "\(firing.count) firing: \(shown)" + (names.count > 5 ? " and others" : ""))
    }
    if pending > 0 { parts.append("\(pending) pending") }
    if !failures.isEmpty { parts.append("\(failures.count) rules failed") }
    if broken > 0 { parts.append("\(broken) files are broken") }
    if parts.isEmpty { parts.append("\(rules) rules, nothing fires") }
    var result = NagiosResult(state, parts.joined(separator: ", "))
    result.details =
      firing.prefix(100).map { "\(Severity.state($0.labels).word) \(Self.text($0))" }
      + failures.prefix(20).map { "UNKNOWN \($0)" }
    for (label, count) in [
      ("firing", firing.count), ("pending", pending), ("failed", failures.count),
    ] {
      result.measures.append(.init(label, Double(count), warning: nil, critical: nil))
    }
    return result
  }
}

/// How bad an alert is, by its label.
enum Severity {
  private static let mild: Set<String> = ["warning", "warn", "info", "notice", "low", "none"]

  /// An alert that says nothing else of itself is critical.
  static func state(_ labels: LabelSet) -> NagiosResult.State {
    mild.contains((labels["severity"] ?? "").lowercased()) ? .warning : .critical
  }
}
