import Testing

@testable import MxRender

/// What happened, as marks on graphs and in lists.
@Suite struct AnnotationTests {
  private static let now: Int64 = 1_795_154_400_000

  private func plan(_ annotations: String) throws -> Plan {
    let text = """
      {"uid":"a","time":{"from":"now-1h","to":"now"},"annotations":{"list":[\(annotations)]},
      "panels":[{"id":1,"type":"timeseries","title":"One","targets":[{"expr":"x"}]},
      {"id":2,"type":"timeseries","title":"Two","targets":[{"expr":"x"}]}]}
      """
    return try Dashboard.decode(Array(text.utf8)).plan(PlanOptions(now: Self.now)) { _ in nil }
  }

  @Test func neighboursAreOneStretch() throws {
    var plan = try plan(
      #"{"name":"Deploy","datasource":{"type":"prometheus"},"expr":"d","step":"1m","iconColor":"red","titleFormat":"{{app}} out","tagKeys":"app"}"#
    )
    let query = try #require(plan.annotationQueries.first)
    #expect(query.step == 60_000)
    let times = [0, 1, 2, 5, 6, 9].map { query.from + Int64($0) * 60_000 }
    let series = QueryResult.Series(
      labels: [QueryResult.Label("app", "web")], times: times, values: [1, 2, 1, 1, 0, 0.5])
    plan.place([0: QueryResult(series: [series])])
    let marks = plan.panels[0].marks
    #expect(marks.map { [$0.from, $0.to] } == [[times[0], times[2]], [times[3], times[3]]])
    #expect(marks.first?.words == "web out [web]")
    #expect(plan.panels[1].marks == marks)
  }

  @Test func aValueMayBeTheTime() throws {
    var plan = try plan(#"{"name":"Boot","expr":"boot * 1000","useValueForTime":true}"#)
    let boot = Self.now - 600_000
    let series = QueryResult.Series(
      labels: [], times: [Self.now, Self.now + 1], values: [Double(boot), Double(boot)])
    plan.place([0: QueryResult(series: [series])])
    #expect(plan.panels[0].marks.map(\.from) == [boot])
    #expect(plan.panels[0].marks.first?.title == "Boot")
  }

  @Test func alertsMarkThePanelsTheirRulesName() throws {
    let own = #"{"builtIn":1,"datasource":{"type":"grafana"},"name":"Annotations & Alerts"}"#
    let all =
      #"{"name":"All","datasource":{"type":"mx-alerts"},"expr":"severity=page","filter":{"ids":[2]}}"#
    var plan = try plan("\(own),\(all)")
    let page = [QueryResult.Label("severity", "page")]
    plan.beside.spans = [
      AlertSpan(
        name: "Linked", labels: [], summary: "s", from: Self.now - 600_000, to: nil, dashboard: "a",
        panel: "1"),
      AlertSpan(
        name: "Elsewhere", labels: [], summary: "", from: Self.now - 600_000, to: nil,
        dashboard: "b"),
      AlertSpan(
        name: "Paged", labels: page, summary: "", from: Self.now - 900_000, to: Self.now - 300_000),
      AlertSpan(name: "Long ago", labels: page, summary: "", from: 0, to: 1000),
    ]
    plan.place([:])
    #expect(plan.panels[0].marks.map(\.title) == ["Linked firing"])
    #expect(plan.panels[0].marks.first?.to == Self.now)
    #expect(plan.panels[1].marks.map(\.title) == ["Paged fired"])
  }

  @Test func whatIsNotAskedIsSaid() throws {
    let plan = try plan(
      #"{"name":"L","datasource":{"type":"loki"},"expr":"x"},{"name":"T","datasource":{"type":"grafana"},"target":{"type":"tags"}},{"name":"B","datasource":{"type":"mx-alerts"},"expr":"{nonsense"},{"name":"off","enable":false,"expr":"x"}"#
    )
    #expect(
      plan.dashboard.problems.map(\.text) == [
        "annotations.list[0]: marks of data source type 'loki' are not drawn",
        "annotations.list[1]: marks that Grafana itself keeps are not drawn",
        "annotations.list[2]: '{nonsense' is no list of labels such as {severity=\"critical\"}",
      ])
    #expect(plan.annotations.isEmpty)
  }

  // MARK: - Lists

  private func drawn(_ options: String, _ alerts: [SiteAlert]?) throws -> String {
    let text = #"{"panels":[{"id":1,"type":"alertlist","title":"A","options":\#(options)}]}"#
    var plan = try Dashboard.decode(Array(text.utf8)).plan(PlanOptions(now: Self.now)) { _ in nil }
    plan.beside.alerts = alerts
    return String(decoding: plan.fragment(0, [:]).html, as: UTF8.self)
  }

  private static let alerts = [
    SiteAlert(
      name: "Quiet", labels: [QueryResult.Label("host", "a")], summary: "<b>", since: now - 3000,
      value: 1, isFiring: true,
      hold: SiteAlert.Hold(kind: "silenced", by: "ann", why: "new disks", until: now)),
    SiteAlert(
      name: "Loud", labels: [QueryResult.Label("host", "b")], summary: "", since: now - 2000,
      value: 1, isFiring: true, hold: nil),
    SiteAlert(
      name: "Soon", labels: [QueryResult.Label("host", "b")], summary: "", since: now - 1000,
      value: 1, isFiring: false, hold: nil),
  ]

  private func order(_ html: String) -> [String] {
    let names = ["Quiet", "Loud", "Soon"].compactMap { name in
      html.range(of: "<strong>\(name)</strong>").map { (name, $0) }
    }
    return names.sorted { $0.1 < $1.1 }.map(\.0)
  }

  @Test func whatIsLoudComesFirstAndWhoKeepsQuietIsSaid() throws {
    let html = try drawn("{}", Self.alerts)
    #expect(order(html) == ["Loud", "Soon", "Quiet"])
    #expect(html.contains("silenced by ann until 2026-11-20 06:00:00: new disks"))
    #expect(html.contains("&lt;b&gt;") && !html.contains("<b>&"))
  }

  @Test func listsFilterSortAndGroup() throws {
    #expect(order(try drawn(#"{"sortOrder":2}"#, Self.alerts)) == ["Soon", "Quiet", "Loud"])
    #expect(
      order(try drawn(#"{"stateFilter":{"pending":false}}"#, Self.alerts)) == ["Loud", "Quiet"])
    #expect(
      order(try drawn(#"{"alertInstanceLabelFilter":"{host=\"b\"}","maxItems":1}"#, Self.alerts))
        == ["Loud"])
    #expect(order(try drawn(#"{"alertName":"oud"}"#, Self.alerts)) == ["Loud"])
    let grouped = try drawn(#"{"groupMode":"custom","groupBy":["host"]}"#, Self.alerts)
    #expect(grouped.contains("host=b</h4>") && grouped.contains("host=a</h4>"))
    #expect(try drawn(#"{"viewMode":"stat"}"#, Self.alerts).contains(">2</text>"))
  }

  @Test func withoutALedgerTheListSaysSo() throws {
    #expect(try drawn("{}", nil).contains("No alerts are evaluated over this store"))
    #expect(try drawn("{}", []).contains("No alert is firing"))
  }
}

extension String {
  fileprivate func range(of part: String) -> Int? {
    TextTools.split(self, at: part).map { $0.0.utf8.count }
  }
}
