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

  /// As in Grafana: an empty legend is none, and the series is called by its labels.
  @Test(arguments: [
    ("{{code}}", ["{host=\"a\"}", "x"]), (" {{code}} ", ["{host=\"a\"}", "x"]),
    ("{{host}}", ["a", "x"]), ("{{code}} of {{host}}", [" of a", " of "]),
    ("", ["{host=\"a\"}", "x"]),
  ])
  func noSeriesIsWithoutAName(legend: String, names: [String]) throws {
    let fields = try fields(
      #""type":"timeseries","targets":[{"expr":"x","legendFormat":"\#(legend)"}]"#,
      [(labels: [("host", "a")], values: [1]), (labels: [], values: [2])])
    #expect(fields.map(\.name) == names)
  }

  /// Whatever takes its name away.
  @Test(arguments: [
    #"{"id":"renameByRegex","options":{"regex":".*","renamePattern":""}}"#,
    #"{"id":"partitionByValues","options":{"fields":["code"]}}"#,
    #"{"id":"rowsToFields","options":{"mappings":[{"fieldName":"code","handlerKey":"field.name"}]}}"#,
  ])
  func noFieldOfATableIsWithoutAName(transformation: String) throws {
    let fields = try fields(
      #""type":"stat","targets":[{"expr":"x","format":"table"}],"transformations":[\#(transformation)]"#,
      [(labels: [("code", "")], values: [1])])
    #expect(fields.map(\.name.isEmpty) == [false])
  }

  @Test func anEmptyDisplayNameIsNone() throws {
    let fields = try fields(
      #""type":"stat","fieldConfig":{"defaults":{"displayName":" "}},"targets":[{"expr":"x"}]"#,
      [(labels: [("host", "a")], values: [1])])
    #expect(fields.map(\.name) == [#"{host="a"}"#])
  }

  /// Each mode of a calculated field, by Grafana's names of what it makes.
  @Test(arguments: [
    (
      #""mode":"binary","binary":{"left":"a","operator":"**","right":"2"}"#, "a ** 2",
      [1.0, 4, 9, 16]
    ),
    (#""mode":"unary","unary":{"operator":"ln","fieldName":"one"}"#, "ln(one)", [0.0, 0, 0, 0]),
    (#""mode":"index""#, "Row", [0.0, 1, 2, 3]),
    (#""mode":"index","index":{"asPercentile":true}"#, "Row", [0.0, 0.25, 0.5, 0.75]),
    (
      #""mode":"cumulativeFunctions","cumulative":{"field":"a","reducer":"sum"}"#,
      "cumulative sum a", [1.0, 3, 6, 10]
    ),
    (
      #""mode":"cumulativeFunctions","cumulative":{"field":"a","reducer":"mean"}"#,
      "cumulative mean a", [1.0, 1.5, 2, 2.5]
    ),
    (
      #""mode":"windowFunctions","window":{"field":"a","reducer":"mean","windowAlignment":"trailing","windowSize":2,"windowSizeMode":"fixed"}"#,
      "trailing moving mean a", [1.0, 1.5, 2.5, 3.5]
    ),
    (
      #""mode":"windowFunctions","window":{"field":"a","reducer":"mean","windowAlignment":"centered","windowSize":0.75}"#,
      "centered moving mean a", [1.5, 2.0, 3, 3.5]
    ),
  ])
  func aFieldIsCalculated(options: String, name: String, values: [Double]) throws {
    let fields = try fields(
      #""type":"timeseries","targets":[{"expr":"x","legendFormat":"{{host}}"}],"transformations":[{"id":"calculateField","options":{\#(options)}}]"#,
      [
        (labels: [("host", "a")], values: [1, 2, 3, 4]),
        (labels: [("host", "one")], values: [1, 1, 1, 1]),
      ]
    )
    #expect(fields.map(\.name) == ["a", "one", name])
    #expect(fields.last?.values == values)
  }

  @Test func fieldsAreExtractedFromTexts() {
    let cells: [Frame.Cell] = [
      .text(#"{"host":"a","cpu":1.5,"up":true}"#), .text(#"host=b, job="two words" extra:x"#),
      .text("nothing"), .none,
    ]
    let frame = Frame(
      columns: [
        Frame.Column(name: "Time", refID: "A", cells: (0..<4).map { .time($0) }),
        Frame.Column(name: "labels", refID: "A", cells: cells),
      ], refID: "A")
    func extracted(replaces: Bool, keepsTime: Bool) -> Frame {
      FieldExtraction(
        options: TransformOptions.Extraction(
          source: "labels", format: .auto, replaces: replaces, keepsTime: keepsTime)
      ).apply(frame)
    }
    let beside = extracted(replaces: false, keepsTime: false)
    #expect(
      beside.columns.map(\.name) == ["Time", "labels", "host", "cpu", "up", "job", "extra"])
    #expect(beside.columns[2].cells == [.text("a"), .text("b"), .none, .none])
    #expect(beside.columns[3].cells == [.number(1.5), .none, .none, .none])
    #expect(beside.columns[5].cells[1] == .text("two words"))
    #expect(beside.columns[6].cells[1] == .text("x"))
    #expect(extracted(replaces: true, keepsTime: true).columns.map(\.name).first == "Time")
    #expect(extracted(replaces: true, keepsTime: false).columns.map(\.name).first == "host")
  }

  /// A query in another language is not asked, also where only a variable says so.
  @Test func aVariableSaysWhatAQueryIsWrittenIn() throws {
    let text = #"""
      {"templating":{"list":[{"name":"ds","type":"datasource","query":"loki"},
      {"name":"prom","type":"datasource","query":"prometheus"}]},"panels":[{"id":1,"type":"stat",
      "targets":[{"expr":"x |= y","datasource":{"uid":"${ds}"}},{"expr":"x","datasource":"$prom"}]}]}
      """#
    let dashboard = try Dashboard.decode(Array(text.utf8))
    let plan = try dashboard.plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
    #expect(plan.queries.map(\.expr) == ["x"])
    #expect(
      dashboard.problems.map(\.message) == ["queries of data source type 'loki' are not asked"])
  }

  /// Nor are the values of a variable, which would be an error or those of something else.
  @Test func aVariableOfAnotherSourceIsNotAsked() throws {
    let text = #"""
      {"templating":{"list":[
      {"name":"job","type":"query","datasource":{"type":"loki","uid":"${logs}"},
      "query":"label_values({}, job)","current":{"value":"web"}},
      {"name":"host","type":"query","datasource":{"type":"prometheus"},"query":"label_values(up, host)"}]},
      "panels":[{"id":1,"type":"stat","targets":[{"expr":"x{job=\"$job\"}"}]}]}
      """#
    let dashboard = try Dashboard.decode(Array(text.utf8))
    var asked: [String] = []
    let plan = try dashboard.plan(PlanOptions(now: 1_795_154_400_000)) { query in
      asked.append(query.text)
      return ["a"]
    }
    #expect(asked == ["label_values(up, host)"])
    #expect(plan.queries.map(\.expr) == [#"x{job="web"}"#])
    #expect(
      dashboard.problems.map(\.message) == ["values of data source type 'loki' are not asked"])
  }

  @Test func aTableHasAFooter() throws {
    func foot(_ footer: String) throws -> String {
      let plan = try planned(
        #"""
        "type":"table","targets":[{"expr":"x","format":"table","instant":true}],
        "options":{"footer":\#(footer)},"fieldConfig":{"defaults":{"unit":"s"}},
        "transformations":[{"id":"organize","options":{"excludeByName":{"Time":true}}}]
        """#)
      let fragment = plan.fragment(0, answers(plan, Self.two))
      let text = String(decoding: fragment.html, as: UTF8.self)
      guard let rest = TextTools.split(text, at: "<tfoot>")?.1 else { return "" }
      return TextTools.split(rest, at: "</tfoot>")?.0 ?? ""
    }
    #expect(
      try foot(#"{"show":true,"reducer":["sum"],"fields":[]}"#)
        == #"<tr><td>Total</td><td class="num">33 s</td></tr>"#)
    #expect(
      try foot(#"{"show":true,"reducer":["count"],"countRows":true}"#)
        == #"<tr><td>Count: 4</td><td class="num"></td></tr>"#)
    #expect(try foot(#"{"show":false,"reducer":["sum"]}"#).isEmpty)
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
