import MxModel
import MxTime
import Testing

@testable import MxAlert

/// The nights on which clocks are changed, in both hemispheres.
@Suite struct SilenceTests {
  private func time(_ text: String) throws -> Int64 {
    try #require(RFC3339.parse(text)?.milliseconds)
  }

  private func silence(_ cron: String, _ zone: String, hours: Int64) throws -> Silence {
    Silence(
      id: "s", matchers: [Matcher(equal: "a", "b")], startsAt: 0,
      endsAt: try time("2030-01-01T00:00:00Z"),
      recurrence: Silence.Recurrence(
        schedule: try Cron(cron), zone: try Zone.named(zone), length: hours * 3_600_000),
      author: "ann", comment: "night", createdAt: 0)
  }

  /// 02:30 does not exist on 29 March 2026 in Warsaw: the silence begins when the clock
  /// jumps over it, at 01:00 UTC; and it comes once on 25 October, the first time.
  @Test(arguments: [
    ("Europe/Warsaw", "2026-03-28T01:30:00Z", "2026-03-28T02:30:00Z"),
    ("Europe/Warsaw", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
    ("Europe/Warsaw", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    ("Australia/Sydney", "2026-10-03T16:00:00Z", "2026-10-03T17:00:00Z"),
    ("Australia/Sydney", "2026-04-04T15:30:00Z", "2026-04-04T16:30:00Z"),
  ])
  func aNightlySilenceComesOnceEveryNight(zone: String, start: String, end: String) throws {
    let silence = try silence("30 2 * * *", zone, hours: 1)
    #expect(!silence.isActive(at: try time(start) - 1))
    #expect(silence.isActive(at: try time(start)))
    #expect(silence.isActive(at: try time(end) - 1))
    #expect(!silence.isActive(at: try time(end)))
    #expect(silence.end(at: try time(start)) == (try time(end)))
    #expect(silence.state(at: try time(end)) == .waiting)
  }

  private static func config(_ zone: String) -> String {
    """
    route:
      receiver: a
      group_by: ['...']
      routes: [{matchers: [x=y], mute_time_intervals: [night]}]
    receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]
    time_intervals:
      - name: night
        time_intervals: [{times: [{start_time: '02:00', end_time: '03:00'}], location: \(zone)}]
    """
  }

  /// Alertmanager asks what the clock shows: the hour that comes twice mutes twice, the
  /// one that is skipped not at all.
  @Test(arguments: [
    ("Europe/Warsaw", "2026-10-25T00:00:00Z", 120), ("Europe/Warsaw", "2026-03-29T00:00:00Z", 0),
    ("Europe/Warsaw", "2026-06-10T00:00:00Z", 60),
    ("Australia/Sydney", "2026-04-04T15:00:00Z", 120),
    ("Australia/Sydney", "2026-10-03T15:00:00Z", 0),
  ])
  func timeIntervalsFollowTheClock(zone: String, from: String, minutes: Int) throws {
    let config = try Config.read(Self.config(zone))
    let start = try time(from)
    let alert = NotifyAlert(
      labels: LabelSet([("x", "y")]), startsAt: start, arrivedAt: start, rule: "r")
    let planner = NotifyPlanner(config, NotifyState(), present: start)
    var muted = 0
    for minute in 0..<180 {
      let outlook = planner.outlook(of: alert, at: start + Int64(minute) * 60_000)
      if outlook[0].hold != nil { muted += 1 }
    }
    #expect(muted == minutes)
  }

  @Test func aSilenceThatEndsSoonIsSaid() throws {
    let folder = LedgerFolder()
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    let hour: Int64 = 3_600_000
    try ledger.save(
      Silence(
        id: "5151", matchers: [Matcher(equal: "host", "a")], startsAt: 0, endsAt: 2 * hour,
        author: "ann", comment: "disks", createdAt: 0))
    let labels = LabelSet([("alertname", "Down"), ("host", "a")])
    var instance = AlertInstance(labels: labels, state: .firing, activeAt: 0, value: 1)
    instance.firedAt = 0
    let change = AlertTransition(
      labels: labels, from: .pending, to: .firing, at: 0, value: 1, instance: instance)
    let settings = NotifyRun.Settings(config: .standard, delay: 0, groups: [])
    func run(_ changes: [AlertTransition], at now: Int64) throws -> Int? {
      try NotifyRun.execute(
        ledger, settings, transitions: changes.map { ("r", $0) }, current: { [] }, now: now)
    }
    #expect(try run([change], at: 0) == 0)
    #expect(try run([], at: hour) == nil)
    #expect(try run([], at: 2 * hour - 10 * 60_000) == 1)
    // Said once; and it is over with the silence.
    #expect(try run([], at: 2 * hour - 5 * 60_000) == nil)
    #expect(try run([], at: 2 * hour + 1) == 1)
    let lines = try ledger.history(.all, limit: 100).map { "\($0.kind) \($0.alert)" }
    #expect(
      lines.filter { $0.contains("Silence") } == ["notice MxSilenceEnds", "notice MxSilenceEnds"])
    #expect(lines.contains("held Down"))
  }
}
