import MxModel

/// The table panel, as an HTML table.
struct TableDrawing {
  let planned: PlannedPanel
  let frame: Frame
  let size: Size
  let canvasZone: Canvas

  /// Rows that are shown; the page says how many there are.
  static let rowLimit = 500

  struct Shown {
    var column: Frame.Column
    var config: FieldConfig
    var title: String
    var bounds: (min: Double, max: Double)
  }

  init(planned: PlannedPanel, frame: Frame, size: Size, canvas: Canvas) {
    self.planned = planned
    self.frame = frame
    self.size = size
    self.canvasZone = Canvas(zone: canvas.zone, now: canvas.now)
  }

  /// The others are folded below it; so many more are not shown at all.
  func draw(_ canvas: inout Canvas, others: [TableDrawing] = [], hidden: Int = 0) {
    if shownColumns().isEmpty { return EmptyPanel.draw(&canvas, planned) }
    canvas.markup.open(
      "div", .class("scroll"), .text("tabindex", "0"), .text("role", "region"),
      .text("aria-label", planned.panel.title.isEmpty ? "Table" : planned.panel.title))
    drawTable(&canvas)
    for other in others {
      let name = other.frame.name
      canvas.markup.raw("<details class=\"other\">")
      canvas.markup.element("summary", name.isEmpty ? "Query \(other.frame.refID)" : name)
      other.drawTable(&canvas)
      canvas.markup.raw("</details>")
    }
    if hidden > 0 { note("\(hidden) more tables are not shown", &canvas) }
    canvas.markup.raw("</div>")
  }

  private func drawTable(_ canvas: inout Canvas) {
    let columns = shownColumns()
    let order = sorted(columns)
    let widths = widths(columns, order)
    widths.draw(&canvas)
    if planned.panel.options.table.hasHeader { drawHead(&canvas, columns) }
    canvas.markup.raw("<tbody>")
    for row in order.prefix(Self.rowLimit) {
      canvas.markup.raw("<tr>")
      for (index, column) in columns.enumerated() {
        drawCell(&canvas, column, row, index, widths)
      }
      canvas.markup.raw("</tr>")
    }
    canvas.markup.raw("</tbody>")
    if let footer = planned.panel.options.table.footer { drawFoot(&canvas, columns, footer) }
    canvas.markup.raw("</table>")
    if order.count > Self.rowLimit {
      note("\(Self.rowLimit) of \(order.count) rows are shown", &canvas)
    }
  }

  private func note(_ text: String, _ canvas: inout Canvas) {
    canvas.markup.element("p", text, .class("note"))
  }

  /// As far as the first rows tell.
  private func widths(_ columns: [Shown], _ order: [Int]) -> TableWidths {
    let contents = columns.map { column in
      TableWidths.Content(
        title: planned.panel.options.table.hasHeader ? column.title : "",
        texts: order.prefix(100).map { display(column.column.cells[$0], column).text },
        isNumber: column.column.isNumber || column.column.isTime,
        hasBar: column.config.cell == .gauge && column.column.isNumber,
        hasSparkline: column.column.cells.contains { if case .series = $0 { true } else { false } },
        wanted: column.config.columnWidth)
    }
    return TableWidths(contents, room: size.width)
  }

  func shownColumns() -> [Shown] {
    let matchers = planned.panel.overrides.map(OverrideMatcher.init)
    return frame.columns.compactMap { column in
      var config = column.config.map(planned.panel.fields.merging) ?? planned.panel.fields
      for matcher in matchers
      where matcher.matches(name: column.name, refID: column.refID, type: column.type) {
        config = config.merging(matcher.config)
      }
      let title =
        config.displayName.map {
          SeriesNames.displayName($0, column.name, column.labels, planned.interpolation)
        } ?? column.name
      for matcher in matchers
      where title != column.name
        && !matcher.matches(name: column.name, refID: column.refID, type: column.type)
        && matcher.matches(name: title, refID: column.refID, type: column.type)
      {
        config = config.merging(matcher.config)
      }
      if config.isHidden == true || config.style.hidesFromGraph == true { return nil }
      let numbers = column.cells.map(\.number).filter(\.isFinite)
      let low = config.min ?? min(numbers.min() ?? 0, 0)
      return Shown(
        column: column, config: config, title: title,
        bounds: (low, config.max ?? numbers.max() ?? 100))
    }
  }

  func sorted(_ columns: [Shown]) -> [Int] {
    let rows = Array(0..<frame.rowCount)
    let options = planned.panel.options.table
    guard let name = options.sortBy,
      let column = columns.first(where: { $0.title == name || $0.column.name == name })
    else { return rows }
    return FrameOrder.sorted(rows, by: column.column.cells, descending: options.sortsDescending)
  }

  private func drawHead(_ canvas: inout Canvas, _ columns: [Shown]) {
    canvas.markup.raw("<thead><tr>")
    for column in columns {
      canvas.markup.element(
        "th", column.title, .class(alignment(column)), .text("scope", "col"))
    }
    canvas.markup.raw("</tr></thead>")
  }

  /// Over all rows, shown or not. A column without a number of its own names the calculation.
  private func drawFoot(
    _ canvas: inout Canvas, _ columns: [Shown], _ footer: TableOptions.Footer
  ) {
    let sums = columns.map { column -> String in
      guard !footer.countsRows, column.column.isNumber,
        footer.fields.isEmpty || footer.fields.contains(column.column.name)
          || footer.fields.contains(column.title),
        let value = Reduction.reduce(column.column.cells.map(\.number), footer.calculation)
      else { return "" }
      return display(.number(value), column).text
    }
    let word = footer.countsRows ? "Count: \(frame.rowCount)" : footer.calculation.title
    let place = footer.countsRows ? 0 : sums.firstIndex(of: "")
    canvas.markup.raw("<tfoot><tr>")
    for (index, (column, sum)) in zip(columns, sums).enumerated() {
      canvas.markup.element("td", index == place ? word : sum, .class(alignment(column)))
    }
    canvas.markup.raw("</tr></tfoot>")
  }

  private func alignment(_ column: Shown) -> String {
    switch column.config.align {
    case "left": ""
    case "center": "center"
    case "right": "num"
    default: column.column.isNumber ? "num" : ""
    }
  }

  private func drawCell(
    _ canvas: inout Canvas, _ column: Shown, _ row: Int, _ index: Int, _ widths: TableWidths
  ) {
    let cell = column.column.cells[row]
    if case .series(let times, let values) = cell {
      return drawSparkline(&canvas, column, times, values)
    }
    let shown = display(cell, column)
    let isTinted = column.config.cell == .colorText
    let isFilled = column.config.cell == .colorBackground
    let ink = isTinted || isFilled ? shown.ink.map { canvas.use($0) } ?? "" : ""
    canvas.markup.open(
      "td",
      .class(alignment(column), ink.isEmpty ? "" : isTinted ? "tinted" : "filled", ink),
      .optional("title", widths.cuts(shown.text, column: index) ? shown.text : nil))
    // Bars of a column start below each other, wherever their numbers end.
    let number = column.config.cell == .gauge && column.column.isNumber ? shown.number : nil
    if let number {
      canvas.markup.raw("<div class=\"cellgauge\">")
      drawGauge(&canvas, column, number, shown, width: widths.bars[index])
    }
    let isLink = openLink(&canvas, column, cell, shown, row)
    canvas.markup.text(shown.text)
    if isLink { canvas.markup.close("a") }
    if number != nil { canvas.markup.close("div") }
    canvas.markup.close("td")
  }

  /// A cell has one place to go; the first link is it.
  private func openLink(
    _ canvas: inout Canvas, _ column: Shown, _ cell: Frame.Cell, _ shown: DisplayValue, _ row: Int
  ) -> Bool {
    guard let link = column.config.links?.first, !shown.text.isEmpty else { return false }
    let fields = frame.columns.map { QueryResult.Label($0.name, $0.cells[row].plainText) }
    let values = LinkValues.of(
      name: column.column.name, labels: fields + column.column.labels, raw: cell.plainText,
      text: shown.text)
    let resolver = LinkResolver(interpolation: planned.interpolation, beside: canvas.beside)
    let resolved = resolver.one(link, values)
    return LinkDrawing.open(resolved, &canvas, className: "cell", title: resolved.title)
  }

  func display(_ cell: Frame.Cell, _ column: Shown) -> DisplayValue {
    let format = ValueFormat(
      unit: Unit.named(column.config.unit), decimals: column.config.decimals,
      zone: canvasZone.zone, now: canvasZone.now)
    let display = ValueDisplay(config: column.config, format: format)
    switch cell {
    case .none: return DisplayValue(text: column.config.noValue ?? "", number: nil, ink: nil)
    case .number(let value):
      return display.display(value, min: column.bounds.min, max: column.bounds.max)
    case .text(let text): return display.display(text: text)
    case .time(let time):
      // A unit that is no date is meant for the numbers.
      if !format.unit.isDate {
        return DisplayValue(
          text: DateText.text(Double(time), .iso, canvasZone.zone), number: nil, ink: nil)
      }
      return display.display(Double(time), min: 0, max: 1)
    case .series: return DisplayValue(text: "", number: nil, ink: nil)
    }
  }

  private func drawGauge(
    _ canvas: inout Canvas, _ column: Shown, _ number: Double, _ shown: DisplayValue,
    width: Double
  ) {
    let span = column.bounds.max - column.bounds.min
    let share = span > 0 ? ((number - column.bounds.min) / span).clamped(to: 0...1) * 100 : 0
    let ink = canvas.use(shown.ink ?? .series(0))
    canvas.markup.open(
      "svg", .class("cellbar"), .number("width", width.rounded()), .number("height", 12),
      .text("aria-hidden", "true"))
    canvas.markup.raw("<rect class=\"track\" width=\"100%\" height=\"12\" rx=\"2\"/>")
    canvas.markup.leaf(
      "rect", .class("fill", ink), .percent("width", share), .number("height", 12), .number("rx", 2)
    )
    canvas.markup.raw("</svg>")
  }

  private func drawSparkline(
    _ canvas: inout Canvas, _ column: Shown, _ times: [Int64], _ values: [Double]
  ) {
    canvas.markup.raw("<td><div class=\"cellspark\">")
    let field = DisplayField(
      name: column.title, refID: column.column.refID, labels: [], config: column.config,
      format: ValueFormat(unit: Unit.named(column.config.unit)), times: times, values: values,
      step: 0, index: 0)
    Sparkline(field: field).draw(&canvas, Size(width: 120, height: 48), canvas.use(field.ink))
    canvas.markup.raw("</div></td>")
  }
}

enum FrameOrder {
  /// Numbers before texts, empty cells last; equal rows stay in their order.
  static func sorted(_ rows: [Int], by cells: [Frame.Cell], descending: Bool) -> [Int] {
    rows.sorted { one, other in
      let (left, right) = (cells[one], cells[other])
      let (first, second) = (left.number, right.number)
      if first.isNaN != second.isNaN { return second.isNaN }
      if !first.isNaN {
        return first == second ? one < other : descending ? first > second : first < second
      }
      let (a, b) = (left.key, right.key)
      if a.isEmpty != b.isEmpty { return b.isEmpty }
      if a == b { return one < other }
      return descending ? Patterns.naturalLess(b, a) : Patterns.naturalLess(a, b)
    }
  }
}

/// What stands where a panel has nothing to show.
enum EmptyPanel {
  static func draw(_ canvas: inout Canvas, _ planned: PlannedPanel) {
    canvas.markup.element("p", planned.panel.fields.noValue ?? "No data", .class("empty"))
  }

  static func draw(_ canvas: inout Canvas, message: String, detail: String) {
    canvas.markup.open("div", .class("empty"))
    canvas.markup.element("p", message)
    if !detail.isEmpty { canvas.markup.element("p", detail, .class("note")) }
    canvas.markup.close("div")
  }
}
