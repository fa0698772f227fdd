import Testing

@testable import MxRender

/// What a heatmap's author chose: colours, the unit of its ranges, which way is up.
@Suite struct HeatmapTests {
  private func heatmap(_ options: String) throws -> (panel: Panel, html: String) {
    let text = #"""
      {"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,"type":"heatmap","gridPos":{"w":12,"h":8},
      \#(options)"targets":[{"expr":"x","format":"heatmap"}]}]}
      """#
    let dashboard = try Dashboard.decode(Array(text.utf8))
    let plan = try dashboard.plan(PlanOptions(now: 1_795_154_400_000)) { _ in nil }
    let query = plan.queries[0]
    let series = [("0.005", 1.0), ("0.5", 101), ("+Inf", 102)].map { bound, value in
      QueryResult.Series(
        labels: [QueryResult.Label("le", bound)], times: [query.from, query.to],
        values: [value, value])
    }
    let fragment = plan.fragment(0, [0: QueryResult(series: series)])
    return (plan.panels[0].panel, String(decoding: fragment.html, as: UTF8.self))
  }

  @Test func aSchemeHasItsColours() throws {
    let (_, html) = try heatmap(#""options":{"color":{"mode":"scheme","scheme":"Spectral"}},"#)
    #expect(html.contains("class=\"heat h-Spectral-100\"") && !html.contains("heat c0"))
    let reversed = try heatmap(#""options":{"color":{"scheme":"Spectral","reverse":true}},"#)
    #expect(reversed.html.contains("h-Spectral-r100"))
    // Many are red on any ground, as Grafana draws them.
    #expect(Ink.heat("Spectral", false, 100).values == ("9e0142", "9e0142"))
    #expect(Ink.heat("Spectral", true, 100).values == ("5e4fa2", "5e4fa2"))
    // Few are next to the ground.
    #expect(Ink.heat("Oranges", false, 0).values == ("fff5eb", "7f2704"))
    #expect(Ink.heat("Viridis", false, 0).values == ("fde725", "440154"))
  }

  @Test func shadesAreOfTheColourThatIsFilled() throws {
    let (_, html) = try heatmap(#""options":{"color":{"mode":"opacity","fill":"dark-orange"}},"#)
    #expect(html.contains("class=\"heat n-dark-orange\""))
    #expect(try heatmap("").html.contains("class=\"heat c0\""))
  }

  @Test func rangesHaveTheUnitOfTheirAxis() throws {
    let (_, html) = try heatmap(
      #""fieldConfig":{"defaults":{"unit":"bytes"}},"options":{"yAxis":{"unit":"s","decimals":1}},"#
    )
    #expect(html.contains(">5.0 ms</text>") && html.contains(">500.0 ms</text>"))
    #expect(try heatmap("").html.contains(">0.500</text>"))
  }

  @Test func theLowestRangeMayBeOnTop() throws {
    func order(_ options: String) throws -> Bool {
      let html = try heatmap(options).html
      let (low, high) = (html.firstRange(of: ">0.005"), html.firstRange(of: ">+Inf"))
      return (low?.lowerBound ?? html.endIndex) < (high?.lowerBound ?? html.endIndex)
    }
    #expect(try order(""))
    #expect(try !order(#""options":{"yAxis":{"reverse":true}},"#))
  }

  /// Panels of before schemaVersion 36 say it all themselves.
  @Test func oldPanelsAreReadToo() throws {
    let (panel, _) = try heatmap(
      #""color":{"mode":"spectrum","colorScheme":"interpolateOranges","exponent":0.7,"max":10},"yAxis":{"format":"s"},"dataFormat":"tsbuckets","#
    )
    let heatmap = panel.options.heatmap
    #expect(heatmap.scheme == "Oranges" && heatmap.exponent == 0.7 && heatmap.high == 10)
    #expect(heatmap.unit == "s" && !heatmap.calculates)
  }
}
