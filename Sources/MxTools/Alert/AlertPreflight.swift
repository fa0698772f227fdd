import MxAlert
import MxCLI
import MxConfig
import MxPromQL
import MxRules

/// `mx-alert … --check`: whether what a verb is given can be used. Nothing is evaluated,
/// sent or written.
enum AlertPreflight {
  static func run(_ run: Run) throws -> ExitCode {
    _ = try SettingsReader.load(run)
    switch run.verb {
    case "run", "replay": return try rulesAndNotices(run)
    case "check":
      if let text = run.arguments.positionals.first {
        _ = try RangeCheck(run)
        _ = try PromQL.parse(text)
        return .success
      }
      return try rules(run).code
    case "explain", "rules": return try rules(run).code
    case "status": return try notices(run, named: [])
    case "notify-test": return try AlertNotifyTest.check(run)
    case "lint": return try AlertLinting.run(run)
    case "test": return try AlertTesting.check(run)
    case "silence", "ack": return try AlertHolding.check(run)
    default: return .success
    }
  }

  private static func rules(_ run: Run) throws -> (code: ExitCode, named: Set<String>) {
    // What is switched needs no file.
    let action = run.verb == "rules" ? run.arguments.positionals.first ?? "list" : ""
    let loaded = try RuleFiles.load(run, orUsed: !["enable", "disable"].contains(action))
    let named = Set(loaded.groups.flatMap { $0.rules.flatMap(\.additions.receivers) })
    return (loaded.brokenFiles.isEmpty ? .success : .input, named)
  }

  private static func rulesAndNotices(_ run: Run) throws -> ExitCode {
    let (code, named) = try rules(run)
    let other = try notices(run, named: named)
    return code == .success ? other : code
  }

  /// Receivers that rules name must be there, and every message must be one.
  private static func notices(_ run: Run, named: Set<String>) throws -> ExitCode {
    guard run.arguments.has("notify") else { return .success }
    let file = try NotifyFiles.load(run)
    var code = ExitCode.success
    for name in named.sorted() where file.config.receiver(name) == nil {
      code = .input
      run.output.error(
        Diagnostic(
          .input, "rules name the receiver '\(name)', which the notification file has not",
          hint: Suggestion.hint(for: name, among: file.config.receivers.map(\.name))))
    }
    for finding in try file.findings(named: named, now: run.common.now) {
      let told = Diagnostic(
        .input, subject: finding.place.description,
        "receiver '\(finding.receiver)' \(finding.message)")
      if finding.isFailure {
        code = .input
        run.output.error(told)
      } else {
        run.output.warn(told)
      }
    }
    return code
  }
}
