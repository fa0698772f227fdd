import MxTime
import Testing

@testable import MxRender

/// Whole drawings, small enough to be read. After a wanted change MX_GOLDEN=write
/// writes them anew; read the diff.
@Suite struct GoldenTests {
  private func planned(_ json: String) throws -> Plan {
    let text = """
      {"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,"type":"timeseries",
      "title":"Requests","maxDataPoints":12,"targets":[{"refId":"A","expr":"x","legendFormat":"{{job}}"}],
      "fieldConfig":{"defaults":\(json)}}]}
      """
    return try Dashboard.decode(Array(text.utf8)).plan(PlanOptions(now: ReportTests.now)) { _ in nil
    }
  }

  private func svg(_ json: String, _ values: [(String, [Double])]) throws -> String {
    let plan = try planned(json)
    let query = try #require(plan.queries.first)
    let series = values.map { name, values in
      let present = values.indices.filter { !values[$0].isNaN }
      return QueryResult.Series(
        labels: [QueryResult.Label("job", name)],
        times: present.map { query.from + Int64($0) * query.step },
        values: present.map { values[$0] })
    }
    var canvas = Canvas(zone: plan.zone, now: plan.now)
    let builder = FieldBuilder(
      planned: plan.panels[0], results: [0: QueryResult(series: series)], canvas: canvas)
    let size = Size(width: 400, height: 130)
    TimeSeriesDrawing(planned: plan.panels[0], fields: builder.fields(), size: size)
      .draw(&canvas)
    // A line an element.
    return TextTools.replacing(
      String(decoding: canvas.markup.bytes, as: UTF8.self), "><", with: ">\n<")
  }

  private func check(
    _ name: String, _ drawn: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let path = Files.root() + "/Tests/MxRenderTests/Golden/\(name).svg"
    if Files.environment("MX_GOLDEN") == "write" { Files.write(Array(drawn.utf8), path) }
    let wanted = try #require(Files.read(path), "\(path) is missing", sourceLocation: location)
    #expect(drawn == String(decoding: wanted, as: UTF8.self), sourceLocation: location)
  }

  @Test func aLineWithAGap() throws {
    let values = [("web", [10, 12, 11, .nan, .nan, 14, .nan, 9, 10, 13, 12, 11, 10.0])]
    let drawn = try svg(#"{"unit":"reqps","custom":{"fillOpacity":10}}"#, values)
    // Two runs and a point that stands alone.
    #expect(drawn.contains("h0"))
    try check("line-gap", drawn)
  }

  @Test func stackedBytes() throws {
    let values = [
      ("a", [1.0e9, 2e9, 1.5e9, 1e9, 2e9]), ("b", [2.0e9, 1e9, .nan, 2e9, 1e9]),
    ]
    try check(
      "stacked-bytes",
      try svg(
        #"{"unit":"bytes","custom":{"stacking":{"mode":"normal"},"fillOpacity":50}}"#, values))
  }

  @Test func barsWithAThreshold() throws {
    let config = """
      {"unit":"percentunit","min":0,"max":1,"custom":{"drawStyle":"bars",
      "thresholdsStyle":{"mode":"line+area"}},"thresholds":{"steps":[{"value":null,"color":"green"},
      {"value":0.8,"color":"red"}]}}
      """
    try check("bars-threshold", try svg(config, [("a", [0.2, 0.5, 0.9, 0.4])]))
  }
}
