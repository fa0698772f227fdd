import Testing

@testable import MxRender

@Suite struct DecodeTests {
  private func decode(_ text: String) throws -> Dashboard { try Dashboard.decode(Array(text.utf8)) }

  @Test func whatIsNoDashboardIsRefusedWithItsPlace() {
    #expect(
      throws: RenderError.notJSON(
        line: 2, column: 3, message: "found 'x', expected a member's name or '}'")
    ) {
      do { _ = try decode("{\n  x}") } catch let error as RenderError {
        guard case .notJSON(let line, let column, _) = error else { throw error }
        throw RenderError.notJSON(
          line: line, column: column, message: "found 'x', expected a member's name or '}'")
      }
    }
    for text in ["[]", "1", "{}", #"{"title":"x"}"#] {
      #expect(throws: RenderError.self) { try decode(text) }
    }
  }

  @Test func problemsNamePanelAndField() throws {
    let dashboard = try decode(
      """
      {"panels":[{"id":7,"type":"timeseries","title":"CPU","fieldConfig":{"defaults":{
       "unit":["bytes"],"min":"x","custom":{"drawStyle":"crayon"}}},
       "transformations":[{"id":"spin"}]},
       {"id":8,"type":"nodeGraph","title":"Graph"}]}
      """)
    #expect(
      dashboard.problems.map(\.text) == [
        "panel 'CPU' (id 7): fieldConfig.defaults.unit: an array, expected a string",
        "panel 'CPU' (id 7): fieldConfig.defaults.min: 'x' is not a number",
        "panel 'CPU' (id 7): fieldConfig.defaults.custom.drawStyle: unknown value 'crayon'",
        "panel 'CPU' (id 7): transformations[0]: transformation 'spin' is not applied",
        "panel 'Graph' (id 8): type: panels of type 'nodeGraph' are not drawn",
      ])
    #expect(dashboard.problems[0].line == 2 && dashboard.problems[0].column == 9)
    #expect(dashboard.problems[2].hint == "known: line, bars, points")
  }

  /// As Grafana shows it: beside the row that is folded away, not in it.
  @Test func aPanelBehindARowThatIsFoldedAwayIsSeen() throws {
    let dashboard = try decode(
      """
      {"panels":[
       {"type":"row","title":"Folded","collapsed":true,"gridPos":{"y":0,"h":1,"w":24},
        "panels":[{"id":1,"type":"stat","gridPos":{"y":1,"h":4,"w":6}}]},
       {"id":2,"type":"stat","gridPos":{"y":1,"h":4,"w":6}},
       {"id":3,"type":"stat","gridPos":{"y":5,"h":4,"w":6}},
       {"type":"row","title":"Open","collapsed":false,"gridPos":{"y":9,"h":1,"w":24}},
       {"id":4,"type":"stat","gridPos":{"y":10,"h":4,"w":6}}]}
      """)
    #expect(dashboard.sections.map(\.title) == ["Folded", nil, "Open"])
    #expect(dashboard.sections.map { $0.panels.map(\.id) } == [[1], [2, 3], [4]])
    #expect(dashboard.sections.map(\.isCollapsed) == [true, false, false])
  }

  @Test func legacyRowsAndPanelsAreReadAsModernOnes() throws {
    let dashboard = try decode(
      """
      {"schemaVersion":14,"rows":[{"title":"R","showTitle":true,"height":"250px","panels":[
       {"id":1,"type":"graph","title":"G","span":6,"stack":true,"fill":3,"linewidth":2,
        "nullPointMode":"connected","yaxes":[{"format":"bytes","min":0},{"format":"s"}],
        "legend":{"show":true,"values":true,"avg":true,"alignAsTable":true,"rightSide":true},
        "seriesOverrides":[{"alias":"/b.*/","yaxis":2,"color":"#ff0000"}],
        "thresholds":[{"value":5,"colorMode":"warning"}],"targets":[{"expr":"x"},{"expr":"y"}]},
       {"id":2,"type":"singlestat","span":6,"format":"percent","valueName":"avg",
        "thresholds":"50,80","colors":["green","orange","red"],"colorBackground":true,
        "valueMaps":[{"op":"=","value":"null","text":"N/A"}],"gauge":{"show":true,"maxValue":9}},
       {"id":3,"type":"text","span":12,"content":"hi","mode":"markdown"}]}]}
      """)
    let panels = try #require(dashboard.sections.first).panels
    #expect(dashboard.sections.first?.title == "R")
    #expect(panels.map(\.kind) == [.timeSeries, .gauge, .text])
    #expect(panels[1].grid == GridPosition(x: 12, y: 0, width: 12, height: 7))
    #expect(panels[2].grid == GridPosition(x: 0, y: 7, width: 24, height: 7))
    let style = panels[0].fields.style
    #expect(style.stacking == .normal && style.fillOpacity == 30 && style.gaps == .bridge)
    #expect(panels[0].fields.unit == "bytes" && panels[0].fields.min == 0)
    #expect(panels[0].targets.map(\.refID) == ["A", "B"])
    #expect(panels[0].options.legend.calcs == [.mean] && panels[0].options.legend.isRight)
    #expect(panels[0].overrides.first?.config.unit == "s")
    #expect(panels[0].overrides.first?.config.style.axis == .right)
    #expect(panels[0].options.legacyThresholds.map(\.color) == ["orange"])
    #expect(panels[1].fields.thresholds?.steps.map(\.color) == ["green", "orange", "red"])
    #expect(panels[1].fields.max == 9 && panels[1].options.reduce.calculation == .mean)
    #expect(panels[2].options.text.content == "hi")
  }

  @Test func theSecondSchemaIsRead() throws {
    let dashboard = try decode(
      """
      {"apiVersion":"dashboard.grafana.app/v2beta1","kind":"Dashboard","metadata":{"name":"x"},
       "spec":{"title":"Two","timeSettings":{"from":"now-1h","to":"now","timezone":"utc"},
       "variables":[{"kind":"CustomVariable","spec":{"name":"v","query":"a,b","multi":true,
        "current":{"value":["b"]}}}],
       "elements":{"p1":{"kind":"Panel","spec":{"id":4,"title":"CPU","data":{"kind":"QueryGroup",
        "spec":{"queries":[{"kind":"PanelQuery","spec":{"refId":"A","query":{"kind":"DataQuery",
        "group":"prometheus","spec":{"expr":"up","legendFormat":"{{job}}"}}}}],
        "transformations":[],"queryOptions":{"maxDataPoints":50}}},
        "vizConfig":{"kind":"VizConfig","group":"timeseries","spec":{"options":{},
        "fieldConfig":{"defaults":{"unit":"s"},"overrides":[]}}}}}},
       "layout":{"kind":"RowsLayout","spec":{"rows":[{"kind":"RowsLayoutRow","spec":{"title":"Row",
        "layout":{"kind":"GridLayout","spec":{"items":[{"kind":"GridLayoutItem","spec":{
        "x":6,"y":0,"width":12,"height":9,"element":{"kind":"ElementReference","name":"p1"}}},
        {"kind":"GridLayoutItem","spec":{"element":{"name":"gone"}}}]}}}}]}}}}
      """)
    #expect(dashboard.title == "Two" && dashboard.from == "now-1h")
    // Grafana's links to it are /d/x.
    #expect(dashboard.uid == "x" && dashboard.fileName == "x")
    #expect(dashboard.sections.map(\.title) == ["Row"])
    let panel = try #require(dashboard.sections.first?.panels.first)
    #expect(panel.kind == .timeSeries && panel.title == "CPU" && panel.fields.unit == "s")
    #expect(panel.grid == GridPosition(x: 6, y: 0, width: 12, height: 9))
    #expect(panel.targets.map(\.expr) == ["up"] && panel.maxDataPoints == 50)
    #expect(dashboard.variables.map(\.name) == ["v"] && dashboard.variables[0].current == ["b"])
    #expect(dashboard.problems.map(\.message) == ["element 'gone' does not exist"])
  }

  /// The classic shape as a resource, as Grafana 12 exports it "as code".
  @Test func aClassicDashboardMayBeAResource() throws {
    func resource(_ uid: String) throws -> Dashboard {
      try decode(
        #"""
        {"apiVersion":"dashboard.grafana.app/v1beta1","kind":"Dashboard","metadata":{"name":"res"},
        "spec":{\#(uid)"title":"One","panels":[{"id":1,"type":"stat"}]}}
        """#)
    }
    #expect(try resource("").uid == "res")
    let dashboard = try resource(#""uid":"own","#)
    #expect(dashboard.uid == "own" && dashboard.title == "One" && dashboard.panelCount == 1)
  }

  /// Whatever stands in a dashboard's place: a message, never a trap.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func damagedDashboardsAreReadOrRefused(seed: UInt64) throws {
    var random = SmallRandom("damage \(seed)")
    let shipped = try #require(Files.read(Files.root() + "/reports/host.json"))
    var bytes = Array(shipped)
    let swaps = ["null", "1e308", "-1", "\"\"", "[]", "{}", "true", "99999999999999", "\"$x\""]
    for _ in 0..<6 {
      // Another value in the place of some number.
      let start = Int(random.next() * Double(bytes.count))
      guard let at = bytes[start...].firstIndex(where: { $0 &- 0x31 <= 8 }) else { continue }
      let end = bytes[at...].firstIndex { $0 &- 0x30 > 9 } ?? bytes.endIndex
      let swap = swaps[Int(random.next() * Double(swaps.count))]
      bytes.replaceSubrange(at..<end, with: Array(swap.utf8))
    }
    let dashboard: Dashboard
    do { dashboard = try Dashboard.decode(bytes) } catch { return }
    do {
      let drawn = try dashboard.rendered(
        PlanOptions(now: ReportTests.now), RenderOptions(), source: SyntheticSource().source)
      for file in drawn.files { Pages.expectSafe(file.bytes, "seed \(seed)") }
    } catch {
      #expect(!"\(error)".isEmpty)
    }
  }
}
