import MxModel

/// What a bar chart shows: a value of each series for each category.
struct BarTable {
  var categories: [String]
  /// As many values a field as there are categories; NaN where there is none.
  var fields: [DisplayField]
  var areTimes = false

  /// More categories than this nobody tells apart.
  static let limit = 300

  /// From a table with a column of texts or times; series become categories of their
  /// own where there is none.
  static func of(_ builder: FieldBuilder, zone: Canvas) -> BarTable {
    let planned = builder.planned
    let frames = builder.frames()
    let wanted = planned.panel.options.categoryField
    let named = frames.first { frame in
      frame.columns.contains { wanted.isEmpty ? !$0.isNumber && !$0.isTime : $0.name == wanted }
        && frame.columns.contains(where: \.isNumber)
    }
    if let frame = named { return BarTable(frame, builder, wanted, zone) }
    // Legacy graphs over series are asked for a range, and mean one value of each.
    if frames.contains(where: { $0.rowCount > 1 }),
      planned.panel.type == PanelKind.barChart.rawValue,
      let joined = FrameJoin.join(frames, by: "Time", isInner: false).first
    {
      return BarTable(joined, builder, "Time", zone)
    }
    return BarTable(series: builder.fields(), planned)
  }

  private init(series: [DisplayField], _ planned: PlannedPanel) {
    let shown = series.prefix(Self.limit)
    categories = shown.map(\.name)
    fields = []
    guard var one = shown.first else { return }
    one.values = shown.map {
      Reduction.reduce($0.values, planned.panel.options.reduce.calculation) ?? .nan
    }
    one.times = one.values.map { _ in planned.to }
    one.name = planned.panel.title
    fields = [one]
  }

  private init(_ frame: Frame, _ builder: FieldBuilder, _ wanted: String, _ zone: Canvas) {
    let matchers = builder.planned.panel.overrides.map(OverrideMatcher.init)
    let key =
      frame.columns.first { wanted.isEmpty ? !$0.isNumber && !$0.isTime : $0.name == wanted }
    let rows = 0..<min(frame.rowCount, Self.limit)
    let span = builder.planned.to - builder.planned.from
    let pattern = span <= 86_400_000 ? "HH:mm" : span <= 7 * 86_400_000 ? "DD HH:mm" : "MM-DD"
    categories = rows.map { row in
      if case .time(let time)? = key?.cells[row] {
        return DateText.text(Double(time), .pattern(pattern), zone.zone)
      }
      return key?.cells[row].plainText ?? ""
    }
    areTimes = key?.isTime ?? false
    var fields: [DisplayField] = []
    for column in frame.columns where column.isNumber && column.name != key?.name {
      let values = rows.map { column.cells[$0].number }
      let series = QueryResult.Series(
        labels: column.labels, times: values.map { _ in builder.planned.to }, values: values)
      let field = builder.field(
        column.name, column.refID, series, builder.planned.step, fields.count, matchers,
        said: column.config)
      if field.config.style.hidesFromGraph != true { fields.append(field) }
    }
    self.fields = fields
  }
}

/// The bar chart: bars side by side or on top of each other, a group a category.
struct BarChartDrawing {
  let planned: PlannedPanel
  let table: BarTable
  let size: Size

  private var stacking: GraphStyle.Stacking { planned.panel.options.stacking }
  private var isHorizontal: Bool {
    // Many names, or long ones, want lines of their own.
    planned.panel.options.isHorizontal
      ?? (size.width / Double(max(table.categories.count, 1)) < 34)
  }

  func draw(_ canvas: inout Canvas) {
    let reach = reach()
    var wishes = ValueScale.Wishes(low: min(reach.low, 0), high: max(reach.high, 0))
    let config = table.fields.first?.config ?? planned.panel.fields
    wishes.min = config.min
    wishes.max = config.max
    wishes.logBase = config.style.logBase ?? 0
    let isPercent = stacking == .percent
    if isPercent { (wishes.min, wishes.max) = (0, 1) }
    let format = ValueFormat(
      unit: Unit.named(isPercent ? "percentunit" : config.unit), decimals: nil, zone: canvas.zone,
      now: canvas.now)
    wishes.leastStep = format.leastStep(decimals: isPercent ? nil : config.decimals)
    let axis = PlotFrame.Axis(wishes: wishes, format: format, label: config.style.axisLabel)
    let count = max(table.categories.count, 1)
    let frame = isHorizontal ? rowsFrame(axis, canvas) : columnsFrame(axis, canvas)
    let title = planned.panel.title.isEmpty ? "Bars" : planned.panel.title
    frame.open(&canvas, label: "\(title): \(table.categories.count) groups of bars")
    frame.openPaths(&canvas)
    let scale = axis.scale(5)
    for category in 0..<count {
      drawGroup(category, count, frame, isHorizontal ? scale : frame.left, &canvas)
    }
    frame.closePaths(&canvas)
    frame.close(&canvas)
  }

  private func reach() -> (low: Double, high: Double) {
    var (low, high) = (0.0, 0.0)
    for category in table.categories.indices {
      var (up, down) = (0.0, 0.0)
      for field in table.fields where field.values[category].isFinite {
        let value = field.values[category]
        if stacking == .none {
          (low, high) = (min(low, value), max(high, value))
        } else if value < 0 {
          down += value
        } else {
          up += value
        }
      }
      (low, high) = (min(low, down), max(high, up))
    }
    return (low, high == low ? low + 1 : high)
  }

  private func columnsFrame(_ axis: PlotFrame.Axis, _ canvas: Canvas) -> PlotFrame {
    let count = Double(max(table.categories.count, 1))
    // A name takes what its group has; where that is too little some are left out.
    let room = max(size.width - 60, 40) / count
    // Half a name still says something, half a time does not.
    let longest = (table.categories.map(TextWidth.em).max() ?? 1) * 11 + 8
    let wanted = table.areTimes ? longest : min(longest, 40)
    let stride = max(1, Int((wanted / room).rounded(.up)))
    let names = table.categories.enumerated().filter { $0.offset % stride == 0 }.map {
      index, name in
      (
        share: (Double(index) + 0.5) / count,
        text: FittedText(name, width: room * Double(stride) - 8, font: 11)
      )
    }
    return PlotFrame(
      size: size, from: planned.from, to: planned.to, zone: canvas.zone, left: axis,
      bottom: names, hasBands: true)
  }

  private func rowsFrame(_ axis: PlotFrame.Axis, _ canvas: Canvas) -> PlotFrame {
    let scale = axis.scale(5)
    let ticks = scale.ticks.map { tick in
      (
        share: scale.position(tick),
        text: FittedText(free: axis.format.text(tick, step: scale.step > 0 ? scale.step : nil))
      )
    }
    var rows = axis
    rows.rows = table.categories.reversed()
    return PlotFrame(
      size: size, from: planned.from, to: planned.to, zone: canvas.zone, left: rows, bottom: ticks)
  }

  private func drawGroup(
    _ category: Int, _ count: Int, _ frame: PlotFrame, _ scale: ValueScale,
    _ canvas: inout Canvas
  ) {
    let total = table.fields.reduce(0) { $0 + max($1.values[category], 0).orZero }
    var base = 0.0
    let width = stacking == .none ? 0.76 / Double(max(table.fields.count, 1)) : 0.76
    for (number, field) in table.fields.enumerated() {
      let value = field.values[category]
      guard value.isFinite else { continue }
      let shown = stacking == .percent && total > 0 ? value / total : value
      let start = (Double(category) + 0.12 + (stacking == .none ? Double(number) * width : 0))
      let share = start / Double(count)..<((start + width * 0.96) / Double(count))
      drawBar(field, category, share, (base, base + shown), frame, scale, &canvas)
      if stacking != .none { base += shown }
    }
  }

  private func drawBar(
    _ field: DisplayField, _ category: Int, _ share: Range<Double>,
    _ ends: (from: Double, to: Double), _ frame: PlotFrame, _ scale: ValueScale,
    _ canvas: inout Canvas
  ) {
    let display = field.display(field.values[category])
    let ink = canvas.use(field.config.isColoredByValue ? display.ink ?? field.ink : field.ink)
    func position(_ value: Double) -> Double { scale.position(value).clamped(to: 0...1) }
    let (low, high) = (
      min(position(ends.from), position(ends.to)), max(position(ends.from), position(ends.to))
    )
    let units = PlotFrame.units
    if isHorizontal {
      canvas.markup.open(
        "rect", .class("fill", ink), .number("x", low * units),
        .number("width", max((high - low) * units, 0.5)),
        .number("y", share.lowerBound * frame.plotHeight),
        .number("height", (share.upperBound - share.lowerBound) * frame.plotHeight))
    } else {
      canvas.markup.open(
        "rect", .class("fill", ink), .number("x", share.lowerBound * units),
        .number("width", (share.upperBound - share.lowerBound) * units),
        .number("y", (1 - high) * frame.plotHeight),
        .number("height", max((high - low) * frame.plotHeight, 0.5)))
    }
    let name =
      table.fields.count > 1
      ? "\(table.categories[category]), \(field.name)"
      : table.categories[category]
    canvas.markup.element("title", "\(name): \(display.text)")
    canvas.markup.close("rect")
  }
}

extension FieldConfig {
  var isColoredByValue: Bool {
    switch color {
    case .thresholds, .scheme: true
    case .fixed, .palette, nil: false
    }
  }
}

extension Double {
  fileprivate var orZero: Double { isFinite ? self : 0 }
}
