import MxTestSupport
import Synchronization
import Testing

@testable import MxModel

@Suite struct DurationTests {
  @Test func durationsAreReadAsPrometheusReadsThem() {
    let cases: [(String, Int64?)] = [
      ("0", 0), ("0s", 0), ("1ms", 1), ("15s", 15_000), ("1h30m", 5_400_000), ("7d", 604_800_000),
      ("1w", 604_800_000), ("1y", 31_536_000_000), ("1y1w1d1h1m1s1ms", 32_230_861_001),
      ("01m", 60_000), ("", nil), ("1", nil), ("m", nil), ("1m1h", nil), ("1m1m", nil),
      ("1.5h", nil), ("-1m", nil), ("1 m", nil), ("1H", nil), ("1x", nil), ("1mss", nil),
      ("9223372036854775807ms", .max), ("9223372036854775808ms", nil),
      ("292471209y", nil), ("9223372036854775807ms1ms", nil), ("１m", nil),
    ]
    for (text, expected) in cases { #expect(DurationText.parse(text) == expected, "\(text)") }
  }

  @Test func durationsArePrintedShort() {
    let cases: [(Int64, String)] = [
      (0, "0s"), (1, "1ms"), (60_000, "1m"), (5_400_000, "1h30m"), (86_400_000, "1d"),
      (604_800_000, "1w"), (691_200_000, "8d"), (31_536_000_000, "1y"), (-90_000, "-1m30s"),
      (1_001, "1s1ms"),
    ]
    for (milliseconds, expected) in cases {
      #expect(DurationText.print(milliseconds) == expected)
    }
    #expect(DurationText.print(.min).hasPrefix("-"))
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func whatIsPrintedReadsBack(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bits = Int.random(in: 0...62, using: &generator)
    let value = Int64.random(in: 0...(1 << bits), using: &generator)
    #expect(DurationText.parse(DurationText.print(value)) == value)
  }
}

@Suite struct ParallelTests {
  private struct Failure: Error, Equatable { var item: Int }

  @Test(arguments: [1, 2, 3, 8, 100])
  func everyItemIsDoneOnceByAWorkerOfItsNumber(workers: Int) throws {
    let done = Mutex([Int](repeating: 0, count: 1000))
    try parallelFor(count: 1000, workers: workers) { item, worker in
      #expect(worker >= 0 && worker < workers)
      done.withLock { $0[item] += 1 }
    }
    #expect(done.withLock { $0 } == [Int](repeating: 1, count: 1000))
  }

  @Test(arguments: [-1, 0, 1, 2, 3, 8])
  func theErrorOfTheLowestItemIsThrown(workers: Int) {
    for _ in 0..<50 {
      #expect(throws: Failure(item: 40)) {
        try parallelFor(count: 200, workers: workers) { item, _ in
          if item >= 40 { throw Failure(item: item) }
        }
      }
    }
  }

  @Test(arguments: [[0..<7], [0..<1, 1..<1000], [0..<0, 0..<500, 500..<500, 500..<1000]])
  func everyItemOfAShareIsDoneOnce(shares: [Range<Int>]) throws {
    let count = shares.last?.upperBound ?? 0
    let done = Mutex([Int](repeating: 0, count: count))
    try parallelFor(shares: shares) { item, worker in
      #expect(shares.indices.contains(worker))
      done.withLock { $0[item] += 1 }
    }
    #expect(done.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test func theErrorOfTheLowestItemOfAllSharesIsThrown() {
    for _ in 0..<50 {
      #expect(throws: Failure(item: 40)) {
        try parallelFor(shares: [0..<50, 50..<130, 130..<200]) { item, _ in
          if item >= 40 { throw Failure(item: item) }
        }
      }
    }
  }

  /// A helper is started on another processor, and may leave it.
  @Test func helpersMayRunWhereTheirStarterMay() throws {
    let own = try #require(Processors.allowed)
    try parallelFor(count: 20, workers: 4) { _, _ in
      #expect(Processors.allowed?.numbers == own.numbers)
    }
    let others = own.others?.numbers ?? []
    #expect(others.count == own.numbers.count - 1)
    #expect(Set(others).isSubset(of: own.numbers))
  }

  @Test func noItemsStartNothing() throws {
    try parallelFor(count: 0, workers: 4) { _, _ in Issue.record("called") }
  }
}

@Suite struct BatchTests {
  @Test func rowsOfAllKindsStandSideBySide() {
    var batch = SampleBatch()
    let series = batch.series.intern(LabelSet(name: "a"))
    batch.append(series, 1, 1.5)
    #expect(batch.content == .floats)
    var histogram = NativeHistogram()
    histogram.count = 3
    batch.append(series, 2, histogram)
    batch.append(LabelSet(name: "b"), 3, 2.5)
    histogram.count = 4
    batch.append(series, 4, histogram)
    #expect(batch.content == .mixed)
    #expect(batch.refs == [0, 0, 1, 0])
    #expect(batch.histograms?.isHistogram == [false, true, false, true])
    #expect(batch.values[3].bitPattern == 1)
    #expect(batch.histograms?.all.map(\.count) == [3, 4])
    batch.removeRows()
    #expect(batch.count == 0 && batch.series.count == 2 && batch.content == .floats)
  }

  /// Each append once copied all that were there.
  @Test func manyHistogramsCostNoSquare() {
    var batch = SampleBatch()
    let before = ContinuousClock.now
    for time in 0..<100_000 as Range<Int64> { batch.append(0, time, NativeHistogram()) }
    #expect(batch.content == .histograms)
    #expect(ContinuousClock.now - before < .seconds(20))
  }

  @Test func onlyACopyOfTheMarkerIsStale() {
    #expect(StaleMarker.isStale(StaleMarker.value))
    #expect(!StaleMarker.isStale(.nan))
    #expect(!StaleMarker.isStale(OrdinaryNaN.value))
    #expect(!StaleMarker.isStale(StaleMarker.value + 1))
    #expect(StaleMarker.value.isNaN)
  }

  @Test func rangesIncludeBothEnds() {
    let range = TimeRange(from: 10, to: 20)
    #expect(range.contains(10) && range.contains(20) && !range.contains(21))
    #expect(range.overlaps(TimeRange(from: 20, to: 30)))
    #expect(!range.overlaps(TimeRange(from: 21, to: 30)))
    #expect(range.intersection(TimeRange(from: 21, to: 30)).isEmpty)
    #expect(range.union(TimeRange(from: 30, to: 40)) == TimeRange(from: 10, to: 40))
    #expect(TimeRange.all.contains(range) && !range.contains(.all))
  }

  @Test func typesReadTheirOwnWords() {
    for type in MetricType.allCases { #expect(MetricType(word: type.word) == type) }
    #expect(MetricType(word: "untyped") == .unknown)
    #expect(MetricType(word: "Counter") == nil)
  }

  @Test func aReportSaysEachThingOnce() throws {
    let report = Report()
    try parallelFor(count: 100, workers: 4) { item, _ in
      report.warn("w\(item % 3)")
      report.inform("i")
      report.damaged(Damage(path: "p", part: item % 2 == 0 ? "" : "page 1", reason: "r"))
    }
    #expect(report.warnings.sorted() == ["w0", "w1", "w2"])
    #expect(report.infos == ["i"])
    #expect(report.damage.map(\.description).sorted() == ["p: page 1: r", "p: r"])
  }

  @Test func aReportStaysBounded() {
    let report = Report()
    for index in 0..<5000 {
      report.warn("w\(index)")
      report.damaged(Damage(path: "\(index)", part: "", reason: "r"))
    }
    report.warn("w0")
    #expect(report.warnings.count == 1001)
    #expect(report.warnings.last == "4000 more were left out")
    #expect(report.damage.count == 1000 && report.damageLeft == 4000)
  }
}
