import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxRules

/// `mx-alert test FILE...`: promtool's rule unit tests.
enum AlertTesting {
  private static let limit = 16 << 20

  static func run(_ run: Run) throws -> ExitCode {
    var report = CaseReport()
    for path in run.arguments.positionals { report.suites.append(try suite(path, run)) }
    if let path = run.arguments.string("junit") { try AtomicFile.replace(path, with: report.junit) }
    switch run.arguments.string("format") ?? "text" {
    case "junit": try run.output.write(report.junit)
    case "github": try run.output.write(report.github)
    case "json": try run.output.write(json(report))
    case "csv": try csv(report, run)
    default: try run.output.write(text(report))
    }
    return report.failureCount == 0 ? .success : .no
  }

  /// Whether the files and the rules that they name can be read.
  static func check(_ run: Run) throws -> ExitCode {
    let problems = ConfigProblems()
    for path in run.arguments.positionals { _ = try read(path, problems) }
    ConfigTelling.say(problems, run)
    return problems.isEmpty ? .success : .input
  }

  private static func read(
    _ path: String, _ problems: ConfigProblems
  ) throws -> (file: RuleTestFile, groups: [RuleGroup]) {
    let bytes = try DiskFileSystem().contents(of: path, limit: limit)
    let file = RuleTestFile.read(bytes, file: path, problems: problems)
    var groups: [RuleGroup] = []
    for pattern in file.ruleFiles {
      for rules in try Glob.files(matching: pattern, in: FilePath.parent(of: path)) {
        let bytes = try DiskFileSystem().contents(of: rules, limit: limit)
        groups += RuleReader.read(bytes, file: rules, problems: problems).groups
      }
    }
    return (file, groups)
  }

  private static func suite(_ path: String, _ run: Run) throws -> CaseReport.Suite {
    let problems = ConfigProblems()
    let (file, groups) = try read(path, problems)
    if !problems.isEmpty {
      problems.sort()
      let cases = problems.all.map { problem in
        CaseReport.Case(
          path, .errored(problem.description), file: problem.place.file, line: problem.place.line)
      }
      return CaseReport.Suite(path, cases: cases)
    }
    let only = run.arguments.strings("run")
    let results = RuleTestRun.execute(file, groups) { name in
      only.isEmpty || only.contains { name.contains($0) }
    }
    return CaseReport.Suite(
      path,
      cases: results.map { result in
        let told = result.failures.map(\.message).joined(separator: "\n")
        return CaseReport.Case(
          result.test, told.isEmpty ? .passed : .failed(told), file: path, line: result.line)
      })
  }

  // MARK: - Formats

  private static func text(_ report: CaseReport) -> String {
    var out = ""
    for suite in report.suites {
      for one in suite.cases {
        guard let told = one.verdict.text else { continue }
        if case .errored = one.verdict {
          out += "\(suite.name): FAILED\n  \(told)\n"
        } else {
          out += "\(suite.name): \(one.name): FAILED\n  \(told)\n"
        }
      }
    }
    let failed = report.failureCount
    return out + "\(report.caseCount - failed) passed, \(failed) failed\n"
  }

  private static func json(_ report: CaseReport) -> String {
    let rows = report.suites.flatMap { suite in
      suite.cases.map { one in
        JSONText.object([
          ("file", .string(suite.name)), ("test", .string(one.name)),
          ("passed", .bool(one.verdict == .passed)),
          ("message", one.verdict.text.map { .string($0) } ?? .null),
        ])
      }
    }
    return JSONText.array(rows).text + "\n"
  }

  private static func csv(_ report: CaseReport, _ run: Run) throws {
    let writer = SeparatedWriter(.csv)
    try writer.write(["file", "test", "passed", "message"], to: run.output)
    for suite in report.suites {
      for one in suite.cases {
        let passed = one.verdict == .passed
        try writer.write(
          [suite.name, one.name, passed ? "yes" : "no", one.verdict.text ?? ""], to: run.output)
      }
    }
  }
}
