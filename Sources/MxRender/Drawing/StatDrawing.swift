import MxModel

/// The stat panel: one big number a series, over a sparkline.
struct StatDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  /// More tiles than this nobody reads.
  static let tileLimit = 60

  /// In units of the letters' size.
  private var widest = 1.0
  private var longestName = 0.0

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
    let shown = tiles.map(display)
    // All numbers of a panel are of one size.
    widest = zip(tiles, shown).map { TextWidth.em(text($0, $1)) }.max() ?? 1
    longestName = tiles.map { nameBeside($0).map(TextWidth.em) ?? 0 }.max() ?? 0
    if tiles.isEmpty {
      // What stands for nothing is not to shout; what the author chose is a value.
      guard planned.panel.fields.noValue != nil else {
        return canvas.markup.element("p", "No data", .class("empty"))
      }
      let empty = ValueDisplay(
        config: planned.panel.fields, format: ValueFormat(unit: Unit.short)
      ).display(nil, min: 0, max: 100)
      widest = TextWidth.em(empty.text)
      canvas.markup.open("div", .class("tiles", "cols1"))
      tile(&canvas, nil, empty, size)
      return canvas.markup.close("div")
    }
    let layout = layout(tiles.count)
    canvas.markup.open("div", .class("tiles", "cols\(layout.columns)"))
    for (field, value) in zip(tiles, shown) { tile(&canvas, field, value, layout.size) }
    canvas.markup.close("div")
  }

  /// So many columns that the numbers are as large as they can be.
  private func layout(_ count: Int) -> TileLayout {
    if count == 1 || planned.panel.options.isHorizontal == true {
      return TileLayout(columns: 1, count: count, size: size)
    }
    var best = TileLayout(columns: 1, count: count, size: size)
    for columns in 2...min(count, 12) {
      let next = TileLayout(columns: columns, count: count, size: size)
      if fit(next.size).font > fit(best.size).font + 0.5 { best = next }
    }
    return best
  }

  /// How a tile of this size is filled: the name over the number, or beside it.
  private func fit(_ size: Size) -> (font: Double, isWide: Bool) {
    let letters = max(widest * TextWidth.bold, 1)
    let nameHeight = longestName == 0 ? 0 : min(size.height * 0.28, 24)
    let above = min((size.width - 16) / letters, (size.height - nameHeight) * 0.56, 52)
    guard longestName > 0, !planned.panel.options.stat.hasSparkline else { return (above, false) }
    let nameWidth = min(longestName * 12.5 + 12, size.width * 0.55)
    let beside = min((size.width - 16 - nameWidth) / letters, size.height * 0.62, 52)
    return beside > above ? (beside, true) : (above, false)
  }

  private func tile(
    _ canvas: inout Canvas, _ field: DisplayField?, _ shown: DisplayValue, _ size: Size
  ) {
    let options = planned.panel.options.stat
    let isFilled = options.colorMode == .background || options.colorMode == .backgroundSolid
    let ink = options.colorMode == .none ? nil : shown.ink ?? paletteInk(field)
    let inkClass = ink.map { canvas.use($0) } ?? ""
    let link = field?.resolvedLinks(planned, canvas.beside).first
    let className = ["tile", ink != nil && isFilled ? "filled" : "", inkClass]
      .filter { !$0.isEmpty }.joined(separator: " ")
    let isLink = link.map {
      LinkDrawing.open($0, &canvas, className: className, title: $0.title)
    }
    if isLink != true { canvas.markup.open("div", .class(className)) }
    if options.hasSparkline, let field {
      let line = inkClass.isEmpty ? canvas.use(field.ink) : inkClass
      Sparkline(field: field).draw(&canvas, size, line)
    }
    let text = text(field, shown)
    let name = nameBeside(field)
    canvas.openSVG(size, label: name.map { "\($0): \(text)" } ?? text)
    drawText(&canvas, text, name, size, isTinted: ink != nil && !isFilled)
    canvas.markup.close("svg")
    canvas.markup.close(isLink == true ? "a" : "div")
  }

  /// A palette tells the tiles apart.
  private func paletteInk(_ field: DisplayField?) -> Ink? {
    field.flatMap { $0.config.color == .palette ? $0.ink : nil }
  }

  /// Several tiles need names; one has the panel's title.
  private func name(_ field: DisplayField?) -> String? {
    let mode = planned.panel.options.stat.textMode
    guard let field, mode != .none else { return nil }
    return fields.count > 1 || mode == .valueAndName || mode == .name ? field.name : nil
  }

  /// What stands in large letters.
  private func text(_ field: DisplayField?, _ shown: DisplayValue) -> String {
    let options = planned.panel.options.stat
    return options.textMode == .name
      ? name(field) ?? "" : options.prefix + shown.text + options.postfix
  }

  private func nameBeside(_ field: DisplayField?) -> String? {
    let mode = planned.panel.options.stat.textMode
    return mode == .value || mode == .name ? nil : name(field)
  }

  private func drawText(
    _ canvas: inout Canvas, _ text: String, _ name: String?, _ size: Size, isTinted: Bool
  ) {
    canvas.markup.open(
      "svg", .text("width", "100%"), .number("height", size.height),
      .text("viewBox", "0 0 \(ViewBox.number(size.width)) \(ViewBox.number(size.height))"))
    let fit = fit(size)
    let isWide = fit.isWide && name != nil
    let nameHeight = name == nil || isWide ? 0 : min(size.height * 0.28, 24)
    // Over a sparkline the number stands higher, off the line.
    let share = planned.panel.options.stat.hasSparkline ? 0.4 : 0.5
    let middle = nameHeight + (size.height - nameHeight) * share
    let number = FittedText(
      text, width: size.width - (isWide ? 60 : 12), most: fit.font.clamped(to: 9...52), least: 9,
      isBold: true)
    number.draw(
      &canvas, isTinted ? "value tinted" : "value",
      anchor: isWide ? .end : .middle,
      x: isWide ? size.width - 8 : size.width / 2, y: middle + number.font * 0.35)
    if let name {
      let small = (isWide ? 13 : nameHeight * 0.6).clamped(to: 10...14)
      let used = isWide ? TextWidth.em(number.shown) * TextWidth.bold * number.font + 12 : 0
      FittedText(name, width: size.width - 12 - used, font: small).draw(
        &canvas, "label", anchor: isWide ? .start : .middle,
        x: isWide ? 8 : size.width / 2, y: isWide ? middle + 5 : nameHeight * 0.85 + 2)
    }
    canvas.markup.close("svg")
  }
}

/// Several values share a panel: across, or below each other where it is narrow.
struct TileLayout {
  let columns: Int
  let size: Size

  init(columns: Int, count: Int, size: Size) {
    self.columns = columns
    let rows = (count + columns - 1) / columns
    let gaps = Size(width: Double(columns - 1) * 6, height: Double(rows - 1) * 6)
    self.size = Size(
      width: max((size.width - gaps.width) / Double(columns), 30),
      height: max((size.height - gaps.height) / Double(rows), 34))
  }

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
    self.init(columns: best, count: count, size: size)
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
