import MxModel
import MxPromQL
import Testing

@testable import MxEngine

/// Several events of one instant are one sample: counting asks the series beside it.
@Suite struct EventTests {
  private func source(hasCounts: Bool = true) -> MemorySource {
    var batch = SampleBatch()
    batch.append(LabelSet(name: "e", [("a", "b")]), 60_000, 70)
    batch.append(LabelSet(name: "e", [("a", "b")]), 120_000, 5)
    batch.metadata = [MetricMetadata(family: "e", type: .event)]
    if hasCounts {
      batch.append(LabelSet(name: "e:count", [("a", "b")]), 60_000, 1000)
      batch.append(LabelSet(name: "e:count", [("a", "b")]), 120_000, 1)
      batch.metadata.append(EventCount.metadata(of: "e"))
    }
    return MemorySource(batch)
  }

  private func values(_ text: String, _ source: MemorySource) throws -> [Double] {
    let expr = try PromQL.parse(text)
    let result = try Engine().evaluate(
      expr, text: text, .instant(120_000), source: source, report: Report())
    guard case .series(let table) = result.value else { return [] }
    #expect(table.labels.allSatisfy { $0.metricName == nil })
    return Array(table.values)
  }

  @Test func countingCountsEvents() throws {
    let source = source()
    #expect(try values("count_over_time(e[5m])", source) == [1001])
    #expect(try values("sum(count_over_time(e{a=\"b\"}[30s]) / 2)", source) == [0.5])
    #expect(try values("sum_over_time(e[5m]) / count_over_time(e[5m])", source) == [75.0 / 1001])
    // The count itself, and what is no plain selector, are samples as all others.
    #expect(try values("count_over_time(e:count[5m])", source) == [2])
    #expect(try values("count_over_time({__name__=~\"e\"}[5m])", source) == [2])
  }

  @Test func withoutCountsSamplesAreCounted() throws {
    #expect(try values("count_over_time(e[5m])", source(hasCounts: false)) == [2])
  }
}
