import MxEngine
import MxModel
import Testing

@Suite struct MemorySourceTests {
  private func source() -> MemorySource {
    var batch = SampleBatch()
    batch.append(LabelSet(name: "b", [("x", "2")]), 3000, 30)
    batch.append(LabelSet(name: "a", [("x", "1")]), 2000, 2)
    batch.append(LabelSet(name: "a", [("x", "1")]), 1000, 1)
    batch.append(LabelSet(name: "a", [("x", "1")]), 2000, 5)
    batch.append(LabelSet(name: "a", [("y", "\u{1}")]), 9000, 7)
    batch.metadata = [MetricMetadata(family: "a", type: .gauge), MetricMetadata(family: "b")]
    return MemorySource(batch)
  }

  private func open(_ matchers: [Matcher], _ range: TimeRange = .all) throws -> any Selection {
    try source().open([SelectRequest(matchers, range: range)], report: Report())[0]
  }

  @Test func samplesComeInOrderAndTheLaterRowWins() throws {
    let selection = try open([Matcher(equal: "__name__", "a"), Matcher(equal: "x", "1")])
    #expect(selection.count == 1)
    var found: [(Int64, Double)] = []
    try selection.read(0..<1, .all, worker: 0) { _, columns in
      found = zip(columns.times, columns.values).map { ($0, $1) }
    }
    #expect(found.map(\.0) == [1000, 2000])
    #expect(found.map(\.1) == [1, 5])
    #expect(
      try selection.latest(0, atOrBefore: 1999, limit: 4, worker: 0) == [
        Sample(time: 1000, value: 1)
      ])
  }

  @Test func matchersAndRangesPickSeries() throws {
    #expect(try open([]).count == 3)
    #expect(try open([Matcher(equal: "x", "")]).count == 1)
    #expect(try open([Matcher("x", .notEqual, "1")]).count == 2)
    #expect(try open([Matcher("x", .regex, "1|2")]).count == 2)
    #expect(try open([Matcher("__name__", .notRegex, "a.*")]).count == 1)
    #expect(try open([Matcher(equal: "y", "\u{1}")]).count == 1)
    #expect(try open([], TimeRange(from: 2500, to: 8000)).count == 1)
    #expect(try open([], TimeRange(from: 3000, to: 3000)).count == 1)
    #expect(try open([], TimeRange(from: 3001, to: 8999)).count == 0)
  }

  @Test func labelsAreNumberedInColumns() throws {
    let selection = try open([])
    #expect(selection.labelNames == ["__name__", "x", "y"])
    let column = try selection.column("x")
    #expect(column.values[0] == "")
    #expect(column.ids.map { column.values[Int($0)] } == ["1", "", "2"])
    #expect(try selection.column("none").ids == [0, 0, 0])
    #expect(try (0..<3).map { try selection.labels($0).metricName } == ["a", "a", "b"])
  }

  @Test func namesValuesAndMetadataAreListed() throws {
    let source = source()
    let report = Report()
    #expect(
      try source.labelNames(matching: [], range: .all, report: report) == ["__name__", "x", "y"])
    let bs = [[Matcher(equal: "__name__", "b")]]
    #expect(try source.labelNames(matching: bs, range: .all, report: report) == ["__name__", "x"])
    #expect(try source.labelValues("x", matching: [], range: .all, report: report) == ["1", "2"])
    #expect(try source.metadata(of: "a")?.type == .gauge)
    #expect(try source.metadata(of: "a_total")?.family == "a")
    #expect(try source.metadata(of: "none") == nil)
    #expect(try source.allMetadata().count == 2)
  }

  @Test func fingerprintsDifferWhereTheDataDoes() throws {
    let request = SelectRequest([Matcher(equal: "__name__", "a")], range: .all)
    let print = try source().fingerprint([request])
    #expect(try source().fingerprint([request]) == print)
    var batch = SampleBatch()
    batch.append(LabelSet(name: "a", [("x", "1")]), 1000, 1)
    #expect(try MemorySource(batch).fingerprint([request]) != print)
    var narrow = request
    narrow.range = TimeRange(from: 0, to: 1500)
    #expect(try source().fingerprint([narrow]) != print)
  }
}
