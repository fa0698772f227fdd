import MxTime
import Testing

@testable import MxRender

/// Transformations of tables, as Grafana's documentation describes what they make.
@Suite struct ReshapingTests {
  /// A table in words: `name: cell cell …`, numbers, texts, `@` before milliseconds,
  /// `-` for nothing.
  private func frame(_ columns: String..., refID: String = "A", name: String = "") -> Frame {
    let made = columns.map { text -> Frame.Column in
      let parts = text.split(separator: ":", maxSplits: 1)
      let cells = parts[1].split(separator: " ").map { word -> Frame.Cell in
        if word == "-" { return .none }
        if word.hasPrefix("@") { return .time(Int64(word.dropFirst()) ?? 0) }
        return Double(word).map { .number($0) } ?? .text(String(word))
      }
      return Frame.Column(name: String(parts[0]), refID: refID, cells: cells)
    }
    return Frame(columns: made, refID: refID, name: name)
  }

  private func words(_ frames: [Frame]) -> [[String]] {
    frames.map { frame in
      frame.columns.map { column in
        let cells = column.cells.map { cell -> String in
          if case .time(let time) = cell { return "@\(time)" }
          return cell == .none ? "-" : cell.plainText
        }
        return column.name + ":" + cells.joined(separator: " ")
      }
    }
  }

  /// By the options as a dashboard has them.
  private func apply(_ id: String, _ options: String, _ frames: [Frame]) throws -> [Frame] {
    let text =
      #"{"panels":[{"type":"table","transformations":[{"id":"\#(id)","options":\#(options)}]}]}"#
    let dashboard = try Dashboard.decode(Array(text.utf8))
    #expect(dashboard.problems.isEmpty)
    let panel = dashboard.sections[0].panels[0]
    #expect(panel.missingTransformations.isEmpty)
    return Transformer(transformations: panel.transformations, zone: CellText(zone: .utc))
      .apply(frames)
  }

  private func check(
    _ id: String, _ options: String, _ frames: [Frame], gives wanted: [[String]],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let found = words(try apply(id, options, frames))
    #expect(found == wanted, sourceLocation: location)
  }

  @Test func rowsBecomeColumns() throws {
    let hosts = frame("host:a b", "cpu:1 2", "mem:3 4")
    try check(
      "transpose", #"{"firstFieldName":"what"}"#, [hosts],
      gives: [["what:cpu mem", "a:1 3", "b:2 4"]])
    try check(
      "transpose", "{}", [frame("cpu:1 2", "mem:3 4")],
      gives: [["Field:cpu mem", "Value:1 3", "Value:2 4"]])
    // Times and numbers meet as texts.
    try check(
      "transpose", "{}", [frame("host:a", "at:@0", "cpu:1.5")],
      gives: [["Field:at cpu", "a:1970-01-01 00:00:00 1.5"]])
  }

  @Test func valuesOfAColumnGoAcross() throws {
    let table = frame("host:a a b", "mode:idle user idle", "Value:1 2 3")
    try check(
      "groupingToMatrix",
      #"{"columnField":"mode","rowField":"host","valueField":"Value","emptyValue":"zero"}"#,
      [table], gives: [[#"host\mode:a b"#, "idle:1 3", "user:2 0"]])
    // Several tables, or a column that is not there: as they were.
    try check("groupingToMatrix", "{}", [table, table], gives: words([table, table]))
    try check("groupingToMatrix", #"{"columnField":"x"}"#, [table], gives: words([table]))
  }

  @Test func tablesStandSideBySide() throws {
    let two = [
      frame("Time:@1 @2", "a:1 2", name: "a"), frame("Time:@1", "b:3", refID: "B", name: "b"),
    ]
    try check(
      "concatenate", "{}", two, gives: [["a · Time:@1 @2", "a:1 2", "b · Time:@1 -", "b:3 -"]])
    try check(
      "concatenate", #"{"frameNameMode":"drop"}"#, two,
      gives: [["Time:@1 @2", "a:1 2", "Time:@1 -", "b:3 -"]])
    let labelled = try apply("concatenate", #"{"frameNameMode":"label"}"#, two)
    #expect(labelled[0].columns[3].label("frame") == "b")
  }

  @Test func aTableForEachValue() throws {
    let table = frame("Time:@1 @1 @2", "host:a b a", "Value:1 2 3")
    let parts = try apply("partitionByValues", #"{"fields":["host"]}"#, [table])
    #expect(words(parts) == [["Time:@1 @2", "a:1 3"], ["Time:@1", "b:2"]])
    #expect(parts.map { $0.columns[1].label("host") } == ["a", "b"])
    try check(
      "partitionByValues",
      #"{"fields":["host"],"keepFields":true,"naming":{"asLabels":false,"withNames":true}}"#,
      [table],
      gives: [["Time:@1 @2", "host:a a", "host=a:1 3"], ["Time:@1", "host:b", "host=b:2"]])
    try check("partitionByValues", #"{"fields":["x"]}"#, [table], gives: words([table]))
  }

  @Test func labelsBecomeRows() throws {
    var series = frame("Time:@1", "up:1", name: "up")
    series.columns[1].labels = [QueryResult.Label("host", "a"), QueryResult.Label("job", "node")]
    try check(
      "labelsToFields", #"{"mode":"rows"}"#, [series], gives: [["label:host job", "value:a node"]])
    try check(
      "labelsToFields", #"{"mode":"rows","keepLabels":["job"]}"#, [series],
      gives: [["label:job", "value:node"]])
  }

  /// Series of one kind become rows of one table.
  @Test func labelsBecomeColumnsOfOneTable() throws {
    let series = ["a", "b"].map { host in
      var one = frame("Time:@1", "up \(host):1", name: host)
      one.columns[1].labels = [QueryResult.Label("host", host)]
      return one
    }
    try check(
      "labelsToFields", "{}", series, gives: [["Time:@1 @1", "host:a b", "Value:1 1"]])
    try check(
      "labelsToFields", #"{"valueLabel":"host"}"#, series, gives: [["Time:@1", "a:1", "b:1"]])
  }

  @Test func seriesMeetByTheirLabels() throws {
    let series = [("a", "cpu", "1"), ("a", "mem", "2"), ("b", "cpu", "3")].map {
      host, what, value in
      var one = frame("Time:@1", "x:\(value)")
      one.columns[1].labels = [QueryResult.Label("host", host), QueryResult.Label("what", what)]
      return one
    }
    try check(
      "joinByLabels", #"{"value":"what"}"#, series,
      gives: [["host:a b", "cpu:1 3", "mem:2 -"]])
  }

  @Test func fieldsChangeTheirKind() throws {
    func convert(_ cells: String, to kind: String, _ format: String = "") throws -> String {
      let options =
        #"{"conversions":[{"targetField":"x","destinationType":"\#(kind)","dateFormat":"\#(format)"}]}"#
      return words(try apply("convertFieldType", options, [frame("x:\(cells)")]))[0][0]
    }
    #expect(try convert("1,234.5 true few -", to: "number") == "x:1234.5 1 - -")
    #expect(try convert("1000 2026-11-29T00:00:01Z", to: "time") == "x:@1000 @1795910401000")
    #expect(try convert("29.11.26", to: "time", "DD.MM.YY") == "x:@1795910400000")
    #expect(try convert("29/Nov/2026 x", to: "time", "DD/MMM/YYYY") == "x:@1795910400000 -")
    #expect(try convert("2026-11-29", to: "time") == "x:@1795910400000")
    #expect(try convert("@0 7", to: "string", "YYYY") == "x:1970 7")
    #expect(try convert("0 3 no", to: "boolean") == "x:false true true")
    try check(
      "formatTime", #"{"timeField":"Time","outputFormat":"HH:mm"}"#, [frame("Time:@60000")],
      gives: [["Time:00:01"]])
  }

  @Test func valuesAreCountedInRanges() throws {
    let values = frame("a:1 2 12", "b:2 - 29")
    try check(
      "histogram", #"{"bucketSize":10}"#, [values],
      gives: [["xMin:0 10 20", "xMax:10 20 30", "a:2 1 0", "b:1 0 1"]])
    try check(
      "histogram", #"{"bucketCount":3,"combine":true}"#, [values],
      gives: [["xMin:0 10 20", "xMax:10 20 30", "count:3 1 1"]])
    try check("histogram", "{}", [frame("a:x")], gives: [["a:x"]])
    for strange in ["5e-324 0", "1e308 -1e308", "1 1", "1e300 1"] {
      #expect(try apply("histogram", "{}", [frame("a:\(strange)")]).count == 1)
    }
  }

  @Test func rowsBecomeFieldsWithTheirSettings() throws {
    let table = frame("name:cpu mem", "number:1 2", "unit:percent bytes", "Max:100 -", "site:x y")
    let fields = try apply("rowsToFields", "{}", [table])
    #expect(words(fields) == [["cpu:1", "mem:2"]])
    #expect(fields[0].columns.map { $0.config?.unit } == ["percent", "bytes"])
    #expect(fields[0].columns.map { $0.config?.max } == [100, nil])
    #expect(fields[0].columns.map { $0.label("site") } == ["x", "y"])
    let mapped = try apply(
      "rowsToFields",
      #"{"mappings":[{"fieldName":"site","handlerKey":"field.name"},{"fieldName":"Max","handlerKey":"__ignore"}]}"#,
      [table])
    #expect(words(mapped) == [["x:1", "y:2"]])
    #expect(mapped[0].columns[0].config?.max == nil)
  }

  @Test func oneQuerySetsWhatOthersShow() throws {
    let config = frame("Time:@1 @2", "max:10 20", "limit:5 -", "state:0 1", refID: "config")
    let options = #"""
      {"mappings":[{"fieldName":"limit","handlerKey":"threshold1"},
      {"fieldName":"state","handlerKey":"mappings.value"},
      {"fieldName":"max","handlerKey":"max","reducerId":"min"}]}
      """#
    let frames = try apply("configFromData", options, [config, frame("Time:@1", "a:1")])
    #expect(words(frames) == [["Time:@1", "a:1"]])
    #expect(frames[0].columns[0].config == nil)
    let said = frames[0].columns[1].config
    #expect(said?.max == 10)
    #expect(said?.thresholds?.steps.map(\.from) == [-.infinity, 5])
    #expect(said?.mappings?.count == 2)
  }

  @Test func someTablesAreChangedAndOthersLeft() throws {
    let text = #"""
      {"panels":[{"type":"table","transformations":[{"id":"filterByRefId","options":{"include":"/A|B/"}},
      {"id":"transpose","filter":{"id":"byRefId","options":"B"},"options":{}}]}]}
      """#
    let panel = try Dashboard.decode(Array(text.utf8)).sections[0].panels[0]
    let frames = ["A", "B", "C"].map { frame("host:a", "cpu:1", refID: $0) }
    let found = Transformer(
      transformations: panel.transformations, zone: CellText(zone: .utc)
    ).apply(frames)
    #expect(words(found) == [["host:a", "cpu:1"], ["Field:cpu", "a:1"]])
  }

  /// What is not applied is said where the panel is, and by `lint`.
  @Test func whatIsNotAppliedIsSaid() throws {
    let text = #"""
      {"panels":[{"id":1,"type":"stat","targets":[{"expr":"x"}],"transformations":[
      {"id":"regression"},{"id":"spatial","disabled":true},{"id":"limit"}]}]}
      """#
    let dashboard = try Dashboard.decode(Array(text.utf8))
    #expect(
      dashboard.problems.map(\.message) == ["transformation 'regression' is not applied"])
    let plan = try dashboard.plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
    let html = String(decoding: plan.fragment(0, [:]).html, as: UTF8.self)
    #expect(html.contains("Shown without transformation ‘regression’"))
    #expect(!html.contains("spatial"))
    let picture = String(
      decoding: Picture(plan: plan, position: 0, theme: .light).svg([:]), as: UTF8.self)
    #expect(picture.contains("Shown without transformation ‘regression’"))
  }
}
