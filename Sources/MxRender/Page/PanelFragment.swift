import Glibc

/// A panel as it stands on a page, without the element around it: drawing, legend
/// and the script's data. It is a file of its own, so that a page that is open
/// fetches the panels that changed and no others; and the page is put together again
/// from what it was, or from these files, when some of its panels change.
package struct PanelFragment: Sendable {
  package var html: [UInt8]
  /// Rules the page's sheet must have for it: colours and margins.
  package var css: [String]

  package init(html: [UInt8], css: [String]) {
    self.html = html
    self.css = css
  }

  /// Tells this drawing from any other.
  package var mark: String { ContentMark.of(html) }
}

extension Plan {
  /// The panels' ids on the page, in order: `p4`, and `p4-2` for the second of a repeat.
  package var panelIDs: [String] {
    var seen: [Int64: Int] = [:]
    // By index: a panel is a hundred references, each counted where it is copied.
    return panels.indices.map { index in
      let id = panels[index].panel.id
      let number = seen[id, default: 0] + 1
      seen[id] = number
      let text = id < 0 ? "n\(id.magnitude)" : "\(id)"
      return number == 1 ? "p\(text)" : "p\(text)-\(number)"
    }
  }

  /// Draws the panel at `index`; `results` by target.
  package func fragment(_ index: Int, _ results: [Int: QueryResult]) -> PanelFragment {
    var canvas = Canvas(zone: zone, now: now)
    canvas.beside = beside
    let planned = panels[index]
    drawHeader(planned, &canvas)
    PanelDrawing(planned: planned, results: results, size: PanelPlace.size(of: planned))
      .draw(&canvas)
    if let data = canvas.chart?.json() { canvas.markup.data(data) }
    return PanelFragment(
      html: canvas.markup.bytes,
      css: Stylesheet.rules(inks: canvas.inks, margins: canvas.margins))
  }

  private func drawHeader(_ planned: PlannedPanel, _ canvas: inout Canvas) {
    let panel = planned.panel
    guard PanelPlace.hasHeader(planned) else { return }
    canvas.markup.raw("<header class=\"head\">")
    canvas.markup.element("h3", panel.title, .text("title", panel.title))
    if !panel.description.isEmpty {
      let text = planned.interpolation.expand(panel.description, format: .text)
      canvas.markup.element(
        "span", "i", .class("info"), .text("title", text), .text("role", "img"),
        .text("aria-label", text))
    }
    let resolver = LinkResolver(interpolation: planned.interpolation, beside: beside)
    for link in panel.links.flatMap(resolver.resolved).prefix(8) {
      LinkDrawing.drawArrow(link, &canvas)
    }
    if let note = planned.rangeNote { canvas.markup.element("span", note, .class("note")) }
    canvas.markup.raw("</header>")
  }
}

/// The room a panel has inside its border, on a page of full width.
enum PanelPlace {
  /// The width of a column, its gap included.
  static let columnWidth = 59.5
  static let rowHeight = 38.0

  static func hasHeader(_ planned: PlannedPanel) -> Bool {
    !planned.panel.title.isEmpty || planned.rangeNote != nil || !planned.panel.links.isEmpty
  }

  static func size(of planned: PlannedPanel) -> Size {
    let grid = planned.panel.grid
    let height = Double(grid.height) * rowHeight - 8 - 2 - 11 - (hasHeader(planned) ? 29 : 0)
    return Size(width: Double(grid.width) * columnWidth - 8 - 22, height: max(height, 24))
  }
}

extension Markup {
  /// JSON that the script reads and no browser runs. It was written without `<`,
  /// `>` and `&`, so nothing in it can end the element.
  mutating func data(_ json: [UInt8]) {
    raw("<script type=\"application/json\" class=\"d\">")
    block(json)
    raw("</script>")
  }

  private mutating func block(_ json: [UInt8]) {
    // Not `contains`, which goes byte by byte: a page has 100 KB of it.
    let tag = json.withUnsafeBytes { json in
      json.baseAddress.flatMap { memchr($0, 0x3C, json.count) }
    }
    precondition(tag == nil, "BUG: markup within JSON")
    trusted(json)
  }

  /// What the page says of itself, under an id.
  mutating func pageData(_ json: [UInt8]) {
    raw("<script type=\"application/json\" id=\"mx\">")
    block(json)
    raw("</script>\n")
  }

  /// The index of a view that is kept within the page.
  mutating func indexData(_ json: [UInt8]) {
    raw("<script type=\"application/json\" class=\"index\">")
    block(json)
    raw("</script>")
  }
}
