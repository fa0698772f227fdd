/// Bars from the minimum to a value: bar gauges, and bar charts of one value a series.
struct BarGaugeDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  /// Below each other, more than this need scrolling forever.
  static let barLimit = 200

  struct Bar {
    var field: DisplayField
    var value: Double?
    var shown: DisplayValue
    var share: Double
  }

  func draw(_ canvas: inout Canvas) {
    let bars = bars()
    let rowHeight = max(24, min(34, size.height / Double(max(bars.count, 1))))
    let height = rowHeight * Double(bars.count)
    canvas.markup.open(
      "div", .class("scroll"), .text("tabindex", "0"), .text("role", "region"),
      .text("aria-label", planned.panel.title.isEmpty ? "Bars" : planned.panel.title))
    let label = bars.prefix(10).map { "\($0.field.name) \($0.shown.text)" }.joined(separator: ", ")
    canvas.openSVG(Size(width: size.width, height: height), label: label)
    for (index, bar) in bars.enumerated() {
      draw(bar, y: Double(index) * rowHeight, rowHeight, &canvas)
    }
    canvas.markup.close("svg")
    canvas.markup.close("div")
  }

  func bars() -> [Bar] {
    let calculation = planned.panel.options.reduce.calculation
    let shown = fields.prefix(Self.barLimit)
    let values = shown.map { Reduction.reduce($0.values, calculation) }
    // Without limits of their own bars share a scale, or they could not be compared.
    let present = values.compactMap { $0 }.filter(\.isFinite)
    let low = planned.panel.fields.min ?? min(present.min() ?? 0, 0)
    let high = planned.panel.fields.max ?? present.max() ?? 100
    return zip(shown, values).map { field, value in
      let (least, most) = (field.config.min ?? low, field.config.max ?? high)
      let share = value.map { most > least ? ($0 - least) / (most - least) : 0 } ?? 0
      let display = ValueDisplay(config: field.config, format: field.format)
      return Bar(
        field: field, value: value, shown: display.display(value, min: least, max: most),
        share: share.isFinite ? share.clamped(to: 0...1) : 0)
    }
  }

  /// The name over the track's start, the value over its end, the bar below.
  private func draw(_ bar: Bar, y: Double, _ height: Double, _ canvas: inout Canvas) {
    let thickness = min(8, height - 18)
    let top = y + 16 + (height - 18 - thickness) / 4
    let value = FittedText(
      bar.shown.text, width: size.width * 0.6, most: 12, least: 9, isBold: true)
    let used = TextWidth.em(value.shown) * TextWidth.bold * value.font + 10
    // The page may be narrow: the name's own drawing cuts it off before the number.
    let share = (1 - used / min(size.width, 360)).clamped(to: 0.3...1)
    canvas.markup.open(
      "svg", .percent("width", share * 100), .number("y", y), .number("height", 17))
    FittedText(bar.field.name, width: size.width * share, font: 12)
      .draw(&canvas, "name", anchor: .start, x: 0, y: 12)
    canvas.markup.close("svg")
    value.draw(&canvas, "name strong", anchor: .end, at: .percent("x", 100), y: y + 12)
    canvas.markup.leaf(
      "rect", .class("track"), .text("width", "100%"), .number("y", top),
      .number("height", thickness), .number("rx", 2))
    let ink = canvas.use(bar.shown.ink ?? bar.field.ink)
    canvas.markup.leaf(
      "rect", .class("fill", ink), .percent("width", bar.share * 100), .number("y", top),
      .number("height", thickness), .number("rx", 2))
  }
}

/// The same upright: the value over the bar, the name under it.
struct ColumnGaugeDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  /// Narrower than this they are drawn as lines.
  private static let least = 26.0

  func draw(_ canvas: inout Canvas) {
    let lines = BarGaugeDrawing(planned: planned, fields: fields, size: size)
    let bars = lines.bars()
    let width = size.width / Double(max(bars.count, 1))
    guard width >= Self.least, size.height >= 80 else { return lines.draw(&canvas) }
    let label = bars.prefix(10).map { "\($0.field.name) \($0.shown.text)" }.joined(separator: ", ")
    canvas.openSVG(size, label: label)
    for (index, bar) in bars.enumerated() {
      draw(bar, Double(index), 100 / Double(bars.count), width, &canvas)
    }
    canvas.markup.close("svg")
  }

  private func draw(
    _ bar: BarGaugeDrawing.Bar, _ index: Double, _ share: Double, _ width: Double,
    _ canvas: inout Canvas
  ) {
    let (top, bottom) = (20.0, size.height - 20)
    let height = (bottom - top) * bar.share
    let thickness = min(0.7, 64 / width)
    let x = (index + (1 - thickness) / 2) * share
    let ink = canvas.use(bar.shown.ink ?? bar.field.ink)
    let middle = Attribute.percent("x", (index + 0.5) * share)
    FittedText(bar.shown.text, width: width - 6, most: 12, least: 9, isBold: true)
      .draw(&canvas, "name strong", anchor: .middle, at: middle, y: 13)
    canvas.markup.leaf(
      "rect", .class("track"), .percent("x", x), .percent("width", thickness * share),
      .number("y", top), .number("height", bottom - top), .number("rx", 2))
    canvas.markup.open(
      "rect", .class("fill", ink), .percent("x", x), .percent("width", thickness * share),
      .number("y", bottom - height), .number("height", height), .number("rx", 2))
    canvas.markup.element("title", "\(bar.field.name): \(bar.shown.text)")
    canvas.markup.close("rect")
    FittedText(bar.field.name, width: width - 6, most: 11.5, least: 10)
      .draw(&canvas, "name", anchor: .middle, at: middle, y: size.height - 4)
  }
}
