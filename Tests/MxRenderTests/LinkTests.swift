import Testing

@testable import MxRender

/// Where links lead, and where they must not.
@Suite struct LinkTests {
  private func resolver(_ values: [String: [String]] = [:]) -> LinkResolver {
    var interpolation = Interpolation()
    for (name, values) in values {
      interpolation.variables[name] = VariableValue(values, texts: values)
    }
    (interpolation.from, interpolation.to) = (1000, 2000)
    var beside = Surroundings()
    beside.entries = [
      SiteEntry(name: "b", title: "Board / B", description: "", tags: ["x", "y"], panels: 1),
      SiteEntry(name: "c", title: "Board C", description: "", tags: ["y"], panels: 1),
    ]
    beside.root = "../"
    return LinkResolver(interpolation: interpolation, beside: beside)
  }

  private func target(_ url: String, _ values: [String: [String]] = [:]) -> ResolvedLink.Target {
    resolver(values).one(Link(target: .address(url)), [:]).target
  }

  @Test func addressesOfGrafanaBecomePagesOfTheSite() {
    #expect(target("/d/b/board-b?var-h=1&from=now-1h") == .page("b", state: "var-h=1&from=now-1h"))
    #expect(target("d/c") == .page("c", state: ""))
    #expect(target("/grafana/d/c/x") == .page("c", state: ""))
    #expect(target("/d/unknown/x") == .none)
    #expect(target("/d/../../etc/passwd") == .none)
  }

  @Test func variablesBecomePartsOfAnAddressAndNoMore() {
    let evil = ["h": ["a b&c=1#\"<script>"]]
    #expect(
      target("https://e.example/$h", evil)
        == .address("https://e.example/a%20b%26c%3D1%23%22%3Cscript%3E"))
    #expect(target("$h", ["h": ["javascript:alert(1)"]]) == .none)
    #expect(
      target("/d/b?${h:queryparam}", ["h": ["one", "two"]])
        == .page("b", state: "var-h=one&var-h=two"))
    #expect(
      target("https://e.example/?${__url_time_range}")
        == .address("https://e.example/?from=1000&to=2000"))
  }

  @Test(arguments: [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
    "data:text/html,x", "vbscript:x", "//evil.example/x", "\\\\evil.example", "file:///etc/passwd",
    "x.html", "", "/\\evil.example", "/a b",
  ])
  func whatIsNoPlainAddressIsNotFollowed(url: String) {
    #expect(target(url) == .none)
  }

  @Test func aPathOfTheSameServerIsFollowed() {
    #expect(target("/graph?g0.expr=up") == .address("/graph?g0.expr=up"))
    #expect(target("mailto:ops@example.org") == .address("mailto:ops@example.org"))
  }

  @Test func tagsNameAllDashboardsThatHaveThem() {
    let all = resolver().resolved(Link(target: .tagged(["y"], isMenu: true)))
    #expect(all.map(\.title) == ["Board / B", "Board C"])
    let both = resolver().resolved(Link(target: .tagged(["x", "y"], isMenu: false)))
    #expect(both.map(\.target) == [.page("b", state: "")])
  }

  @Test func oldLinksNameADashboardByItsTitle() {
    var link = Link(target: .dashboard("board-b"))
    link.parameters = "var-a=1"
    #expect(resolver().one(link, [:]).target == .page("b", state: "var-a=1"))
  }

  @Test func aValueFillsItsOwnLink() {
    let labels = [QueryResult.Label("host", "a/b"), QueryResult.Label("n", "1")]
    let values = LinkValues.of(name: "cpu", labels: labels, raw: "12.5", text: "12.5%")
    let link = Link(
      title: "${__field.labels.host} is ${__value.text}",
      target: .address(
        "https://e.example/${__field.labels.host}?v=${__value.raw}&n=${__data.fields.n}"))
    let resolved = resolver().one(link, values)
    #expect(resolved.title == "a/b is 12.5%")
    #expect(resolved.target == .address("https://e.example/a%2Fb?v=12.5&n=1"))
  }

  @Test func filtersOfLabelsAreRead() throws {
    let filter = try #require(LabelFilter(#"{severity=~"page|warn", team!="d\"b", alertname=Hot}"#))
    let labels = [QueryResult.Label("severity", "page")]
    #expect(filter.matches("Hot", labels))
    #expect(!filter.matches("Cold", labels))
    #expect(!filter.matches("Hot", labels + [QueryResult.Label("team", "d\"b")]))
    #expect(!filter.matches("Hot", [QueryResult.Label("severity", "pages")]))
    for text in ["severity", "{=x}", "a!b", "a=\"open"] { #expect(LabelFilter(text) == nil) }
  }
}
