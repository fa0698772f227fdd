import MxTime

/// Axes and grid around a plot. Vertically in pixels, horizontally in shares of
/// the width: the page's lines and labels follow its width without a script.
struct PlotFrame {
  let size: Size
  let time: TimeScale
  let left: ValueScale
  let right: ValueScale?
  let margins: Canvas.Margins
  /// Values along the bottom instead of times.
  private(set) var leftAxis: Axis
  private(set) var rightAxis: Axis?
  private let bottomValues: [(share: Double, text: FittedText)]?
  private let hasRows: Bool
  /// What is named along the bottom has a width: no line goes up from its middle.
  private let hasBands: Bool
  private let leftTexts: [FittedText]
  private let rightTexts: [FittedText]

  static let top = 8.0
  static let bottom = 22.0
  /// Units of a plot's width: paths are in these, stretched to the real one.
  static let units = 1000.0

  var plotHeight: Double { max(size.height - Self.top - Self.bottom, 10) }
  var plotWidth: Double { max(size.width - Double(margins.left + margins.right), 10) }

  struct Axis {
    var wishes: ValueScale.Wishes
    var format: ValueFormat
    var label: String?
    var isHidden = false
    /// How many ticks there is room for; the frame says it.
    var tickCount = 5
    /// Rows with names instead of numbers, from the bottom; each is one high.
    var rows: [String]?

    func scale(_ tickCount: Int) -> ValueScale {
      if let rows {
        let count = Double(max(rows.count, 1))
        // Names that would overlap are left out.
        let stride = max(1, (rows.count + 3 * tickCount - 1) / (3 * tickCount))
        let ticks = Swift.stride(from: 0, to: rows.count, by: stride).map { Double($0) + 0.5 }
        return ValueScale(low: 0, high: count, ticks: ticks, step: 0)
      }
      var wishes = wishes
      wishes.tickCount = tickCount
      return ValueScale.fitting(wishes)
    }
  }

  init(
    size: Size, from: Int64, to: Int64, zone: Zone, left: Axis, right: Axis? = nil,
    bottom: [(share: Double, text: FittedText)]? = nil, hasBands: Bool = false
  ) {
    self.hasBands = hasBands
    bottomValues = bottom
    hasRows = left.rows != nil
    let height = max(size.height - Self.top - Self.bottom, 10)
    let count = min(max(Int(height / 38), 2), 8)
    self.size = size
    (leftAxis, rightAxis) = (left, right)
    leftAxis.tickCount = count
    rightAxis?.tickCount = count
    self.left = left.scale(count)
    self.right = right?.scale(count)
    let leftTexts = Self.texts(self.left, left)
    let rightTexts = Self.texts(self.right, right)
    margins = Canvas.Margins(
      left: Self.margin(leftTexts, size, left), right: Self.margin(rightTexts, size, right))
    self.leftTexts = Self.fitted(leftTexts, margins.left, left)
    self.rightTexts = Self.fitted(rightTexts, margins.right, right)
    let width = max(size.width - Double(margins.left + margins.right), 10)
    // A clock takes 34 pixels, and wants twice that.
    time = TimeScale(from: from, to: to, zone: zone, count: max(2, Int(width / 72)))
    leftLabel = left.label
    rightLabel = right?.label
  }

  private let leftLabel: String?
  private let rightLabel: String?

  private static func texts(_ scale: ValueScale?, _ axis: Axis?) -> [String] {
    guard let scale, let axis, !axis.isHidden else { return [] }
    if let rows = axis.rows { return scale.ticks.map { rows[Int($0)] } }
    let texts = scale.ticks.map { axis.format.text($0, step: scale.step > 0 ? scale.step : nil) }
    // Units of words know no small steps: what was said a line before is not said again.
    return texts.indices.map { $0 > 0 && texts[$0] == texts[$0 - 1] ? "" : texts[$0] }
  }

  private static let fontSize = 11.0

  /// In steps of eight pixels, so that plots above each other mostly line up; the plot
  /// keeps more than half of the width.
  private static func margin(_ texts: [String], _ size: Size, _ axis: Axis?) -> Int {
    guard let axis else { return 12 }
    let longest = texts.map(TextWidth.em).max() ?? 0
    let width = Int(min(longest * fontSize, 150)) + around(axis)
    return min(max((width + 7) / 8 * 8, 40), min(160, max(Int(size.width * 0.4), 40)))
  }

  /// What a margin holds besides its texts.
  private static func around(_ axis: Axis) -> Int { 12 + (axis.label == nil ? 0 : 16) }

  private static func fitted(_ texts: [String], _ margin: Int, _ axis: Axis?) -> [FittedText] {
    guard let axis else { return [] }
    let room = Double(max(margin - around(axis) + 4, 12))
    return texts.map { FittedText($0, width: room, font: fontSize) }
  }

  func x(_ time: Int64) -> Double { self.time.position(time) * Self.units }

  func y(_ value: Double, isRight: Bool = false) -> Double {
    let scale = isRight ? right ?? left : left
    // Far outside is cut off by the plot anyway; huge numbers break renderers.
    return min(max((1 - scale.position(value)) * plotHeight, -2000), plotHeight + 2000)
  }

  // MARK: - Drawing

  /// Opens the drawing and its plot; `close` ends both. On a page the drawing is as
  /// wide as the plot and has the margins around it: so a share of its width is a
  /// share of the plot's. In a file of its own the plot is a drawing within.
  func open(_ canvas: inout Canvas, label: String) {
    if canvas.isStandalone {
      canvas.openSVG(size, label: label)
      canvas.markup.open(
        "svg", .number("x", Double(margins.left)), .number("y", Self.top),
        .number("width", plotWidth), .number("height", plotHeight), .text("overflow", "visible"))
    } else {
      let className = canvas.use(margins)
      canvas.markup.open(
        "svg", .class("plot", className), .number("height", size.height), .text("role", "img"),
        .text("aria-label", label))
      canvas.markup.open("g", .text("transform", "translate(0 \(ViewBox.number(Self.top)))"))
    }
    // What depends on the range of a side is a group, by which the script finds it.
    canvas.markup.open("g", .class("ty"))
    drawGrid(&canvas)
    drawLeftTexts(&canvas)
    canvas.markup.close("g")
    canvas.markup.open("g", .class("tx"))
    drawTimes(&canvas)
    drawZone(&canvas)
    canvas.markup.close("g")
    drawLabel(&canvas)
    if right == nil { return }
    canvas.markup.open("g", .class("tr"))
    drawRightTexts(&canvas)
    canvas.markup.close("g")
  }

  func close(_ canvas: inout Canvas) {
    canvas.markup.close(canvas.isStandalone ? "svg" : "g")
    canvas.markup.close("svg")
    canvas.markup.newline()
  }

  /// The stretched inner drawing, which cuts off what is outside.
  func openPaths(_ canvas: inout Canvas) {
    canvas.markup.open(
      "svg", .class("paths"), .text("width", "100%"), .number("height", plotHeight),
      .text("viewBox", "0 0 1000 \(ViewBox.number(plotHeight))"),
      .text("preserveAspectRatio", "none"))
  }

  func closePaths(_ canvas: inout Canvas) { canvas.markup.close("svg") }

  private func drawLeftTexts(_ canvas: inout Canvas) {
    for (tick, text) in zip(left.ticks, leftTexts) where !text.whole.isEmpty {
      canvas.markup.open(
        "text", .class("tick end"), .number("x", -7), .number("y", y(tick) + 4))
      text.drawInside(&canvas)
      canvas.markup.close("text")
    }
  }

  private func drawLabel(_ canvas: inout Canvas) {
    guard let leftLabel else { return }
    let middle = ViewBox.number(plotHeight / 2)
    canvas.markup.element(
      "text", leftLabel, .class("tick mid"),
      .text("transform", "translate(\(11 - margins.left) \(middle)) rotate(-90)"))
  }

  private func drawZone(_ canvas: inout Canvas) {
    if bottomValues != nil { return }
    // The zone is part of the axis: no clock without it.
    let abbreviation = time.zone.period(at: TimeScale.floorDivide(time.to, 1000)).abbreviation
    canvas.markup.open(
      "text", .class("tick end"), .number("x", -7), .number("y", plotHeight + 16))
    canvas.markup.element("title", "Times in \(time.zone.name)")
    canvas.markup.text(abbreviation)
    canvas.markup.close("text")
  }

  private func drawRightTexts(_ canvas: inout Canvas) {
    guard let right else { return }
    for (tick, text) in zip(right.ticks, rightTexts) where !text.whole.isEmpty {
      canvas.markup.open(
        "text", .class("tick"), .text("x", "100%"), .number("dx", 7),
        .number("y", y(tick, isRight: true) + 4))
      text.drawInside(&canvas)
      canvas.markup.close("text")
    }
  }

  private func drawGrid(_ canvas: inout Canvas) {
    for tick in left.ticks where !hasRows {
      let isZero = tick == 0 && left.low < 0
      canvas.markup.leaf(
        "line", .class(isZero ? "grid zero" : "grid"), .text("x2", "100%"),
        .number("y1", crisp(tick)),
        .number("y2", crisp(tick)))
    }
  }

  /// In the middle of a pixel a line of one pixel is sharp.
  private func crisp(_ tick: Double) -> Double { (y(tick)).rounded(.down) + 0.5 }

  private func drawTimes(_ canvas: inout Canvas) {
    let ticks =
      bottomValues ?? time.ticks.map { (time.position($0.at), FittedText(free: $0.text)) }
    for (index, tick) in ticks.enumerated() {
      let share = tick.share * 100
      if !hasBands {
        canvas.markup.leaf(
          "line", .class("grid"), .percent("x1", share), .percent("x2", share),
          .number("y2", plotHeight))
      }
      // On narrow screens every second or fourth label is left out.
      let isSecond = index % 2 == 1 && ticks.count > 5
      let level = isSecond ? "t1" : index % 4 == 2 && ticks.count > 9 ? "t2" : ""
      let anchor = share < 2.5 ? "" : share > 97.5 ? "end" : "mid"
      canvas.markup.open(
        "text", .class("tick", anchor, level), .percent("x", share), .number("y", plotHeight + 16))
      tick.text.drawInside(&canvas)
      canvas.markup.close("text")
    }
  }
}

enum ViewBox {
  static func number(_ value: Double) -> String {
    var out: [UInt8] = []
    Markup.appendNumber(value, to: &out)
    return String(decoding: out, as: UTF8.self)
  }
}
