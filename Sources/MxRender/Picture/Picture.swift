/// A panel as one SVG file with nothing beside it: for READMEs, wikis and mail. It
/// has its colours in itself, in the plain CSS that every renderer reads.
package struct Picture: Sendable {
  let plan: Plan
  let position: Int
  let theme: Theme

  /// `theme` auto is light: a picture does not know what it stands on.
  package init(plan: Plan, position: Int, theme: Theme) {
    self.plan = plan
    self.position = position
    self.theme = theme == .dark ? .dark : .light
  }

  private static let margin = 12.0

  package func svg(_ results: [Int: QueryResult], size: (width: Double, height: Double)? = nil)
    -> [UInt8]
  {
    let planned = plan.panels[position]
    let grid = planned.panel.grid
    let whole =
      size.map { Size(width: $0.width, height: $0.height) }
      ?? Size(
        width: Double(grid.width) * PanelPlace.columnWidth - 8,
        height: Double(grid.height) * PanelPlace.rowHeight - 8)
    var canvas = Canvas(zone: plan.zone, now: plan.now, isStandalone: true)
    canvas.beside = plan.beside
    let title = planned.panel.title
    let top = title.isEmpty ? Self.margin : 34
    if !title.isEmpty {
      canvas.markup.element(
        "text", title, .class("title"), .number("x", Self.margin), .number("y", 22))
    }
    let room = Size(
      width: max(whole.width - 2 * Self.margin, 40), height: max(whole.height - top - 8, 30))
    canvas.markup.open(
      "g", .text("transform", "translate(\(ViewBox.number(Self.margin)) \(ViewBox.number(top)))"))
    PictureContent(planned: planned, results: results, size: room).draw(&canvas)
    canvas.markup.raw("</g>")
    return frame(canvas, whole, title)
  }

  private func frame(_ canvas: Canvas, _ size: Size, _ title: String) -> [UInt8] {
    var out = Markup()
    out.open(
      "svg", .text("xmlns", "http://www.w3.org/2000/svg"), .number("width", size.width),
      .number("height", size.height),
      .text("viewBox", "0 0 \(ViewBox.number(size.width)) \(ViewBox.number(size.height))"),
      .text("role", "img"), .text("aria-label", title.isEmpty ? "Panel" : title))
    out.raw("\n<style>")
    out.pictureSheet(PictureSheet.text(theme, canvas.inks))
    out.raw("</style>\n<rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"7\"/>\n")
    out.append(canvas.markup)
    out.raw("</svg>\n")
    return out.bytes
  }
}

/// What stands in a picture, by the panel's type.
private struct PictureContent {
  let planned: PlannedPanel
  let results: [Int: QueryResult]
  let size: Size

  func draw(_ canvas: inout Canvas) {
    if let error = planned.queries.compactMap({ results[$0.target]?.error }).first {
      return tell("Query failed: \(error)", &canvas)
    }
    guard let note = planned.panel.missingNote, size.height > 60 else {
      return drawContent(&canvas)
    }
    FittedText(note, width: size.width, font: 12)
      .draw(&canvas, "", anchor: .start, x: 0, y: size.height - 4)
    PictureContent(
      planned: planned, results: results,
      size: Size(width: size.width, height: size.height - 20)
    ).drawContent(&canvas)
  }

  private func drawContent(_ canvas: inout Canvas) {
    switch planned.panel.kind {
    case .table: return drawTable(&canvas)
    case .alertList: return tell(AlertListDrawing.words(planned, canvas.beside), &canvas)
    case .text, .dashboardList, nil: return tell(textOf(planned), &canvas)
    default: break
    }
    let fields = FieldBuilder(planned: planned, results: results, canvas: canvas).fields()
    guard fields.contains(where: { $0.values.contains { !$0.isNaN } }) else {
      return tell("No data", &canvas)
    }
    switch planned.panel.kind {
    case .timeSeries, .pie: drawPlot(&canvas, fields)
    case .barChart:
      let builder = FieldBuilder(planned: planned, results: results, canvas: canvas)
      let table = BarTable.of(builder, zone: canvas)
      BarChartDrawing(planned: planned, table: table, size: size).draw(&canvas)
    case .heatmap: HeatmapDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .histogram: HistogramDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .stateTimeline, .statusHistory: drawStates(&canvas, fields)
    default: PictureValues(planned: planned, fields: fields, size: size).draw(&canvas)
    }
  }

  private func drawPlot(_ canvas: inout Canvas, _ fields: [DisplayField]) {
    let legend = PictureLegend(fields: fields, width: size.width)
    let hasLegend = planned.panel.options.legend.mode != .hidden && size.height > 120
    let below = hasLegend ? min(legend.height, size.height * 0.35) : 0
    let plot = Size(width: size.width, height: size.height - below)
    if planned.panel.kind == .pie {
      PieDrawing(planned: planned, fields: fields, size: plot).draw(&canvas)
    } else {
      TimeSeriesDrawing(planned: planned, fields: fields, size: plot).draw(&canvas)
    }
    if hasLegend { legend.draw(&canvas, top: plot.height + 4, height: below) }
  }

  /// Its list of states is HTML, which a picture has no room for.
  private func drawStates(_ canvas: inout Canvas, _ fields: [DisplayField]) {
    var inner = Canvas(zone: canvas.zone, now: canvas.now, isStandalone: true)
    StateDrawing(planned: planned, fields: fields, size: size).draw(&inner, hasLegend: false)
    canvas.append(inner)
  }

  private func drawTable(_ canvas: inout Canvas) {
    let frames = FieldBuilder(planned: planned, results: results, canvas: canvas).frames()
    guard let frame = frames.first(where: { $0.rowCount > 0 }) else {
      return tell("No data", &canvas)
    }
    PictureTable(planned: planned, frame: frame, size: size).draw(&canvas)
  }

  private func textOf(_ planned: PlannedPanel) -> String {
    guard planned.panel.kind == .text else {
      return "Panels of type ‘\(planned.panel.type)’ are not drawn"
    }
    return planned.interpolation.expand(planned.panel.options.text.content, format: .text)
  }

  private func tell(_ text: String, _ canvas: inout Canvas) {
    let perLine = max(Int(size.width / 7), 10)
    let lines = text.split(separator: "\n").flatMap { PictureText.wrapped($0, perLine) }
    for (index, line) in lines.prefix(Int(size.height / 18)).enumerated() {
      canvas.markup.element("text", line, .class("row"), .number("y", Double(index) * 18 + 14))
    }
  }
}

/// Words on lines.
enum PictureText {
  static func wrapped(_ text: Substring, _ limit: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty && line.count + word.count + 1 > limit {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word.prefix(limit)
    }
    return line.isEmpty ? lines : lines + [line]
  }

  static func cut(_ text: String, _ limit: Int) -> String {
    text.count <= max(limit, 2) ? text : text.prefix(max(limit - 1, 1)) + "…"
  }
}

/// Names and colours below a plot.
private struct PictureLegend {
  private var rows: [[(field: DisplayField, x: Double)]] = [[]]

  private static let rowHeight = 17.0

  init(fields: [DisplayField], width: Double) {
    var x = 0.0
    for field in fields where field.config.style.hidesFromLegend != true {
      let needed = Double(min(field.name.count, 60)) * 6.7 + 32
      if x > 0 && x + needed > width {
        rows.append([])
        x = 0
      }
      rows[rows.count - 1].append((field, x))
      x += needed
    }
  }

  var height: Double { Double(rows.count) * Self.rowHeight + 6 }

  func draw(_ canvas: inout Canvas, top: Double, height: Double) {
    let shown = max(Int((height - 4) / Self.rowHeight), 1)
    for (index, row) in rows.prefix(shown).enumerated() {
      let y = top + Double(index) * Self.rowHeight + 12
      for (field, x) in row {
        canvas.markup.leaf(
          "rect", .class("fill", canvas.use(field.ink)), .number("x", x), .number("y", y - 6),
          .number("width", 13), .number("height", 4), .number("rx", 2))
        canvas.markup.element(
          "text", PictureText.cut(field.name, 60), .class("row"), .number("x", x + 19),
          .number("y", y))
      }
    }
  }
}

/// Stats, gauges and bars: a value a series, with its bar where it has bounds.
private struct PictureValues {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  func draw(_ canvas: inout Canvas) {
    let calculation = planned.panel.options.reduce.calculation
    let shown = fields.prefix(40).map { field in
      (field: field, value: field.display(Reduction.reduce(field.values, calculation)))
    }
    if shown.count == 1 { return drawOne(shown[0].value, shown[0].field, &canvas) }
    let height = max(min(size.height / Double(shown.count), 34), 18)
    for (index, one) in shown.prefix(Int(size.height / height)).enumerated() {
      draw(one.value, one.field, y: Double(index) * height, height, &canvas)
    }
  }

  private func drawOne(
    _ shown: DisplayValue, _ field: DisplayField, _ canvas: inout Canvas
  ) {
    let text = FittedText(
      shown.text, width: size.width - 16, most: (size.height * 0.5).clamped(to: 12...52), least: 9,
      isBold: true)
    text.draw(
      &canvas, "value" + (shown.ink.map { " " + canvas.use($0) } ?? ""), anchor: .middle,
      x: size.width / 2, y: size.height * 0.42 + text.font * 0.35)
    guard planned.panel.options.stat.hasSparkline else { return }
    let ink = canvas.use(shown.ink ?? field.ink)
    canvas.markup.open(
      "svg", .number("y", size.height * 0.62), .number("width", size.width),
      .number("height", size.height * 0.38), .text("overflow", "visible"))
    Sparkline(field: field).draw(&canvas, Size(width: size.width, height: size.height * 0.8), ink)
    canvas.markup.raw("</svg>")
  }

  private func draw(
    _ shown: DisplayValue, _ field: DisplayField, y: Double, _ height: Double,
    _ canvas: inout Canvas
  ) {
    let value = FittedText(shown.text, width: size.width * 0.6, most: 12, least: 9, isBold: true)
    let used = TextWidth.em(value.shown) * TextWidth.bold * value.font + 10
    FittedText(field.name, width: size.width - used, font: 12)
      .draw(&canvas, "row", anchor: .start, x: 0, y: y + 12)
    value.draw(&canvas, "row strong", anchor: .end, x: size.width, y: y + 12)
    let (low, high) = field.bounds()
    guard planned.panel.kind != .stat, height > 24, let number = shown.number, high > low else {
      return
    }
    let share = ((number - low) / (high - low)).clamped(to: 0...1)
    canvas.markup.leaf(
      "rect", .class("track"), .number("y", y + 17), .number("width", size.width),
      .number("height", 6), .number("rx", 2))
    canvas.markup.leaf(
      "rect", .class("fill", canvas.use(shown.ink ?? field.ink)), .number("y", y + 17),
      .number("width", size.width * share), .number("height", 6), .number("rx", 2))
  }
}

/// The first rows of a table, as text.
private struct PictureTable {
  let planned: PlannedPanel
  let frame: Frame
  let size: Size

  func draw(_ canvas: inout Canvas) {
    let table = TableDrawing(planned: planned, frame: frame, size: size, canvas: canvas)
    let columns = table.shownColumns()
    if columns.isEmpty { return }
    let rows = table.sorted(columns).prefix(max(Int(size.height / 19) - 1, 1))
    let width = size.width / Double(columns.count)
    let letters = Int(width / 6.8)
    for (index, column) in columns.enumerated() {
      let x = Double(index) * width
      canvas.markup.element(
        "text", PictureText.cut(column.title, letters), .class("row strong"), .number("x", x),
        .number("y", 13))
      for (line, row) in rows.enumerated() {
        let shown = table.display(column.column.cells[row], column)
        let ink = column.config.cell == nil ? nil : shown.ink
        canvas.markup.element(
          "text", PictureText.cut(shown.text, letters),
          .class("row", ink.map { "tinted " + canvas.use($0) } ?? ""), .number("x", x),
          .number("y", Double(line) * 19 + 33))
      }
    }
  }
}
