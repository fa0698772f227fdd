import MxJSON
import MxTime

/// A page among the other pages of its dashboard: what it links to, and what its
/// script must know to go there.
package struct PageSetting: Sendable {
  /// Of the dashboard's files: `host.html`, `host/…`.
  package var name: String
  package var view = View()
  /// The plan of the default view: whose choices are the dashboard's own.
  package var own: Plan
  /// All that are made, this one among them.
  package var views: [View] = []
  /// How many there could be.
  package var total = 1
  /// The ranges of the views, the dashboard's own first.
  package var ranges: [RangeChoice] = []
  /// Everything is in the one page; there are no files beside it.
  package var isInline = false
  /// The page over all dashboards is there.
  package var hasIndex = false
  /// The command that made it, and what it read: `mx-render --out DIR`, `host.json`.
  package var command = "mx-render"
  package var source = ""
  /// Data older than this, in ms, are called old.
  package var freshness: Int64 = 300_000
  /// Times are shown in the reader's zone unless he chooses another.
  package var usesReadersZone = false
  /// By id: the marks of the panels' fragments.
  package var marks: [String: String] = [:]

  package init(name: String, own: Plan) {
    self.name = name
    self.own = own
  }

  /// Where the files' names begin, seen from this page.
  package var root: String { isInline || view.isDefault ? "" : "../" }

  var home: String? { hasIndex && !isInline ? root + "index.html" : nil }

  /// The names of a view's files without their ending, from where the pages are.
  package func path(of view: View, _ variables: [Variable]) -> String {
    isInline ? view.slug(variables) : "\(name)/\(view.slug(variables))"
  }

  /// The page of a view.
  package func page(of view: View, _ variables: [Variable]) -> String {
    view.isDefault ? "\(name).html" : path(of: view, variables) + ".html"
  }

  func range(_ key: String) -> RangeChoice {
    ranges.first { $0.key == key }
      ?? RangeChoice(key: key, from: 0, to: 0, isRelative: true, title: "")
  }

  /// The page's data for its script. Without an index: what of it is no matter of time.
  func json(_ plan: Plan, _ index: ViewIndex?) -> [UInt8] {
    let variables = plan.dashboard.shownVariables
    let keys = ViewKeys(own.alternatives)
    var writer = JSONWriter(safeInHTML: true)
    writer.beginObject()
    writer.member("dash", name)
    writer.member("root", root)
    writer.member("inline", Int64(isInline ? 1 : 0))
    writer.member("view", keys.key(of: view))
    writer.name("views")
    writer.beginObject()
    for one in views { writer.member(keys.key(of: one), path(of: one, variables)) }
    writer.endObject()
    writer.member("zone", plan.zone.name)
    writer.member("own", Int64(usesReadersZone ? 1 : 0))
    writer.member("refresh", refresh(plan.dashboard.refresh))
    writer.member("fresh", freshness)
    writer.member("cmd", command)
    writer.member("source", source)
    writer.member("all", Int64(max(total - ranges.count, 0)))
    writeRanges(index != nil, &writer)
    writeVariables(plan, &writer)
    if let index {
      writer.name("index")
      writer.raw(index.json(hasPrints: false))
    }
    writer.endObject()
    return writer.bytes
  }

  private func refresh(_ text: String) -> String { text.isEmpty ? "off" : text }

  private func writeRanges(_ hasTimes: Bool, _ writer: inout JSONWriter) {
    writer.name("ranges")
    writer.beginArray()
    for range in ranges {
      writer.beginObject()
      writer.member("k", range.key)
      writer.member("t", range.title)
      writer.member("w", range.to - range.from)
      if range.isRelative {
        writer.member("q", range.key.isEmpty ? own.fromText : "now-" + range.key)
      }
      writer.member("rel", Int64(range.isRelative ? 1 : 0))
      if hasTimes {
        writer.member("from", range.from)
        writer.member("to", range.to)
      }
      writer.endObject()
    }
    writer.endArray()
  }

  private func writeVariables(_ plan: Plan, _ writer: inout JSONWriter) {
    let menus = PageMenus(plan: plan, setting: self)
    writer.name("vars")
    writer.beginArray()
    for (index, variable) in plan.dashboard.shownVariables.enumerated() {
      writer.beginObject()
      writer.member("n", variable.name)
      writer.member("l", variable.label)
      writer.member("c", menus.ownValue(variable))
      writer.member("t", menus.ownTitle(variable))
      writer.name("o")
      writer.beginArray()
      for option in menus.alternatives[index] {
        writer.beginArray()
        writer.string(option.value)
        writer.string(option.text)
        writer.endArray()
      }
      writer.endArray()
      writer.endObject()
    }
    writer.endArray()
  }

}

/// How the script finds a view: its range, and for each variable the number of the
/// value among the alternatives, `d` for the dashboard's own choice.
private struct ViewKeys {
  private let numbers: [[String: Int]]

  init(_ alternatives: [[Variable.Option]]) {
    numbers = alternatives.map { options in
      Dictionary(
        options.enumerated().map { ($0.element.value, $0.offset) },
        uniquingKeysWith: { one, _ in one })
    }
  }

  func key(of view: View) -> String {
    let parts = zip(view.choices, numbers).map { choice, numbers in
      choice.map { numbers[$0.value].map(String.init) ?? "?" } ?? "d"
    }
    return ([view.range] + parts).joined(separator: "/")
  }
}

/// The menus of a page: lists of links, which the script follows without loading
/// the page anew.
struct PageMenus {
  let plan: Plan
  let setting: PageSetting
  let alternatives: [[Variable.Option]]
  private let variables: [Variable]
  private let views: Set<View>

  init(plan: Plan, setting: PageSetting) {
    self.plan = plan
    self.setting = setting
    alternatives = setting.own.alternatives
    variables = plan.dashboard.shownVariables
    views = Set(setting.views)
  }

  /// The value that the dashboard itself chose, as an address names it.
  func ownValue(_ variable: Variable) -> String {
    guard let own = setting.own.variables[variable.name] else { return "" }
    return own.isAll ? plan.allValue : own.values.joined(separator: ",")
  }

  func ownTitle(_ variable: Variable) -> String {
    setting.own.variables[variable.name]?.title ?? ""
  }

  func drawRanges(_ markup: inout Markup) {
    markup.raw("<details class=\"menu\" id=\"ranges\"><summary>")
    markup.text(setting.range(setting.view.range).title)
    markup.raw("</summary><ul>")
    for range in setting.ranges {
      var view = setting.view
      view.range = range.key
      markup.raw("<li>")
      markup.element(
        "a", range.title, link(view), .optional("aria-current", view == setting.view ? "true" : nil)
      )
      markup.raw("</li>")
    }
    markup.raw("</ul></details>")
  }

  func drawVariable(_ index: Int, _ markup: inout Markup) {
    let variable = variables[index]
    markup.open("details", .class("menu", "var"), .number("data-v", Double(index)))
    markup.raw("<summary>")
    markup.element("b", variable.label)
    markup.raw(" ")
    let shown = plan.variables[variable.name]?.title ?? ""
    markup.element("span", String(shown.prefix(200)), .class("value"))
    markup.raw("</summary><ul>")
    let own = Variable.Option(text: ownTitle(variable), value: ownValue(variable))
    item(own, nil, index, &markup)
    for option in alternatives[index] { item(option, option, index, &markup) }
    markup.raw("</ul></details>")
  }

  private func item(
    _ shown: Variable.Option, _ choice: Variable.Option?, _ index: Int, _ markup: inout Markup
  ) {
    var view = setting.view
    if view.choices.indices.contains(index) { view.choices[index] = choice }
    markup.raw("<li>")
    markup.element(
      "a", shown.text.isEmpty ? "(empty)" : String(shown.text.prefix(200)), link(view),
      .text("data-o", shown.value),
      .optional("aria-current", view == setting.view ? "true" : nil))
    markup.raw("</li>")
  }

  /// A view that was not made has no address; the script says how to make it.
  private func link(_ view: View) -> Attribute {
    guard views.contains(view), !setting.isInline else { return .optional("href", nil) }
    return .text("href", setting.root + setting.page(of: view, variables))
  }
}

/// A view that a page holds besides its own: nothing of it is shown until the script does.
package struct HeldView: Sendable {
  package var slug: String
  package var index: ViewIndex
  /// By id.
  package var fragments: [(id: String, html: [UInt8])]

  package init(slug: String, index: ViewIndex, fragments: [(id: String, html: [UInt8])]) {
    self.slug = slug
    self.index = index
    self.fragments = fragments
  }

  func draw(_ markup: inout Markup) {
    markup.open("template", .text("id", "view-\(slug)"))
    markup.indexData(index.json(hasPrints: false))
    for fragment in fragments {
      markup.open("article", .text("id", fragment.id))
      markup.fragment(fragment.html[...])
      markup.raw("</article>")
    }
    markup.raw("</template>\n")
  }
}
