import MxAlert
import MxConfig
import MxEngine
import MxModel
import MxRules
import Testing

/// What becomes of alerts whose rule is edited, moved, removed, or not evaluated any more.
extension AlertRunTests {
  /// An alert that fires from minute 5 on, told of.
  private func firingLedger() throws -> AlertLedger {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    for minute in [0.0, 6] { _ = try run(at: minute, ledger: ledger) }
    return ledger
  }

  @Test(arguments: [
    ("for: 2m", "for: 1h"), ("up == 0", "up   ==  0"), ("up == 0", "up < 1"),
    ("name: g", "name: h"), ("is {{ $value }}", "is down"),
    ("severity: page}", "severity: page, team: ''}"),
  ])
  func anAlertOutlivesAnEditOfItsRule(text: String, edited: String) throws {
    let ledger = try firingLedger()
    let changed = Self.rules.replacing(text, with: edited)
    #expect(changed != Self.rules)
    for minute in [7.0, 7.9] {
      #expect(try run(changed, at: minute, ledger: ledger).notices.isEmpty)
    }
    let alerts = try ledger.instances().values.joined()
    #expect(alerts.map(\.state) == [.firing] && alerts.map(\.firedAt) == [5 * Self.minute])
    let (_, _, notices) = try run(changed, at: 10, ledger: ledger)
    #expect(notices.count == 1 && notices[0].hasPrefix("RESOLVED Down"))
    #expect(notices.first?.contains("until 1970-01-01T00:09:00Z") ?? false)
  }

  @Test func anEditThatEndsAnAlertSaysSo() throws {
    let ledger = try firingLedger()
    let changed = Self.rules.replacing("up == 0", with: "up == 7")
    let (report, batch, notices) = try run(changed, at: 7, ledger: ledger)
    #expect(report.transitions.map(\.reason) == ["rule was changed"])
    #expect(notices.count == 1 && notices[0].contains("RESOLVED Down"))
    #expect(notices.joined().contains("(rule was changed)"))
    #expect(batch.count == 2 && batch.values.allSatisfy(StaleMarker.isStale))
    #expect(try run(changed, at: 8, ledger: ledger).notices.isEmpty)
  }

  /// With other labels it is another alert to whoever is told.
  @Test func anEditOfLabelsIsAnotherAlert() throws {
    let ledger = try firingLedger()
    let changed = Self.rules.replacing("severity: page", with: "severity: ticket")
    let (report, _, notices) = try run(changed, at: 7, ledger: ledger)
    #expect(notices.joined().contains("RESOLVED Down{i=\"a\", severity=\"page\"}"))
    #expect(report.transitions.map(\.reason) == [nil, "rule was changed"])
    #expect(report.pending == 1 && report.firing == 0)
  }

  @Test func aRemovedRuleEndsItsAlertsAndSaysSo() throws {
    let ledger = try firingLedger()
    let other = "groups: [{name: g, rules: [{record: a, expr: up}]}]"
    let (report, _, notices) = try run(other, at: 7, ledger: ledger)
    #expect(report.transitions.map(\.reason) == ["rule was removed"])
    #expect(notices.joined().contains("(rule was removed)"))
    #expect(try ledger.instances().values.joined().allSatisfy { !$0.isActive })
  }

  @Test func ofARemovedRuleThatWasOnlyPendingNobodyIsTold() throws {
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    for minute in [0.0, 4] { _ = try run(at: minute, ledger: ledger) }
    let other = "groups: [{name: g, rules: [{record: a, expr: up}]}]"
    #expect(try run(other, at: 4.5, ledger: ledger).notices.isEmpty)
  }

  /// The heir's group is not due yet: until it is, the alert stays as it is.
  @Test func anAlertWaitsForTheNextEvaluationOfItsEditedRule() throws {
    let slow = Self.rules.replacing("name: g", with: "name: g\n    interval: 5m")
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    _ = try run(slow.replacing("for: 2m", with: "for: 0s"), at: 5, ledger: ledger)
    #expect(try ledger.instances().values.joined().map(\.state) == [.firing])
    let changed = slow.replacing("up == 0", with: "up == 7")
    #expect(try run(changed, at: 7, ledger: ledger).report.transitions.isEmpty)
    let (report, _, notices) = try run(changed, at: 10, ledger: ledger)
    #expect(report.transitions.map(\.reason) == ["rule was changed"])
    #expect(notices.count == 1)
  }

  /// Two rules that give one alert: it ends when the last of them does.
  @Test func anAlertOfTwoRulesEndsOnce() throws {
    let twins = """
      groups:
        - name: g
          rules:
            - alert: Down
              expr: up == 0
            - alert: Down
              expr: up == 0 or up and on() vector(time()) >= 540 <= 720
      """
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    var notices: [String] = []
    for minute in 2...14 { notices += try run(twins, at: Double(minute), ledger: ledger).notices }
    #expect(notices.count == 2)
    #expect(notices.last?.contains("until 1970-01-01T00:13:00Z") ?? false)
    // Nor does it end with one of the rules.
    let again = try AlertLedger.open(folder.path + "/copy.db", wait: 0)
    notices = []
    for minute in 2...5 { notices += try run(twins, at: Double(minute), ledger: again).notices }
    let one = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]"
    for minute in 6...8 { notices += try run(one, at: Double(minute), ledger: again).notices }
    #expect(notices.count == 1 && notices[0].hasPrefix("FIRING Down"))
    notices = try run(one, at: 9, ledger: again).notices
    #expect(notices.count == 1 && notices[0].hasPrefix("RESOLVED Down"))
  }

  private func run(
    file: String, _ text: String, hours: Double, _ ledger: AlertLedger,
    change: (inout AlertSettings) -> Void = { _ in }
  ) throws -> (report: AlertReport, batch: SampleBatch) {
    let problems = ConfigProblems()
    let groups = RuleReader.read(Array(text.utf8), file: file, problems: problems).groups
    var settings = AlertSettings()
    settings.delay = 0
    settings.maxCatchup = Self.minute
    change(&settings)
    let sink = MemorySink()
    let report = try AlertRun.execute(
      groups, ledger: ledger, source: source, sink: sink, now: Int64(hours * 3_600_000),
      settings: settings, report: Report())
    return (report, sink.committed)
  }

  private static let other = "groups: [{name: h, rules: [{alert: Other, expr: up == 5}]}]"

  /// A file that this run was not given may be another run's; one that is gone is nobody's.
  @Test func aRemovedFileEndsItsAlertsToo() throws {
    let ledger = try firingLedger()
    let quiet = try run(file: "o.yml", Self.other, hours: 0.12, ledger)
    #expect(quiet.report.transitions.isEmpty)
    let (report, batch) = try run(file: "o.yml", Self.other, hours: 0.14, ledger) {
      $0.isFileGone = { $0 == "r.yml" }
    }
    #expect(report.transitions.map(\.reason) == ["rule was removed"])
    // Its series end with it.
    #expect(batch.count == 2 && batch.values.allSatisfy(StaleMarker.isStale))
  }

  /// A file that is there and that no run was given for more than a day.
  @Test func whatNobodyEvaluatesEnds() throws {
    let ledger = try firingLedger()
    for hour in stride(from: 1.0, through: 27, by: 1) {
      let report = try run(file: "o.yml", Self.other, hours: hour, ledger).report
      #expect(report.transitions.isEmpty)
    }
    let report = try run(file: "o.yml", Self.other, hours: 28, ledger).report
    #expect(report.transitions.map(\.reason) == ["rule is not evaluated any more"])
  }

  /// After an outage every run finds the others' groups as old as its own.
  @Test func anOutageEndsNothing() throws {
    let ledger = try firingLedger()
    _ = try run(file: "o.yml", Self.other, hours: 0.2, ledger)
    let report = try run(file: "o.yml", Self.other, hours: 100, ledger).report
    #expect(report.transitions.isEmpty)
  }

  @Test func aBrokenFileEndsNothing() throws {
    let ledger = try firingLedger()
    let other = "groups: [{name: g, rules: [{record: a, expr: up}]}]"
    let (report, _, _) = try run(other, at: 7, ledger: ledger) { $0.brokenFiles = ["r.yml"] }
    #expect(report.transitions.isEmpty)
    #expect(try ledger.instances().values.joined().map(\.state) == [.firing])
  }
}
