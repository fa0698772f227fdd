import MxAlert
import MxModel
import MxRules
import Testing

/// A scenario for each type of the short form.
@Suite struct ShortRuleTests {
  private func scenario(_ rule: String) throws -> AlertScenario {
    try AlertScenario("x-mx: {rules: [{name: A, metric: m, \(rule)}]}")
  }

  @Test func aCountOfSamplesInTheWindow() throws {
    var scenario = try scenario("type: SIMPLE_COUNT, operator: gte, threshold: 4, window: 5m")
    try scenario.add("m{i=\"a\"}", "_ _ 1 1 1 _ _ _ _ _ _")
    try scenario.add("m{i=\"b\"}", "_ _ _ _ 1 _ _ _ _ _ _")
    #expect(
      try scenario.run(upTo: 10).changes == ["4 - inactive>firing", "7 - firing>inactive"])
  }

  /// 100 events in one second, many of one instant: the store keeps one sample of
  /// their sum.
  @Test func everyEventOfOneInstantCounts() throws {
    var scenario = try scenario("type: SIMPLE_COUNT, operator: gte, threshold: 100, window: 5m")
    scenario.addEvents("m")
    for millisecond in [0, 250, 251, 999] as [Int64] {
      scenario.batch.append(LabelSet(name: "m"), 60_000 + millisecond, 25)
    }
    #expect(
      try scenario.run(upTo: 10).changes == ["2 - inactive>firing", "6 - firing>inactive"])
  }

  @Test func nothingCountedIsACountOfZero() throws {
    var scenario = try scenario("type: SIMPLE_COUNT, operator: lt, threshold: 1, window: 2m")
    try scenario.add("m{i=\"a\"}", "1 1 _ _ _ 1 1")
    #expect(
      try scenario.run(upTo: 6).changes == ["3 - inactive>firing", "5 - firing>inactive"])
  }

  /// Buckets lie at multiples of their width, wherever the runs are.
  @Test(arguments: [1.0, 3, 15])
  func anAggregateOfEachAlignedBucket(step: Double) throws {
    var scenario = try scenario(
      "type: BUCKETED_WINDOW, aggregation: avg, operator: gt, threshold: 5, bucket: 5m")
    try scenario.add("m{i=\"a\"}", "0 0 0 0 0 0 9 9 9 9 9 0 0 0 9 0")
    #expect(
      try scenario.run(at: [0] + Array(stride(from: 0.0, through: 15, by: step)) + [15]).changes
        == ["10 a inactive>firing", "15 a firing>inactive"])
  }

  @Test func theWindowHoldsSeveralBuckets() throws {
    var scenario = try scenario(
      """
      type: BUCKETED_WINDOW, aggregation: max, operator: gt, threshold: 5, bucket: 2m,
      window: 6m, interval: 1m
      """)
    try scenario.add("m{i=\"a\"}", "0 0 0 9 0 0 0 0 0 0 0 0 0 0 0")
    #expect(
      try scenario.run(upTo: 14).changes == ["4 a inactive>firing", "10 a firing>inactive"])
  }

  /// The windows that end at runs hold the spike too late or not at all.
  @Test func aSpikeOfOneSampleBetweenTwoRunsIsSeen() throws {
    var scenario = try scenario(
      """
      type: MOVING_WINDOW, aggregation: max, operator: gt, threshold: 5, window: 10s,
      interval: 5m
      """)
    try scenario.add("m{i=\"a\"}", "0x11 9 0x40", interval: 10_000)
    let story = try scenario.run(upTo: 10)
    #expect(story.changes == ["5 a inactive>firing", "10 a firing>inactive"])
    #expect(story.failures.isEmpty)
  }

  @Test func aHundredEventsOfOneSecondAreInOneWindow() throws {
    var scenario = try scenario(
      """
      type: MOVING_WINDOW, aggregation: count, operator: gte, threshold: 100, window: 1s
      """)
    for index in 0..<100 as Range<Int64> {
      // 99 of them in any aligned second.
      scenario.batch.append(LabelSet(name: "m", [("i", "a")]), 60_500 + index * 10, 1)
    }
    #expect(
      try scenario.run(upTo: 5).changes == ["2 a inactive>firing", "3 a firing>inactive"])
    var apart = try self.scenario(
      "type: MOVING_WINDOW, aggregation: count, operator: gte, threshold: 100, window: 1s")
    for index in 0..<100 as Range<Int64> {
      apart.batch.append(LabelSet(name: "m", [("i", "a")]), 60_500 + index * 11, 1)
    }
    #expect(try apart.run(upTo: 5).changes.isEmpty)
  }

  /// A window is also at its lowest just behind a sample that leaves it.
  @Test func windowsAreTriedWhereSamplesLeave() throws {
    var scenario = try scenario(
      "type: MOVING_WINDOW, aggregation: count, operator: lt, threshold: 2, window: 50s")
    try scenario.add("m{i=\"a\"}", "1 1 1 1 _ 1 1 1 1 1 1 1 1 1 1", interval: 20_000)
    #expect(
      try scenario.run(at: [1, 2, 3, 4]).changes == [
        "2 a inactive>firing", "3 a firing>inactive",
      ])
  }

  @Test func seriesCanBeTakenTogether() throws {
    var scenario = try scenario(
      "type: MOVING_WINDOW, aggregation: sum, operator: gt, threshold: 5, window: 1m, by: [i]")
    try scenario.add("m{i=\"a\", j=\"1\"}", "0 3 0 0")
    try scenario.add("m{i=\"a\", j=\"2\"}", "0 3 0 0")
    try scenario.add("m{i=\"b\", j=\"1\"}", "0 3 3 0")
    #expect(
      try scenario.run(upTo: 3).changes == ["1 a inactive>firing", "2 a firing>inactive"])
  }

  @Test func durationAndSwitchCount() throws {
    var scenario = try scenario(
      """
      type: BUCKETED_WINDOW, aggregation: last, operator: gt, threshold: 5, window: 1m,
      duration: 2m, severity: page, annotations: {text: '{{ $value }}'}
      """)
    try scenario.add("m{i=\"a\"}", "0 9 9 9 0")
    #expect(
      try scenario.run(upTo: 4).changes == [
        "1 a inactive>pending", "3 a pending>firing", "4 a firing>inactive",
      ])
    var off = try self.scenario(
      "enabled: false, type: SIMPLE_COUNT, operator: gte, threshold: 0, window: 5m")
    try off.add("m{i=\"a\"}", "1 1 1 1")
    #expect(try off.run(upTo: 3).changes.isEmpty)
  }
}
