import MxAlert
import MxModel
import MxTime
import Testing

/// A small world of alerts over which a planner lives; times are minutes.
struct PlannerWorld {
  static let minute: Int64 = 60_000

  var planner: NotifyPlanner
  private(set) var told: [GroupNotice] = []
  private(set) var held: [HeldBack] = []

  init(_ config: String, _ holds: Holds = Holds()) throws {
    planner = NotifyPlanner(try Config.read(config), NotifyState(), holds, present: 0)
  }

  static func alert(
    _ labels: [(String, String)], fires at: Double, ends: Double? = nil
  ) -> NotifyAlert {
    let start = Int64(at * Double(minute))
    let end = ends.map { Int64($0 * Double(minute)) }
    return NotifyAlert(
      labels: LabelSet(labels), value: 1, startsAt: start, endsAt: end, arrivedAt: end ?? start,
      rule: "r")
  }

  /// Lives on to minute `time`; what was told, as `MINUTE TARGET REASON firing/resolved`.
  mutating func live(to time: Double, _ arrivals: [NotifyAlert] = []) -> [String] {
    let now = Int64(time * Double(Self.minute))
    let plan = planner.advance(arrivals, to: now)
    told += plan.notices
    held += plan.held
    return plan.notices.map(Self.line)
  }

  static func line(_ notice: GroupNotice) -> String {
    let tenths = notice.at * 10 / minute
    let time = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    return "\(time) \(notice.target) \(notice.reason.rawValue) "
      + "\(notice.firing.count)/\(notice.resolved.count)"
  }

  /// A planner that was stored and read again.
  mutating func restart(at time: Double = 0) {
    planner = NotifyPlanner(
      planner.config, planner.state, planner.holds, present: Int64(time * Double(Self.minute)))
  }
}

@Suite struct NotifyPlannerTests {
  private static let simple = """
    route: {receiver: a, group_by: [alertname], group_wait: 30s, group_interval: 5m,
      repeat_interval: 4h}
    receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]
    """

  private func down(_ host: String, fires at: Double, ends: Double? = nil) -> NotifyAlert {
    PlannerWorld.alert([("alertname", "Down"), ("host", host)], fires: at, ends: ends)
  }

  @Test func alertsOfAGroupAreToldTogether() throws {
    var world = try PlannerWorld(Self.simple)
    #expect(world.live(to: 1, [down("a", fires: 1), down("b", fires: 1)]).isEmpty)
    #expect(world.live(to: 1.5) == ["1.5 a/webhook/0 first notification 2/0"])
    // Another one waits for the group's next turn; one that is over is told there, too.
    #expect(world.live(to: 3, [down("c", fires: 2)]).isEmpty)
    #expect(
      world.live(to: 12, [down("a", fires: 1, ends: 4)]) == [
        "6.5 a/webhook/0 new alerts in group 2/1"
      ])
    #expect(
      world.live(to: 30, [down("b", fires: 1, ends: 13), down("c", fires: 2, ends: 14)]) == [
        "16.5 a/webhook/0 all alerts resolved 0/2"
      ])
    #expect(world.planner.state.groups.isEmpty && world.planner.state.alerts.isEmpty)
  }

  @Test func anAlertThatIsOldAlreadyIsToldAtOnce() throws {
    var world = try PlannerWorld(Self.simple)
    var late = down("a", fires: 1)
    late.arrivedAt = 3 * PlannerWorld.minute
    #expect(world.live(to: 3, [late]) == ["3 a/webhook/0 first notification 1/0"])
  }

  @Test func whatIsOverBeforeItIsToldIsNotTold() throws {
    var world = try PlannerWorld(Self.simple)
    let story = [down("a", fires: 1), down("a", fires: 1, ends: 1.25)]
    #expect(world.live(to: 60, story).isEmpty)
  }

  /// A group is repeated at its first turn after the interval: 245 minutes here.
  @Test func repeatsComeAtTheFirstTurnAfterTheInterval() throws {
    var world = try PlannerWorld(Self.simple)
    #expect(
      world.live(to: 240, [down("a", fires: 0)]) == ["0.5 a/webhook/0 first notification 1/0"])
    #expect(world.live(to: 245) == [])
    #expect(world.live(to: 246) == ["245.5 a/webhook/0 repeat interval elapsed 1/0"])
    #expect(world.live(to: 491) == ["490.5 a/webhook/0 repeat interval elapsed 1/0"])
  }

  /// Of repeats that a late run makes up for the newest is enough.
  @Test func aLateRunTellsTheNewestRepeatOnly() throws {
    var world = try PlannerWorld(Self.simple)
    _ = world.live(to: 1, [down("a", fires: 0)])
    #expect(world.live(to: 1000) == ["980.5 a/webhook/0 repeat interval elapsed 1/0"])
  }

  @Test func aRepeatIntervalOfAYearHoldsOver400Days() throws {
    var world = try PlannerWorld(
      """
      route: {receiver: a, group_by: [alertname], repeat_interval: 365d, group_interval: 1h}
      receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]
      """)
    var lines = world.live(to: 0.5, [down("a", fires: 0)])
    for day in 1...400 {
      world.restart(at: Double(day) * 1440)
      world.planner.prune(at: Int64(day) * 86_400_000)
      lines += world.live(to: Double(day) * 1440)
    }
    let year = 365 * 1440
    #expect(
      lines == [
        "0.5 a/webhook/0 first notification 1/0",
        "\(year + 60).5 a/webhook/0 repeat interval elapsed 1/0",
      ])
  }

  /// However runs fall, with a restart at each of them, the same is told.
  @Test(arguments: [1.0, 5, 7.3, 120])
  func runsThatFallAnyhowTellTheSame(step: Double) throws {
    let story = [
      down("a", fires: 1), down("b", fires: 2), down("a", fires: 1, ends: 9),
      down("c", fires: 20.4), down("b", fires: 2, ends: 31), down("c", fires: 20.4, ends: 31),
      down("a", fires: 60), down("a", fires: 60, ends: 80),
    ]
    var world = try PlannerWorld(Self.simple)
    var lines: [String] = []
    var next = 0
    var time = 0.0
    while time < 120 {
      time = min(120, time + step)
      let now = Int64(time * Double(PlannerWorld.minute))
      let arrivals = story[next...].prefix { $0.arrivedAt <= now }
      next += arrivals.count
      lines += world.live(to: time, Array(arrivals))
      world.restart(at: time)
    }
    #expect(
      lines == [
        "1.5 a/webhook/0 first notification 1/0", "6.5 a/webhook/0 new alerts in group 2/0",
        "11.5 a/webhook/0 new resolved alerts 1/1", "21.5 a/webhook/0 new alerts in group 2/0",
        "31.5 a/webhook/0 all alerts resolved 0/2", "60.5 a/webhook/0 first notification 1/0",
        "80.5 a/webhook/0 all alerts resolved 0/1",
      ])
  }

  @Test func withoutSendResolvedTheLogForgetsAllTheSame() throws {
    var world = try PlannerWorld(
      """
      route: {receiver: a, group_by: [alertname], group_wait: 0s, group_interval: 5m}
      receivers: [{name: a, webhook_configs: [{url: 'http://x/', send_resolved: false}]}]
      """)
    let story = [
      down("a", fires: 0), down("a", fires: 0, ends: 3), down("a", fires: 6),
      down("a", fires: 6, ends: 7),
    ]
    #expect(
      world.live(to: 60, story) == [
        "0 a/webhook/0 first notification 1/0", "6 a/webhook/0 first notification 1/0",
      ])
  }

  @Test func withoutAConfigurationEveryChangeIsToldAtOnce() throws {
    var planner = NotifyPlanner(.standard, NotifyState(), present: 0)
    let story = [
      down("a", fires: 1), down("b", fires: 1), down("a", fires: 1, ends: 2),
      down("a", fires: 3), down("a", fires: 3, ends: 900),
    ]
    let plan = planner.advance(story, to: 1000 * PlannerWorld.minute)
    #expect(
      plan.notices.map(PlannerWorld.line) == [
        "1 stdout/stdout/0 first notification 1/0", "1 stdout/stdout/0 first notification 1/0",
        "2 stdout/stdout/0 all alerts resolved 0/1", "3 stdout/stdout/0 first notification 1/0",
        "900 stdout/stdout/0 all alerts resolved 0/1",
      ])
  }

  // MARK: - Inhibition

  @Test func inhibitionIsThatOfAlertmanager() throws {
    var world = try PlannerWorld(
      """
      route: {receiver: a, group_by: ['...'], group_wait: 1m, group_interval: 5m}
      receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]
      inhibit_rules:
        - source_matchers: [severity="page"]
          target_matchers: [severity=~"warn|page"]
          equal: [host]
      """)
    func alert(_ severity: String, _ host: String, ends: Double? = nil) -> NotifyAlert {
      PlannerWorld.alert(
        [("alertname", "A"), ("severity", severity), ("host", host)], fires: 0, ends: ends)
    }
    // A page is source and target: it does not inhibit itself, nor its like.
    #expect(
      world.live(to: 2, [alert("page", "a"), alert("warn", "a"), alert("warn", "b")]).count == 2)
    #expect(world.held.map(\.reason) == ["inhibited by A"])
    // When the source ends the target is told.
    let lines = world.live(to: 20, [alert("page", "a", ends: 3)])
    #expect(
      lines == [
        "6 a/webhook/0 all alerts resolved 0/1", "6 a/webhook/0 first notification 1/0",
      ])
    #expect(world.told.last?.alerts[0].labels["severity"] == "warn")
  }

  @Test func labelsThatBothLackAreEqual() throws {
    var world = try PlannerWorld(
      """
      route: {receiver: a, group_by: ['...']}
      receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]
      inhibit_rules: [{source_match: {alertname: S}, target_match: {alertname: T}, equal: [dc]}]
      """)
    let lines = world.live(
      to: 1,
      [
        PlannerWorld.alert([("alertname", "S")], fires: 0),
        PlannerWorld.alert([("alertname", "T")], fires: 0),
        PlannerWorld.alert([("alertname", "T"), ("dc", "x")], fires: 0),
      ])
    #expect(lines.count == 2 && world.held.count == 1)
  }

  // MARK: - Silences and acknowledgements

  private func silence(
    _ matcher: String, from: Double, to: Double, receiver: String? = nil
  ) throws -> Silence {
    Silence(
      id: "s1", matchers: try MatcherText.parse(matcher),
      startsAt: Int64(from) * PlannerWorld.minute, endsAt: Int64(to) * PlannerWorld.minute,
      receiver: receiver, author: "ann", comment: "new disks", createdAt: 0)
  }

  @Test func aSilenceKeepsBackAndSaysWhy() throws {
    var holds = Holds()
    holds.silences = [try silence("host=a", from: 0, to: 10)]
    var world = try PlannerWorld(Self.simple, holds)
    #expect(world.live(to: 9, [down("a", fires: 1)]).isEmpty)
    #expect(world.held.map(\.reason) == ["silenced by s1 (ann: new disks)"])
    // Told once, not at every turn; and when it ends, what still fires is told.
    #expect(world.live(to: 20) == ["11.5 a/webhook/0 first notification 1/0"])
    #expect(world.held.count == 1)
  }

  @Test func aSilenceMadeBeforeTheRunHoldsForWhatItSends() throws {
    var holds = Holds()
    holds.silences = [try silence("host=a", from: 5, to: 60)]
    var world = try PlannerWorld(Self.simple, holds)
    let now = 6 * PlannerWorld.minute
    let plan = world.planner.advance([down("a", fires: 1)], to: now, sendingAt: now)
    #expect(plan.notices.isEmpty && plan.held.count == 1)
  }

  @Test func aSilenceMayHoldForOneReceiverAlone() throws {
    var holds = Holds()
    holds.silences = [try silence("host=a", from: 0, to: 10, receiver: "a")]
    var world = try PlannerWorld(
      """
      route:
        receiver: a
        routes: [{receiver: a, continue: true, matchers: [host=a]}, {receiver: b}]
      receivers:
        - {name: a, webhook_configs: [{url: 'http://x/'}]}
        - {name: b, webhook_configs: [{url: 'http://x/'}]}
      """, holds)
    #expect(
      world.live(to: 2, [down("a", fires: 1)]) == ["1.5 b/webhook/0 first notification 1/0"])
  }

  @Test func acknowledgedAlertsAreNotRepeatedUntilSomethingIsNew() throws {
    var world = try PlannerWorld(Self.simple)
    _ = world.live(to: 1, [down("a", fires: 0)])
    let alert = down("a", fires: 0)
    world.planner.holds.acks[alert.labels] = Acknowledgement(
      labels: alert.labels, startsAt: 0, at: 0, until: nil, author: "ann", comment: "on it")
    #expect(world.live(to: 600).isEmpty)
    #expect(world.held.map(\.reason) == ["acknowledged by ann: on it"])
    // Worse: another one joins.
    #expect(
      world.live(to: 610, [down("b", fires: 601)]) == [
        "605.5 a/webhook/0 new alerts in group 2/0"
      ])
    #expect(
      world.live(to: 700, [down("a", fires: 0, ends: 620)]).last
        == "620.5 a/webhook/0 new resolved alerts 1/1")
  }

  // MARK: - Escalation

  private static let escalating = """
    route: {receiver: a, group_by: [alertname], group_wait: 0s, group_interval: 1h,
      repeat_interval: 4h}
    receivers:
      - name: a
        webhook_configs: [{url: 'http://x/'}]
        x-mx: {escalate_after: 10m, escalate_to: boss}
      - {name: boss, webhook_configs: [{url: 'http://y/'}]}
    """

  @Test func whatNobodyAnswersToIsEscalated() throws {
    var world = try PlannerWorld(Self.escalating)
    #expect(
      world.live(to: 30, [down("a", fires: 0)]) == [
        "0 a/webhook/0 first notification 1/0", "10 boss/webhook/0 first notification 1/0",
      ])
    #expect(world.told.map(\.instead) == [nil, "a"])
    #expect(
      world.live(to: 70, [down("a", fires: 0, ends: 40)]).sorted() == [
        "60 a/webhook/0 all alerts resolved 0/1", "60 boss/webhook/0 all alerts resolved 0/1",
      ])
  }

  @Test func anAcknowledgementStopsEscalation() throws {
    var world = try PlannerWorld(Self.escalating)
    let alert = down("a", fires: 0)
    _ = world.live(to: 5, [alert])
    world.planner.holds.acks[alert.labels] = Acknowledgement(
      labels: alert.labels, startsAt: 0, at: 0, until: nil, author: "ann", comment: "on it")
    #expect(world.live(to: 59).isEmpty)
  }

  // MARK: - About mx itself

  @Test func troubleWithAChannelIsNotToldByIt() throws {
    var world = try PlannerWorld(
      """
      route: {receiver: a}
      receivers:
        - name: a
          webhook_configs: [{url: 'http://x/'}, {url: 'http://y/'}]
      """)
    var alert = MetaAlert.failing("a/webhook/0", since: 0, error: "refused")
    alert.arrivedAt = 0
    #expect(world.live(to: 2, [alert]) == ["0.5 a/webhook/1 first notification 1/0"])
  }
}
