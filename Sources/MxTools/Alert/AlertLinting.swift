import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxModel
import MxRules
import MxStore

/// `mx-alert lint FILE...`: rule files, by themselves and against the store.
enum AlertLinting {
  /// A series that was there in this time is there, ms.
  private static let reach: Int64 = 7 * 86_400_000

  static func run(_ run: Run) throws -> ExitCode {
    let problems = ConfigProblems()
    var groups: [RuleGroup] = []
    for path in run.arguments.positionals {
      let bytes = try DiskFileSystem().contents(of: path, limit: RuleFiles.limit)
      groups += RuleReader.read(bytes, file: path, problems: problems).groups
    }
    problems.sort()
    var lint = RuleLint()
    lint.check(groups, receivers: nil)
    let store = Store(path: run.common.store, files: DiskFileSystem())
    if try store.files.status(store.path) != nil {
      let now = run.common.now
      try lint.check(
        groups, against: try Snapshot(store, Report()), TimeRange(from: now - reach, to: now))
    }
    let findings = lint.findings.sorted { left, right in
      (left.place.file, left.place.line) < (right.place.file, right.place.line)
    }
    try show(problems.all, findings, run)
    if !problems.isEmpty { return .input }
    return findings.isEmpty ? .success : .no
  }

  private static func show(
    _ problems: [ConfigProblem], _ findings: [RuleFinding], _ run: Run
  ) throws {
    var report = CaseReport()
    var suites: [String: CaseReport.Suite] = [:]
    for path in run.arguments.positionals { suites[path] = CaseReport.Suite(path) }
    func add(_ place: ConfigPlace, _ one: CaseReport.Case) {
      suites[place.file, default: CaseReport.Suite(place.file)].cases.append(one)
    }
    func text(_ message: String, _ hint: String?) -> String {
      hint.map { "\(message)\nhint: \($0)" } ?? message
    }
    for problem in problems {
      add(
        problem.place,
        .init(
          "syntax", .failed(text(problem.message, problem.hint)), file: problem.place.file,
          line: problem.place.line))
    }
    for finding in findings {
      add(
        finding.place,
        .init(
          finding.rule, .warned(text(finding.message, finding.hint)), file: finding.place.file,
          line: finding.place.line))
    }
    report.suites = suites.values.sorted { $0.name < $1.name }
    switch run.arguments.string("format") ?? "text" {
    case "junit": try run.output.write(report.junit)
    case "github": try run.output.write(report.github)
    case "json", "csv":
      let rows =
        problems.map {
          [$0.place.file, "\($0.place.line)", "error", "", $0.message, $0.hint ?? ""]
        }
        + findings.map {
          [$0.place.file, "\($0.place.line)", "warning", $0.rule, $0.message, $0.hint ?? ""]
        }
      _ = try AlertListing.show(
        rows, ["file", "line", "severity", "rule", "message", "hint"], run)
    default:
      for problem in problems { try write("\(problem)", problem.hint, run) }
      for finding in findings {
        try write("\(finding.place): rule '\(finding.rule)' \(finding.message)", finding.hint, run)
      }
    }
  }

  private static func write(_ line: String, _ hint: String?, _ run: Run) throws {
    try run.output.write(line + "\n")
    if let hint { try run.output.write("  hint: \(hint)\n") }
  }
}
