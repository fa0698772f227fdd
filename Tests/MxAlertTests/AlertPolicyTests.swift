import MxAlert
import MxModel
import MxRules
import Testing

/// One scenario for each thing that rules may say under `x-mx:`.
@Suite struct AlertPolicyTests {
  private func scenario(
    _ expr: String, _ additions: String, _ rest: String = ""
  ) throws -> AlertScenario {
    try AlertScenario(
      """
      groups:
        - name: g
          rules:
            - alert: A
              expr: \(expr)
              x-mx: \(additions)
              \(rest)
      """)
  }

  // MARK: - Hysteresis

  @Test func anAlertGoesOnUntilTheOtherThreshold() throws {
    var scenario = try scenario("m > 8", "{resolve_threshold: 6}")
    try scenario.add("m{i=\"a\"}", "5 9 7 9 7 6.5 6 7 9")
    #expect(
      try scenario.run(upTo: 8).changes == [
        "1 a inactive>firing", "6 a firing>inactive", "8 a inactive>firing",
      ])
  }

  @Test func alertsOnSmallValuesHaveTheirHysteresisAbove() throws {
    var scenario = try scenario("10 > m", "{resolve_threshold: 12}")
    try scenario.add("m{i=\"a\"}", "20 9 11 12 9")
    #expect(
      try scenario.run(upTo: 4).changes == [
        "1 a inactive>firing", "3 a firing>inactive", "4 a inactive>firing",
      ])
  }

  @Test func anAlertEndsWhenItsOtherExpressionHolds() throws {
    var scenario = try scenario("m > 8", "{resolve_expr: 'ok == 1'}")
    try scenario.add("m{i=\"a\"}", "9 7 1 1 1 1")
    try scenario.add("m{i=\"b\"}", "9 7 1 1 1 1")
    try scenario.add("ok{i=\"a\"}", "0 0 0 1 1 0")
    try scenario.add("ok{i=\"b\"}", "0 0 0 0 0 0")
    #expect(
      try scenario.run(upTo: 5).changes == [
        "0 a inactive>firing", "0 b inactive>firing", "3 a firing>inactive",
      ])
  }

  /// Hysteresis is about values: without data it has nothing to say.
  @Test func hysteresisDoesNotHoldUpWhatHasNoData() throws {
    var scenario = try scenario("m > 8", "{resolve_expr: 'm < 3'}")
    try scenario.add("m{i=\"a\"}", "9 7 stale")
    #expect(
      try scenario.run(upTo: 5).changes == ["0 a inactive>firing", "2 a firing>inactive"])
  }

  // MARK: - No data

  private static let hole = "0 9 9 stale _ _ _ 9 0"

  @Test func prometheusTakesAHoleForGoodNews() throws {
    var scenario = try scenario("m > 8", "{no_data: prometheus}")
    try scenario.add("m{i=\"a\"}", Self.hole)
    #expect(
      try scenario.run(upTo: 8).changes == [
        "1 a inactive>firing", "3 a firing>inactive", "7 a inactive>firing",
        "8 a firing>inactive",
      ])
  }

  @Test func keepKeepsAnAlertThroughAHole() throws {
    var scenario = try scenario("m > 8", "{no_data: keep}")
    try scenario.add("m{i=\"a\"}", Self.hole)
    try scenario.add("m{i=\"b\"}", "0 0 0 stale")
    #expect(
      try scenario.run(upTo: 8).changes == ["1 a inactive>firing", "8 a firing>inactive"])
  }

  /// The store's default counts where the rule says nothing.
  @Test func theDefaultOfTheStoreCounts() throws {
    var scenario = try scenario("m > 8", "{}")
    scenario.settings.noData = .keep
    try scenario.add("m{i=\"a\"}", Self.hole)
    #expect(
      try scenario.run(upTo: 8).changes == ["1 a inactive>firing", "8 a firing>inactive"])
  }

  /// Nobody knows whether the condition held in the hole: `for` does not count it.
  @Test func aPendingAlertComesNoCloserInAHole() throws {
    var scenario = try scenario("m > 8", "{no_data: keep}", "for: 3m")
    try scenario.add("m{i=\"a\"}", "0 9 9 stale _ _ _ 9 9 9 9")
    #expect(
      try scenario.run(upTo: 10).changes == ["1 a inactive>pending", "8 a pending>firing"])
  }

  @Test func okEndsAnAlertAfterItsGrace() throws {
    var scenario = try scenario("m > 8", "{no_data: {policy: ok, grace: 2m}}")
    try scenario.add("m{i=\"a\"}", Self.hole)
    #expect(
      try scenario.run(upTo: 8).changes == [
        "1 a inactive>firing", "5 a firing>inactive (no data)", "7 a inactive>firing",
        "8 a firing>inactive",
      ])
  }

  @Test func aSeriesThatVanishesIsAnAlert() throws {
    var scenario = try scenario("m > 8", "{no_data: {policy: alert, grace: 2m}}")
    try scenario.add("m{i=\"a\"}", "0 0 0 stale _ _ _ 0 0")
    try scenario.add("m{i=\"b\"}", "0 0 0 0 stale 0 0 0 0")
    #expect(
      try scenario.run(upTo: 8).changes == [
        "5 a inactive>firing (no data)", "7 a firing>inactive (data is back)",
      ])
  }

  @Test func withoutAGraceTheRulesForIsTheGrace() throws {
    var scenario = try scenario("m > 8", "{no_data: alert}", "for: 3m")
    try scenario.add("m{i=\"a\"}", "0 0 stale")
    try scenario.add("m{i=\"b\"}", "0 9 stale")
    #expect(
      try scenario.run(upTo: 8).changes == [
        "1 b inactive>pending", "5 a inactive>firing (no data)", "5 b pending>firing (no data)",
      ])
  }

  @Test func whatIsGoneForGoodIsForgotten() throws {
    var scenario = try scenario("m > 8", "{no_data: {policy: alert, forget: 5m}}")
    try scenario.add("m{i=\"a\"}", "0 0 stale")
    #expect(
      try scenario.run(upTo: 12).changes == [
        "2 a inactive>firing (no data)", "7 a firing>inactive (no data for 5m)",
      ])
  }

  /// `absent` fires because nothing is there: that is no hole.
  @Test func absenceIsNoHole() throws {
    var scenario = try scenario("absent(m{i=\"a\"})", "{no_data: keep}")
    try scenario.add("m{i=\"a\"}", "0 stale _ 0 0")
    #expect(
      try scenario.run(upTo: 4).changes == ["1 a inactive>firing", "3 a firing>inactive"])
  }

  /// What a rule remembers of its series outlives the process: here every run opens
  /// the ledger anew.
  @Test func memoryIsInTheLedger() throws {
    var scenario = try scenario("m > 8", "{no_data: {policy: alert, grace: 2m}}")
    try scenario.add("m{i=\"a\"}", "0 0 0 stale _ _ _ 0 0")
    var changes: [String] = []
    for minute in 0...8 { changes += try scenario.run(at: [Double(minute)]).changes }
    #expect(
      changes == ["5 a inactive>firing (no data)", "7 a firing>inactive (data is back)"])
  }

  // MARK: - Flapping

  private static let flapping = "0 9 0 9 0 9 0 9 9 9 9 9 9 9 9 9 9 9 9 9"

  @Test func anAlertThatFlapsIsToldOnce() throws {
    var scenario = try scenario("m > 8", "{}")
    try scenario.add("m{i=\"a\"}", Self.flapping)
    let story = try scenario.run(upTo: 19)
    #expect(
      story.notices == [
        "FIRING 1 a", "RESOLVED 2 a", "FIRING 3 a", "RESOLVED 4 a",
        "FIRING 5 a (flapping: further changes are held back)",
        "FIRING 15 a (still flapping)", "FIRING 17 a (settled after flapping)",
      ])
    #expect(story.changes.contains("6 a firing>inactive (held back: flapping)"))
  }

  @Test func remindersOfFlappingBackOff() throws {
    var scenario = try scenario("m > 8", "{flap: {changes: 3, window: 3m}}")
    try scenario.add("m{i=\"a\"}", "0" + String(repeating: " 9 0", count: 30) + " 0 0 0 0 0")
    let story = try scenario.run(upTo: 65)
    #expect(
      story.notices == [
        "FIRING 1 a", "RESOLVED 2 a", "FIRING 3 a (flapping: further changes are held back)",
        "FIRING 6 a (still flapping)", "FIRING 12 a (still flapping)",
        "FIRING 24 a (still flapping)", "FIRING 48 a (still flapping)",
        "RESOLVED 63 a (settled after flapping)",
      ])
  }

  @Test(arguments: [("{flap: off}", ""), ("{}", "labels: {severity: critical}")])
  func someAreNeverHeldBack(additions: String, rest: String) throws {
    var scenario = try scenario("m > 8", additions, rest)
    try scenario.add("m{i=\"a\"}", Self.flapping)
    #expect(try scenario.run(upTo: 19).notices.count == 7)
  }

  // MARK: - Whatever the rhythm of runs

  @Test(arguments: [1.0, 5, 100])
  func policiesDoNotDependOnWhenRunsAre(step: Double) throws {
    var scenario = try scenario(
      "m > 8", "{resolve_threshold: 6, no_data: {policy: alert, grace: 3m}}", "for: 2m")
    try scenario.add("m{i=\"a\"}", "0 9 9 9 7 7 0 9 9 9 stale _ _ _ _ _ 9 9 0 0")
    try scenario.add("m{i=\"b\"}", "0 0 0 stale _ _ _ _ _ _ 0 9 0 9 9 9 9 0 0 0")
    var times = Array(stride(from: 0.0, through: 19, by: step))
    times.append(19)
    #expect(
      try scenario.run(at: times).changes.sorted() == Self.story.sorted())
  }

  private static let story =
    [
      "1 a inactive>pending", "3 a pending>firing", "6 a firing>inactive",
      "6 b inactive>firing (no data)", "7 a inactive>pending", "9 a pending>firing",
      "10 b firing>inactive (data is back)", "11 b inactive>pending", "12 b pending>inactive",
      "13 b inactive>pending", "15 b pending>firing", "17 b firing>inactive",
      "18 a firing>inactive",
    ]
}
