import MxModel
import MxTime

/// The HTML page: head with its policy, title, chosen variables, sections of panels.
struct PageBuilder {
  let plan: Plan
  let options: RenderOptions
  let results: [[Int: QueryResult]]

  /// The width of a column on a page of full width, its gap included.
  static let columnWidth = 59.5
  static let rowHeight = 38.0

  func build() -> [UInt8] {
    var body = Canvas(zone: plan.zone, now: plan.now)
    var places: Set<GridPosition> = []
    drawTop(&body)
    body.markup.raw("<main>\n")
    for section in plan.sections { draw(section, &body, &places) }
    body.markup.raw("</main>\n")
    if !options.footer.isEmpty {
      body.markup.element("footer", options.footer, .class("foot"))
      body.markup.newline()
    }
    let sheet = Stylesheet.text(
      theme: options.theme, inks: body.inks, margins: body.margins, places: places)
    var page = Markup()
    drawHead(&page, sheet)
    page.append(body.markup)
    page.raw("</body></html>\n")
    return page.bytes
  }

  private func drawHead(_ page: inout Markup, _ sheet: String) {
    let hash = SHA256.base64(SHA256.hash(Array(sheet.utf8)))
    let policy =
      "default-src 'none'; style-src 'sha256-\(hash)'; img-src data:; base-uri 'none'; "
      + "form-action 'none'"
    page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
    page.open(
      "meta", .text("http-equiv", "Content-Security-Policy"), .text("content", policy))
    page.raw("\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n")
    page.element("title", plan.title.isEmpty ? "Dashboard" : plan.title)
    page.raw("\n<style>")
    page.sheet(sheet)
    page.raw("</style></head>\n<body>\n")
  }

  // MARK: - Top

  private func drawTop(_ canvas: inout Canvas) {
    canvas.markup.raw("<header class=\"top\">")
    canvas.markup.element("h1", plan.title.isEmpty ? "Dashboard" : plan.title)
    canvas.markup.element("span", rangeText(), .class("range"))
    if let banner = options.banner {
      canvas.markup.element("p", banner, .class("banner"), .text("role", "alert"))
    }
    if !plan.dashboard.description.isEmpty {
      canvas.markup.element("p", plan.dashboard.description, .class("about"))
    }
    drawChips(&canvas)
    canvas.markup.raw("</header>\n")
  }

  private func rangeText() -> String {
    let from = DateText.text(Double(plan.from), .pattern("YYYY-MM-DD HH:mm"), plan.zone)
    let to = DateText.text(Double(plan.to), .pattern("YYYY-MM-DD HH:mm"), plan.zone)
    return "\(from) – \(to) \(plan.zone.name)"
  }

  private func drawChips(_ canvas: inout Canvas) {
    let shown = plan.dashboard.variables.filter { variable in
      if case .dataSource = variable.kind { return false }
      if case .adHoc = variable.kind { return false }
      return !variable.isHidden
    }
    if shown.isEmpty { return }
    canvas.markup.raw("<ul class=\"chips\" aria-label=\"Variables\">")
    for variable in shown {
      let value = plan.variables[variable.name]?.title ?? ""
      canvas.markup.raw("<li>")
      canvas.markup.element("b", variable.label)
      canvas.markup.text(String(value.prefix(200)))
      canvas.markup.raw("</li>")
    }
    canvas.markup.raw("</ul>")
  }

  // MARK: - Sections and panels

  private func draw(
    _ section: PlannedSection, _ canvas: inout Canvas, _ places: inout Set<GridPosition>
  ) {
    if let title = section.title {
      canvas.markup.raw(section.isCollapsed ? "<details>" : "<details open=\"\">")
      canvas.markup.raw("<summary>")
      canvas.markup.element("h2", title.isEmpty ? "Panels" : title)
      let count = section.panels.count
      canvas.markup.element("span", "\(count) panel\(count == 1 ? "" : "s")", .class("count"))
      canvas.markup.raw("</summary>\n")
    }
    canvas.markup.raw("<div class=\"grid\">\n")
    let grids = GridLayout.compacted(plan.panels[section.panels].map(\.panel.grid))
    for (index, grid) in zip(section.panels, grids) {
      places.insert(grid)
      draw(index, grid, &canvas)
    }
    canvas.markup.raw("</div>\n")
    if section.title != nil { canvas.markup.raw("</details>\n") }
  }

  private func draw(_ index: Int, _ grid: GridPosition, _ canvas: inout Canvas) {
    let planned = plan.panels[index]
    let panel = planned.panel
    canvas.markup.open(
      "article", .class("panel", grid.className, panel.isTransparent ? "bare" : ""),
      .optional("aria-label", panel.title.isEmpty ? nil : panel.title))
    var height = Double(grid.height) * Self.rowHeight - 8 - 2 - 11
    let hasHeader = !panel.title.isEmpty || planned.rangeNote != nil
    if hasHeader {
      drawHeader(planned, &canvas)
      height -= 29
    }
    let size = Size(
      width: Double(grid.width) * Self.columnWidth - 8 - 22, height: max(height, 24))
    PanelDrawing(planned: planned, results: results[index], size: size).draw(&canvas)
    canvas.markup.raw("</article>\n")
  }

  private func drawHeader(_ planned: PlannedPanel, _ canvas: inout Canvas) {
    let panel = planned.panel
    canvas.markup.raw("<header>")
    canvas.markup.element("h3", panel.title, .text("title", panel.title))
    if !panel.description.isEmpty {
      let text = planned.interpolation.expand(panel.description, format: .text)
      canvas.markup.element(
        "span", "i", .class("info"), .text("title", text), .text("role", "img"),
        .text("aria-label", text))
    }
    if let note = planned.rangeNote { canvas.markup.element("span", note, .class("note")) }
    canvas.markup.raw("</header>")
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

extension Markup {
  /// A style sheet of our own. It has no text of a dashboard in it but colours,
  /// which were numbers in between; were there a `<`, the page must not be made.
  fileprivate mutating func sheet(_ text: String) {
    precondition(!text.utf8.contains(0x3C), "BUG: markup within a style sheet")
    trusted(text)
  }
}
