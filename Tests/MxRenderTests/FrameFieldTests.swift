import Testing

@testable import MxRender

/// Panels that are no tables, over transformed tables; and overrides by value.
@Suite struct FrameFieldTests {
  private func fields(
    _ panel: String, _ series: [(labels: [(String, String)], values: [Double])]
  ) throws -> [DisplayField] {
    let plan = try planned(panel)
    let results = answers(plan, series)
    return FieldBuilder(
      planned: plan.panels[0], results: results, canvas: Canvas(zone: plan.zone, now: plan.now)
    ).fields()
  }

  private func planned(_ panel: String) throws -> Plan {
    let text = #"{"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,\#(panel)}]}"#
    return try Dashboard.decode(Array(text.utf8))
      .plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
  }

  private func answers(
    _ plan: Plan, _ series: [(labels: [(String, String)], values: [Double])]
  ) -> [Int: QueryResult] {
    var results: [Int: QueryResult] = [:]
    for query in plan.queries {
      results[query.target] = QueryResult(
        series: series.map { one in
          QueryResult.Series(
            labels: one.labels.map { QueryResult.Label($0.0, $0.1) },
            times: one.values.indices.map { query.from + Int64($0) * query.step },
            values: one.values)
        })
    }
    return results
  }

  private static let two = [
    (labels: [("host", "a")], values: [1.0, 2]), (labels: [("host", "b")], values: [10.0, 20]),
  ]

  @Test func seriesAreCalculatedWithEachOther() throws {
    let fields = try fields(
      #""type":"timeseries","targets":[{"expr":"x","legendFormat":"{{host}}"}],"transformations":[{"id":"calculateField","options":{"mode":"reduceRow","reduce":{"reducer":"sum"},"alias":"all"}}]"#,
      Self.two)
    #expect(fields.map(\.name) == ["a", "b", "all"])
    #expect(fields.last?.values == [11, 22])
    #expect(fields.last?.times == fields.first?.times)
  }

  @Test func filteredAndRenamedSeriesAreDrawn() throws {
    let fields = try fields(
      #""type":"stat","targets":[{"expr":"x","legendFormat":"{{host}}"}],"transformations":[{"id":"filterFieldsByName","options":{"include":{"pattern":"/Time|a/"}}},{"id":"organize","options":{"renameByName":{"a":"first"}}}]"#,
      Self.two)
    #expect(fields.map(\.name) == ["first"])
    #expect(fields.first?.values == [1, 2])
  }

  /// Rows may stand in any order, and be of one moment: nothing may trap on it.
  @Test(arguments: PanelKind.allCases)
  func sortedRowsAreDrawn(kind: PanelKind) throws {
    let plan = try planned(
      #"""
      "type":"\#(kind.rawValue)","targets":[{"expr":"x","format":"table"},{"expr":"x"}],
      "transformations":[{"id":"merge"},{"id":"sortBy","options":{"sort":[{"field":"Value #A","desc":true}]}}]
      """#)
    let results = answers(plan, Self.two + [(labels: [], values: [.nan, .infinity, -1])])
    _ = plan.fragment(0, results)
    _ = Picture(plan: plan, position: 0, theme: .light).svg(results)
    let fields = FieldBuilder(
      planned: plan.panels[0], results: results, canvas: Canvas(zone: plan.zone, now: plan.now)
    ).fields()
    let isSorted = fields.allSatisfy { field in
      zip(field.times, field.times.dropFirst()).allSatisfy { $0 <= $1 }
    }
    #expect(isSorted || kind != .timeSeries)
  }

  @Test func everyRowOfATableIsAValue() throws {
    let fields = try fields(
      #""type":"bargauge","options":{"reduceOptions":{"values":true,"limit":5}},"targets":[{"expr":"x","format":"table","instant":true}]"#,
      [(labels: [("host", "a")], values: [7]), (labels: [("host", "b")], values: [8])])
    #expect(fields.map(\.name) == ["a", "b"])
    #expect(fields.map(\.values) == [[7], [8]])
  }

  @Test func overridesMayDependOnValues() throws {
    let panel =
      #""type":"timeseries","targets":[{"expr":"x","legendFormat":"{{host}}"}],"fieldConfig":{"overrides":[{"matcher":{"id":"byValue","options":{"reducer":"max","op":"gte","value":20}},"properties":[{"id":"unit","value":"bytes"}]},{"matcher":{"id":"byValue","options":{"reducer":"allIsZero","op":"gte","value":0}},"properties":[{"id":"custom.hideFrom","value":{"viz":true}}]}]}"#
    let fields = try fields(panel, Self.two + [(labels: [("host", "c")], values: [0, 0])])
    #expect(fields.map(\.config.unit) == [nil, "bytes", nil])
    #expect(fields.map { $0.config.style.hidesFromGraph ?? false } == [false, false, true])
    #expect(fields[1].format.text(2048) == "2 KiB")
  }

  @Test func coloursFollowValuesWhereThePanelSaysSo() throws {
    let scheme = try fields(
      #""type":"stat","targets":[{"expr":"x"}],"fieldConfig":{"defaults":{"min":0,"max":100,"color":{"mode":"continuous-GrYlRd"}}}"#,
      [(labels: [], values: [100])])
    #expect(scheme[0].display(0).ink == .blend("green", "yellow", 0))
    #expect(scheme[0].display(50).ink == .blend("yellow", "red", 0))
    #expect(scheme[0].display(100).ink == .blend("yellow", "red", 8))
    let fixed = try fields(
      #""type":"stat","targets":[{"expr":"x"}],"fieldConfig":{"defaults":{"color":{"mode":"fixed","fixedColor":"purple"},"thresholds":{"steps":[{"color":"green","value":null}]}}}"#,
      [(labels: [], values: [100])])
    #expect(fixed[0].display(5).ink == .named("purple"))
  }

  @Test func tablesMergeByWhatTheyShare() throws {
    func frame(_ names: [String], _ rows: [[Frame.Cell]]) -> Frame {
      Frame(
        columns: names.indices.map { index in
          Frame.Column(name: names[index], refID: "A", cells: rows.map { $0[index] })
        }, refID: "A")
    }
    let merged = FrameJoin.merge([
      frame(["host", "__name__", "Value #A"], [[.text("a"), .text("m"), .number(1)]]),
      frame(["host", "Value #B"], [[.text("a"), .number(2)], [.text("b"), .number(3)]]),
    ])[0]
    #expect(merged.rowCount == 2)
    #expect(
      merged.columns.map(\.cells) == [
        [.text("a"), .text("b")], [.text("m"), .none], [.number(1), .none],
        [.number(2), .number(3)],
      ])
  }

  @Test func barsStandInGroups() throws {
    let panel =
      #""type":"barchart","title":"B","targets":[{"refId":"A","expr":"x","format":"table","instant":true}],"transformations":[{"id":"organize","options":{"excludeByName":{"Time":true}}}]"#
    let plan = try planned(panel)
    let builder = FieldBuilder(
      planned: plan.panels[0],
      results: answers(
        plan, [(labels: [("host", "a")], values: [7]), (labels: [("host", "b")], values: [-8])]),
      canvas: Canvas(zone: plan.zone, now: plan.now))
    let table = BarTable.of(builder, zone: Canvas(zone: plan.zone, now: plan.now))
    #expect(table.categories == ["a", "b"])
    #expect(table.fields.map(\.values) == [[7, -8]])
    var canvas = Canvas(zone: plan.zone, now: plan.now)
    BarChartDrawing(planned: plan.panels[0], table: table, size: Size(width: 300, height: 130))
      .draw(&canvas)
    try Golden.check("bars-of-groups", canvas)
  }

  @Test func percentilesAreValuesThatWereMeasured() {
    let values = (1...10).map { Double($0) }
    #expect(Reduction.reduce(values, .p90) == 9)
    #expect(Reduction.reduce(values, .p95) == 10)
    #expect(Reduction.reduce([5, .nan], .p1) == 5)
    #expect(Reduction.reduce([2, 3], .diffperc) == 0.5)
  }
}
