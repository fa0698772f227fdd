import MxEngine
import MxModel
import MxPromQL
import Synchronization
import Testing

@Suite struct SessionTests {
  /// Counts what is opened, and otherwise is the source it wraps.
  private final class CountingSource: SeriesSource {
    let source: MemorySource
    let opened = Mutex(0)

    init(_ source: MemorySource) { self.source = source }

    func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
      opened.withLock { $0 += requests.count }
      return try source.open(requests, report: report)
    }
    func labelNames(
      matching matchers: [[Matcher]], range: TimeRange, report: Report
    ) throws -> [String] { [] }
    func labelValues(
      _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
    ) throws -> [String] { [] }
    func metadata(of metric: String) throws -> MetricMetadata? { nil }
    func allMetadata() throws -> [MetricMetadata] { [] }
    func fingerprint(_ requests: [SelectRequest]) throws -> UInt64 {
      try source.fingerprint(requests)
    }
  }

  private func source(_ last: Double) -> MemorySource {
    var batch = SampleBatch()
    for (index, value) in [1, 2, 3, last].enumerated() {
      batch.append(LabelSet(name: "m"), Int64(index) * 60_000, value)
      batch.append(LabelSet(name: "n"), Int64(index) * 60_000, 5)
    }
    return MemorySource(batch)
  }

  @Test func whatQueriesShareIsOpenedOnce() throws {
    let counting = CountingSource(source(4))
    let session = Session(Engine(), source: counting, report: Report())
    let window = QueryWindow.range(start: 0, end: 180_000, step: 60_000)
    for _ in 0..<3 {
      for text in ["m", "m * 2", "sum(m) / m", "n"] {
        let expr = try PromQL.parse(text)
        let alone = try Engine().evaluate(
          expr, text: text, window, source: counting.source, report: Report())
        let result = try session.evaluate(expr, text: text, window)
        guard case .series(let a) = alone.value, case .series(let b) = result.value else {
          Issue.record("no vector")
          continue
        }
        #expect(a.labels == b.labels)
        #expect(a.values == b.values)
      }
    }
    #expect(counting.opened.withLock { $0 } == 2)
  }

  @Test func fingerprintsFollowTheQuestionAndItsData() throws {
    let window = QueryWindow.instant(180_000)
    func print(_ text: String, _ data: MemorySource, _ window: QueryWindow) throws -> UInt64 {
      try Session(Engine(), source: data, report: Report()).fingerprint(PromQL.parse(text), window)
    }
    let first = try print("sum(m)", source(4), window)
    #expect(try print("sum((m))", source(4), window) == first)
    #expect(try print("sum(m)", source(5), window) != first)
    #expect(try print("avg(m)", source(4), window) != first)
    #expect(try print("sum(m)", source(4), .instant(180_001)) != first)
    #expect(try print("n", source(4), window) == print("n", source(5), window))
  }
}
