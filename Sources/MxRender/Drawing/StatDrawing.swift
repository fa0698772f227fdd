import MxModel

/// The stat panel: one big number a series, over a sparkline.
struct StatDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  /// More tiles than this nobody reads.
  static let tileLimit = 60

  private var widest = 1

  init(planned: PlannedPanel, fields: [DisplayField], size: Size) {
    self.planned = planned
    self.fields = fields
    self.size = size
  }

  /// A value, or the text of a label where the panel asks for one: `/^version$/`.
  private func display(_ field: DisplayField) -> DisplayValue {
    let wanted = planned.panel.options.reduce.fields
    if wanted.hasPrefix("/"), let regex = Patterns.compile(Patterns.body(wanted)),
      let label = field.labels.first(where: { regex.search($0.name) })
    {
      return ValueDisplay(config: field.config, format: field.format).display(text: label.value)
    }
    return field.display(
      Reduction.reduce(field.values, planned.panel.options.reduce.calculation))
  }

  mutating func draw(_ canvas: inout Canvas) {
    let tiles = fields.prefix(Self.tileLimit)
    let layout = TileLayout(
      count: max(tiles.count, 1), size: size, isHorizontal: planned.panel.options.isHorizontal)
    canvas.markup.open("div", .class("tiles", "cols\(layout.columns)"))
    if tiles.isEmpty {
      let shown = ValueDisplay(
        config: planned.panel.fields, format: ValueFormat(unit: Unit.short)
      ).display(nil, min: 0, max: 100)
      widest = shown.text.count
      tile(&canvas, nil, shown, layout.size)
    }
    let shown = tiles.map(display)
    // All numbers of a panel are of one size.
    widest = shown.map(\.text.count).max() ?? 1
    for (field, value) in zip(tiles, shown) { tile(&canvas, field, value, layout.size) }
    canvas.markup.close("div")
  }

  private func tile(
    _ canvas: inout Canvas, _ field: DisplayField?, _ shown: DisplayValue, _ size: Size
  ) {
    let options = planned.panel.options.stat
    let isFilled = options.colorMode == .background || options.colorMode == .backgroundSolid
    let ink = options.colorMode == .none ? nil : shown.ink ?? fixedInk(field)
    let inkClass = ink.map { canvas.use($0) } ?? ""
    canvas.markup.open(
      "div", .class("tile", ink != nil && isFilled ? "filled" : "", inkClass))
    if options.hasSparkline, let field { Sparkline(field: field).draw(&canvas, size, inkClass) }
    let name = options.textMode == .value ? nil : name(field)
    let isNameOnly = options.textMode == .name
    let text = isNameOnly ? name ?? "" : options.prefix + shown.text + options.postfix
    let label = name.map { isNameOnly ? $0 : "\($0): \(text)" } ?? text
    canvas.openSVG(size, label: label)
    drawText(&canvas, text, isNameOnly ? nil : name, size, isTinted: ink != nil && !isFilled)
    canvas.markup.close("svg")
    canvas.markup.close("div")
  }

  private func fixedInk(_ field: DisplayField?) -> Ink? {
    if case .fixed(let text) = field?.config.color { return Ink.parse(text) }
    return nil
  }

  /// Several tiles need names; one has the panel's title.
  private func name(_ field: DisplayField?) -> String? {
    let mode = planned.panel.options.stat.textMode
    guard let field, mode != .none else { return nil }
    return fields.count > 1 || mode == .valueAndName || mode == .name ? field.name : nil
  }

  private func drawText(
    _ canvas: inout Canvas, _ text: String, _ name: String?, _ size: Size, isTinted: Bool
  ) {
    canvas.markup.open(
      "svg", .text("width", "100%"), .number("height", size.height),
      .text("viewBox", "0 0 \(ViewBox.number(size.width)) \(ViewBox.number(size.height))"))
    let nameHeight = name == nil ? 0 : min(size.height * 0.28, 24)
    let room = size.height - nameHeight
    let fitting = (size.width - 16) / max(Double(widest) * 0.6, 1)
    let font = min(fitting, room * 0.56, 52).clamped(to: 11...52)
    // Over a sparkline the number stands higher, off the line.
    let middle = nameHeight + room * (planned.panel.options.stat.hasSparkline ? 0.4 : 0.5)
    canvas.markup.element(
      "text", text, .class("value mid", isTinted ? "tinted" : ""), .number("x", size.width / 2),
      .number("y", middle + font * 0.35), .number("font-size", font))
    if let name {
      let small = min(nameHeight * 0.6, (size.width - 12) / max(Double(name.count) * 0.56, 1))
      canvas.markup.element(
        "text", name, .class("label mid"), .number("x", size.width / 2),
        .number("y", nameHeight * 0.85 + 2), .number("font-size", small.clamped(to: 9...14)))
    }
    canvas.markup.close("svg")
  }
}

/// Several values share a panel: across, or below each other where it is narrow.
struct TileLayout {
  let columns: Int
  let size: Size

  init(count: Int, size: Size, isHorizontal: Bool?) {
    // Grafana's horizontal stacks them; the rest tries for wide tiles.
    var best = 1
    if isHorizontal != true {
      var bestScore = -1.0
      for columns in 1...max(1, min(count, 12)) {
        let rows = Double((count + columns - 1) / columns)
        let (width, height) = (size.width / Double(columns), size.height / rows)
        let score = min(width / 2.2, height, 90)
        if score > bestScore + 0.5 { (best, bestScore) = (columns, score) }
      }
    }
    columns = best
    let rows = (count + best - 1) / best
    let gaps = Size(width: Double(best - 1) * 6, height: Double(rows - 1) * 6)
    self.size = Size(
      width: max((size.width - gaps.width) / Double(best), 30),
      height: max((size.height - gaps.height) / Double(rows), 34))
  }
}

/// A small graph without axes.
struct Sparkline {
  let field: DisplayField

  func draw(_ canvas: inout Canvas, _ size: Size, _ ink: String) {
    let present = field.values.filter(\.isFinite)
    guard present.count > 1, let first = field.times.first, let last = field.times.last,
      let low = present.min(), let high = present.max()
    else { return }
    let height = (size.height * 0.45).rounded()
    let span = Double(max(last - first, 1))
    let range = max(high - low, abs(high) * 1e-9, .leastNonzeroMagnitude)
    let kept = Downsampling.m4(field.times, field.values, columns: 100)
    var line = PathText()
    var area = PathText()
    var isOpen = false
    var lastX = 0.0
    for index in kept {
      let value = field.values[index]
      guard value.isFinite else { continue }
      let x = Double(field.times[index] - first) / span * 1000
      let share = low == high ? 0.5 : ((value - low) / range).clamped(to: 0...1)
      let y = (height - 3) * (1 - share) + 2
      if isOpen {
        line.line(x, y)
        area.line(x, y)
      } else {
        line.move(x, y)
        area.move(x, height)
        area.line(x, y)
        isOpen = true
      }
      lastX = x
    }
    area.line(lastX, height)
    area.close()
    canvas.markup.open(
      "svg", .class("spark"), .text("width", "100%"), .number("height", height),
      .text("viewBox", "0 0 1000 \(ViewBox.number(height))"),
      .text("preserveAspectRatio", "none"), .text("aria-hidden", "true"))
    canvas.markup.leaf(
      "path", .class("area", ink), .number("fill-opacity", 0.18), .text("d", area.text))
    canvas.markup.leaf("path", .class("line", ink), .text("d", line.text))
    canvas.markup.close("svg")
  }
}
