import MxAlert
import MxConfig
import MxEngine
import MxModel
import MxRules
import Testing

/// Rules over series written as in test scripts, run again and again: what comes of it
/// as lines of text.
struct AlertScenario {
  static let minute: Int64 = 60_000

  let groups: [RuleGroup]
  var batch = SampleBatch()
  var settings = AlertSettings()
  let folder = LedgerFolder()

  init(_ rules: String, file: String = "r.yml") throws {
    let problems = ConfigProblems()
    groups = RuleReader.read(Array(rules.utf8), file: file, problems: problems).groups
    try problems.check()
    settings.delay = 0
    settings.rules.engine.lookback = .fixed(60_001)
  }

  /// One sample each `interval`, the first at 0.
  mutating func add(
    _ series: String, _ values: String, interval: Int64 = AlertScenario.minute
  ) throws {
    try ScriptSeries.append(
      series: series, values: values, start: 0, interval: interval, line: 0, to: &batch)
  }

  mutating func addEvents(_ metric: String) {
    batch.metadata.append(MetricMetadata(family: metric, type: .event))
  }

  struct Story {
    /// `5 a pending>firing`: minute, label `i`, what changed, why.
    var changes: [String] = []
    /// `FIRING 5 a (reason)`: what was told.
    var notices: [String] = []
    var samples = SampleBatch()
    var failures: [RuleFailure] = []
  }

  /// Runs at the times, minutes since 1970.
  func run(at minutes: [Double]) throws -> Story {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    var story = Story()
    let source = MemorySource(batch)
    for minute in minutes {
      let sink = MemorySink()
      let report = try AlertRun.execute(
        groups, ledger: ledger, source: source, sink: sink,
        now: Int64(minute * Double(Self.minute)), settings: settings, report: Report())
      story.changes += report.transitions.map(Self.line)
      story.notices += report.transitions.compactMap(Self.notice)
      story.failures += report.rules.failures
      let written = sink.committed
      for row in 0..<written.count {
        story.samples.append(
          written.series.labels(written.refs[row]), written.times[row], written.values[row])
      }
    }
    return story
  }

  func run(every step: Double = 1, upTo last: Double) throws -> Story {
    try run(at: Array(stride(from: 0, through: last, by: step)))
  }

  private static func line(_ change: AlertTransition) -> String {
    let what =
      change.kind == .state
      ? "\(change.from.rawValue)>\(change.to.rawValue)" : change.kind.rawValue
    let why = change.kind == .state ? change.reasonText.map { " (\($0))" } ?? "" : ""
    return "\(time(change.at)) \(change.labels["i"] ?? "-") \(what)\(why)"
  }

  private static func notice(_ change: AlertTransition) -> String? {
    guard let notice = NotifyAlert(change, rule: "", delay: 0) else { return nil }
    return "\(notice.isFiring ? "FIRING" : "RESOLVED") \(time(change.at)) "
      + "\(change.labels["i"] ?? "-")" + (notice.reason.map { " (\($0))" } ?? "")
  }

  private static func time(_ milliseconds: Int64) -> String {
    let (minutes, rest) = milliseconds.quotientAndRemainder(dividingBy: minute)
    return rest == 0 ? "\(minutes)" : "\(minutes):\(rest / 1000)"
  }
}
