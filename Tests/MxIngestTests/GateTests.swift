import MxFormats
import MxModel
import MxStore
import MxTestSupport
import Testing

@testable import MxIngest

/// What the gate lets in, what it refuses, and what it says.
@Suite struct GateTests {
  @Test func namesOfLabelsThatAreReservedAreRefusedWithTheirLine() throws {
    let store = TestStore()
    let result = try store.take("up 1 \(present)\nup{__x=\"1\"} 2 \(present)\n")
    #expect(try store.contents() == ["up 1.0@0"])
    #expect(result.refused == 1)
    #expect(
      result.refusals.map(\.description) == [
        "2: the label '__x': names that begin with '__' are reserved"
      ])
    #expect(try store.rejected().map(\.text) == [Array("up{__x=\"1\"} 2 \(present)".utf8)])
  }

  @Test(arguments: [
    ("labels_per_series", "up{a=\"1\",b=\"2\",c=\"3\"} 1"),
    ("metric_name_bytes", "a_name_over_nine 1"),
    ("label_name_bytes", "up{long_name=\"1\"} 1"),
    ("label_value_bytes", "up{a=\"123456789\"} 1"),
  ])
  func lengthsAndNumbersAreLimited(limit: String, line: String) throws {
    let store = TestStore()
    store.settings.limits.labelsPerSeries = 2
    store.settings.limits.metricNameBytes = 9
    store.settings.limits.labelNameBytes = 8
    store.settings.limits.labelValueBytes = 8
    let result = try store.take("\(line) \(present)\nup{a=\"12345678\",b=\"1\"} 1 \(present)\n")
    #expect(result.samples == 1)
    #expect(result.refusals.first?.reason.contains("the limit '\(limit)' is") == true)
  }

  @Test func timesTooFarAheadAreRefusedAndAnyAgeIsTaken() throws {
    let store = TestStore()
    store.settings.limits.future = 600_000
    let result = try store.take(
      "up 1 \(present + 600_000)\nup 2 \(present + 600_001)\nup 3 0\n")
    #expect(try store.contents() == ["up 3.0@-\(present) 1.0@600000"])
    #expect(result.refusals.first?.description == "2: a time 10m1ms ahead: over the limit 'future'")
    store.settings.limits.past = 1000
    #expect(try store.take("up 4 \(present - 1001)\n").refused == 1)
  }

  @Test func notANumberAndInfinityAreKept() throws {
    let store = TestStore()
    try store.take("a NaN \(present)\nb +Inf \(present)\nc -Inf \(present)\n")
    let contents = try store.contents()
    #expect(contents[0].hasPrefix("a nan"))
    #expect(contents[1...] == ["b inf@0", "c -inf@0"])
  }

  @Test func countersAreNeverNegativeAndTheirResetsAreCounted() throws {
    let store = TestStore()
    let result = try store.take(
      """
      # TYPE c counter
      c 5 \(present)
      c 2 \(present + 1)
      c 3 \(present + 2)
      c -1 \(present + 3)
      g -1 \(present)

      """)
    #expect(result.tally.resets == 1)
    #expect(result.refusals.map(\.description) == ["5: a counter at -1, expected 0 or more"])
    // The store remembers the type: the next run need not declare it.
    #expect(try store.take("c -2 \(present + 4)\n").refused == 1)
  }

  @Test func aChangedTypeKeepsTheFirstAndIsNamed() throws {
    let store = TestStore()
    try store.take("# TYPE c counter\nc 5 \(present)\n")
    let result = try store.take("# TYPE c gauge\nc -5 \(present + 1)\n", name: "new")
    #expect(result.refused == 1)
    #expect(
      store.report.warnings == [
        "new: 'c' is declared gauge, but it was counter first and stays so"
      ])
  }

  @Test func relabellingDropsAreCountedPerRule() throws {
    let store = TestStore()
    var drop = RelabelSettings(.drop)
    drop.sourceLabels = ["job"]
    drop.regex = "debug"
    var rename = RelabelSettings()
    rename.sourceLabels = ["job"]
    rename.targetLabel = "team"
    store.settings.relabel = RelabelRules([try RelabelRule(rename), try RelabelRule(drop)])
    store.settings.labels = [("site", "lab"), ("job", "x")]
    let result = try store.take(
      "up{job=\"debug\"} 1 \(present)\nup{job=\"web\"} 1 \(present)\nup 2 \(present)\n")
    #expect(result.tally.dropped == [1: 1])
    #expect(result.refused == 0)
    #expect(
      try store.contents() == [
        #"up{job="web", site="lab", team="web"} 1.0@0"#,
        #"up{job="x", site="lab", team="x"} 2.0@0"#,
      ])
  }

  @Test func eventsAddUpWhoeverSendsThem() throws {
    let store = TestStore()
    store.options.decoding.events = true
    try store.take("e 1 \(present)\ne 1 \(present)\n")
    store.options.decoding.events = false
    try store.take("e 3 \(present)\n")
    #expect(try store.contents() == ["e 5.0@0"])
    #expect(try store.countAndSum().events == 3)
  }

  /// Events that were declared late, or are renamed and labelled on their way, count too.
  @Test func eventsAreCountedBesideTheirLabels() throws {
    let store = TestStore()
    store.options.format = nil
    store.settings.labels = [("site", "lab")]
    let event = #"{"metricName":"e","timestamp":\#(present),"value":7,"labels":{"a":"b"}}"#
    try store.take(event + "\n", event + "\n \n")
    let snapshot = try Snapshot(store.store, store.report)
    #expect(try snapshot.metadata(of: "e:count")?.type == .event)
    #expect(
      try snapshot.labelValues(
        LabelName.metric, matching: [[Matcher(equal: "site", "lab"), Matcher(equal: "a", "b")]],
        range: .all, report: store.report) == ["e", "e:count"])
    #expect(try store.countAndSum().events == 2)
  }

  /// Over a limit it is refused with its count: a sum whose number is wrong misleads.
  @Test func eventsThatCannotBeCountedAreRefused() throws {
    let store = TestStore()
    store.options.decoding.events = true
    store.settings.limits.newSeriesPerRun = 3
    let result = try store.take("e{a=\"1\"} 1 \(present)\ne{a=\"2\"} 1 \(present)\n")
    #expect(result.refused == 1)
    #expect(try store.contents() == [#"e{a="1"} 1.0@0"#])
    #expect(try store.countAndSum().events == 1)
  }

  @Test func samplesThatMeetInOneMillisecondAreSaid() throws {
    let store = TestStore()
    store.options.decoding.precision = .microseconds
    let result = try store.take("up 1 \(present)100\nup 2 \(present)200\nup 2 \(present)300\n")
    #expect(result.duplicates.conflicting == 1)
    #expect(result.duplicates.identical == 1)
    #expect(store.report.warnings.first?.contains("whole milliseconds") == true)
  }
}

/// Limits on the number of series.
@Suite struct CardinalityTests {
  private func series(_ metric: String, _ numbers: Range<Int>, at time: Int64 = present) -> String {
    numbers.map { "\(metric){user=\"u\($0)\",zone=\"z\"} 1 \(time)\n" }.joined()
  }

  /// The one that tips over: 10,000 are let in, the next is not, and those that
  /// are known still are.
  @Test func the10001stSeriesOfAMetricIsRefused() throws {
    let store = TestStore()
    store.settings.limits.seriesPerMetric = 10_000
    let first = try store.take(series("m", 0..<10_001))
    #expect(first.samples == 10_000)
    #expect(first.tally.limited == 1)
    #expect(first.refused == 1)
    let second = try store.take(series("m", 9990..<10_010, at: present + 1))
    #expect(second.samples == 10)
    #expect(second.tally.limited == 10)
    #expect(
      second.pressures.map(\.description) == [
        "'m': 10 new series were refused, the limit 'series_per_metric' is 10000, label 'user' "
          + "has 20 values"
      ])
    #expect(try store.take("n 1 \(present)\n").refused == 0)
  }

  @Test func at80PercentThereIsAWarning() throws {
    let store = TestStore()
    store.settings.limits.seriesPerMetric = 10
    #expect(try store.take(series("m", 0..<7)).pressures.isEmpty)
    let result = try store.take(series("m", 6..<8))
    #expect(
      result.pressures.map(\.description) == [
        "'m' has 8 series, 'series_per_metric' allows 10, label 'user' has 2 values"
      ])
    #expect(result.pressures.first?.share == 0.8)
  }

  @Test func newSeriesOfARunAreLimitedAndKnownOnesAreNot() throws {
    let store = TestStore()
    try store.take(series("m", 0..<5))
    store.settings.limits.newSeriesPerRun = 3
    let result = try store.take(series("m", 0..<10, at: present + 1))
    #expect(result.samples == 8)
    #expect(result.tally.limited == 2)
  }

  @Test func theWholeStoreIsLimited() throws {
    let store = TestStore()
    try store.take(series("m", 0..<5))
    store.settings.limits.seriesTotal = 7
    let result = try store.take(series("m", 3..<10, at: present + 1))
    #expect(result.samples == 4)
    #expect(result.pressures.contains { $0.limit == "series_total" })
  }

  @Test func labelNamesThatPromiseEndlessValuesAreWarnedAbout() throws {
    let store = TestStore()
    let lines = (0..<12).map { "m{session_id=\"s\($0)\"} 1 \(present)\n" }.joined()
    try store.take(lines)
    #expect(
      store.report.warnings.first?.contains("label 'session_id' and got 12 new series") == true)
    // Known series are not news.
    let again = TestStore(store.disk)
    try again.take(lines.replacingTime(present, by: present + 1))
    #expect(again.report.warnings.isEmpty)
  }
}

extension String {
  func replacingTime(_ old: Int64, by new: Int64) -> String {
    split(separator: "\(old)", omittingEmptySubsequences: false).joined(separator: "\(new)")
  }
}

/// Classic histograms.
@Suite struct HistogramCheckTests {
  private func histogram(_ buckets: [(String, Int)], count: Int, at time: Int64 = present)
    -> String
  {
    buckets.map { "h_bucket{le=\"\($0)\"} \($1) \(time)\n" }.joined()
      + "h_count \(count) \(time)\nh_sum 1 \(time)\n"
  }

  private let type = "# TYPE h histogram\n"

  @Test func bucketsThatFallAreRefusedWithTheirWholeInstant() throws {
    let store = TestStore()
    let result = try store.take(
      type + histogram([("1", 5), ("2", 4), ("+Inf", 6)], count: 6)
        + histogram([("1", 5), ("2", 6), ("+Inf", 7)], count: 7, at: present + 1))
    #expect(result.tally.refused == ["histogram": 4])
    #expect(result.refusals.map(\.line) == [2, 3, 4, 5])
    #expect(
      result.refusals.first?.reason
        == #"the histogram 'h' has fewer in le="2" than in le="1""#)
    #expect(result.samples == 6)
  }

  @Test func theLastBucketIsTheCount() throws {
    let store = TestStore()
    let result = try store.take(type + histogram([("1", 5), ("+Inf", 6)], count: 7))
    #expect(result.tally.refused == ["histogram": 3])
    #expect(
      result.refusals.first?.reason
        == #"the histogram 'h' has another count than its bucket le="+Inf""#)
  }

  @Test func boundsAreFixedOnceSeenAlsoInTheStore() throws {
    let store = TestStore()
    try store.take(type + histogram([("1", 5), ("+Inf", 6)], count: 6))
    let result = try store.take(
      histogram([("1", 5), ("1.5", 5), ("+Inf", 6)], count: 6, at: present + 1))
    #expect(result.samples == 4)
    #expect(
      result.refusals.map(\.description) == [
        #"2: the bucket le="1.5" is new to the histogram 'h': bounds are fixed"#
      ])
    // Another instance may have others.
    let other = try store.take(
      "h_bucket{i=\"b\",le=\"9\"} 1 \(present)\nh_bucket{i=\"b\",le=\"+Inf\"} 1 \(present)\n")
    #expect(other.refused == 0)
  }

  @Test func orderOfLinesDoesNotMatter() throws {
    let store = TestStore()
    let good = histogram([("1", 5), ("2", 6), ("+Inf", 7)], count: 7)
    let later = histogram([("1", 6), ("2", 6), ("+Inf", 8)], count: 8, at: present + 1)
    let lines = (good + later).split(separator: "\n").sorted { $0.count < $1.count }
    #expect(try store.take(type + lines.joined(separator: "\n") + "\n").refused == 0)
  }
}
