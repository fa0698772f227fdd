import Glibc

/// The pie chart: shares of a whole.
struct PieDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  func draw(_ canvas: inout Canvas) {
    let calculation = planned.panel.options.reduce.calculation
    let parts = fields.compactMap { field -> (field: DisplayField, value: Double)? in
      guard let value = Reduction.reduce(field.values, calculation), value > 0, value.isFinite
      else { return nil }
      return (field, value)
    }
    let total = parts.reduce(0) { $0 + $1.value }
    if parts.isEmpty || !total.isFinite { return EmptyPanel.draw(&canvas, planned) }
    let label = parts.prefix(8).map {
      "\($0.field.name) \(Decimals.fixed($0.value / total * 100, 1))%"
    }.joined(separator: ", ")
    canvas.openSVG(size, label: label)
    let side = min(size.width, size.height)
    canvas.markup.open(
      "svg", .text("width", "100%"), .number("height", size.height),
      .text("viewBox", "-50 -50 100 100"))
    var start = 0.0
    for part in parts {
      let end = start + part.value / total
      slice(&canvas, part.field, start, end, part.value, total, side)
      start = end
    }
    canvas.markup.close("svg")
    canvas.markup.close("svg")
  }

  private func slice(
    _ canvas: inout Canvas, _ field: DisplayField, _ from: Double, _ to: Double, _ value: Double,
    _ total: Double, _ side: Double
  ) {
    let ink = canvas.use(field.ink)
    let radius = 47.0
    let hole = planned.panel.options.pieIsDonut ? 29.0 : 0
    func point(_ share: Double, _ radius: Double) -> (Double, Double) {
      // From the top, clockwise.
      let angle = (share - 0.25) * 2 * .pi
      return (radius * cos(angle), radius * sin(angle))
    }
    var path = PathText(decimals: 2)
    // An arc cannot be a whole circle: the last hair's breadth is left out.
    let end = to - from > 0.9999 ? from + 0.9999 : to
    let (outerStart, outerEnd) = (point(from, radius), point(end, radius))
    let isLarge = end - from > 0.5
    path.move(outerStart.0, outerStart.1)
    path.arc(radius: radius, large: isLarge, clockwise: true, outerEnd.0, outerEnd.1)
    if hole > 0 {
      let (innerEnd, innerStart) = (point(end, hole), point(from, hole))
      path.line(innerEnd.0, innerEnd.1)
      path.arc(radius: hole, large: isLarge, clockwise: false, innerStart.0, innerStart.1)
    } else {
      path.line(0, 0)
    }
    path.close()
    canvas.markup.open("path", .class("slice", ink), .text("d", path.text))
    let share = Decimals.fixed(value / total * 100, 1)
    canvas.markup.element("title", "\(field.name): \(field.format.text(value)) (\(share)%)")
    canvas.markup.close("path")
    drawLabel(&canvas, field, point((from + to) / 2, hole > 0 ? 38 : 31), to - from, value, share)
  }

  /// What the panel wants on its parts, where there is room for it.
  private func drawLabel(
    _ canvas: inout Canvas, _ field: DisplayField, _ at: (Double, Double), _ part: Double,
    _ value: Double, _ share: String
  ) {
    let wanted = planned.panel.options.pieLabels
    let words = [
      wanted.contains("name") ? PictureText.cut(field.name, 14) : "",
      wanted.contains("value") ? field.format.text(value) : "",
      wanted.contains("percent") ? "\(share)%" : "",
    ].filter { !$0.isEmpty }
    guard !words.isEmpty, part > 0.06 else { return }
    for (index, word) in words.enumerated() {
      let y = at.1 + 1.6 + (Double(index) - Double(words.count - 1) / 2) * 5
      canvas.markup.element(
        "text", word, .class("part mid", canvas.use(field.ink)), .number("x", at.0),
        .number("y", y), .number("font-size", 4.6))
    }
  }
}
