import MxAlert
import MxCLI
import MxFiles
import MxModel
import MxRules
import MxStore

/// `mx-alert replay --from T --to T`: what would have been sent, by the live code.
enum AlertReplaying {
  static func run(_ run: Run) throws -> ExitCode {
    let notify = try NotifyFiles.load(run)
    let now = run.common.now
    let range = TimeRange(
      from: try run.arguments.time("from", now: now) ?? now,
      to: try run.arguments.time("to", now: now) ?? now)
    guard !range.isEmpty else { throw Diagnostic(.usage, "'--from' is after '--to'") }
    let loaded = try RuleFiles.load(run, orUsed: true)
    let report = Report()
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let source = try Snapshot(store, report)
    let settings = try AlertRunning.settings(run, loaded.brokenFiles)
    let output = ReplayOutput(run, delay: settings.delay)
    try output.begin()
    var notices = NotifyReplay(
      NotifyRun.Settings(config: notify.config, delay: settings.delay, groups: loaded.groups),
      silences: try silences(store, run), from: range.from)
    var changes = 0
    let isText = output.isText
    let result = try AlertReplay.execute(
      loaded.groups, range, source: source, settings: settings, report: report,
      keeps: { !isText || $0.isNews },
      take: { rule, transition in
        changes += 1
        if isText { notices.take(rule, transition) } else { try output.write(transition) }
      },
      reached: { try notices.advance(upTo: $0, output.write) })
    try notices.advance(upTo: range.to, output.write)
    try output.end()
    RuleFailures.tell(result.rules, run)
    try LateSamples.tell(loaded.groups, range, source, run)
    run.report.set("evaluations", Double(result.rules.evaluations), help: "Rule evaluations.")
    run.output.summary(
      "\(result.rules.evaluations) evaluations, \(changes) changes")
    let damage = StoreDamage.tell(report, run)
    if damage != .success { return damage }
    if !loaded.brokenFiles.isEmpty { return .input }
    return result.rules.failureCount > 0 ? .no : .success
  }

  /// Those that the store's ledger knows; none where nothing ever ran.
  private static func silences(_ store: Store, _ run: Run) throws -> [Silence] {
    let place = AlertPlace(store)
    do throws(AlertError) {
      return try AlertLedger.read(place.ledger, wait: place.wait(run)).silences()
    } catch .missing {
      return []
    }
  }
}

/// What a replay prints, as it comes: a long one has more than can be held.
private final class ReplayOutput {
  private let run: Run
  private let delay: Int64
  private let changes: ChangeList
  private let isRouted: Bool

  init(_ run: Run, delay: Int64) {
    self.run = run
    self.delay = delay
    changes = ChangeList(run)
    isRouted = run.arguments.has("notify")
  }

  var isText: Bool { changes.isText }

  func begin() throws { try changes.begin() }

  func write(_ notice: GroupNotice) throws {
    // Without routes each change is told as it happens.
    guard isRouted else {
      let time = TimeText.rfc3339(notice.at - delay)
      for alert in notice.alerts { try run.output.write("\(time) \(PlainText.alert(alert))") }
      return
    }
    try run.output.write(
      "\(TimeText.rfc3339(notice.at)) \(notice.target): \(notice.reason.rawValue)\n")
    for alert in notice.alerts { try run.output.write("  \(PlainText.line(alert))\n") }
  }

  func write(_ transition: AlertTransition) throws { try changes.write(transition) }

  func end() throws { try changes.end() }
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
