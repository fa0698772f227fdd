import Testing

@testable import MxRender

/// Nothing read from a dashboard or a store may become markup, script or style.
@Suite struct XSSTests {
  /// Each would do something if it were ever taken for more than text.
  static let attacks = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "</style><script>1</script>",
    "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</text><script>1</script>",
    "</title><svg onload=alert(1)>", "<!--", "-->", "]]>", "<![CDATA[<script>1</script>]]>",
    "javascript:alert(1)", "&lt;script&gt;", "&#60;script&#62;", "\u{0}<b>\u{1F}", "\\\"><b>",
    "url(https://evil.example/x)", "}*{background:url(//evil.example)}", "red;}</style><b>",
    "#fff\"><b>", "{{label}}<b>", "${evil}<b>", "\u{202E}<b>", "\u{FFFE}<b>", "<svg/onload=1>",
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>1</script>)",
    "[x](//evil.example)", "[x](https://ok.example/\"onclick=\"alert(1))", "![x](https://e/x.png)",
    "**<b>x</b>**", "`</code><script>`", "```\n</code></pre><script>\n```", "# <script>", "> <img>",
    "- <script>\n1. <script>", "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "<iframe src=https://evil.example>", "<b", "<", "<scr<script>ipt>",
    "<img src=\"x\" style=\"a\">",
  ]

  /// A JSON string.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case _ where scalar.value < 32:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  /// A dashboard that has `attack` wherever a text can stand.
  static func dashboard(_ attack: String) -> String {
    let text = quoted(attack)
    let field = """
      "fieldConfig":{"defaults":{"unit":\(text),"displayName":\(text),"noValue":\(text),
      "links":[{"title":\(text),"url":\(text)},
      {"title":\(quoted("${__value.text}" + attack)),"url":"/d/x?y=${__field.labels.evil}"}],
      "color":{"mode":"fixed","fixedColor":\(text)},"custom":{"axisLabel":\(text),
      "thresholdsStyle":{"mode":"line+area"}},
      "thresholds":{"mode":"absolute","steps":[{"value":null,"color":\(text)},
      {"value":1,"color":\(text)}]},
      "mappings":[{"type":"value","options":{"1":{"text":\(text),"color":\(text)}}}]},
      "overrides":[{"matcher":{"id":"byName","options":\(text)},"properties":[{"id":"unit",
      "value":\(text)}]}]}
      """
    let kinds = [
      "timeseries", "stat", "gauge", "bargauge", "barchart", "piechart", "table", "heatmap",
      "histogram", "state-timeline", "status-history", "text", "graph", "singlestat", "alertlist",
      "dashlist",
    ]
    var panels = kinds.enumerated().map { index, kind in
      """
      {"id":\(index),"type":"\(kind)","title":\(text),"description":\(text),
      "gridPos":{"x":0,"y":\(index * 8),"w":12,"h":8},"timeFrom":"1h","links":[{"title":\(text),
      "url":\(text)}],"options":{"content":\(text),"mode":"markdown","textMode":"value_and_name",
      "graphMode":"area","colorMode":"background",
      "legend":{"displayMode":"table","calcs":["mean"]}},\(field),
      "targets":[{"refId":\(text),"expr":"up","legendFormat":\(quoted(attack + "{{evil}}"))}]}
      """
    }
    panels.append("{\"type\":\(text),\"title\":\(text)}")
    panels.append(
      "{\"type\":\"text\",\"options\":{\"mode\":\"html\",\"content\":\(text)}}")
    panels.append(
      "{\"type\":\"text\",\"options\":{\"mode\":\"code\",\"content\":\(text)}}")
    panels.append("{\"type\":\"row\",\"title\":\(text),\"gridPos\":{\"y\":999}}")
    return """
      {"title":\(text),"uid":\(text),"description":\(text),"tags":[\(text)],"schemaVersion":39,
      "links":[{"title":\(text),"url":\(text),"tooltip":\(text)},{"type":"dashboards","tags":[],
      "title":\(text),"asDropdown":true}],"annotations":{"list":[{"name":\(text),"expr":"up",
      "titleFormat":\(text),"textFormat":"{{evil}}","tagKeys":"evil","iconColor":\(text)},
      {"name":\(text),"datasource":{"type":"mx-alerts"}}]},
      "templating":{"list":[{"name":"evil","label":\(text),"type":"textbox","query":\(text)}]},
      "panels":[\(panels.joined(separator: ","))]}
      """
  }

  @Test(arguments: attacks.indices)
  func nothingOfATextBecomesMarkup(index: Int) throws {
    let attack = Self.attacks[index]
    let dashboard = try Dashboard.decode(Array(Self.dashboard(attack).utf8))
    let source = PanelSource(
      query: { query in
        let labels = [
          QueryResult.Label("__name__", attack), QueryResult.Label("evil", attack),
          QueryResult.Label("instance", attack),
        ]
        let times = [query.from, query.from + query.step, query.to]
        let good = QueryResult.Series(labels: labels, times: times, values: [1, .infinity, 3])
        return QueryResult(series: [good], error: attack, notes: [attack])
      }, ask: { _ in [attack] })
    var options = RenderOptions()
    options.banner = attack
    options.footer = attack
    let drawn = try dashboard.rendered(PlanOptions(now: ReportTests.now), options, source: source)
    for file in drawn.files {
      Pages.expectSafe(file.bytes, attack)
      let isPlainName = file.name.utf8.allSatisfy { byte in
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || [0x2D, 0x2E, 0x5F].contains(byte)
      }
      #expect(isPlainName && !file.name.hasPrefix("."), "\(file.name)")
      #expect(!Self.sheet(file.bytes).contains("evil"), "in the style sheet")
    }
  }

  /// A point of eight pixels was one of 1.4, because a rule for lines named points too.
  @Test func noRuleOverrulesWhatAnElementSays() throws {
    let dashboard = try Dashboard.decode(Array(Self.dashboard("red").utf8))
    let source = PanelSource(
      query: { query in
        let times = [query.from, query.from + query.step * 4, query.to]
        return QueryResult(
          series: [QueryResult.Series(labels: [], times: times, values: [1, 2, 3])])
      }, ask: { _ in [] })
    let drawn = try dashboard.rendered(
      PlanOptions(now: ReportTests.now), RenderOptions(), source: source)
    for file in drawn.files {
      #expect(Pages.overruled(file.bytes) == [])
      #expect(String(decoding: file.bytes, as: UTF8.self).contains("class=\"dots"))
    }
    let sample = "<style>.a{fill:red}b.c,d{x:y;z:1}</style><p class=\"a c\" fill=\"1\" z=\"2\">"
    #expect(Pages.overruled(Array(sample.utf8)) == ["p.a fill"])
  }

  /// What stands beside a page: alerts, their holds, the other dashboards.
  @Test(arguments: attacks.indices)
  func nothingBesideAPageBecomesMarkup(index: Int) throws {
    let attack = Self.attacks[index]
    let dashboard = try Dashboard.decode(Array(Self.dashboard(attack).utf8))
    var plan = try dashboard.plan(PlanOptions(now: ReportTests.now)) { _ in [attack] }
    let labels = [QueryResult.Label(attack, attack)]
    let alert = SiteAlert(
      name: attack, labels: labels, summary: attack, since: 0, value: 1, isFiring: true,
      hold: SiteAlert.Hold(kind: "silenced", by: attack, why: attack, until: 1))
    plan.beside.alerts = [alert]
    plan.beside.entries = [
      SiteEntry(name: "other", title: attack, description: attack, tags: [attack], panels: 1)
    ]
    plan.beside.spans = [
      AlertSpan(name: attack, labels: labels, summary: attack, from: plan.from, to: plan.to)
    ]
    let series = QueryResult.Series(
      labels: [QueryResult.Label("evil", attack)], times: [plan.from + 1000, plan.to],
      values: [1, 2])
    let answer = QueryResult(series: [series])
    plan.place([0: answer])
    #expect(plan.panels[0].marks.count >= 2)
    for file in plan.render(plan.queries.map { _ in answer }) {
      Pages.expectSafe(file.bytes, attack)
    }
    let site = SitePage(
      entries: plan.beside.entries, alerts: [alert], options: RenderOptions())
    Pages.expectSafe(site.page(), attack)
  }

  private static func sheet(_ page: [UInt8]) -> String {
    let text = String(decoding: page, as: UTF8.self)
    let start = TextTools.split(text, at: "<style>")?.1 ?? ""
    return TextTools.split(start, at: "</style>")?.0 ?? ""
  }

  /// The tokenizer of these tests must be able to find something.
  @Test func theCheckSeesWhatItMust() {
    let found = Pages.tags(Array("<p>a</p><script>b</script><img onerror=\"x\" src=\"y\"/>".utf8))
    #expect(found.map(\.name) == ["p", "p", "script", "script", "img"])
    #expect(found.last?.attributes.map(\.0) == ["onerror", "src"])
    #expect(!Pages.elements.contains("img") && !Pages.elements.contains("iframe"))
  }
}
