import MxJSON
import MxModel
import Testing

@testable import MxRender

/// Panels as files of their own, badges and messages.
@Suite struct PictureTests {
  static let kinds = [
    "timeseries", "stat", "gauge", "bargauge", "barchart", "piechart", "table", "heatmap",
    "histogram", "state-timeline", "status-history", "text", "news",
  ]

  private func plan(_ kind: String) throws -> Plan {
    let text = """
      {"time":{"from":"now-1h","to":"now"},"panels":[{"id":1,"type":"\(kind)","title":"Heat & <b>",
      "options":{"content":"a < b"},"targets":[{"refId":"A","expr":"heat","format":"\(
        kind == "table" ? "table" : "time_series")","legendFormat":"{{instance}}"}]}]}
      """
    return try Dashboard.decode(Array(text.utf8)).plan(PlanOptions(now: ReportTests.now)) { _ in nil
    }
  }

  @Test(arguments: kinds, [Theme.light, .dark])
  func everyPanelIsAPicture(kind: String, theme: Theme) throws {
    let plan = try plan(kind)
    let source = SyntheticSource()
    let results = Dictionary(
      plan.queries.map { ($0.target, source.answer($0)) }, uniquingKeysWith: { one, _ in one })
    let svg = Picture(plan: plan, position: 0, theme: theme).svg(results)
    let text = String(decoding: svg, as: UTF8.self)
    #expect(text.hasPrefix("<svg xmlns=") && !text.contains("var(") && !text.contains("<b>"))
    let tags = Pages.tags(svg)
    #expect(Pages.unbalanced(tags).isEmpty, "\(Pages.unbalanced(tags))")
    // Nothing of HTML: an SVG is read without a browser too.
    let names = Set(tags.map(\.name))
    #expect(names.isSubset(of: ["svg", "style", "g", "path", "rect", "line", "text", "title"]))
  }

  @Test func aBadgeSaysItsState() {
    let text = String(decoding: Badge.svg("a<b", "2 firing", .bad), as: UTF8.self)
    #expect(text.contains("aria-label=\"a&lt;b: 2 firing\"") && text.contains("#c4283c"))
  }

  @Test func subjectsAreHeaderLinesWhateverTheySay() {
    #expect(MailMessage.encodedWords("CPU") == "CPU")
    #expect(MailMessage.encodedWords("Übersicht") == "=?utf-8?B?w5xiZXJzaWNodA==?=")
    let attack = MailMessage.encodedWords("a\r\nBcc: everybody@example.org")
    #expect(!attack.contains("\n") && !attack.contains("Bcc"))
    let long = MailMessage.encodedWords(String(repeating: "ä", count: 200))
    for line in long.split(separator: "\r\n") { #expect(line.utf8.count <= 76) }
  }

  @Test func aMessageHasWordsAndPictures() {
    let part = MailMessage.Part(title: "A", words: "up: 1", bytes: [1, 2, 3], isPNG: true)
    let message = MailMessage(
      subject: "S", recipient: "a@example.org", date: "D", range: "R", parts: [part, part])
    let text = String(decoding: message.bytes(), as: UTF8.self)
    #expect(text.contains("Content-Type: image/png\r\n") && text.contains("AQID\r\n"))
    #expect(text.contains("text/plain; charset=utf-8"))
    for line in text.split(separator: "\r\n") { #expect(line.utf8.count <= 998) }
    #expect(text == String(decoding: message.bytes(), as: UTF8.self))
  }

  // MARK: - New dashboards

  private func starter(_ facts: [MetricFacts]) throws -> Dashboard {
    var starter = StarterDashboard(facts, from: "now-6h", to: "now")
    return try Dashboard.decode(starter.json())
  }

  @Test func everyTypeOfMetricHasItsPanel() throws {
    let dashboard = try starter([
      MetricFacts(
        name: "web_sent_bytes_total", type: .counter, help: "", unit: "", seriesCount: 2,
        labels: [MetricFacts.Label("instance", count: 2)]),
      MetricFacts(
        name: "web_took_seconds_bucket", type: .histogram, help: "", unit: "", seriesCount: 10,
        labels: [MetricFacts.Label("le", count: 5), MetricFacts.Label("instance", count: 2)]),
      MetricFacts(
        name: "web_took_seconds_sum", type: .histogram, help: "", unit: "", seriesCount: 2,
        labels: [MetricFacts.Label("instance", count: 2)]),
      MetricFacts(
        name: "heat_celsius", type: .gauge, help: "", unit: "", seriesCount: 100,
        labels: [MetricFacts.Label("room", count: 4), MetricFacts.Label("sensor", count: 100)]),
      MetricFacts(
        name: "up", type: .unknown, help: "", unit: "", seriesCount: 2,
        labels: [MetricFacts.Label("instance", count: 2)]),
    ])
    let panels = dashboard.sections.flatMap(\.panels)
    #expect(dashboard.problems.isEmpty, "\(dashboard.problems)")
    #expect(
      panels.map { $0.targets.first?.expr ?? "" } == [
        #"rate(web_sent_bytes_total{instance=~"$instance"}[$__rate_interval])"#,
        #"sum by (le) (rate(web_took_seconds_bucket{instance=~"$instance"}[$__rate_interval]))"#,
        #"histogram_quantile(0.5, sum by (le) "#
          + #"(rate(web_took_seconds_bucket{instance=~"$instance"}[$__rate_interval])))"#,
        "avg by (room) (heat_celsius)", #"up{instance=~"$instance"}"#,
      ])
    #expect(
      panels.map(\.kind) == [.timeSeries, .heatmap, .timeSeries, .timeSeries, .stateTimeline])
    #expect(panels.map(\.fields.unit) == ["Bps", "s", "s", "celsius", nil])
    #expect(dashboard.variables.map(\.name) == ["instance"])
  }

  /// A label that some series lack is no name for them.
  @Test func everySeriesOfAStarterHasAName() throws {
    func legend(_ count: Int, _ labels: [MetricFacts.Label]) throws -> [String] {
      let facts = MetricFacts(
        name: "x", type: .gauge, help: "", unit: "", seriesCount: count, labels: labels)
      return try starter([facts]).sections.flatMap(\.panels).map { $0.targets[0].legend }
    }
    let partly = MetricFacts.Label("code", count: 3, isEverywhere: false)
    let host = MetricFacts.Label("host", count: 2)
    #expect(try legend(2, [partly]) == ["__auto"])
    #expect(try legend(6, [partly, host]) == ["{{code}} {{host}}"])
    #expect(try legend(100, [partly]) == ["__auto"])
    #expect(try legend(100, [partly, host]) == ["{{host}}"])
    #expect(try legend(1, []) == ["x"])
  }

  @Test func nothingAtAllIsStillADashboard() throws {
    #expect(try starter([]).panelCount == 0)
  }
}
