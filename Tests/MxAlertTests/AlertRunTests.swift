import Glibc
import MxAlert
import MxConfig
import MxEngine
import MxModel
import MxRules
import MxTestSupport
import Testing

final class MemorySink: SampleSink {
  private(set) var committed = SampleBatch()
  private var pending = SampleBatch()

  func append(_ batch: borrowing SampleBatch) throws {
    for row in 0..<batch.count {
      pending.append(batch.series.labels(batch.refs[row]), batch.times[row], batch.values[row])
    }
  }

  func commit() throws {
    committed = pending
  }
}

/// A ledger in a directory of its own, gone with it.
final class LedgerFolder {
  let path: String

  init() {
    var template = Array("/tmp/mx-alert-test-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
  }

  deinit {
    for name in ["a.db", "a.db-journal", "copy.db", "copy.db-journal"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  var ledger: String { path + "/a.db" }
}

@Suite struct AlertRunTests {
  static let minute: Int64 = 60_000
  let folder = LedgerFolder()

  func groups(_ text: String) throws -> [RuleGroup] {
    let problems = ConfigProblems()
    let file = RuleReader.read(Array(text.utf8), file: "r.yml", problems: problems)
    try problems.check()
    return file.groups
  }

  static let rules = """
    groups:
      - name: g
        rules:
          - alert: Down
            expr: up == 0
            for: 2m
            labels: {severity: page}
            annotations: {summary: '{{ $labels.i }} is {{ $value }}'}
    """

  /// `up{i="a"}` is 0 from minute 3 to minute 8, 1 else; a sample a minute.
  var source: MemorySource {
    var batch = SampleBatch()
    for minute in 0...20 {
      batch.append(
        LabelSet(name: "up", [("i", "a")]), Int64(minute) * Self.minute,
        minute >= 3 && minute <= 8 ? 0 : 1)
    }
    return MemorySource(batch)
  }

  func run(
    _ rules: String = AlertRunTests.rules, at minute: Double, ledger: AlertLedger,
    change: (inout AlertSettings) -> Void = { _ in }
  ) throws -> (report: AlertReport, batch: SampleBatch, notices: [String]) {
    var settings = AlertSettings()
    settings.delay = 0
    change(&settings)
    let sink = MemorySink()
    let now = Int64(minute * Double(Self.minute))
    let report = try AlertRun.execute(
      try groups(rules), ledger: ledger, source: source, sink: sink, now: now,
      settings: settings, report: Report())
    var notices: [String] = []
    _ = try deliver(ledger, now) { notices.append($0) }
    return (report, sink.committed, notices)
  }

  /// Empties the outbox; nobody can be told where `print` is nil.
  func deliver(
    _ ledger: AlertLedger, _ now: Int64, _ print: ((String) -> Void)?
  ) throws -> DeliveryReport {
    try Delivery.deliver(
      ledger, .standard, PrintingCourier(print: print), at: now,
      using: SeededGenerator(seed: 1)
    ) { MessageContext.plain(now: now) }
  }

  func lines(_ ledger: AlertLedger) throws -> [String] {
    try ledger.history(.all, limit: 1000).filter { $0.kind == .transition }.map {
      "\($0.at / Self.minute) \($0.from?.rawValue ?? "")>\($0.to?.rawValue ?? "") \($0.value)"
    }
  }

  private static let story = [
    "3 inactive>pending 0.0", "5 pending>firing 0.0", "9 firing>inactive 0.0",
  ]

  /// Cron may start it every minute, now and then, or once at the end.
  @Test(arguments: [
    Array(stride(from: 0.5, through: 20, by: 1)), [0.5, 5.5, 10.5, 15.5], [0.5, 20.5],
    [0.5, 4.5, 4.6, 4.7, 9.1, 9.2, 20],
  ])
  func runsThatFallAnyhowTellTheSameStory(minutes: [Double]) throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    var notices: [String] = []
    for minute in minutes { notices += try run(at: minute, ledger: ledger).notices }
    #expect(try lines(ledger) == Self.story)
    #expect(
      notices.joined() == """
        FIRING Down{i="a", severity="page"} since 1970-01-01T00:05:00Z, value 0
          summary: a is 0
          mx-alert ack ef5b08a809c48eb0 --comment TEXT
          mx-alert silence add alertname=Down i=a severity=page --for 2h --comment TEXT
        RESOLVED Down{i="a", severity="page"} since 1970-01-01T00:05:00Z until 1970-01-01T00:09:00Z, value 0
          summary: a is 0

        """)
  }

  @Test func theSeriesAreThoseOfPrometheus() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    _ = try run(at: 2, ledger: ledger)
    let (_, batch, _) = try run(at: 10, ledger: ledger)
    let rows = (0..<batch.count).map { row in
      let value = batch.values[row]
      let labels = batch.series.labels(batch.refs[row])
      let name = "\(labels.metricName ?? "")\(labels["alertstate"].map { " \($0)" } ?? "")"
      return "\(batch.times[row] / Self.minute) \(name) "
        + (StaleMarker.isStale(value) ? "stale" : "\(value)")
    }
    #expect(rows.prefix(2) == ["3 ALERTS pending 1.0", "3 ALERTS_FOR_STATE 180.0"])
    #expect(
      rows.filter { $0.hasPrefix("5 ") } == [
        "5 ALERTS firing 1.0", "5 ALERTS_FOR_STATE 180.0", "5 ALERTS pending stale",
      ])
    #expect(
      rows.filter { $0.hasPrefix("9 ") } == ["9 ALERTS firing stale", "9 ALERTS_FOR_STATE stale"])
    #expect(rows.count == 2 + 2 + 3 + 2 * 3 + 2)
  }

  @Test func theFirstRunStartsNow() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    let (report, _, _) = try run(at: 20, ledger: ledger)
    #expect(report.rules.evaluations == 1)
    #expect(try lines(ledger).isEmpty)
  }

  @Test func nothingDueWritesNothing() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    _ = try run(at: 4, ledger: ledger)
    let (report, batch, notices) = try run(at: 4.5, ledger: ledger)
    #expect(report.rules.evaluations == 0 && !report.changed && batch.count == 0)
    #expect(notices.isEmpty)
  }

  /// A rule that cannot be evaluated is an error of the run, and told as an alert of its
  /// own when it goes on; never is it a state of the rule's alerts.
  @Test func aRuleThatGoesOnFailingIsAnAlertOfItsOwn() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    let failing = """
      groups:
        - name: g
          rules:
            - alert: Bad
              # Both elements become the same alert.
              expr: up or label_replace(up, "j", "1", "", "")
              labels: {j: x}
      """
    var notices: [String] = []
    var failures = 0
    for minute in 0...18 {
      let (report, _, told) = try run(failing, at: Double(minute), ledger: ledger)
      failures += report.rules.failureCount
      notices += told
    }
    #expect(failures > 15)
    #expect(notices.count == 1 && notices[0].hasPrefix("FIRING MxRuleFailing{file=\"r.yml\""))
    #expect(try ledger.instances().values.joined().allSatisfy { $0.labels["alertname"] != "Bad" })
    let (_, _, after) = try run(
      "groups: [{name: g, rules: [{alert: Bad, expr: up == 7}]}]", at: 19, ledger: ledger)
    #expect(after.count == 1 && after[0].hasPrefix("RESOLVED MxRuleFailing"))
  }

  @Test func aFailedSinkLeavesTheLedgerAsItWas() throws {
    final class FullDisk: SampleSink {
      struct Full: Error {}
      func append(_ batch: borrowing SampleBatch) throws {}
      func commit() throws { throw Full() }
    }
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    _ = try run(at: 2, ledger: ledger)
    #expect(throws: FullDisk.Full.self) {
      try AlertRun.execute(
        try groups(Self.rules), ledger: ledger, source: source, sink: FullDisk(),
        now: 10 * Self.minute, settings: AlertSettings(), report: Report())
    }
    #expect(try lines(ledger).isEmpty)
    _ = try run(at: 10, ledger: ledger)
    #expect(try lines(ledger) == Self.story)
  }

  @Test func whatCannotBeSentStaysInTheOutbox() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    _ = try run(at: 2, ledger: ledger)
    _ = try AlertRun.execute(
      try groups(Self.rules), ledger: ledger, source: source, sink: MemorySink(),
      now: 6 * Self.minute, settings: AlertSettings(), report: Report())
    let failed = try deliver(ledger, 6 * Self.minute, nil)
    #expect(failed.sent == 0 && failed.failures.count == 1)
    // Not at once again, but after its pause.
    #expect(try ledger.waiting(at: 6 * Self.minute + 23_000).isEmpty)
    var notices: [String] = []
    let sent = try deliver(ledger, 7 * Self.minute) { notices.append($0) }
    #expect(sent.sent == 1 && notices.count == 1)
    let notice = try ledger.history(.all, limit: 100).filter { $0.kind == .notice }
    #expect(notice.map(\.outcome) == ["sent"] && notice.map(\.attempts) == [2])
    #expect(try deliver(ledger, 8 * Self.minute, nil).isClean)
  }

  @Test func ofTwoWritersOneWaitsAndSaysSo() throws {
    let first = try AlertLedger.open(folder.ledger, wait: 0)
    let second = try AlertLedger.open(folder.ledger, wait: 10)
    try first.begin()
    #expect(throws: AlertError.locked(path: folder.ledger)) { try second.begin() }
    try first.rollback()
    try second.begin()
    try second.rollback()
  }

  /// A ledger that another process holds is no state of any alert: nothing is written,
  /// nobody is told, and the next run goes on where the last one ended.
  @Test func aLockedLedgerIsNoFalseAlert() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 20)
    _ = try run(at: 2, ledger: ledger)
    let other = try AlertLedger.open(folder.ledger, wait: 0)
    try other.begin()
    let sink = MemorySink()
    for minute in [3, 4, 9] as [Int64] {
      #expect(throws: AlertError.locked(path: folder.ledger)) {
        try AlertRun.execute(
          try groups(Self.rules), ledger: ledger, source: source, sink: sink,
          now: minute * Self.minute, settings: AlertSettings(), report: Report())
      }
    }
    #expect(sink.committed.count == 0)
    try other.rollback()
    _ = try run(at: 10, ledger: ledger)
    #expect(try lines(ledger) == Self.story)
  }

  @Test func theCopyHoldsWhatTheLedgerHolds() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    for minute in [0.0, 10] { _ = try run(at: minute, ledger: ledger) }
    for _ in 0..<2 { try ledger.backup(to: folder.path + "/copy.db") }
    let copy = try AlertLedger.read(folder.path + "/copy.db", wait: 0)
    #expect(try lines(copy) == Self.story)
  }

  @Test func anAbsentOrForeignLedgerIsNamed() throws {
    #expect(throws: AlertError.missing(path: folder.ledger)) {
      try AlertLedger.read(folder.ledger, wait: 0)
    }
    let file = fopen(folder.ledger, "w")
    fputs(String(repeating: "this is no database ", count: 100), file)
    fclose(file)
    #expect(throws: AlertError.self) { try AlertLedger.open(folder.ledger, wait: 0) }
  }

  @Test func pruningKeepsWhatStillFires() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    for minute in [0.0, 6] { _ = try run(at: minute, ledger: ledger) }
    try ledger.prune(before: 1 << 50)
    #expect(try ledger.history(.all, limit: 10).count == 3)
    _ = try run(at: 10, ledger: ledger)
    try ledger.prune(before: 1 << 50)
    #expect(try ledger.history(.all, limit: 10).isEmpty)
  }
}
