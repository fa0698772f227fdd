import MxTime

/// The time series panel: lines, areas, bars and points, stacked or not.
struct TimeSeriesDrawing {
  let planned: PlannedPanel
  /// Those to be drawn, in the order of the legend.
  let fields: [DisplayField]
  let size: Size
  private let layers: [PlotLayer]

  init(planned: PlannedPanel, fields: [DisplayField], size: Size) {
    self.planned = planned
    self.fields = fields.filter { $0.config.style.hidesFromGraph != true }
    self.size = size
    self.layers = Stacking.layers(self.fields, columns: Int(max(size.width, 100)))
  }

  func draw(_ canvas: inout Canvas) {
    let frame = frame(canvas)
    frame.open(&canvas, label: summary())
    let marks = AnnotationDrawing(marks: planned.marks, frame: frame)
    marks.drawBands(&canvas)
    frame.openPaths(&canvas)
    drawThresholdAreas(&canvas, frame)
    for layer in layers { LayerDrawing(layer: layer, frame: frame).draw(&canvas) }
    drawThresholdLines(&canvas, frame)
    frame.closePaths(&canvas)
    if !canvas.isStandalone {
      HoverTitles(layers: layers, frame: frame, format: canvas.zone).draw(&canvas)
    }
    let zone = canvas.zone
    marks.drawFeet(&canvas) { DateText.text(Double($0), .iso, zone) }
    frame.close(&canvas)
    canvas.chart = ChartData(
      frame: frame, fields: fields, inks: fields.map { canvas.use($0.ink) }, from: planned.from,
      to: planned.to, marks: planned.marks)
  }

  /// What a screen reader says of the picture.
  private func summary() -> String {
    let names = fields.prefix(5).map { field in
      "\(field.name) \(field.display(Reduction.reduce(field.values, .lastNotNull)).text)"
    }
    let more = fields.count > 5 ? ", and \(fields.count - 5) more" : ""
    let title = planned.panel.title.isEmpty ? "Time series" : planned.panel.title
    return "\(title): \(fields.count) series; last values \(names.joined(separator: ", "))\(more)"
  }

  // MARK: - Axes

  private func frame(_ canvas: Canvas) -> PlotFrame {
    let right = layers.filter(\.isRight)
    let left = layers.filter { !$0.isRight }
    return PlotFrame(
      size: size, from: planned.from, to: planned.to, zone: canvas.zone,
      left: axis(left.isEmpty ? right : left, canvas),
      right: left.isEmpty || right.isEmpty ? nil : axis(right, canvas))
  }

  private func axis(_ layers: [PlotLayer], _ canvas: Canvas) -> PlotFrame.Axis {
    let config = layers.first?.field.config ?? planned.panel.fields
    let unit = Unit.named(config.unit)
    var wishes = ValueScale.Wishes(low: .infinity, high: -.infinity)
    for layer in layers {
      for value in layer.upper where value.isFinite {
        wishes.low = min(wishes.low, value)
        wishes.high = max(wishes.high, value)
      }
      // An area or a bar stands on its base, which is to be seen.
      if layer.isStacked || layer.field.config.style.draw == .bars {
        wishes.low = min(wishes.low, 0)
        wishes.high = max(wishes.high, 0)
      }
    }
    let style = config.style
    wishes.min = config.min
    wishes.max = config.max
    (wishes.softMin, wishes.softMax) = (style.softMin, style.softMax)
    wishes.logBase = style.logBase ?? 0
    wishes.isCenteredOnZero = style.isCenteredOnZero ?? false
    if case .binary = unit.kind { wishes.isBinary = true }
    wishes.seconds = unit.seconds ?? wishes.seconds
    let isPercent = style.stacking == .percent
    if isPercent { (wishes.min, wishes.max) = (0, 1) }
    let format = ValueFormat(
      unit: isPercent ? Unit.named("percentunit") : unit, decimals: nil, zone: canvas.zone,
      now: canvas.now)
    wishes.leastStep = format.leastStep(decimals: isPercent ? nil : config.decimals)
    return PlotFrame.Axis(
      wishes: wishes, format: format, label: style.axisLabel, isHidden: style.axis == .hidden)
  }

  // MARK: - Thresholds

  private var thresholdStyle: GraphStyle.ThresholdDisplay {
    planned.panel.fields.style.thresholds ?? .off
  }

  private func drawThresholdAreas(_ canvas: inout Canvas, _ frame: PlotFrame) {
    guard thresholdStyle.hasArea, let thresholds = planned.panel.fields.thresholds else { return }
    for (index, step) in thresholds.steps.enumerated() {
      guard let ink = Ink.parse(step.color) else { continue }
      let next = thresholds.steps.indices.contains(index + 1) ? thresholds.steps[index + 1] : nil
      let top = next.map { max(0, y($0.from, thresholds, frame)) } ?? 0
      let bottom = min(frame.plotHeight, y(step.from, thresholds, frame))
      guard bottom > top else { continue }
      canvas.markup.leaf(
        "rect", .class("zone-area", canvas.use(ink)), .text("width", "1000"), .number("y", top),
        .number("height", bottom - top), moves(step.from, thresholds),
        .optional("data-to", thresholds.isPercentage ? nil : next.map { "\($0.from)" }))
    }
  }

  private func drawThresholdLines(_ canvas: inout Canvas, _ frame: PlotFrame) {
    var steps = planned.panel.options.legacyThresholds
    if thresholdStyle.hasLine { steps += planned.panel.fields.thresholds?.steps.dropFirst() ?? [] }
    for step in steps {
      guard let ink = Ink.parse(step.color) else { continue }
      let at = y(step.from, planned.panel.fields.thresholds, frame)
      guard at >= 0, at <= frame.plotHeight else { continue }
      var path = PathText()
      path.move(0, at)
      path.horizontal(PlotFrame.units)
      canvas.markup.leaf(
        "path", .class("threshold", thresholdStyle.isDashed ? "dash" : "", canvas.use(ink)),
        .text("d", path.text), moves(step.from, planned.panel.fields.thresholds))
    }
  }

  /// Tells the script where it is, for when the axis changes; percentages stay.
  private func moves(_ value: Double, _ thresholds: Thresholds?) -> Attribute {
    if thresholds?.isPercentage == true { return .optional("data-y", nil) }
    return .text("data-y", value == -.infinity ? "-Infinity" : "\(value)")
  }

  private func y(_ value: Double, _ thresholds: Thresholds?, _ frame: PlotFrame) -> Double {
    if value == -.infinity { return frame.plotHeight }
    guard thresholds?.isPercentage == true else { return frame.y(value) }
    return frame.plotHeight * (1 - value / 100)
  }
}
