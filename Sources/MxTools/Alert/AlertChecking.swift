import MxAlert
import MxCLI
import MxEngine
import MxFiles
import MxModel
import MxPromQL
import MxRules
import MxStore

/// `mx-alert check`: an expression held against thresholds, or what rules say, without
/// state; told as Nagios plugins do.
enum AlertChecking {
  static func run(_ run: Run) throws -> ExitCode {
    let expression = run.arguments.positionals.first
    guard (expression != nil) != run.arguments.has("rules") else {
      throw Diagnostic(
        .usage, "check takes either an expression or '--rules'",
        hint: "try: mx-alert check 'node_load1' --warning 4 --critical 8")
    }
    let report = Report()
    let source = try Snapshot(Store(path: run.common.store, files: DiskFileSystem()), report)
    var outcome =
      try expression.map { try RangeCheck(run).outcome($0, source, report) }
      ?? RuleCheck(run).outcome(source, report)
    if let damage = report.damage.first {
      outcome.result = NagiosResult(.unknown, Explanation.damage(damage).line)
    }
    try show(outcome, run)
    return outcome.result.exitCode
  }

  /// What a check came to, for all formats.
  struct Outcome {
    var result: NagiosResult
    var suite: CaseReport.Suite
    /// State, labels, value.
    var rows: [(state: NagiosResult.State, name: String, value: Double)] = []
  }

  private static func show(_ outcome: Outcome, _ run: Run) throws {
    var report = CaseReport()
    report.suites = [outcome.suite]
    switch run.arguments.string("format") ?? "text" {
    case "junit": try run.output.write(report.junit)
    case "github":
      try run.output.write(report.github)
      // A check as a whole may fail where no series does: no data at all.
      if report.github.isEmpty, outcome.result.state != .ok {
        try run.output.write("::error title=mx-alert check::\(outcome.result.summary)\n")
      }
    case "csv":
      let writer = SeparatedWriter(.csv)
      try writer.write(["state", "name", "value"], to: run.output)
      for row in outcome.rows {
        try writer.write(
          [row.state.word, row.name, NumberText.shortest(row.value)], to: run.output)
      }
    case "json":
      let rows = outcome.rows.map { row in
        JSONText.object([
          ("state", .string(row.state.word)), ("name", .string(row.name)),
          ("value", .number(row.value)),
        ])
      }
      try run.output.write(
        JSONText.object([
          ("state", .string(outcome.result.state.word)),
          ("summary", .string(outcome.result.summary)), ("results", .array(rows)),
        ]).text + "\n")
    default: try run.output.write(outcome.result.text)
    }
  }
}

/// `check EXPR --warning RANGE --critical RANGE`.
struct RangeCheck {
  private let run: Run
  private let warning: NagiosRange?
  private let critical: NagiosRange?
  private let empty: NagiosResult.State

  /// So many series are named in the first line, and in all.
  private static let namedFirst = 3
  private static let named = 100

  init(_ run: Run) throws {
    self.run = run
    warning = try Self.range("warning", run)
    critical = try Self.range("critical", run)
    empty = EmptyState.read(run) ?? .unknown
    if warning == nil, critical == nil {
      throw Diagnostic(.usage, "check needs '--warning' or '--critical', or both")
    }
  }

  private static func range(_ name: String, _ run: Run) throws -> NagiosRange? {
    guard let text = run.arguments.string(name) else { return nil }
    do throws(ValueError) {
      return try NagiosRange(text)
    } catch {
      throw Diagnostic(.usage, subject: "--\(name)", error.message, hint: error.hint)
    }
  }

  private struct Finding {
    var name: String
    var value: Double
    var state: NagiosResult.State

    var text: String { "\(name) is \(NumberText.shortest(value))" }
  }

  func outcome(
    _ text: String, _ source: any SeriesSource, _ report: Report
  ) throws -> AlertChecking.Outcome {
    let tree: Expr
    do throws(PromQLError) {
      tree = try PromQL.parse(text)
    } catch {
      throw Explanation.promQL(error, text)
    }
    var options = EngineOptions()
    options.threads = run.common.threads
    let engine = Engine(options)
    let now = run.common.now
    let findings = try values(tree, text, engine, now, source, report).map { labels, value in
      Finding(name: labels == .empty ? text : labels.description, value: value, state: state(value))
    }
    var result = summary(findings)
    if let stale = try DataAge.problem(
      [(text, tree)], run, engine, source, report, needsAll: true)
    {
      result.state = .unknown
      result.summary = stale
    }
    result.measures = findings.map {
      .init($0.name, $0.value, warning: warning, critical: critical)
    }
    return AlertChecking.Outcome(
      result: result, suite: suite(text, findings, result),
      rows: findings.map { ($0.state, $0.name, $0.value) })
  }

  private func values(
    _ tree: Expr, _ text: String, _ engine: Engine, _ now: Int64, _ source: any SeriesSource,
    _ report: Report
  ) throws -> [(labels: LabelSet, value: Double)] {
    let answer = try engine.evaluate(
      tree, text: text, .instant(now), source: source, report: report)
    switch answer.value {
    case .scalar(let values): return values.prefix(1).map { (.empty, $0) }
    case .series(let table):
      return table.labels.indices.compactMap { series in
        table.value(series, 0).map { (table.labels[series], $0) }
      }
    case .string, .samples:
      throw Diagnostic(
        .usage, "the expression gives a \(tree.type.documentedName), expected numbers now",
        hint: "wrap a range in a function such as rate() or max_over_time()")
    }
  }

  private func state(_ value: Double) -> NagiosResult.State {
    if value.isNaN { return .unknown }
    if critical?.alerts(value) ?? false { return .critical }
    return warning?.alerts(value) ?? false ? .warning : .ok
  }

  private func summary(_ findings: [Finding]) -> NagiosResult {
    guard let worst = findings.map(\.state).max() else {
      return NagiosResult(empty, "no data")
    }
    let bad = findings.filter { $0.state != .ok }.sorted { $0.state > $1.state }
    if bad.isEmpty {
      let text = findings.count == 1 ? findings[0].text : "\(findings.count) series in range"
      return NagiosResult(.ok, text)
    }
    var named = bad.prefix(Self.namedFirst).map(\.text).joined(separator: ", ")
    if bad.count > Self.namedFirst { named += " and \(bad.count - Self.namedFirst) more" }
    let share = findings.count == 1 ? "" : "\(bad.count) of \(findings.count) series: "
    var result = NagiosResult(worst, share + named)
    if bad.count > 1 {
      result.details = bad.prefix(Self.named).map { "\($0.state.word) \($0.text)" }
    }
    return result
  }

  private func suite(
    _ text: String, _ findings: [Finding], _ result: NagiosResult
  ) -> CaseReport.Suite {
    var suite = CaseReport.Suite(text)
    suite.cases = findings.map { finding in
      let told = "\(finding.state.word): \(finding.text)"
      let verdict: CaseReport.Verdict =
        switch finding.state {
        case .ok: .passed
        case .warning: .warned(told)
        case .critical: .failed(told)
        case .unknown: .errored(told)
        }
      return CaseReport.Case(finding.name, verdict)
    }
    if result.state == .unknown {
      suite.cases.append(CaseReport.Case(text, .errored(result.summary)))
    } else if findings.isEmpty {
      let told = "\(result.state.word): \(result.summary)"
      suite.cases.append(CaseReport.Case(text, result.state == .ok ? .passed : .failed(told)))
    }
    return suite
  }
}

/// `--empty`: what an answer without a single element is.
enum EmptyState {
  static let words = ["ok", "warning", "critical", "unknown"]

  static func read(_ run: Run) -> NagiosResult.State? {
    switch run.arguments.string("empty") {
    case "ok": .ok
    case "warning": .warning
    case "critical": .critical
    case "unknown": .unknown
    default: nil
    }
  }
}
