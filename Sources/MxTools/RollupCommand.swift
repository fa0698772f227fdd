package import MxCLI
import MxFiles
import MxModel
import MxStore

/// `mx-rollup`: coarser tiers of old data, and recording rules.
package enum RollupCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    switch run.verb {
    case "": return try rollUp(run)
    case "status": return try status(run)
    default: throw Pending.refusal(run)
    }
  }

  private static func rollUp(_ run: Run) throws -> ExitCode {
    let settings = try SettingsReader.load(run)
    let store = StoreAccess.store(run)
    let again = try again(run)
    let rules = run.arguments.has("rules")
    if run.common.checksOnly {
      return rules
        ? try RuleRecording.run(store, settings, again: again, Oversight(), run) : .success
    }
    let oversight = Interruption.oversight(run)
    // Another run's upkeep of the store may last; rules need not wait for it.
    var locked: StoreError?
    var code = ExitCode.success
    do {
      code = try StoreAccess.maintaining(store, run) {
        try tiers(store, settings, again, oversight, run)
      }
    } catch StoreError.locked(let path) where rules {
      locked = .locked(path: path)
    }
    if Interruption.isAsked { return code }
    if rules {
      do {
        let recorded = try RuleRecording.run(store, settings, again: again, oversight, run)
        if code == .success { code = recorded }
      } catch is WorkStopped {
        return Interruption.exitCode
      }
    }
    if let locked { throw locked }
    return code
  }

  private static func tiers(
    _ store: Store, _ settings: Settings, _ again: TimeRange?, _ oversight: Oversight, _ run: Run
  ) throws -> ExitCode {
    var options = RollupOptions(now: run.common.now)
    options.tiers = settings.rollup.tiers
    options.lag = settings.rollup.lag
    options.lockWait = run.common.lock.seconds
    options.threads = run.common.threads
    options.again = again
    let report = Report()
    let result = try store.rollUp(options, report, oversight)
    run.report.set("windows_computed", Double(result.computed), help: "Windows computed.")
    run.report.set("windows_written", Double(result.written), help: "Windows new or changed.")
    if let lag = try lag(store, report) {
      run.report.set(
        "lag_seconds", Double(lag) / 1000, help: "Newest sample less newest window of the finest tier.")
    }
    // Its own figures of the last time make a few windows each: they alone are no reason for new ones.
    if result.written > 4 * (run.report.figures.count + 1) {
      try SelfSamples.commit(to: store, run)
    }
    if !result.segments.isEmpty {
      run.output.summary("\(result.written) windows of \(result.computed) computed were new")
    }
    return StoreDamage.tell(report, run)
  }

  private static func lag(_ store: Store, _ report: Report) throws -> Int64? {
    let manifest = try store.manifest(report)
    let horizon = manifest.segments.filter { $0.kind == .windows }.map(\.horizon).max()
    guard let horizon, let newest = manifest.newestSample else { return nil }
    let (lag, overflow) = newest.subtractingReportingOverflow(horizon)
    return overflow ? nil : max(0, lag)
  }

  /// The range of `--from` and `--to`; nil without them.
  private static func again(_ run: Run) throws -> TimeRange? {
    let from = try run.arguments.time("from", now: run.common.now)
    let to = try run.arguments.time("to", now: run.common.now)
    if from == nil && to == nil { return nil }
    let range = TimeRange(from: from ?? .min, to: to ?? run.common.now)
    guard !range.isEmpty else { throw Diagnostic(.usage, "'--from' is after '--to'") }
    return range
  }

  private static func status(_ run: Run) throws -> ExitCode {
    let store = StoreAccess.store(run)
    let settings = try SettingsReader.load(run)
    let report = Report()
    let now = run.common.now
    var table = TableWriter([
      ("tier", .left), ("segments", .right), ("series", .right), ("windows", .right),
      ("bytes", .right), ("newest window", .left), ("lag", .right), ("due", .left),
    ])
    for tier in try store.tierStatus(
      settings.rollup.tiers, now: now, lag: settings.rollup.lag, report)
    {
      table.append([
        DurationText.format(tier.width), String(tier.segments), String(tier.series),
        String(tier.windows), String(tier.bytes), tier.newest.map(TimeText.rfc3339) ?? "-",
        tier.newest.map { DurationText.format(max(0, now - $0)) } ?? "-",
        tier.isDue ? "yes" : "no",
      ])
    }
    try table.write(to: run.output)
    return StoreDamage.tell(report, run)
  }

  package static let table = CommandTable(
    name: "mx-rollup",
    summary: "compute tiers and recording rules",
    description: """
      Computes every window of every tier that is due, once, and again where late data touched \
      it; then the recording rules of the files given. Over a range it does the same again, with \
      the same result however often.
      """,
    main: Verb(
      "", "every due window of every tier, then recording rules",
      options: [SharedOptions.rules, SharedOptions.from, SharedOptions.to],
      usage: ["[--rules FILE...]", "--from T --to T"]),
    verbs: [Verb("status", "what is computed up to where, and what is due", printsData: true)],
    common: CommonOptions.table(writer: true),
    example: "mx-rollup --rules jobs/rules/*.yml",
    sections: [
      ManualText.examples(
        """
        Everything due, every minute from cron:

         * * * * * mx-rollup --store /var/lib/mx/store --rules /etc/mx/rules/*.yml

        A day again, after its data was mended:

         mx-rollup --from 2026-11-20 --to 2026-11-21

        How far the tiers are:

         mx-rollup status
        """),
      ManualText.values, ManualText.files, ManualText.exitStatus,
    ])
}
