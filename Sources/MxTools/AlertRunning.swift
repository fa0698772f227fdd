import MxAlert
import MxCLI
import MxConfig
import MxEngine
import MxFiles
import MxModel
import MxRules
import MxStore

/// `mx-alert run`: rules → store → states → ledger → notices.
enum AlertRunning {
  static func run(_ run: Run) throws -> ExitCode {
    let changes = ChangeList(run)
    try changes.begin()
    let loaded = try RuleFiles.load(run)
    let notify = try notifyFiles(run)
    let defaults = try SettingsReader.load(run)
    let store = Store(path: run.common.store, files: DiskFileSystem())
    // A mistyped path must not leave a directory behind.
    guard try store.files.status(store.path) != nil else {
      throw StoreError.missing(path: store.path)
    }
    let place = AlertPlace(store)
    let lock = try place.lock(run)
    defer { lock.release() }
    let report = Report()
    var settings = try settings(run, loaded.brokenFiles)
    settings.notify = notify?.config
    if let delay = try run.arguments.duration("delay") { settings.delay = delay }
    if let maximum = try run.arguments.duration("max-catchup") { settings.maxCatchup = maximum }
    let source = try Snapshot(store, report)
    settings.sequence = Int64(clamping: source.manifest.lastSequence)
    var commit = CommitOptions(now: run.common.now)
    commit.lockWait = run.common.lock.seconds
    let ledger = try AlertLedger.open(
      place.ledger, wait: place.wait(run), run: run.output.runId)
    let result = try AlertRun.execute(
      loaded.groups, ledger: ledger, source: source, sink: StoreWriter(store, commit),
      now: run.common.now, settings: settings, report: report)
    let charts = AlertCharts(
      loaded.groups, source, now: run.common.now, settings.rules.engine)
    for change in result.transitions { try changes.write(change) }
    try changes.end()
    let delivery = try deliver(ledger, notify, defaults, charts, saysNotices: changes.isText, run)
    if result.changed || delivery.sent > 0 { try ledger.backup(to: place.backup) }
    tell(result, delivery, run)
    try tellNotices(ledger, run)
    let isFresh = try isFresh(source, loaded.groups, report, run)
    let damage = StoreDamage.tell(report, run)
    if damage != .success { return damage }
    let isUnsupported = notify?.sayUnsupported(run) ?? true
    if !loaded.brokenFiles.isEmpty || isUnsupported { return .input }
    if result.rules.failureCount > 0 || !delivery.isClean || !isFresh { return .no }
    return run.arguments.has("exit-code") && result.firing > 0 ? .firing : .success
  }

  /// Nil where they cannot be used, which is said. The rules are evaluated all the same:
  /// what they have to tell waits in the ledger.
  private static func notifyFiles(_ run: Run) throws -> NotifyFiles? {
    do {
      return try NotifyFiles.load(run)
    } catch let problem as Diagnostic where problem.exitCode == .input {
      run.output.error(problem)
      run.output.error(
        Diagnostic(
          .input, "nobody is told of anything until the notification file is mended",
          hint: "rules are evaluated meanwhile, and what they have to tell is kept"))
      return nil
    }
  }

  private static func deliver(
    _ ledger: AlertLedger, _ notify: NotifyFiles?, _ defaults: Settings, _ charts: AlertCharts,
    saysNotices: Bool, _ run: Run
  ) throws -> DeliveryReport {
    guard let notify else { return DeliveryReport() }
    let now = run.common.now
    return try Delivery.deliver(
      ledger, notify.config, NoticeCourier(output: run.output, now: now, saysNotices: saysNotices),
      at: now,
      using: SystemRandomNumberGenerator()
    ) { try notify.context(run, defaults) { charts.chart($0) } }
  }

  static func settings(_ run: Run, _ brokenFiles: Set<String>) throws -> AlertSettings {
    let defaults = try SettingsReader.load(run)
    var settings = AlertSettings()
    settings.brokenFiles = brokenFiles
    settings.isFileGone = { path in
      do { return try DiskFileSystem().status(path) == nil } catch { return false }
    }
    settings.delay = defaults.alert.delay
    settings.maxCatchup = defaults.alert.maxCatchup
    settings.keepHistory = defaults.alert.history
    settings.noData = defaults.alert.noData
    settings.rules.expiry = Deadline.expiry
    settings.rules.engine.threads = run.common.threads
    return settings
  }

  /// `--require-fresh`. Old data stop nothing: rules about data that stay away are for
  /// just that.
  private static func isFresh(
    _ source: Snapshot, _ groups: [RuleGroup], _ report: Report, _ run: Run
  ) throws -> Bool {
    guard let allowed = try run.arguments.duration("require-fresh") else { return true }
    let recorded = Set(groups.flatMap(\.rules).filter { !$0.isAlert }.map(\.name))
    let now = run.common.now
    let newest = try StoreAge.newest(source, besides: recorded, now: now, report)
    guard let problem = StoreAge.problem(newest, allowed: allowed, now: now) else { return true }
    run.output.error(
      Diagnostic(
        .no, problem,
        hint: "rules were evaluated all the same; mx-compact health tells when each tool last ran"))
    return false
  }

  /// The outbox as figures, by which a rule can tell that nobody is told.
  private static func tellNotices(_ ledger: AlertLedger, _ run: Run) throws {
    let (waiting, dead) = try ledger.outboxCounts()
    let oldest = try ledger.oldestWaiting() ?? run.common.now
    run.report.set("notices_waiting", Double(waiting), help: "Notices in the outbox.")
    run.report.set(
      "notices_failed", Double(dead), help: "Notices in the dead-letter list.")
    run.report.set(
      "notices_waiting_age_seconds", Double(max(0, run.common.now - oldest)) / 1000,
      help: "Age of the oldest notice in the outbox, 0 where it is empty.")
  }

  private static func tell(_ delivery: DeliveryReport, _ run: Run) {
    say(
      delivery.failures, "not sent", hint: "it stays in the outbox and is tried again", run)
    say(delivery.dead, "will not be sent", hint: "mx-alert history shows what it said", run)
    for failure in delivery.templates.prefix(20) {
      run.output.error(
        Diagnostic(
          .no, subject: failure.target, "template failed: \(failure.error)",
          hint: "the notice was sent in plain words"))
    }
  }

  /// Each trouble of a channel once, however many notices met it.
  private static func say(
    _ failures: [(target: String, error: String)], _ what: String, hint: String, _ run: Run
  ) {
    let keys = failures.map { "\($0.target)\0\($0.error)" }
    var counts: [String: Int] = [:]
    for key in keys { counts[key, default: 0] += 1 }
    for (failure, key) in zip(failures, keys) {
      guard let count = counts.removeValue(forKey: key) else { continue }
      let more = count > 1 ? " (\(count) notices)" : ""
      run.output.error(
        Diagnostic(.no, subject: failure.target, "\(what): \(failure.error)\(more)", hint: hint))
    }
  }

  private static func tell(_ result: AlertReport, _ delivery: DeliveryReport, _ run: Run) {
    RuleFailures.tell(result.rules, run)
    tell(delivery, run)
    if result.skipped > 0 {
      run.output.warn(
        Diagnostic(
          .no, "\(result.skipped) evaluations were missed too long ago to be made up for",
          hint: "--max-catchup says how far back to go"))
    }
    run.report.set("evaluations", Double(result.rules.evaluations), help: "Rule evaluations.")
    run.report.set("firing", Double(result.firing), help: "Alerts that fire.")
    run.report.set("sent", Double(delivery.sent), help: "Notices sent.")
    run.report.set(
      "rule_failures", Double(result.rules.failureCount), help: "Rule evaluations that failed.")
    run.output.summary(
      "\(result.rules.evaluations) evaluations of \(result.groups) groups, \(result.firing) "
        + "firing, \(result.pending) pending, \(delivery.sent) notices sent")
  }
}

/// Time limits of single evaluations, by the monotonic clock.
enum Deadline {
  static let expiry: @Sendable (Int64) -> @Sendable () -> Bool = { timeout in
    let started = Clock()
    return { started.elapsed > timeout }
  }
}

/// Where alerting keeps what it remembers: in the store's `state/`.
struct AlertPlace {
  private let directory: String
  private let files: any FileSystem

  init(_ store: Store) {
    directory = store.stateDirectory
    files = store.files
  }

  var ledger: String { FilePath.join(directory, "alerts.db") }
  /// A copy made after each run that changed something.
  var backup: String { FilePath.join(directory, "alerts-copy.db") }

  func wait(_ run: Run) -> Int64 { Int64(run.common.lock.seconds * 1000) }

  func make() throws { try files.makeDirectory(directory) }

  /// One run at a time, from the first evaluation to the last notice.
  func lock(_ run: Run) throws -> any FileLock {
    try make()
    let path = FilePath.join(directory, "alert.lock")
    guard let lock = try files.lock(path, .exclusive, wait: run.common.lock.seconds) else {
      throw AlertError.locked(path: path)
    }
    return lock
  }
}
