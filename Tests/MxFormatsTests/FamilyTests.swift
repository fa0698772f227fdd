import MxModel
import Testing

@testable import MxFormats

/// What an export declares, and that who reads it finds what was there.
@Suite struct FamilyTests {
  private func plan(
    _ metrics: [String], _ known: [MetricMetadata], _ format: Format = .openmetrics
  ) -> [String] {
    TextFamily.plan(metrics, format) { metric in
      let families =
        [metric]
        + ["_total", "_bucket", "_count", "_sum", "_created", "_info"]
        .filter { metric.hasSuffix($0) }.map { String(metric.dropLast($0.count)) }
      return families.lazy.compactMap { name in known.first { $0.family == name } }.first
    }.map { family in
      let said = family.metadata.map { "\($0.family) \($0.type.word): " } ?? ""
      return said + family.metrics.joined(separator: " ")
    }
  }

  @Test func metricsOfAFamilyStandTogether() {
    let known = [
      MetricMetadata(family: "c", type: .counter), MetricMetadata(family: "h", type: .histogram),
      MetricMetadata(family: "s", type: .summary),
      MetricMetadata(family: "t_total", type: .counter),
      MetricMetadata(family: "b", type: .info),
    ]
    let metrics = [
      "b_info", "c_created", "c_total", "h_bucket", "h_count", "h_else", "h_sum", "s", "s_count",
      "t_created", "t_total", "u",
    ]
    #expect(
      plan(metrics, known) == [
        "b info: b_info", "c counter: c_created c_total", "h histogram: h_bucket h_count h_sum",
        "h_else", "s summary: s s_count", "t counter: t_created t_total", "u",
      ])
    #expect(
      plan(metrics, known, .prometheus) == [
        "b_info info: b_info", "c_created", "c_total counter: c_total",
        "h histogram: h_bucket h_count h_sum", "h_else", "s summary: s s_count", "t_created",
        "t_total counter: t_total", "u",
      ])
  }

  /// OpenMetrics gives a family more names than have samples.
  @Test func whatOtherNamesContradictIsNotDeclared() {
    let counter = MetricMetadata(family: "x", type: .counter)
    #expect(plan(["x", "x_total"], [counter]) == ["x", "x_total"])
    let histogram = MetricMetadata(family: "h", type: .histogram)
    let own = MetricMetadata(family: "h_count", type: .gauge)
    #expect(
      plan(["h_bucket", "h_count", "h_sum"], [histogram, own])
        == ["h_bucket", "h_sum", "h_count gauge: h_count"])
    // OpenTelemetry's counters have no `_total`: the help can be said, the type cannot.
    let plain = MetricMetadata(family: "o.c", type: .counter, help: "H")
    #expect(plan(["o.c"], [plain]) == ["o.c unknown: o.c"])
  }

  @Test func bucketsAscendAndCountAndSumFollow() throws {
    let family = try #require(
      TextFamily.plan(["h_bucket", "h_count", "h_sum"], .openmetrics) { _ in
        MetricMetadata(family: "h", type: .histogram)
      }.first)
    let series = [
      LabelSet(name: "h_bucket", [("job", "a"), ("le", "+Inf")]),
      LabelSet(name: "h_bucket", [("job", "a"), ("le", "10")]),
      LabelSet(name: "h_bucket", [("job", "a"), ("le", "2.5")]),
      LabelSet(name: "h_bucket", [("job", "b"), ("le", "+Inf")]),
      LabelSet(name: "h_count", [("job", "a")]), LabelSet(name: "h_count", [("job", "b")]),
      LabelSet(name: "h_sum", [("job", "a")]), LabelSet(name: "h_sum", [("job", "b")]),
    ]
    #expect(family.groups(series) == [[2, 1, 0, 4, 6], [3, 5, 7]])
  }
}
