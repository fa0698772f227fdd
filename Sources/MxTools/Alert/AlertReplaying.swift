import MxAlert
import MxCLI
import MxFiles
import MxModel
import MxRules
import MxStore

/// `mx-alert replay --from T --to T`: what would have been sent, by the live code.
enum AlertReplaying {
  static func run(_ run: Run) throws -> ExitCode {
    try AlertRunning.refuseNotify(run)
    let now = run.common.now
    let range = TimeRange(
      from: try run.arguments.time("from", now: now) ?? now,
      to: try run.arguments.time("to", now: now) ?? now)
    guard !range.isEmpty else { throw Diagnostic(.usage, "'--from' is after '--to'") }
    let loaded = try RuleFiles.load(run, orUsed: true)
    let report = Report()
    let source = try Snapshot(Store(path: run.common.store, files: DiskFileSystem()), report)
    let settings = try AlertRunning.settings(run, loaded.brokenFiles)
    let result = try AlertReplay.execute(
      loaded.groups, range, source: source, settings: settings, report: report)
    try show(result, run)
    RuleFailures.tell(result.rules, run)
    try LateSamples.tell(loaded.groups, range, source, run)
    run.report.set("evaluations", Double(result.rules.evaluations), help: "Rule evaluations.")
    run.output.summary(
      "\(result.rules.evaluations) evaluations, \(result.transitions.count) changes")
    let damage = StoreDamage.tell(report, run)
    if damage != .success { return damage }
    if !loaded.brokenFiles.isEmpty { return .input }
    return result.rules.failureCount > 0 ? .no : .success
  }

  private static func show(_ result: AlertReplay.Result, _ run: Run) throws {
    if run.arguments.string("format") ?? "text" == "text" {
      for (_, transition) in result.transitions {
        guard let notice = Notice(transition) else { continue }
        try run.output.write("\(TimeText.rfc3339(transition.at)) \(notice.text)")
      }
      return
    }
    let rows = result.transitions.map { _, transition in
      [
        TimeText.rfc3339(transition.at), transition.kind.rawValue,
        transition.labels["alertname"] ?? "",
        transition.labels.removing(["alertname"]).description, transition.from.rawValue,
        transition.to.rawValue, AlertListing.number(transition.value),
        Notice(transition) == nil ? "no" : "yes", transition.reasonText ?? "",
      ]
    }
    _ = try AlertListing.show(
      rows, ["at", "kind", "alert", "labels", "from", "to", "value", "notice", "reason"], run)
  }
}

/// Rules that could not be evaluated, told once each.
enum RuleFailures {
  private static let shown = 20

  static func tell(_ result: RuleRunResult, _ run: Run) {
    var seen: Set<String> = []
    for failure in result.failures {
      guard seen.insert("\(failure.place)\0\(failure.message)").inserted else { continue }
      if seen.count > shown { break }
      run.output.error(
        Diagnostic(.no, subject: failure.rule, failure.message, hint: "\(failure.place)"))
    }
  }
}
