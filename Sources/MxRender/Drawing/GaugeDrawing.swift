import Glibc

/// The gauge panel: a part of a circle a value.
struct GaugeDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  func draw(_ canvas: inout Canvas) {
    let tiles = fields.prefix(StatDrawing.tileLimit)
    let layout = TileLayout(count: tiles.count, size: size, isHorizontal: nil)
    canvas.markup.open("div", .class("tiles", "cols\(layout.columns)"))
    for field in tiles {
      let value = Reduction.reduce(field.values, planned.panel.options.reduce.calculation)
      let link = field.resolvedLinks(planned, canvas.beside).first
      let isLink = link.map {
        LinkDrawing.open($0, &canvas, className: "tile", title: $0.title)
      }
      if isLink != true { canvas.markup.open("div", .class("tile")) }
      Dial(field: field, value: value, showsName: tiles.count > 1, size: layout.size)
        .draw(&canvas, hasMarkers: planned.panel.options.stat.showsThresholdMarkers)
      canvas.markup.close(isLink == true ? "a" : "div")
    }
    canvas.markup.close("div")
  }
}

/// One gauge: 240 degrees from lower left to lower right.
private struct Dial {
  let field: DisplayField
  let value: Double?
  let showsName: Bool
  let size: Size

  private static let start = 150.0
  private static let sweep = 240.0

  func draw(_ canvas: inout Canvas, hasMarkers: Bool) {
    let shown = field.display(value)
    let label = showsName ? "\(field.name): \(shown.text)" : shown.text
    canvas.openSVG(size, label: label)
    canvas.markup.open(
      "svg", .text("width", "100%"), .number("height", size.height),
      .text("viewBox", "0 0 \(ViewBox.number(size.width)) \(ViewBox.number(size.height))"))
    // A number that a small dial has no room for stands below it.
    let isInside = number(shown.text, radius(below: showsName)).shown == shown.text
    let radius = radius(below: showsName || !isInside)
    let width = max(radius * 0.22, 4)
    let center = (x: size.width / 2, y: radius + 3)
    let low = field.config.min ?? 0
    let high = field.config.max ?? 100
    let share = value.flatMap { value in
      high > low && !value.isNaN ? ((value - low) / (high - low)).clamped(to: 0...1) : nil
    }
    let inner = radius - width / 2 - (hasMarkers ? 4 : 0)
    arc(&canvas, center, inner, width, 0, 1, "track-line", nil)
    if let share, share > 0 {
      arc(&canvas, center, inner, width, 0, share, "gauge-line", shown.ink ?? field.ink)
    }
    if hasMarkers { drawMarkers(&canvas, center, radius, low, high) }
    if isInside {
      let number = number(shown.text, radius)
      number.draw(
        &canvas, "value", anchor: .middle, x: center.x, y: center.y + number.font * 0.3)
    }
    if showsName || !isInside {
      FittedText(
        isInside ? field.name : label, width: size.width - 4, most: 11, least: 10,
        isBold: !isInside
      ).draw(
        &canvas, isInside ? "label" : "value", anchor: .middle, x: center.x, y: size.height - 4)
    }
    canvas.markup.close("svg")
    canvas.markup.close("svg")
  }

  /// The circle's lower part is open: three quarters of its height are drawn. `below`:
  /// whether something is written there.
  private func radius(below: Bool) -> Double {
    max(min(size.width / 2 - 6, (size.height - (below ? 16 : 0) - 4) / 1.56), 10)
  }

  /// Clear of the arc.
  private func number(_ text: String, _ radius: Double) -> FittedText {
    FittedText(
      text, width: radius * 1.3, most: (radius * 0.5).clamped(to: 9...44), least: 9, isBold: true)
  }

  private func drawMarkers(
    _ canvas: inout Canvas, _ center: (x: Double, y: Double), _ radius: Double, _ low: Double,
    _ high: Double
  ) {
    guard let thresholds = field.config.thresholds, high > low, thresholds.steps.count > 1 else {
      return
    }
    for (index, step) in thresholds.steps.enumerated() {
      guard let ink = Ink.parse(step.color) else { continue }
      let from = position(step.from, thresholds, low, high)
      let next =
        thresholds.steps.indices.contains(index + 1) ? thresholds.steps[index + 1].from : .infinity
      let to = position(next, thresholds, low, high)
      if to > from { arc(&canvas, center, radius - 1.5, 3, from, to, "gauge-line", ink) }
    }
  }

  private func position(
    _ value: Double, _ thresholds: Thresholds, _ low: Double, _ high: Double
  ) -> Double {
    if value.isInfinite { return value < 0 ? 0 : 1 }
    let share = thresholds.isPercentage ? value / 100 : (value - low) / (high - low)
    return share.clamped(to: 0...1)
  }

  private func arc(
    _ canvas: inout Canvas, _ center: (x: Double, y: Double), _ radius: Double, _ width: Double,
    _ from: Double, _ to: Double, _ className: String, _ ink: Ink?
  ) {
    func point(_ share: Double) -> (Double, Double) {
      let angle = (Self.start + share * Self.sweep) * .pi / 180
      return (center.x + radius * cos(angle), center.y + radius * sin(angle))
    }
    var path = PathText(decimals: 2)
    let (first, last) = (point(from), point(to))
    path.move(first.0, first.1)
    path.arc(
      radius: radius, large: (to - from) * Self.sweep > 180, clockwise: true, last.0, last.1)
    canvas.markup.leaf(
      "path", .class(className, ink.map { canvas.use($0) } ?? ""),
      .number("stroke-width", width), .text("d", path.text))
  }
}
