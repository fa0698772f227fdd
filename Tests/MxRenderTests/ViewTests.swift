import MxJSON
import MxTime
import Testing

@testable import MxRender

/// Which pages are made, what they are called, and when they are the same.
@Suite struct ViewTests {
  static func dashboard(_ variables: String = "", from: String = "now-6h") throws -> Dashboard {
    try Dashboard.decode(
      Array(
        """
        {"uid":"u","title":"T","time":{"from":"\(from)","to":"now"},
        "templating":{"list":[\(variables)]},"panels":[{"id":4,"type":"timeseries",
        "targets":[{"refId":"A","expr":"up"}]}]}
        """.utf8))
  }

  static let host = """
    {"name":"host","type":"custom","query":"a,b b,c","current":{"value":"a"}}
    """
  static let disk = """
    {"name":"disk","type":"custom","query":"x,y","includeAll":true,"current":{"value":["$__all"]}}
    """

  static func plan(_ variables: String = "", now: Int64 = ReportTests.now, snaps: Bool = false)
    throws -> Plan
  {
    var options = PlanOptions(now: now)
    options.snaps = snaps
    return try dashboard(variables).plan(options) { _ in nil }
  }

  @Test func rangesComeFirstThenOneVariableThenTwo() throws {
    let plan = try Self.plan("\(Self.host),\(Self.disk)")
    let variables = plan.dashboard.shownVariables
    let all = plan.views(ranges: ["7d"], budget: 1000)
    #expect(all.total == 18 && all.skipped == 0)
    #expect(
      all.views.map { $0.slug(variables) }.filter { !$0.hasSuffix("7d") } == [
        "default", "host-b-b-" + FileName.mark("b b"), "host-c", "disk-x", "disk-y",
        "host-b-b-" + FileName.mark("b b") + "--disk-x",
        "host-b-b-" + FileName.mark("b b") + "--disk-y", "host-c--disk-x", "host-c--disk-y",
      ])
    #expect(Set(all.views.map { $0.slug(variables) }).count == 18)
  }

  @Test func theBudgetIsForPagesOfOtherValues() throws {
    let plan = try Self.plan(Self.host)
    #expect(plan.views(ranges: ["1h", "7d"], budget: 0).views.count == 3)
    let some = plan.views(ranges: [], budget: 1)
    #expect(some.views.count == 2 && some.skipped == 1)
  }

  /// Values that differ only in signs are still two files.
  @Test func namesOfFilesAreNeverShared() {
    let variable = Variable()
    let names = ["a:1", "a-1", "a/1", "../a", "", "ä", "a\u{0}1"].map { value in
      View(choices: [Variable.Option(text: value, value: value)]).slug([variable])
    }
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(
        name.utf8.allSatisfy { FileName.plain(String(UnicodeScalar($0))) != "-" || $0 == 0x2D })
    }
  }

  /// A thousandth of six hours is 20 s: within them the page is the same.
  @Test func aLittleLaterTheSameIsAsked() throws {
    let start: Int64 = 1_795_154_400_000
    let one = try Self.plan(now: start + 1000, snaps: true)
    let other = try Self.plan(now: start + 19_000, snaps: true)
    let next = try Self.plan(now: start + 21_000, snaps: true)
    #expect(one.from == other.from && one.to == other.to && one.to == start + 20_000)
    #expect(one.queries == other.queries)
    #expect(next.to == start + 40_000)
    // What is evaluated never lies in the future.
    #expect(one.queries.allSatisfy { $0.to <= start + 1000 })
  }

  @Test func whatIsFixedIsNotMoved() throws {
    var options = PlanOptions(now: ReportTests.now)
    (options.snaps, options.from, options.to) = (
      true, "2026-11-20T01:02:03Z", "2026-11-20T02:00:00Z"
    )
    let plan = try Self.dashboard().plan(options) { _ in nil }
    #expect(plan.to - plan.from == 3477 * 1000)
  }

  @Test(arguments: [
    ("now-6h", "Last 6 hours"), ("now-1d", "Last 1 day"), ("now/d", "Today"),
    ("now-2x", "From now-2x"),
  ])
  func rangesAreNamedInWords(from: String, title: String) {
    #expect(Plan.title(from) == title)
  }

  @Test func anIndexIsReadBackAsItWasWritten() throws {
    let panels = [
      ViewIndex.Panel(id: "p4", mark: "aa", print: "bb", css: [".c1{--c:#fff}"]),
      ViewIndex.Panel(id: "p4-2", mark: "cc", print: "", css: []),
    ]
    var index = ViewIndex(shell: "s", from: 1, to: 2, newest: 3, panels: panels)
    #expect(ViewIndex(try .parse(index.json())) == index)
    index.panels[0].place = 7..<4711
    #expect(ViewIndex(try .parse(index.json())) == index)
    // A page never takes a rule that could end its sheet.
    let evil = ViewIndex(
      shell: "s", from: 1, to: 2, newest: nil,
      panels: [ViewIndex.Panel(id: "p", mark: "m", print: "", css: ["</style>"])])
    #expect(ViewIndex(try .parse(evil.json())) == nil)
  }

  @Test func panelsAreTakenFromAPageOnlyAsTheyWere() {
    let page = WrittenPage(Array("<article>one</article>".utf8))
    var panel = ViewIndex.Panel(
      id: "p1", mark: ContentMark.of(Array("one".utf8)), print: "", css: [])
    #expect(page.fragment(panel) == nil)
    panel.place = 9..<12
    #expect(page.fragment(panel).map(Array.init) == Array("one".utf8))
    for place in [8..<12, 9..<13, 12..<12, 20..<23, 9..<(1 << 40)] {
      panel.place = place
      #expect(page.fragment(panel) == nil, "\(place)")
    }
  }

  /// What changes with time is no part of it.
  @Test func theShellIsTheSameWhereOnlyPanelsDiffer() throws {
    let one = try Self.plan(Self.host, now: ReportTests.now)
    let other = try Self.plan(Self.host, now: ReportTests.now + 3_600_000)
    func shell(_ plan: Plan, _ title: String = "") -> String {
      var setting = PageSetting(name: "u", own: plan)
      setting.marks = ["p4": title]
      setting.ranges = [plan.rangeChoice("")]
      return PageBuilder(plan: plan, options: RenderOptions(), setting: setting).shellMark
    }
    #expect(shell(one) == shell(other))
    #expect(shell(one, "x") == shell(one, "y"))
    #expect(shell(one) != shell(try Self.plan(Self.disk)))
  }

  @Test func repeatedPanelsHaveIdsOfTheirOwn() throws {
    let text = """
      {"templating":{"list":[{"name":"host","type":"custom","query":"a,b","multi":true,
      "current":{"value":["a","b"]}}]},"panels":[{"id":4,"type":"stat","repeat":"host",
      "targets":[{"refId":"A","expr":"up"}]},{"id":-1,"type":"stat"}]}
      """
    let plan = try Dashboard.decode(Array(text.utf8)).plan(PlanOptions(now: 0)) { _ in nil }
    #expect(plan.panelIDs == ["p4", "p4-2", "pn1"])
  }
}
