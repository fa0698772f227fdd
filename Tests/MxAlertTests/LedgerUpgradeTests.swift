import MxModel
import Testing

@testable import MxAlert

/// Ledgers of older versions are brought to this one, with all that they know.
@Suite struct LedgerUpgradeTests {
  private let folder = LedgerFolder()

  /// What version 1 wrote: an alert that fires, when its group ran, and its first notice.
  private static let first = """
    INSERT INTO groups VALUES ('r.yml;g', 60000);
    INSERT INTO instances VALUES
      ('r.yml;g;Hot;1', '{"alertname":"Hot","host":"a"}', 'firing', 0, 60000, NULL, NULL, 9.5,
       '{"summary":"it is hot"}');
    INSERT INTO history (at, rule, alert, labels, kind, from_state, to_state, value)
      VALUES (60000, 'r.yml;g;Hot;1', 'Hot', '{"alertname":"Hot","host":"a"}', 'transition',
        'pending', 'firing', 9.5);
    INSERT INTO outbox (key, receiver, created, payload, outcome, attempts, next_try)
      VALUES ('k', 'stdout', 60000, '{}', 'sent', 1, 60000);
    INSERT INTO history (at, rule, alert, labels, kind, to_state, value, receiver, notice)
      VALUES (60000, 'r.yml;g;Hot;1', 'Hot', '{"alertname":"Hot","host":"a"}', 'notice', 'firing',
        9.5, 'stdout', 1);
    """

  /// A ledger of `version` with the rows of version 1.
  private func make(_ version: Int) throws {
    let database = try Database(folder.ledger, .readWrite, wait: 0)
    for step in 0..<version {
      try database.execute(LedgerSchema.steps[step])
      if step == 0 { try database.execute(Self.first) }
    }
    try database.execute("PRAGMA user_version = \(version)")
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6], [true, false])
  func everyVersionIsBroughtToThisOne(version: Int, onlyReads: Bool) throws {
    try make(version)
    let ledger =
      try onlyReads
      ? AlertLedger.read(folder.ledger, wait: 0) : AlertLedger.open(folder.ledger, wait: 0)
    let instance = try #require(try ledger.instances()["r.yml;g;Hot;1"]?.first)
    #expect(instance.state == .firing && instance.firedAt == 60_000 && instance.value == 9.5)
    #expect(instance.annotations == [.init(name: "summary", value: "it is hot")])
    #expect(try ledger.lastRuns() == ["r.yml;g": 60_000])
    let history = try ledger.history(.all, limit: 10)
    #expect(history.map(\.kind) == [.transition, .notice])
    #expect(history.map(\.outcome) == [nil, "sent"])
    #expect(history.allSatisfy { $0.sampleAt == nil && $0.threshold == nil })
    #expect(try ledger.outboxCounts() == (0, 0))
    #expect(try ledger.silences().isEmpty && ledger.channels().isEmpty)
    #expect(try Database(folder.ledger, .readOnly, wait: 0).number("PRAGMA user_version") == 6)
    #expect(history.allSatisfy { $0.run == nil })
  }

  /// What it forgot to tell when nobody was told by groups yet is told by the next run.
  @Test func anAlertOfAnOldLedgerIsToldByTheNextRun() throws {
    try make(1)
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    try ledger.begin()
    let alert = NotifyAlert(
      labels: LabelSet([("alertname", "Hot"), ("host", "a")]), value: 9.5, startsAt: 60_000,
      arrivedAt: 0, rule: "r.yml;g;Hot;1")
    let settings = NotifyRun.Settings(config: .standard, delay: 0, groups: [])
    let change = AlertTransition(
      labels: LabelSet([("alertname", "New")]), from: .pending, to: .firing, at: 120_000,
      value: 1,
      instance: AlertInstance(
        labels: LabelSet([("alertname", "New")]), state: .firing, activeAt: 120_000, value: 1))
    let told = try NotifyRun.execute(
      ledger, settings, transitions: [("x", change)], current: { [alert] }, now: 120_000)
    try ledger.commit()
    #expect(told == 2)
  }

  @Test func aNewerLedgerIsRefused() throws {
    try make(6)
    try Database(folder.ledger, .readWrite, wait: 0).execute("PRAGMA user_version = 7")
    let error = AlertError.newer(path: folder.ledger, version: 7, known: 6)
    #expect(throws: error) { try AlertLedger.open(folder.ledger, wait: 0) }
    #expect(throws: error) { try AlertLedger.read(folder.ledger, wait: 0) }
  }
}
