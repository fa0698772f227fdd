import Testing

@testable import MxRender

/// Texts that are wider than their room.
@Suite struct FittingTests {
  @Test func lettersBecomeSmallerBeforeTheyAreLeftOut() {
    let roomy = FittedText("42 ms", width: 200, most: 40, least: 9)
    #expect(roomy.font == 40 && roomy.shown == "42 ms")
    let tight = FittedText("42 ms", width: 50, most: 40, least: 9)
    #expect((9..<40).contains(tight.font) && tight.shown == "42 ms")
    let cut = FittedText("a very long text", width: 50, most: 40, least: 9)
    #expect(cut.font == 9 && cut.shown.hasSuffix("…") && cut.whole == "a very long text")
    #expect(FittedText("word", width: 0, font: 9).shown == "w…")
    #expect(FittedText("", width: 0, font: 9).shown.isEmpty)
  }

  @Test(arguments: ["", "x", "日本語のラベル", "👨‍👩‍👧‍👦 family", "WWWWWWWW", "iiiiiiiiiiii"])
  func whatIsCutFitsItsRoom(text: String) {
    for room in stride(from: 2.0, to: 12, by: 0.7) {
      let shown = TextWidth.cut(text, em: room)
      #expect(TextWidth.em(shown) <= room || shown.count <= 2)
    }
  }

  /// The whole text is under the pointer where a part of it is seen.
  @Test(arguments: ["stat", "gauge", "bargauge", "barchart"], [true, false])
  func aNarrowPanelSaysTheWholeUnderThePointer(kind: String, isHorizontal: Bool) throws {
    let name = "payments.internal.example.org/very/long/path of host"
    let text = #"""
      {"panels":[{"id":1,"type":"\#(kind)","gridPos":{"w":5,"h":6},
      "options":{"orientation":"\#(isHorizontal ? "horizontal" : "vertical")"},
      "targets":[{"expr":"x","legendFormat":"{{n}} \#(name)","instant":true}]}]}
      """#
    let plan = try Dashboard.decode(Array(text.utf8))
      .plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
    let series = ["1", "2"].map {
      QueryResult.Series(
        labels: [QueryResult.Label("n", $0)], times: [1_795_154_400_000], values: [5])
    }
    let html = String(
      decoding: plan.fragment(0, [0: QueryResult(series: series)]).html, as: UTF8.self)
    #expect(html.contains("<title>1 \(name)</title>1 "), "\(html)")
    #expect(html.contains("…</text>"))
  }

  /// A number stands whole in small letters rather than large and cut off.
  @Test(arguments: ["stat", "gauge"])
  func aLongValueIsSmall(kind: String) throws {
    let text = #"""
      {"panels":[{"id":1,"type":"\#(kind)","gridPos":{"w":3,"h":4},
      "fieldConfig":{"defaults":{"unit":"requests per second and host of the web"}},
      "targets":[{"expr":"x","instant":true}]}]}
      """#
    let plan = try Dashboard.decode(Array(text.utf8))
      .plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
    let series = QueryResult.Series(labels: [], times: [1_795_154_400_000], values: [5])
    let html = String(
      decoding: plan.fragment(0, [0: QueryResult(series: [series])]).html, as: UTF8.self)
    #expect(
      html.contains("<title>5 requests per second and host of the web</title>5 req"), "\(html)")
  }
}

/// Tables that are wider than their panel.
@Suite struct TableWidthTests {
  private let time = TableWidths.Content(
    title: "Time", texts: ["2026-11-20 06:00:00"], isNumber: true)
  private let path = TableWidths.Content(
    title: "path", texts: ["/a/very/long/path/of/some/thing/that/is/somewhere"])
  private let load = TableWidths.Content(
    title: "load", texts: ["1%", "100%"], isNumber: true, hasBar: true)

  @Test func whatFitsIsLeftToTheBrowser() {
    let widths = TableWidths([time, path, load], room: 900)
    #expect(widths.isFree && widths.table == nil && widths.bars[2] == 90)
    #expect(!widths.cuts(path.texts[0], column: 1))
  }

  /// Texts give way to numbers, and bars become shorter together.
  @Test func columnsShareWhatThereIs() {
    let widths = TableWidths([time, path, load], room: 400)
    #expect(!widths.isFree && widths.table == nil)
    #expect(abs(widths.columns.reduce(0, +) - 400) < 1)
    #expect(widths.cuts(path.texts[0], column: 1))
    #expect(!widths.cuts(time.texts[0], column: 0) && !widths.cuts("100%", column: 2))
    #expect((30..<90).contains(widths.bars[2]))
  }

  /// Then the table is wider than its panel, which scrolls.
  @Test func noColumnIsLost() {
    let widths = TableWidths([time, path, load], room: 100)
    #expect((widths.table ?? 0) > 300)
    #expect(!widths.cuts(time.texts[0], column: 0))
  }

  @Test func theAuthorsWidthsHold() {
    var wide = load
    wide.wanted = 300
    #expect(TableWidths([time, wide], room: 900).columns == [600, 300])
    #expect(TableWidths([wide], room: 900).columns == [900])
    #expect(TableWidths([], room: 0).columns.isEmpty)
  }

  /// A unit of numbers says nothing of times.
  @Test func timesAreDatesWhateverTheUnit() throws {
    let text = #"""
      {"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,"type":"table","gridPos":{"w":8,"h":6},
      "fieldConfig":{"defaults":{"unit":"percent","custom":{"cellOptions":{"type":"gauge"}}}},
      "targets":[{"expr":"x","format":"table","instant":true},{"expr":"y","format":"table","refId":"B"}]}]}
      """#
    let plan = try Dashboard.decode(Array(text.utf8))
      .plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
    let series = QueryResult.Series(labels: [], times: [1_795_154_400_000], values: [5])
    let answers = [0: QueryResult(series: [series]), 1: QueryResult(series: [series])]
    let html = String(decoding: plan.fragment(0, answers).html, as: UTF8.self)
    #expect(html.contains(">2026-11-20 06:00:00</td>") && html.contains("5%"))
    // The table of the second query is there too.
    #expect(html.contains("<summary>Query B</summary><table>"), "\(html)")
  }
}
