import MxModel
import MxTime

/// The HTML page: head with its policy, title and menus, sections of panels.
///
/// `shell` is what it is without its panels; `page` puts fragments into it.
package struct PageBuilder {
  let plan: Plan
  let options: RenderOptions
  private var setting: PageSetting
  private let ids: [String]

  package init(plan: Plan, options: RenderOptions, setting: PageSetting) {
    self.plan = plan
    self.options = options
    self.setting = setting
    ids = plan.panelIDs
  }

  /// Equal for pages that differ in nothing but their panels and the time.
  package var shellMark: String {
    var bare = self
    bare.setting.marks = [:]
    return bare.ownShellMark
  }

  private var ownShellMark: String {
    var canvas = Canvas(zone: plan.zone, now: plan.now)
    drawTitle(&canvas)
    drawMenus(&canvas)
    drawSections(&canvas) { _, _ in }
    let links = setting.json(plan, nil)
    let ours = Array((PageScript.hash + Stylesheet.mark).utf8)
    return ContentMark.of(canvas.markup.bytes + links + ours)
  }

  /// Room for all but the panels: style, script, menus, 72 KB of a page of 20 (2026-11-29).
  private static let frameBytes = 128 << 10

  /// `fragments` in the order of the plan's panels; `others` are views that the
  /// page holds besides its own. `index` is told where the panels lie.
  package func page(
    _ index: inout ViewIndex, _ fragments: [ArraySlice<UInt8>], others: [HeldView] = []
  ) -> [UInt8] {
    var body = Canvas(zone: plan.zone, now: plan.now)
    let held = others.flatMap { $0.fragments.map(\.1.count) }
    body.markup.reserve(
      (fragments.map(\.count) + held).reduce(PageBuilder.frameBytes) { $0 + $1 })
    let rules = (index.panels + others.flatMap(\.index.panels)).flatMap(\.css)
    let sheet = Stylesheet.text(theme: options.theme, rules: Set(rules), places: places)
    PageHead(title: title, sheet: sheet, scriptHash: PageScript.hash).draw(&body.markup)
    body.markup.raw("<header class=\"top\">")
    drawTitle(&body)
    drawWhen(&body, index)
    drawMenus(&body)
    body.markup.raw("</header>\n<main>\n")
    drawSections(&body) { panel, canvas in
      let start = canvas.markup.bytes.count
      index.panels[panel].place = start..<start + fragments[panel].count
      canvas.markup.fragment(fragments[panel])
    }
    body.markup.raw("</main>\n")
    if !options.footer.isEmpty {
      body.markup.element("footer", options.footer, .class("foot"))
      body.markup.newline()
    }
    for other in others { other.draw(&body.markup) }
    body.markup.pageData(setting.json(plan, index))
    body.markup.script(PageScript.text)
    body.markup.raw("</body></html>\n")
    return body.markup.bytes
  }

  // MARK: - Top

  private var title: String { plan.title.isEmpty ? "Dashboard" : plan.title }

  private func drawTitle(_ canvas: inout Canvas) {
    if let home = setting.home {
      canvas.markup.raw("<nav class=\"crumbs\">")
      canvas.markup.element("a", "All dashboards", .text("href", home))
      canvas.markup.raw("</nav>")
    }
    canvas.markup.element("h1", title)
    if let banner = options.banner {
      canvas.markup.element("p", banner, .class("banner"), .text("role", "alert"))
    }
    if !plan.dashboard.description.isEmpty {
      canvas.markup.element("p", plan.dashboard.description, .class("about"))
    }
  }

  private func drawWhen(_ canvas: inout Canvas, _ index: ViewIndex) {
    canvas.markup.raw("<p class=\"when\">")
    canvas.markup.element("span", rangeText(index), .text("id", "range"))
    if let newest = index.newest, setting.range(setting.view.range).isRelative {
      let text = DateText.text(Double(newest), .iso, plan.zone)
      canvas.markup.element(
        "span", "newest sample \(text)", .text("id", "age"), .class("age"))
    }
    canvas.markup.raw("</p>")
  }

  private func rangeText(_ index: ViewIndex) -> String {
    let from = DateText.text(Double(index.from), .pattern("YYYY-MM-DD HH:mm"), plan.zone)
    let to = DateText.text(Double(index.to), .pattern("YYYY-MM-DD HH:mm"), plan.zone)
    let name = plan.zone.period(at: TimeScale.floorDivide(index.to, 1000)).abbreviation
    return "\(from) – \(to) \(name)"
  }

  private func drawMenus(_ canvas: inout Canvas) {
    let menus = PageMenus(plan: plan, setting: setting)
    canvas.markup.raw("<div class=\"bar\" id=\"bar\">")
    menus.drawRanges(&canvas.markup)
    for index in plan.dashboard.shownVariables.indices {
      menus.drawVariable(index, &canvas.markup)
    }
    canvas.markup.raw("</div>")
    drawLinks(&canvas)
  }

  /// The dashboard's own links; those of a tag may fold into a menu.
  private func drawLinks(_ canvas: inout Canvas) {
    var interpolation = plan.base
    interpolation.variables = plan.variables
    let resolver = LinkResolver(interpolation: interpolation, beside: plan.beside)
    let links = plan.dashboard.links.prefix(50).map { ($0, resolver.resolved($0)) }
      .filter { !$0.1.isEmpty }
    if links.isEmpty { return }
    canvas.beside = plan.beside
    canvas.markup.raw("<nav class=\"links\" aria-label=\"Links\">")
    for (link, resolved) in links {
      guard case .tagged(_, isMenu: true) = link.target else {
        for one in resolved.prefix(100) { LinkDrawing.draw(one, &canvas) }
        continue
      }
      canvas.markup.raw("<details class=\"menu\"><summary>")
      canvas.markup.text(link.title.isEmpty ? "Dashboards" : link.title)
      canvas.markup.raw("</summary><ul>")
      for one in resolved.prefix(200) {
        canvas.markup.raw("<li>")
        LinkDrawing.draw(one, &canvas)
        canvas.markup.raw("</li>")
      }
      canvas.markup.raw("</ul></details>")
    }
    canvas.markup.raw("</nav>")
  }

  // MARK: - Sections and panels

  /// Where panels lie, each kind of place once.
  private var places: Set<GridPosition> {
    Set(plan.sections.flatMap { GridLayout.compacted(plan.panels[$0.panels].map(\.panel.grid)) })
  }

  private func drawSections(_ canvas: inout Canvas, _ content: (Int, inout Canvas) -> Void) {
    for section in plan.sections {
      if let title = section.title { drawSummary(title, section, &canvas) }
      canvas.markup.raw("<div class=\"grid\">\n")
      let grids = GridLayout.compacted(plan.panels[section.panels].map(\.panel.grid))
      for (index, grid) in zip(section.panels, grids) {
        open(index, grid, &canvas)
        content(index, &canvas)
        canvas.markup.raw("</article>\n")
      }
      canvas.markup.raw("</div>\n")
      if section.title != nil { canvas.markup.raw("</details>\n") }
    }
  }

  private func drawSummary(_ title: String, _ section: PlannedSection, _ canvas: inout Canvas) {
    canvas.markup.raw(section.isCollapsed ? "<details>" : "<details open=\"\">")
    canvas.markup.raw("<summary>")
    canvas.markup.element("h2", title.isEmpty ? "Panels" : title)
    let count = section.panels.count
    canvas.markup.element("span", "\(count) panel\(count == 1 ? "" : "s")", .class("count"))
    canvas.markup.raw("</summary>\n")
  }

  private func open(_ index: Int, _ grid: GridPosition, _ canvas: inout Canvas) {
    let panel = plan.panels[index].panel
    canvas.markup.open(
      "article", .text("id", ids[index]),
      .class("panel", grid.className, panel.isTransparent ? "bare" : ""),
      .optional("data-h", setting.marks[ids[index]]),
      .optional("aria-label", panel.title.isEmpty ? nil : panel.title))
  }
}

/// Panels fall upwards until they rest on another, as they do in Grafana; so none
/// lies over another, and there are no holes.
enum GridLayout {
  static func compacted(_ grids: [GridPosition]) -> [GridPosition] {
    var floor = [Int](repeating: 0, count: 24)
    return grids.map { grid in
      var place = grid
      let columns = max(0, grid.x)..<min(24, grid.x + grid.width)
      place.y = columns.map { floor[$0] }.max() ?? 0
      for column in columns { floor[column] = place.y + place.height }
      return place
    }
  }
}
