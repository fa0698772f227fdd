import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxModel
import MxRules
import MxStore

/// `mx-alert lint FILE...`: rule files, by themselves and against the store, and
/// notification files, whose receivers rules are held against.
enum AlertLinting {
  /// A series that was there in this time is there, ms.
  private static let reach: Int64 = 7 * 86_400_000

  private struct Finding {
    var place: ConfigPlace
    /// `rule` or `receiver`.
    var kind: String
    var name: String
    var message: String
    var hint: String?
  }

  static func run(_ run: Run) throws -> ExitCode {
    let problems = ConfigProblems()
    var groups: [RuleGroup] = []
    var notify: [NotifyFiles] = []
    for path in run.arguments.positionals {
      let bytes = try DiskFileSystem().contents(of: path, limit: RuleFiles.limit)
      if isNotification(bytes, path) {
        if let file = try NotifyFiles.read(path, problems) { notify.append(file) }
      } else {
        groups += RuleReader.read(bytes, file: path, problems: problems).groups
      }
    }
    problems.sort()
    let findings = try (ofRules(groups, notify, run) + ofNotices(groups, notify, run)).sorted {
      ($0.place.file, $0.place.line) < ($1.place.file, $1.place.line)
    }
    try show(problems.all, findings, run)
    if !problems.isEmpty { return .input }
    return findings.isEmpty ? .success : .no
  }

  /// Whether a file says who is told, rather than of what.
  private static func isNotification(_ bytes: [UInt8], _ path: String) -> Bool {
    let root = YAML.document(bytes, file: path, problems: ConfigProblems())
    return root["route"] != nil || root["receivers"] != nil
  }

  private static func ofRules(
    _ groups: [RuleGroup], _ notify: [NotifyFiles], _ run: Run
  ) throws -> [Finding] {
    var lint = RuleLint()
    let receivers = notify.flatMap { $0.config.receivers.map(\.name) }
    lint.check(groups, receivers: notify.isEmpty ? nil : Set(receivers))
    let store = Store(path: run.common.store, files: DiskFileSystem())
    if !groups.isEmpty, try store.files.status(store.path) != nil {
      let now = run.common.now
      try lint.check(
        groups, against: try Snapshot(store, Report()), TimeRange(from: now - reach, to: now))
    }
    return lint.findings.map {
      Finding(place: $0.place, kind: "rule", name: $0.rule, message: $0.message, hint: $0.hint)
    }
  }

  private static func ofNotices(
    _ groups: [RuleGroup], _ notify: [NotifyFiles], _ run: Run
  ) throws -> [Finding] {
    let named = Set(groups.flatMap { $0.rules.flatMap(\.additions.receivers) })
    return try notify.flatMap { file in
      try file.findings(named: named, now: run.common.now).map {
        Finding(place: $0.place, kind: "receiver", name: $0.receiver, message: $0.message)
      }
    }
  }

  private static func show(
    _ problems: [ConfigProblem], _ findings: [Finding], _ run: Run
  ) throws {
    let report = self.report(problems, findings, run)
    switch run.arguments.string("format") ?? "text" {
    case "junit": try run.output.write(report.junit)
    case "github": try run.output.write(report.github)
    case "json", "csv":
      let rows =
        problems.map {
          row($0.place, "error", nil, $0.message, $0.hint)
        }
        + findings.map {
          row($0.place, "warning", $0.name, $0.message, $0.hint)
        }
      _ = try AlertListing.show(
        rows, ["file", "line", "severity", "rule", "message", "hint"], run)
    default:
      for problem in problems { try write("\(problem)", problem.hint, run) }
      for finding in findings {
        try write(
          "\(finding.place): \(finding.kind) '\(finding.name)' \(finding.message)",
          finding.hint, run)
      }
    }
  }

  private static func write(_ line: String, _ hint: String?, _ run: Run) throws {
    try run.output.write(line + "\n")
    if let hint { try run.output.write("  hint: \(hint)\n") }
  }

  private static func row(
    _ place: ConfigPlace, _ severity: String, _ name: String?, _ message: String, _ hint: String?
  ) -> [ListCell] {
    [
      .text(place.file), .number(Double(place.line)), .text(severity), .text(name),
      .text(message), .text(hint),
    ]
  }

  private static func report(
    _ problems: [ConfigProblem], _ findings: [Finding], _ run: Run
  ) -> CaseReport {
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
          finding.name, .warned(text(finding.message, finding.hint)), file: finding.place.file,
          line: finding.place.line))
    }
    report.suites = suites.values.sorted { $0.name < $1.name }
    return report
  }
}
