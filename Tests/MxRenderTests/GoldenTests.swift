import MxTime
import Testing

@testable import MxRender

/// Whole drawings, small enough to be read. After a wanted change MX_GOLDEN=write
/// writes them anew; read the diff.
@Suite struct GoldenTests {
  private func planned(_ json: String, _ type: String, _ more: String) throws -> Plan {
    let text = """
      {"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,"type":"\(type)",
      "title":"Requests","maxDataPoints":12,\(more)"targets":[{"refId":"A","expr":"x","legendFormat":"{{job}}"}],
      "fieldConfig":{"defaults":\(json)}}]}
      """
    return try Dashboard.decode(Array(text.utf8)).plan(PlanOptions(now: ReportTests.now)) { _ in nil
    }
  }

  private func svg(
    _ json: String, _ values: [(String, [Double])], marks: [AnnotationMark] = []
  ) throws -> String {
    var plan = try planned(json, "timeseries", "")
    plan.panels[0].marks = marks
    let (fields, canvas) = try fields(plan, values)
    var drawn = canvas
    TimeSeriesDrawing(planned: plan.panels[0], fields: fields, size: Self.size).draw(&drawn)
    return Golden.text(drawn)
  }

  private static let size = Size(width: 400, height: 130)

  private func fields(
    _ plan: Plan, _ values: [(String, [Double])]
  ) throws -> ([DisplayField], Canvas) {
    let query = try #require(plan.queries.first)
    let series = values.map { name, values in
      let present = values.indices.filter { !values[$0].isNaN }
      return QueryResult.Series(
        labels: [QueryResult.Label("job", name)],
        times: present.map { query.from + Int64($0) * query.step },
        values: present.map { values[$0] })
    }
    let canvas = Canvas(zone: plan.zone, now: plan.now)
    let builder = FieldBuilder(
      planned: plan.panels[0], results: [0: QueryResult(series: series)], canvas: canvas)
    return (builder.fields(), canvas)
  }

  @Test func aLineWithAGap() throws {
    let values = [("web", [10, 12, 11, .nan, .nan, 14, .nan, 9, 10, 13, 12, 11, 10.0])]
    let drawn = try svg(#"{"unit":"reqps","custom":{"fillOpacity":10}}"#, values)
    // Two runs and a point that stands alone.
    #expect(drawn.contains("h0"))
    try Golden.check("line-gap", drawn)
  }

  @Test func stackedBytes() throws {
    let values = [
      ("a", [1.0e9, 2e9, 1.5e9, 1e9, 2e9]), ("b", [2.0e9, 1e9, .nan, 2e9, 1e9]),
    ]
    try Golden.check(
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
    try Golden.check("bars-threshold", try svg(config, [("a", [0.2, 0.5, 0.9, 0.4])]))
  }

  /// A decade is no axis of two numbers, and each side has its own unit.
  @Test func twoAxesOneOfThemLogarithmic() throws {
    let json = """
      {"custom":{"scaleDistribution":{"type":"log","log":10}}},"overrides":[{"matcher":{"id":"byName",
      "options":"b"},"properties":[{"id":"custom.axisPlacement","value":"right"},
      {"id":"custom.scaleDistribution","value":{"type":"linear"}},{"id":"unit","value":"s"}]}]
      """
    let values = [("a", [10, 30, 90, 20.0]), ("b", [30, 60, 90, 120.0])]
    try Golden.check("log-and-right", try svg(json, values))
  }

  @Test func sharesOfAHundred() throws {
    let json = #"{"custom":{"stacking":{"mode":"percent"},"fillOpacity":40}}"#
    try Golden.check("percent", try svg(json, [("a", [1, 2, 3.0]), ("b", [3, 2, 1.0])]))
  }

  @Test func whatHappenedMeanwhile() throws {
    let marks = [
      AnnotationMark(
        from: ReportTests.now - 1_800_000, to: ReportTests.now - 900_000, title: "Deploy",
        text: "v2 <b>", tags: ["web"], ink: .named("blue")),
      AnnotationMark(
        from: ReportTests.now - 600_000, to: ReportTests.now - 600_000, title: "Boot", text: "",
        tags: [], ink: .named("red")),
    ]
    let drawn = try svg("{}", [("a", [1, 2, 3, 2, 1, 2.0])], marks: marks)
    #expect(drawn.contains("Deploy: v2 &lt;b&gt; [web]"))
    try Golden.check("marks", drawn)
  }

  @Test func aLegendOfCalculations() throws {
    let more = """
      "options":{"legend":{"displayMode":"table","calcs":["mean","max"],"sortBy":"Max",
      "sortDesc":true}},
      """
    let plan = try planned(#"{"unit":"ms"}"#, "timeseries", more)
    let (fields, canvas) = try fields(plan, [("a", [1, 2.0]), ("b <i>", [900, 2100.0])])
    var drawn = canvas
    LegendDrawing(planned: plan.panels[0], fields: fields).draw(&drawn)
    try Golden.check("legend", drawn)
  }

  @Test func statesOverTime() throws {
    let json = """
      {"mappings":[{"type":"value","options":{"0":{"text":"down","color":"red"},
      "1":{"text":"up","color":"green"}}}]}
      """
    let plan = try planned(json, "state-timeline", "")
    let (fields, canvas) = try fields(plan, [("web", [1, 1, 0, 0, .nan, 1.0])])
    var drawn = canvas
    StateDrawing(planned: plan.panels[0], fields: fields, size: Self.size).draw(&drawn)
    try Golden.check("states", drawn)
  }

  /// Texts of states where there is room; or everywhere, or nowhere.
  @Test(arguments: [("auto", 2), ("always", 4), ("never", 0)])
  func textsOfStates(wish: String, count: Int) throws {
    let more = #""options":{"showValue":"\#(wish)"},"#
    let plan = try planned(#"{"unit":"suffix: wide"}"#, "state-timeline", more)
    let (fields, canvas) = try fields(plan, [("web", [1, 1, 1, 2, 3, 3, 4.0])])
    var drawn = canvas
    StateDrawing(planned: plan.panels[0], fields: fields, size: Self.size).draw(&drawn)
    let texts = Golden.text(drawn).split(separator: "\n").count { $0.contains("tick mid part") }
    #expect(texts == count)
  }

  @Test func aDialWithItsZones() throws {
    let json = """
      {"min":0,"max":100,"unit":"percent","thresholds":{"steps":[{"value":null,"color":"green"},
      {"value":80,"color":"red"}]}}
      """
    let plan = try planned(json, "gauge", "")
    let (fields, canvas) = try fields(plan, [("web", [62.5])])
    var drawn = canvas
    GaugeDrawing(planned: plan.panels[0], fields: fields, size: Size(width: 160, height: 120))
      .draw(&drawn)
    try Golden.check("gauge", drawn)
  }
}

/// Drawings beside the tests, a line an element.
enum Golden {
  static func text(_ canvas: Canvas) -> String {
    TextTools.replacing(
      String(decoding: canvas.markup.bytes, as: UTF8.self), "><", with: ">\n<")
  }

  static func check(
    _ name: String, _ canvas: Canvas, at location: SourceLocation = #_sourceLocation
  ) throws {
    try check(name, text(canvas), at: location)
  }

  static func check(
    _ name: String, _ drawn: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let path = Files.root() + "/Tests/MxRenderTests/Golden/\(name).svg"
    if Files.environment("MX_GOLDEN") == "write" { Files.write(Array(drawn.utf8), path) }
    let wanted = try #require(Files.read(path), "\(path) is missing", sourceLocation: location)
    #expect(drawn == String(decoding: wanted, as: UTF8.self), sourceLocation: location)
  }
}
