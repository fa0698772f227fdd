/// The histogram: how often values of each size occur in the range.
struct HistogramDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  func draw(_ canvas: inout Canvas) {
    let values = fields.flatMap(\.values).filter(\.isFinite)
    guard let low = values.min(), let high = values.max() else {
      return EmptyPanel.draw(&canvas, planned)
    }
    var wishes = ValueScale.Wishes(low: low, high: high)
    wishes.tickCount = planned.panel.options.bucketCount ?? 24
    let scale = ValueScale.fitting(wishes)
    let count = max(scale.ticks.count - 1, 1)
    var bins = [Double](repeating: 0, count: count)
    for value in values {
      bins[Int((scale.position(value) * Double(count)).clamped(to: 0...Double(count - 1)))] += 1
    }
    let frame = frame(canvas, scale, bins.max() ?? 1)
    let title = planned.panel.title.isEmpty ? "Histogram" : planned.panel.title
    frame.open(&canvas, label: "\(title): \(values.count) values in \(count) ranges")
    frame.openPaths(&canvas)
    let ink = canvas.use(fields.count == 1 ? fields[0].ink : .series(0))
    for (index, bin) in bins.enumerated() where bin > 0 {
      drawBar(&canvas, frame, index, bin, scale, ink)
    }
    frame.closePaths(&canvas)
    frame.close(&canvas)
  }

  private func drawBar(
    _ canvas: inout Canvas, _ frame: PlotFrame, _ index: Int, _ bin: Double, _ scale: ValueScale,
    _ ink: String
  ) {
    let width = PlotFrame.units / Double(max(scale.ticks.count - 1, 1))
    let top = frame.y(bin)
    canvas.markup.open(
      "rect", .class("fill", ink), .number("x", Double(index) * width + width * 0.04),
      .number("width", width * 0.92), .number("y", top),
      .number("height", frame.plotHeight - top))
    let format = fields[0].format
    let from = format.text(scale.ticks[index], step: scale.step)
    let to =
      scale.ticks.indices.contains(index + 1)
      ? format.text(scale.ticks[index + 1], step: scale.step) : ""
    canvas.markup.element("title", "\(from) to \(to): \(Decimals.fixed(bin, 0))")
    canvas.markup.close("rect")
  }

  private func frame(_ canvas: Canvas, _ scale: ValueScale, _ most: Double) -> PlotFrame {
    let stride = max(1, scale.ticks.count / max(2, Int(size.width / 80)))
    let bottom = scale.ticks.enumerated().filter { $0.offset % stride == 0 }.map { _, tick in
      (
        share: scale.position(tick),
        text: FittedText(free: fields[0].format.text(tick, step: scale.step))
      )
    }
    let axis = PlotFrame.Axis(
      wishes: ValueScale.Wishes(low: 0, high: most, min: 0),
      format: ValueFormat(unit: Unit.short), label: nil)
    return PlotFrame(
      size: size, from: planned.from, to: planned.to, zone: canvas.zone, left: axis,
      bottom: bottom)
  }
}
