import MxJSON
import MxModel
import Testing

@testable import MxRender

/// What the script is told is what was read, bit for bit.
@Suite struct ChartDataTests {
  private func data(
    _ series: [QueryResult.Series], type: String = "timeseries", config: String = "{}"
  ) throws -> JSONValue {
    let text = """
      {"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,"type":"\(type)",
      "targets":[{"refId":"A","expr":"x","interval":"60s","legendFormat":"{{l}}"}],
      "fieldConfig":{"defaults":\(config)}}]}
      """
    let plan = try Dashboard.decode(Array(text.utf8))
      .plan(PlanOptions(now: 3_600_000)) { _ in nil }
    let html = String(
      decoding: plan.fragment(0, [0: QueryResult(series: series)]).html, as: UTF8.self)
    let after = try #require(TextTools.split(html, at: "class=\"d\">")?.1)
    return try JSONValue.parse(try #require(TextTools.split(after, at: "</script>")?.0))
  }

  private func series(_ name: String, _ times: [Int64], _ values: [Double]) -> QueryResult.Series {
    QueryResult.Series(labels: [.init("l", name)], times: times, values: values)
  }

  @Test func shortNumbersStayNumbersAndGapsAreNull() throws {
    let found = try data([series("a", [0, 60_000, 180_000], [1, 2.5, -3])])
    #expect(found["s"]?[0]?["v"] == (try JSONValue.parse("[1,2.5,null,-3]")))
    #expect(found["g"] == (try JSONValue.parse("[[0,60000,4]]")))
  }

  /// Series that begin at different times share the grid of their query.
  @Test func seriesOfAQueryShareTheirTimes() throws {
    let found = try data([series("a", [120_000], [1]), series("b", [0, 60_000], [2, 3])])
    #expect(found["g"] == (try JSONValue.parse("[[0,60000,3]]")))
    #expect(found["s"]?[0]?["v"] == (try JSONValue.parse("[null,null,1]")))
    #expect(found["s"]?[1]?["v"] == (try JSONValue.parse("[2,3,null]")))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func everyBitOfLongNumbersArrives(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    let values = (0..<50).map { _ -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Double(bitPattern: state)
      return value.isFinite ? value : 0.1
    }
    let found = try data([series("a", values.indices.map { Int64($0) * 60_000 }, values)])
    let read = try #require(found["s"]?[0]?["v"]?.array).map { $0.double?.bitPattern }
    #expect(read == values.map(\.bitPattern))
  }

  @Test func theInfinitiesArriveToo() throws {
    let found = try data([series("a", [0, 60_000], [.infinity, -.infinity])])
    #expect(found["s"]?[0]?["v"]?[0]?.double == .infinity)
    #expect(found["s"]?[0]?["v"]?[1]?.double == -.infinity)
  }

  @Test func aNameCannotEndTheElement() throws {
    let name = "</script><b>&\u{2028}"
    let found = try data([series(name, [0], [1])])
    #expect(found["s"]?[0]?["n"]?.string == name)
  }

  @Test func axesAndStylesAreSaid() throws {
    let config = """
      {"unit":"bytes","min":0,"custom":{"drawStyle":"bars","stacking":{"mode":"percent"},
      "axisPlacement":"right","spanNulls":true}}
      """
    let found = try data([series("a", [0, 60_000], [1, 2])], config: config)
    #expect(found["y"]?["min"]?.double == 0)
    let one = try #require(found["s"]?[0])
    #expect(one["d"]?.string == "b" && one["p"]?.int == 1 && one["r"]?.int == 1)
    #expect(one["gap"]?.int == -1 && one["k"] != nil)
    #expect(found["f"]?[0]?["k"]?.string == "scaled" && found["f"]?[0]?["b"]?.int == 1024)
  }

  /// Other panels have their values for saving only.
  @Test func panelsWithoutAnAxisHaveNone() throws {
    let found = try data([series("a", [0], [1])], type: "stat")
    #expect(found["k"]?.string == "values" && found["y"] == nil)
  }

  /// The script may not hold what a page's reader must not find in it.
  @Test func theScriptIsOneElementAndAsksNobody() {
    let text = PageScript.text + SiteScript.text
    #expect(!text.contains("</script") && !text.contains("<!--"))
    for word in ["eval(", "Function(", "http:", "https:", "import(", "XMLHttpRequest"] {
      let allowed = word == "http:" ? 1 : 0
      #expect(text.components(of: word) == allowed, "\(word)")
    }
  }
}

extension String {
  /// How often `word` is in it.
  fileprivate func components(of word: String) -> Int {
    var count = 0
    var rest = self
    while let (_, after) = TextTools.split(rest, at: word) {
      count += 1
      rest = after
    }
    return count
  }
}
