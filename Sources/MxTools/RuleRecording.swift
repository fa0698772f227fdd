import MxCLI
import MxEngine
import MxFiles
import MxJSON
import MxModel
import MxRules
import MxStore

/// `mx-rollup --rules FILE...`: recording rules at every due instant since the last
/// run, or again over a range, by the code that alerting evaluates them with.
enum RuleRecording {
  struct Outcome {
    var result = RuleRunResult()
    var groups = 0
    var isBroken = false
    var damage = Report()
  }

  /// `again`: the range of `--from` and `--to`; nil: what is due.
  static func run(
    _ store: Store, _ settings: Settings, again: TimeRange?, _ oversight: Oversight, _ run: Run
  ) throws -> ExitCode {
    let loaded = try RuleFiles.load(run)
    let code: ExitCode = loaded.brokenFiles.isEmpty ? .success : .input
    if run.common.checksOnly { return code }
    let state = RecordingState(store)
    let lock = try state.lock(run)
    defer { lock.release() }
    var lastRuns = try state.load()
    // Data comes a moment after its time: alerting looks as far behind the present.
    let now = run.common.now - settings.alert.delay
    let due =
      again.map { RecordingPlan.again(loaded.groups, limited($0, to: now)) }
      ?? RecordingPlan.live(loaded.groups, lastRuns, now: now)
    var outcome = Outcome()
    let pieces = RecordingPlan.pieces(due)
    for (number, piece) in pieces.enumerated() {
      try oversight.check()
      oversight.progress("rules", number, pieces.count)
      try evaluate(piece, store, run, &outcome)
      guard again == nil else { continue }
      for due in piece { lastRuns[due.group.key] = due.steps.last }
      try state.save(lastRuns)
    }
    tell(outcome, run)
    let damage = StoreDamage.tell(outcome.damage, run)
    if damage != .success { return damage }
    if code != .success { return code }
    return outcome.result.failureCount > 0 ? .no : .success
  }

  private static func limited(_ range: TimeRange, to now: Int64) -> TimeRange {
    TimeRange(from: range.from, to: min(range.to, now))
  }

  /// One piece: evaluated over what was there before it, committed as one.
  private static func evaluate(
    _ piece: [GroupDue], _ store: Store, _ run: Run, _ outcome: inout Outcome
  ) throws {
    let source = try Snapshot(store, outcome.damage)
    var commit = CommitOptions(now: run.common.now)
    commit.lockWait = run.common.lock.seconds
    let sink = StoreWriter(store, commit)
    var options = RuleOptions()
    options.engine.threads = run.common.threads
    let result = try RuleRun.execute(
      piece, source: source, sink: sink, options: options, report: outcome.damage, alerts: nil)
    try sink.commit()
    outcome.result.evaluations += result.evaluations
    outcome.result.samples += result.samples
    outcome.result.failureCount += result.failureCount
    let room = max(0, 20 - outcome.result.failures.count)
    outcome.result.failures += result.failures.prefix(room)
    outcome.groups = max(outcome.groups, piece.count)
  }

  private static func tell(_ outcome: Outcome, _ run: Run) {
    let result = outcome.result
    for failure in result.failures {
      run.output.error(
        Diagnostic(
          .no, subject: "\(failure.place)",
          "rule '\(failure.rule)' at \(TimeText.rfc3339(failure.time)): \(failure.message)"))
    }
    if result.failureCount > result.failures.count {
      let more = result.failureCount - result.failures.count
      run.output.error(Diagnostic(.no, "\(more) more evaluations failed"))
    }
    run.report.set("evaluations", Double(result.evaluations), help: "Rule evaluations.")
    run.report.set("recorded_samples", Double(result.samples), help: "Samples recorded.")
    run.report.set(
      "rule_failures", Double(result.failureCount), help: "Rule evaluations that failed.")
    if result.evaluations > 0 {
      run.output.summary(
        "\(result.evaluations) evaluations of \(outcome.groups) groups, "
          + "\(result.samples) samples recorded")
    }
  }
}

/// When each group of recording rules was evaluated last: `state/recording.json`.
///
///     {"groups":{"jobs/rules/cpu.yml;cpu":1795132800000}}
///
/// Written after the samples are on disk: a run that dies between evaluates the same
/// instants again, with the same result.
struct RecordingState {
  private let directory: String
  private let path: String
  private let files: any FileSystem

  /// A hundred thousand groups.
  private static let limit = 16 << 20

  init(_ store: Store) {
    directory = store.stateDirectory
    path = FilePath.join(directory, "recording.json")
    files = store.files
  }

  func lock(_ run: Run) throws -> any FileLock {
    try files.makeDirectory(directory)
    let file = FilePath.join(directory, "recording.lock")
    guard let lock = try files.lock(file, .exclusive, wait: run.common.lock.seconds) else {
      throw StoreError.locked(path: file)
    }
    return lock
  }

  /// A file that cannot be read is told and not passed over: without it a gap would
  /// stay a gap for ever.
  func load() throws -> [String: Int64] {
    guard try files.status(path) != nil else { return [:] }
    let bytes = try files.contents(of: path, limit: RecordingState.limit)
    let members: [JSONMember]?
    do throws(JSONError) {
      members = try JSONValue.parse(bytes)["groups"]?.members
    } catch {
      members = nil
    }
    guard let members else {
      throw Diagnostic(
        .damage, subject: path, "is no list of groups",
        hint: "remove it, and evaluate what was missed: mx-rollup --rules FILE --from TIME --to now"
      )
    }
    var runs: [String: Int64] = [:]
    for member in members { runs[member.name] = member.value.int }
    return runs
  }

  func save(_ runs: [String: Int64]) throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("groups")
    writer.beginObject()
    for (key, time) in runs.sorted(by: { $0.key < $1.key }) {
      writer.name(key)
      writer.int(time)
    }
    writer.endObject()
    writer.endObject()
    writer.newline()
    try files.replace(path, with: writer.take(), temporary: path + ".new")
  }
}
