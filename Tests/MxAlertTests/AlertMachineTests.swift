import MxAlert
import MxModel
import Testing

@Suite struct AlertMachineTests {
  private static let minute: Int64 = 60_000

  private func labels(_ name: String) -> LabelSet { LabelSet([("alertname", name)]) }

  /// Drives a machine minute by minute; `present` says which alerts are there.
  private func play(
    _ policy: AlertPolicy, _ present: [String], machine: AlertMachine = AlertMachine()
  ) throws -> [String] {
    var machine = machine
    var events: [String] = []
    for (minute, names) in present.enumerated() {
      let elements = names.map { AlertMachine.Element(labels("\($0)"), 1) }
      let time = Int64(minute) * Self.minute
      for change in try machine.advance(to: time, elements, policy).changes {
        let name = change.labels["alertname"] ?? ""
        events.append("\(minute)\(name) \(change.from.rawValue)>\(change.to.rawValue)")
      }
    }
    return events
  }

  private func policy(hold: Int64 = 0, keep: Int64 = 0, limit: Int = 0) -> AlertPolicy {
    AlertPolicy(holdFor: hold * Self.minute, keepFiringFor: keep * Self.minute, limit: limit)
  }

  @Test func withoutForAnAlertFiresAtOnce() throws {
    #expect(
      try play(policy(), ["", "a", "a", ""]) == ["1a inactive>firing", "3a firing>inactive"])
  }

  @Test func itFiresOnceItHeldForLongEnough() throws {
    #expect(
      try play(policy(hold: 2), ["a", "a", "a", "a", ""]) == [
        "0a inactive>pending", "2a pending>firing", "4a firing>inactive",
      ])
  }

  @Test func aPendingAlertThatGoesIsForgotten() throws {
    #expect(
      try play(policy(hold: 2), ["a", "a", "", "a", "a", "a"]) == [
        "0a inactive>pending", "2a pending>inactive", "3a inactive>pending", "5a pending>firing",
      ])
  }

  @Test func itKeepsFiringForAWhileAndComesBackWithoutANewStart() throws {
    #expect(
      try play(policy(keep: 2), ["a", "", "a", "", "", "", "a"]) == [
        "0a inactive>firing", "5a firing>inactive", "6a inactive>firing",
      ])
  }

  @Test func eachSeriesHasItsOwnState() throws {
    #expect(
      try play(policy(hold: 1), ["a", "ab", "b", "b"]) == [
        "0a inactive>pending", "1a pending>firing", "1b inactive>pending", "2a firing>inactive",
        "2b pending>firing",
      ])
  }

  @Test func moreThanTheLimitDropsAll() throws {
    var machine = AlertMachine()
    let elements = ["a", "b"].map { AlertMachine.Element(labels($0), 1) }
    _ = try machine.advance(to: 0, [elements[0]], policy(limit: 1))
    #expect(throws: AlertLimitExceeded(limit: 1, count: 2)) {
      try machine.advance(to: Self.minute, elements, policy(limit: 1))
    }
    #expect(machine.instances.isEmpty)
  }

  @Test func resolvedAlertsAreRememberedForAQuarterOfAnHour() throws {
    var machine = AlertMachine()
    _ = try machine.advance(to: 0, [AlertMachine.Element(labels("a"), 1)], policy())
    for minute in 1...16 {
      _ = try machine.advance(to: Int64(minute) * Self.minute, [], policy())
      #expect(machine.instances.count == 1)
    }
    _ = try machine.advance(to: 17 * Self.minute, [], policy())
    #expect(machine.instances.isEmpty)
  }

  /// Annotations are those of the newest element, however late they are asked for.
  @Test func annotationsAreOfTheNewestElement() throws {
    var machine = AlertMachine()
    for (minute, hasty) in [(0, false), (1, false), (2, true), (3, false)] as [(Int64, Bool)] {
      let element = AlertMachine.Element(labels("a"), 1)
      _ = try machine.advance(to: minute * Self.minute, [element], policy(), isHasty: hasty) { _ in
        [.init(name: "m", value: "\(minute)")]
      }
    }
    let changes = try machine.advance(to: 4 * Self.minute, [], policy()).changes
    #expect(changes.map(\.instance.annotations) == [[.init(name: "m", value: "3")]])
  }

  /// What is kept between two runs is all that matters.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func aStopAtAnyMinuteChangesNothing(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ bound: UInt64) -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state % bound
    }
    let policy = policy(hold: Int64(random(4)), keep: Int64(random(4)))
    let present = (0..<60).map { _ in
      (0..<3).filter { _ in random(3) > 0 }.map { "abc".map(String.init)[$0] }
    }
    var whole = AlertMachine()
    var stopped = AlertMachine()
    for (minute, names) in present.enumerated() {
      let time = Int64(minute) * Self.minute
      let elements = names.map { name in
        AlertMachine.Element(
          labels(name), Double(minute), number: "abc".map(String.init).firstIndex(of: name))
      }
      let expected = try whole.advance(to: time, elements, policy)
      if random(3) == 0 {
        stopped.settle()
        stopped = AlertMachine(Array(stopped.instances.values))
      }
      let plain = elements.map { AlertMachine.Element($0.labels, $0.value) }
      #expect(try stopped.advance(to: time, plain, policy).changes == expected.changes)
      #expect(stopped.active == whole.active)
    }
  }
}
