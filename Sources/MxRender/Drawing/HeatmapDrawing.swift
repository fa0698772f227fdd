import Glibc

/// The heatmap: how many of what size, over time. Darker is more, unless the author chose colours.
struct HeatmapDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  /// Cells across: finer than a pixel nobody sees, and the page grows.
  private static let columnLimit = 160
  private var options: HeatmapOptions { planned.panel.options.heatmap }
  /// Many hues want more steps than shades of one.
  private var levels: Int { options.scheme == nil ? 8 : 12 }

  private struct Row {
    var name: String
    /// By column.
    var values: [Double]
  }

  func draw(_ canvas: inout Canvas) {
    let step = max(
      fields.map(\.step).max() ?? 1, (planned.to - planned.from) / Int64(Self.columnLimit), 1)
    let columns = Int(min((planned.to - planned.from) / step + 1, 1000))
    var rows = isBuckets ? bucketRows(columns, step) : valueRows(columns, step)
    if options.hasLowestOnTop { rows.reverse() }
    let axis = PlotFrame.Axis(
      wishes: ValueScale.Wishes(low: 0, high: 1), format: ValueFormat(unit: Unit.short),
      label: nil, rows: rows.map(\.name))
    let hasScale = size.height > 140 && !canvas.isStandalone && options.showsScale
    let below = hasScale ? 20.0 : 0
    let frame = PlotFrame(
      size: Size(width: size.width, height: size.height - below), from: planned.from,
      to: planned.to, zone: canvas.zone, left: axis)
    let title = planned.panel.title.isEmpty ? "Heatmap" : planned.panel.title
    frame.open(&canvas, label: "\(title): \(rows.count) ranges over time")
    frame.openPaths(&canvas)
    drawCells(&canvas, rows, frame, step)
    if !canvas.isStandalone { drawTitles(&canvas, rows, frame, step) }
    frame.closePaths(&canvas)
    frame.close(&canvas)
    if below > 0 { drawScale(&canvas, rows) }
  }

  /// The pointer finds the numbers of a moment, the highest range first.
  private func drawTitles(_ canvas: inout Canvas, _ rows: [Row], _ frame: PlotFrame, _ step: Int64)
  {
    let columns = rows.first?.values.count ?? 0
    guard columns <= 2 * Self.columnLimit else { return }
    canvas.markup.raw("<g class=\"hover-cells\">")
    for column in 0..<columns {
      let present = rows.reversed().filter { $0.values[column].isFinite && $0.values[column] > 0 }
      if present.isEmpty { continue }
      let time = planned.from + Int64(column) * step
      let x = frame.x(time)
      canvas.markup.open(
        "rect", .number("x", x), .number("width", max(frame.x(time + step) - x, 0.5)),
        .number("height", frame.plotHeight))
      let lines = present.prefix(16).map { "\($0.name): \(count($0.values[column]))" }
      let more = present.count > 16 ? "\nand \(present.count - 16) more" : ""
      canvas.markup.element(
        "title",
        DateText.text(Double(time), .iso, canvas.zone) + "\n" + lines.joined(separator: "\n") + more
      )
      canvas.markup.close("rect")
    }
    canvas.markup.raw("</g>")
  }

  private func count(_ value: Double) -> String {
    ValueFormat(unit: Unit.named(options.cellUnit), decimals: options.cellDecimals).text(value)
  }

  /// The format of the ranges' bounds.
  private func format(_ field: DisplayField) -> ValueFormat {
    var format = field.format
    if let unit = options.unit { format.unit = Unit.named(unit) }
    format.decimals = options.decimals ?? format.decimals
    return format
  }

  /// The colour of a level, and how much of it.
  private func shade(_ level: Int) -> (ink: Ink, opacity: Double?) {
    if let scheme = options.scheme {
      let share = Double(level - 1) / Double(levels - 1)
      return (.heat(scheme, options.isReversed, Int((share * 100).rounded())), nil)
    }
    let ink = options.fill.flatMap { Ink.parse($0) } ?? .series(0)
    return (ink, 0.08 + 0.92 * Double(level) / Double(levels))
  }

  /// What the shades stand for.
  private func drawScale(_ canvas: inout Canvas, _ rows: [Row]) {
    let most = rows.flatMap(\.values).filter(\.isFinite).max() ?? 0
    guard most > 0 else { return }
    let width = 96 / Double(levels)
    canvas.markup.raw("<p class=\"scale\">")
    canvas.markup.element("span", count(options.low ?? 0))
    canvas.markup.raw("<svg width=\"96\" height=\"8\" aria-hidden=\"true\">")
    for level in 1...levels {
      let (ink, opacity) = shade(level)
      canvas.markup.leaf(
        "rect", .class("heat", canvas.use(ink)), .number("x", Double(level - 1) * width),
        .number("width", width), .text("height", "8"),
        .optional("fill-opacity", opacity.map { ViewBox.number($0) }))
    }
    canvas.markup.raw("</svg>")
    canvas.markup.element("span", count(options.high ?? most))
    canvas.markup.raw("</p>")
  }

  /// Series of `le` labels are buckets, unless the panel wants its own.
  private var isBuckets: Bool {
    !options.calculates && fields.count > 1
      && fields.allSatisfy { Self.bound($0) != nil }
  }

  private static func bound(_ field: DisplayField) -> Double? {
    let text = field.labels.first { $0.name == "le" }?.value ?? field.name
    return text == "+Inf" ? .infinity : Double(text)
  }

  /// Buckets are cumulative: each holds those below it, which are taken off.
  private func bucketRows(_ columns: Int, _ step: Int64) -> [Row] {
    let sorted = fields.sorted { (Self.bound($0) ?? 0) < (Self.bound($1) ?? 0) }
    let isCumulative = planned.panel.targets.contains { $0.format == .heatmap }
    var below = [Double](repeating: 0, count: columns)
    return sorted.map { field in
      let own = spread(field, columns, step)
      var values = own
      if isCumulative {
        for index in 0..<columns where own[index].isFinite {
          values[index] = max(0, own[index] - below[index])
          below[index] = own[index]
        }
      }
      let bound = Self.bound(field) ?? .infinity
      return Row(name: bound.isInfinite ? "+Inf" : format(field).text(bound), values: values)
    }
  }

  /// The mean of a column's samples.
  private func spread(_ field: DisplayField, _ columns: Int, _ step: Int64) -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    var counts = [Double](repeating: 0, count: columns)
    for (time, value) in zip(field.times, field.values) where value.isFinite {
      guard let column = column(time, columns, step) else { continue }
      sums[column] += value
      counts[column] += 1
    }
    return sums.indices.map { counts[$0] > 0 ? sums[$0] / counts[$0] : .nan }
  }

  private func column(_ time: Int64, _ columns: Int, _ step: Int64) -> Int? {
    let index = Int((time - planned.from) / step)
    return time >= planned.from && index < columns ? index : nil
  }

  /// How many values of all series lie in each part of their range.
  private func valueRows(_ columns: Int, _ step: Int64) -> [Row] {
    let values = fields.flatMap(\.values).filter(\.isFinite)
    var wishes = ValueScale.Wishes(low: values.min() ?? 0, high: values.max() ?? 1)
    wishes.tickCount = 16
    let scale = ValueScale.fitting(wishes)
    let count = min(max(scale.ticks.count - 1, 1), 60)
    var rows = (0..<count).map { index in
      let text = format(fields[0]).text(scale.ticks[index], step: scale.step)
      return Row(name: text, values: [Double](repeating: 0, count: columns))
    }
    for field in fields {
      for (time, value) in zip(field.times, field.values) where value.isFinite {
        guard let column = column(time, columns, step) else { continue }
        let row = Int((scale.position(value) * Double(count)).clamped(to: 0...Double(count - 1)))
        rows[row].values[column] += 1
      }
    }
    return rows
  }

  /// One path a level of darkness: cells next to each other are one rectangle.
  private func drawCells(
    _ canvas: inout Canvas, _ rows: [Row], _ frame: PlotFrame, _ step: Int64
  ) {
    let most = rows.flatMap(\.values).filter(\.isFinite).max() ?? 0
    guard most > 0 else { return }
    for level in 1...levels {
      var path = PathText()
      for (index, row) in rows.enumerated() {
        append(row, index, level, most, frame, step, to: &path)
      }
      if path.isEmpty { continue }
      let (ink, opacity) = shade(level)
      canvas.markup.leaf(
        "path", .class("heat", canvas.use(ink)),
        .optional("fill-opacity", opacity.map { ViewBox.number($0) }), .text("d", path.text))
    }
  }

  private func append(
    _ row: Row, _ index: Int, _ level: Int, _ most: Double, _ frame: PlotFrame, _ step: Int64,
    to path: inout PathText
  ) {
    let top = frame.y(Double(index + 1)) + 0.5
    let bottom = frame.y(Double(index)) - 0.5
    var column = 0
    while column < row.values.count {
      guard self.level(row.values[column], most) == level else {
        column += 1
        continue
      }
      let first = column
      while column < row.values.count, self.level(row.values[column], most) == level { column += 1 }
      path.move(frame.x(planned.from + Int64(first) * step), bottom)
      path.vertical(top)
      path.horizontal(frame.x(planned.from + Int64(column) * step))
      path.vertical(bottom)
      path.close()
    }
  }

  /// 0 for nothing; mostly by the square root, so that few are seen beside many.
  private func level(_ value: Double, _ most: Double) -> Int {
    guard value.isFinite, value > 0 else { return 0 }
    let (low, high) = (options.low ?? 0, options.high ?? most)
    let share = high > low ? ((value - low) / (high - low)).clamped(to: 0...1) : 1
    let place = pow(share, options.exponent) * Double(levels)
    return Int(place.rounded(.up)).clamped(to: 1...levels)
  }
}
