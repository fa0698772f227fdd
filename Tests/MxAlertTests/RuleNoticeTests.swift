import MxAlert
import MxConfig
import MxEngine
import MxModel
import MxRules
import Synchronization
import Testing

/// What a rule says itself of its evaluation and its notices, over whole runs: rules,
/// ledger, notices.
@Suite struct RuleNoticeTests {
  private static let minute: Int64 = 60_000
  private let folder = LedgerFolder()

  private static let notify = """
    route: {receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 1m,
      repeat_interval: 2m}
    receivers:
      - {name: ops, x-mx: {stdout_configs: [{}]}}
      - {name: dev, x-mx: {stdout_configs: [{}]}}
    """

  private func groups(_ rules: String) throws -> [RuleGroup] {
    let problems = ConfigProblems()
    let file = RuleReader.read(
      Array("groups: [{name: g, rules: [\(rules)]}]".utf8), file: "r.yml", problems: problems)
    try problems.check()
    return file.groups
  }

  /// `m{i="a"}` at 9 from minute 1 to 20, and nothing before and after.
  private var source: MemorySource {
    var batch = SampleBatch()
    for time in 0..<30 as Range<Int64> {
      batch.append(
        LabelSet(name: "m", [("i", "a")]), time * Self.minute, 1...20 ~= time ? 9 : 0)
    }
    return MemorySource(batch)
  }

  /// A run each minute; `MINUTE TARGET STATE REASON` of each notice.
  private func notices(
    _ rules: String, upTo last: Int64 = 24, _ change: (inout AlertSettings) -> Void = { _ in }
  ) throws -> [String] {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    var settings = AlertSettings()
    settings.delay = 0
    settings.notify = try Config.read(Self.notify)
    change(&settings)
    for time in 0...last {
      _ = try AlertRun.execute(
        try groups(rules), ledger: ledger, source: source, sink: MemorySink(),
        now: time * Self.minute, settings: settings, report: Report())
    }
    return try ledger.history(.all, limit: 1000).filter { $0.kind == .notice }.map {
      "\($0.at / Self.minute) \($0.receiver ?? "") \($0.to?.rawValue ?? "") \($0.reason ?? "")"
    }
  }

  @Test func aRuleNamesItsReceivers() throws {
    let found = try notices("{alert: A, expr: m > 5, x-mx: {notify: [dev, nobody]}}", upTo: 2)
    #expect(found == ["1 dev/stdout/0 firing first notification"])
    let both = try notices("{alert: B, expr: m > 5, x-mx: {notify: [dev, ops]}}", upTo: 26)
    #expect(both.filter { $0.hasPrefix("1 ") }.count == 1)
    #expect(both.contains("21 ops/stdout/0 inactive all alerts resolved"))
    #expect(both.contains("21 dev/stdout/0 inactive all alerts resolved"))
  }

  /// The first and two repeats; the end is told all the same, and the next time counts anew.
  @Test func aRuleIsToldSoOftenAndNoMore() throws {
    let found = try notices("{alert: A, expr: m > 5, x-mx: {max_notifications: 3}}")
    #expect(
      found == [
        "1 ops/stdout/0 firing first notification",
        "4 ops/stdout/0 firing repeat interval elapsed",
        "7 ops/stdout/0 firing repeat interval elapsed",
        "21 ops/stdout/0 inactive all alerts resolved",
      ])
    let ledger = try AlertLedger.read(folder.ledger, wait: 0)
    let held = try ledger.history(.all, limit: 1000).filter { $0.kind == .held }
    #expect(held.map(\.reason) == ["told 3 times, as often as its rule allows"])
  }

  @Test func oneNoticeMayBeAll() throws {
    let found = try notices("{alert: A, expr: m > 5, x-mx: {max_notifications: 1}}", upTo: 15)
    #expect(found == ["1 ops/stdout/0 firing first notification"])
  }

  /// A rule that takes longer than its `timeout` fails, ends nothing and stops no other.
  @Test func aRuleThatTakesTooLongFails() throws {
    let slow = Mutex(false)
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    var settings = AlertSettings()
    settings.delay = 0
    settings.rules.expiry = { timeout in
      { timeout == 5000 && slow.withLock { $0 } }
    }
    let rules = "{alert: Slow, expr: m > 5, x-mx: {timeout: 5s}}, {alert: Other, expr: m > 6}"
    func run(_ time: Int64) throws -> AlertReport {
      try AlertRun.execute(
        try groups(rules), ledger: ledger, source: source, sink: MemorySink(),
        now: time * Self.minute, settings: settings, report: Report())
    }
    #expect(try run(0).rules.failureCount == 0)
    #expect(try run(1).firing == 2)
    slow.withLock { $0 = true }
    // The condition is over, but nobody can know that of the slow one.
    let late = try run(22)
    #expect(late.rules.failures.allSatisfy { $0.rule == "Slow" })
    #expect(!late.rules.failures.isEmpty)
    #expect(late.firing == 1)
    slow.withLock { $0 = false }
    #expect(try run(23).firing == 0)
  }

  /// What history says of a change besides the states.
  @Test func historyHasSampleThresholdAndWindow() throws {
    _ = try notices(
      """
      {alert: A, expr: 'avg_over_time(m[2m] offset 1m) > 5'}, {record: r, expr: m},
      {alert: B, expr: r > 7}, {alert: C, expr: 'label_replace(m, \"x\", \"y\", \"\", \"\") == 9'},
      {alert: D, expr: sum(m) > 3}, {alert: E, expr: 'absent(m) or 4 < m'}
      """, upTo: 3)
    let ledger = try AlertLedger.read(folder.ledger, wait: 0)
    let found = try ledger.history(.all, limit: 100).filter { $0.to == .firing }.map {
      "\($0.kind.rawValue) \($0.alert) \($0.at / Self.minute) "
        + "\($0.sampleAt.map { "\($0 / Self.minute)" } ?? "-") "
        + "\($0.threshold.map { "\($0)" } ?? "-") \($0.window.map { "\($0 / 1000)" } ?? "-")"
    }.sorted()
    #expect(
      found == [
        "notice A 3 2 5.0 120", "notice B 1 1 7.0 -", "notice C 1 - 9.0 -",
        "notice D 1 1 3.0 -", "notice E 1 1 - -",
        "transition A 3 2 5.0 120", "transition B 1 1 7.0 -", "transition C 1 - 9.0 -",
        "transition D 1 1 3.0 -", "transition E 1 1 - -",
      ], "\(found)")
  }

  /// A replay tells the repeats that runs each minute would have told.
  @Test func aReplayTellsTheRepeats() throws {
    let live = try notices("{alert: A, expr: m > 5}")
    var settings = AlertSettings()
    settings.delay = 0
    let groups = try groups("{alert: A, expr: m > 5}")
    var replay = NotifyReplay(
      .init(config: try Config.read(Self.notify), delay: 0, groups: groups), silences: [], from: 0)
    var told: [String] = []
    func tell(_ notice: GroupNotice) {
      let state = notice.firing.isEmpty ? "inactive" : "firing"
      told.append(
        "\(notice.at / Self.minute) \(notice.target) \(state) \(notice.reason.rawValue)")
    }
    _ = try AlertReplay.execute(
      groups, TimeRange(from: 0, to: 24 * Self.minute), source: source, settings: settings,
      report: Report(), take: { replay.take($0, $1) },
      reached: { replay.advance(upTo: $0, tell) })
    replay.advance(upTo: 24 * Self.minute, tell)
    #expect(told == live && told.count == 8, "\(told)")
  }

  /// Rules that have to do with no other are evaluated side by side: with the same outcome,
  /// in the same order, whatever the number of threads.
  @Test func threadsChangeNothing() throws {
    var batch = SampleBatch()
    for host in 0..<8 {
      for time in 0..<100 as Range<Int64> {
        batch.append(
          LabelSet(name: "n", [("i", "\(host)")]), time * Self.minute,
          Double((time * 7 + Int64(host) * 13) % 40))
      }
    }
    let source = MemorySource(batch)
    let rules = (0..<12).map { "{alert: A\($0), expr: n > \($0 + 5), for: \($0 % 3)m}" }
    let more = [
      "{record: r, expr: sum(n)}", "{alert: R, expr: r > 170}",
      "{alert: H, expr: n > 35, x-mx: {resolve_threshold: 20}}",
      "{alert: F, expr: n > 38, annotations: {a: '{{ $value | humanize }} of {{ $labels.i }}'}}",
      "{alert: L, expr: 'label_replace(n, \"i\", \"x\", \"\", \"\") > 1'}",
    ]
    let groups = try groups((rules + more).joined(separator: ", "))
    func run(_ threads: Int) throws -> (lines: [String], samples: [String], failures: Int) {
      var settings = AlertSettings()
      settings.rules.engine.threads = threads
      settings.delay = 0
      settings.maxCatchup = 1 << 40
      var lines: [String] = []
      let replay = try AlertReplay.execute(
        groups, TimeRange(from: 0, to: 99 * Self.minute), source: source, settings: settings,
        report: Report(),
        take: { lines.append("\($0) \($1.at) \($1.labels) \($1.to) \($1.instance.annotations)") })
      let folder = LedgerFolder()
      let ledger = try AlertLedger.open(folder.ledger, wait: 0)
      let sink = MemorySink()
      for time in [0, 70, 99] as [Int64] {
        _ = try AlertRun.execute(
          groups, ledger: ledger, source: source, sink: sink, now: time * Self.minute,
          settings: settings, report: Report())
      }
      let written = sink.committed
      let samples = (0..<written.count).map {
        "\(written.series.labels(written.refs[$0])) \(written.times[$0]) \(written.values[$0])"
      }
      return (lines, samples, replay.rules.failureCount)
    }
    let one = try run(1)
    let four = try run(4)
    #expect(one.lines == four.lines && one.lines.count > 500)
    #expect(one.samples == four.samples && one.samples.count > 2000)
    #expect(one.failures == four.failures && one.failures == 100)
  }
}
