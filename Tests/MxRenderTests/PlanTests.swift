import MxTime
import Testing

@testable import MxRender

@Suite struct PlanTests {
  private func decode(_ text: String) throws -> Dashboard { try Dashboard.decode(Array(text.utf8)) }

  private func plan(
    _ text: String, _ change: (inout PlanOptions) -> Void = { _ in },
    ask: @escaping (VariableQuery) -> [String]? = { _ in nil }
  ) throws -> Plan {
    var options = PlanOptions(now: ReportTests.now)
    change(&options)
    return try decode(text).plan(options, ask: ask)
  }

  private func panel(_ expr: String, _ more: String = "") -> String {
    """
    {"id":1,"type":"timeseries","title":"P $host","gridPos":{"x":0,"y":0,"w":12,"h":8}\(more),
    "targets":[{"refId":"A","expr":\(XSSTests.quoted(expr))}]}
    """
  }

  private func expression(_ expr: String, _ variables: String) throws -> String {
    let text = "{\"panels\":[\(panel(expr))],\"templating\":{\"list\":[\(variables)]}}"
    return try #require(try plan(text).queries.first).expr
  }

  private let one = #"{"name":"host","type":"custom","query":"a.b,c","current":{"value":"a.b"}}"#
  private let many =
    #"{"name":"host","type":"custom","query":"a.b,c","multi":true,"current":{"value":["a.b","c"]}}"#
  private let all =
    #"{"name":"host","type":"custom","query":"a.b,c","includeAll":true,"current":{"value":"$__all"}}"#

  @Test func variablesStandInQueriesAsPrometheusWantsThem() throws {
    #expect(try expression(#"x{h="$host"}"#, one) == #"x{h="a.b"}"#)
    #expect(try expression(#"x{h=~"$host"}"#, many) == #"x{h=~"(a\\.b|c)"}"#)
    #expect(try expression(#"x{h=~"${host}"}"#, all) == #"x{h=~"(a\\.b|c)"}"#)
    #expect(try expression(#"x{h=~"[[host]]"}"#, one) == #"x{h=~"a.b"}"#)
    #expect(try expression("${host:pipe} ${host:csv} ${host:glob}", many) == "a.b|c a.b,c {a.b,c}")
    #expect(try expression("${host:raw} ${host:json}", many) == #"a.b,c ["a.b","c"]"#)
    #expect(try expression("${host:queryparam}", many) == "var-host=a.b&var-host=c")
    #expect(try expression("$nobody ${nobody} $1 $", one) == "$nobody ${nobody} $1 $")
    let anything = all.replacingEnd(with: #","allValue":".+"}"#)
    #expect(try expression(#"x{h=~"$host"}"#, anything) == #"x{h=~".+"}"#)
  }

  @Test func intervalsFollowRangeAndWidth() throws {
    let six = try plan("{\"panels\":[\(panel("rate(x[$__rate_interval])"))]}")
    let query = try #require(six.queries.first)
    #expect(query.step == 60_000 && query.expr == "rate(x[4m])")
    #expect(query.to == ReportTests.now && query.from == ReportTests.now - 21_600_000)
    let year = try plan("{\"panels\":[\(panel("$__interval $__interval_ms $__range $__range_s"))]}")
    {
      $0.from = "now-365d"
    }
    #expect(year.queries.first?.expr == "1d 86400000 31536000s 31536000")
    let least = try plan(#"{"panels":[\#(panel("$__interval", #","interval":">=10m""#))]}"#)
    #expect(least.queries.first?.expr == "10m")
    let points = try plan(#"{"panels":[\#(panel("$__interval", #","maxDataPoints":10"#))]}"#)
    #expect(points.queries.first?.expr == "30m")
  }

  @Test func aPanelMayHaveARangeOfItsOwn() throws {
    let plan = try plan(#"{"panels":[\#(panel("x", #","timeFrom":"1h","timeShift":"1d""#))]}"#)
    let query = try #require(plan.queries.first)
    #expect(query.to == ReportTests.now - 86_400_000)
    #expect(query.from == query.to - 3_600_000)
    #expect(plan.panels[0].rangeNote == "last 1h, 1d earlier")
  }

  @Test func repeatsMakeAPanelAValue() throws {
    let text = """
      {"panels":[\(panel(#"x{h="$host"}"#, #","repeat":"host","maxPerRow":2"#)),
      {"id":2,"type":"text","gridPos":{"x":0,"y":8,"w":24,"h":3}}],
      "templating":{"list":[{"name":"host","type":"query","query":"label_values(up, host)",
      "includeAll":true,"current":{"value":["$__all"]}}]}}
      """
    let plan = try plan(text) { query in
      #expect(query == .labelValues(label: "host", selector: "up"))
      return ["a", "b", "c"]
    }
    #expect(plan.panels.map(\.panel.title) == ["P a", "P b", "P c", ""])
    #expect(plan.queries.map(\.expr) == [#"x{h="a"}"#, #"x{h="b"}"#, #"x{h="c"}"#])
    #expect(plan.panels.map(\.panel.grid.y) == [0, 0, 8, 16])
  }

  private func plan(
    _ text: String, ask: @escaping (VariableQuery) -> [String]?
  ) throws -> Plan {
    try plan(text, { _ in }, ask: ask)
  }

  @Test func chainedVariablesAreAskedInOrder() throws {
    let text = """
      {"panels":[\(panel(#"x{p="$pod"}"#))],"templating":{"list":[
      {"name":"pod","type":"query","query":"label_values(up{ns=\\"$ns\\"}, pod)","regex":"/^web-(.*)$/"},
      {"name":"ns","type":"query","query":{"query":"label_values(ns)"},"current":{"value":"prod"}}]}}
      """
    var asked: [VariableQuery] = []
    let plan = try plan(text) { query in
      asked.append(query)
      return asked.count == 1 ? ["dev", "prod"] : ["db-1", "web-1", "web-2"]
    }
    #expect(
      asked == [
        .labelValues(label: "ns", selector: nil),
        .labelValues(label: "pod", selector: #"up{ns="prod"}"#),
      ])
    #expect(plan.queries.first?.expr == #"x{p="1"}"#)
  }

  @Test func timesAreReadAsDashboardsSayThem() throws {
    let now = ReportTests.now
    func time(_ text: String, up: Bool = false) -> Int64? {
      RelativeTime.parse(text, now: now + 1_234_567, zone: .utc, roundsUp: up)
    }
    #expect(time("now") == now + 1_234_567)
    #expect(time("now-6h") == now + 1_234_567 - 21_600_000)
    #expect(time("now/d") == now - 43_200_000)
    #expect(time("now/d", up: true) == now + 43_200_000 - 1)
    #expect(time("now-1d/d") == now - 43_200_000 - 86_400_000)
    #expect(time("2026-11-21T12:00:00Z") == now)
    #expect(time("1795262400000") == now && time("1795262400") == now)
    #expect(time("now-1M/M") == RFC3339.parse("2026-10-01T00:00:00Z")?.milliseconds)
    #expect(time("now/w") == RFC3339.parse("2026-11-16T00:00:00Z")?.milliseconds)
    for bad in ["", "yesterday", "now-", "now-6", "now-99999999h", "now*2h", "now-6x"] {
      #expect(time(bad) == nil, "\(bad)")
    }
  }
}

extension String {
  fileprivate func replacingEnd(with end: String) -> String { String(dropLast()) + end }
}
