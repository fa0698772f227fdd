/// One layer's area, line, bars and points.
struct LayerDrawing {
  let layer: PlotLayer
  let frame: PlotFrame

  private var style: GraphStyle { layer.field.config.style }
  /// By which the script knows whose path it is.
  private var series: Attribute { .number("data-s", Double(layer.field.index)) }

  func draw(_ canvas: inout Canvas) {
    let ink = canvas.use(layer.field.ink)
    if style.draw == .bars { return drawBars(&canvas, ink) }
    let runs = runs()
    if style.draw != .points {
      drawArea(&canvas, ink, runs)
      drawLine(&canvas, ink, runs)
    }
    drawPoints(&canvas, ink, runs)
  }

  /// Stretches without a gap. A gap is a missing sample: it is never drawn over,
  /// unless the panel says so.
  private func runs() -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start: Int?
    var last = 0
    for index in layer.times.indices {
      guard layer.upper[index].isFinite else { continue }
      if let begin = start {
        if bridges(layer.times[index] - layer.times[last], isNext: index == last + 1) {
          last = index
          continue
        }
        runs.append(begin..<(last + 1))
      }
      start = index
      last = index
    }
    if let start { runs.append(start..<(last + 1)) }
    return runs
  }

  private func bridges(_ distance: Int64, isNext: Bool) -> Bool {
    switch style.gaps ?? .keep {
    case .bridge: return true
    case .bridgeUnder(let limit): if Double(distance) <= limit { return true }
    case .keep: break
    }
    // Half a step more than one: evaluated steps are exactly one apart.
    return isNext && distance <= layer.field.step + layer.field.step / 2
  }

  private func points(_ run: Range<Int>, _ values: [Double]) -> [(x: Double, y: Double)] {
    run.filter { layer.upper[$0].isFinite }.map { index in
      (frame.x(layer.times[index]), frame.y(values[index], isRight: layer.isRight))
    }
  }

  // MARK: - Lines and areas

  private func drawArea(_ canvas: inout Canvas, _ ink: String, _ runs: [Range<Int>]) {
    // A band that nobody gave a colour to would be none.
    let opacity = layer.isBand ? max(style.fillOpacity ?? 0, 15) : style.fillOpacity ?? 0
    guard opacity > 0 else { return }
    var path = PathText()
    for run in runs where run.count > 1 {
      let top = points(run, layer.upper)
      append(top, to: &path, isFirst: true)
      let bottom = base(run)
      append(bottom.reversed(), to: &path, isFirst: false)
      path.close()
    }
    if path.isEmpty { return }
    // A gradient is strong at the line only: about half of it on the whole.
    let shown = opacity / 100 * (style.hasGradient == true ? 0.6 : 1)
    canvas.markup.leaf(
      "path", .class("area", ink), .number("fill-opacity", shown), .text("d", path.text), series)
  }

  private func base(_ run: Range<Int>) -> [(x: Double, y: Double)] {
    if layer.isStacked || layer.isBand { return points(run, layer.lower) }
    let bottom = (frame.y(0, isRight: layer.isRight)).clamped(to: 0...frame.plotHeight)
    let y = (style.logBase ?? 0) > 1 ? frame.plotHeight : bottom
    let ends = [run.lowerBound, run.upperBound - 1]
    return ends.map { (frame.x(layer.times[$0]), y) }
  }

  private func drawLine(_ canvas: inout Canvas, _ ink: String, _ runs: [Range<Int>]) {
    let width = style.lineWidth ?? 1
    guard width > 0 else { return }
    var path = PathText()
    for run in runs where run.count > 1 {
      append(points(run, layer.upper), to: &path, isFirst: true)
    }
    if path.isEmpty { return }
    // From the second round of the palette on, dashes tell series apart.
    let isDashed = style.isDashed == true || layer.field.index >= Palette.series.count
    let widthClass = width <= 1 ? "" : width <= 2 ? "w2" : "w3"
    canvas.markup.leaf(
      "path", .class("line", widthClass, isDashed ? "dash" : "", ink), .text("d", path.text), series
    )
  }

  private func append(
    _ points: [(x: Double, y: Double)], to path: inout PathText, isFirst: Bool
  ) {
    guard let first = points.first else { return }
    if isFirst { path.move(first.x, first.y) } else { path.line(first.x, first.y) }
    switch style.interpolation ?? .linear {
    case .linear: for point in points.dropFirst() { path.line(point.x, point.y) }
    case .smooth where points.count > 2: Self.appendSmooth(points, to: &path)
    case .smooth: for point in points.dropFirst() { path.line(point.x, point.y) }
    case .stepAfter, .stepBefore:
      // Backwards, along the base of an area, the corner changes sides.
      let isAfter = (style.interpolation == .stepAfter) == isFirst
      for point in points.dropFirst() {
        if isAfter { path.horizontal(point.x) } else { path.vertical(point.y) }
        if isAfter { path.vertical(point.y) } else { path.horizontal(point.x) }
      }
    }
  }

  /// Cubic curves whose slopes keep between neighbouring points (Fritsch and
  /// Carlson's condition): no value is ever drawn higher than it was.
  private static func appendSmooth(
    _ points: [(x: Double, y: Double)], to path: inout PathText
  ) {
    let count = points.count
    var secants: [Double] = []
    for (one, two) in zip(points, points.dropFirst()) {
      secants.append(two.x == one.x ? 0 : (two.y - one.y) / (two.x - one.x))
    }
    var slopes = [Double](repeating: 0, count: count)
    slopes[0] = secants[0]
    slopes[count - 1] = secants[count - 2]
    for index in 1..<(count - 1) where secants[index - 1] * secants[index] > 0 {
      // The harmonic mean.
      slopes[index] = 2 / (1 / secants[index - 1] + 1 / secants[index])
    }
    for index in 1..<count {
      let (one, two) = (points[index - 1], points[index])
      let third = (two.x - one.x) / 3
      path.curve(
        one.x + third, one.y + slopes[index - 1] * third, two.x - third,
        two.y - slopes[index] * third, two.x, two.y)
    }
  }

  // MARK: - Points and bars

  private func drawPoints(_ canvas: inout Canvas, _ ink: String, _ runs: [Range<Int>]) {
    let mode = style.draw == .points ? .always : style.showPoints ?? .auto
    let room = frame.plotWidth / max(Double(layer.times.count), 1)
    let showsAll = mode == .always || (mode == .auto && room > 24 && layer.times.count < 100)
    var path = PathText()
    for run in runs where showsAll || run.count == 1 {
      // A sample between two gaps has no line: without a point it would be lost.
      for point in points(run, layer.upper) { path.dot(point.x, point.y) }
    }
    if path.isEmpty { return }
    let size = style.pointSize ?? 5
    canvas.markup.leaf(
      "path", .class("dots", ink), .number("stroke-width", min(size, 12)), .text("d", path.text),
      series)
  }

  private func drawBars(_ canvas: inout Canvas, _ ink: String) {
    let step = frame.x(frame.time.from + max(layer.field.step, 1)) - frame.x(frame.time.from)
    let spacing = max(step, PlotFrame.units / max(frame.plotWidth, 1))
    let half = spacing * (spacing * frame.plotWidth / PlotFrame.units > 4 ? 0.4 : 0.5)
    let zero = frame.y(0, isRight: layer.isRight)
    var path = PathText()
    for index in layer.times.indices where layer.upper[index].isFinite {
      let x = frame.x(layer.times[index])
      let top = frame.y(layer.upper[index], isRight: layer.isRight)
      let bottom = layer.isStacked ? frame.y(layer.lower[index], isRight: layer.isRight) : zero
      path.move(x - half, bottom)
      path.vertical(top)
      path.horizontal(x + half)
      path.vertical(bottom)
      path.close()
    }
    let opacity = style.fillOpacity.map { $0 > 0 ? max($0, 30) / 100 : 0.8 } ?? 0.8
    canvas.markup.leaf(
      "path", .class("area", ink), .number("fill-opacity", opacity), .text("d", path.text), series)
  }
}

extension Comparable {
  func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
