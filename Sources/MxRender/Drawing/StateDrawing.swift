/// State timeline and status history: a line a series, a colour a state.
struct StateDrawing {
  let planned: PlannedPanel
  let fields: [DisplayField]
  let size: Size

  private static let rowLimit = 60
  /// Stretches of a panel that have a title of their own.
  private static let titleLimit = 400
  /// Texts of a panel: more would be a page of them.
  private static let textLimit = 200

  private struct Stretch {
    var from: Int64
    var to: Int64
    var shown: DisplayValue
    var ink: Ink
  }

  func draw(_ canvas: inout Canvas, hasLegend: Bool = true) {
    let rows = fields.prefix(Self.rowLimit).reversed().map { $0 }
    let axis = PlotFrame.Axis(
      wishes: ValueScale.Wishes(low: 0, high: 1), format: ValueFormat(unit: Unit.short),
      label: nil, rows: rows.map(\.name))
    let below = 24.0
    let frame = PlotFrame(
      size: Size(width: size.width, height: max(size.height - below, 50)), from: planned.from,
      to: planned.to, zone: canvas.zone, left: axis)
    let title = planned.panel.title.isEmpty ? "States" : planned.panel.title
    frame.open(&canvas, label: "\(title): states of \(rows.count) series over time")
    var states: [(text: String, ink: Ink)] = []
    var titles = 0
    let drawn = rows.map { stretches($0, &states) }
    frame.openPaths(&canvas)
    for (index, field) in rows.enumerated() {
      for stretch in drawn[index] {
        titles += 1
        draw(stretch, field, Double(index), frame, titles <= Self.titleLimit, &canvas)
      }
    }
    frame.closePaths(&canvas)
    drawTexts(&canvas, drawn, frame)
    frame.close(&canvas)
    if hasLegend { drawStates(&canvas, states) }
  }

  /// Equal neighbours are one stretch; a gap ends it.
  private func stretches(
    _ field: DisplayField, _ states: inout [(text: String, ink: Ink)]
  ) -> [Stretch] {
    let merges = planned.panel.kind == .stateTimeline && planned.panel.options.mergesStates
    let step = max(field.step, 1)
    var result: [Stretch] = []
    for (time, value) in zip(field.times, field.values) where !value.isNaN {
      if result.count > 20_000 { break }
      let shown = field.display(value)
      if merges, let last = result.last, last.shown.text == shown.text,
        time - last.to <= step / 2
      {
        result[result.count - 1].to = time + step
        continue
      }
      let ink = ink(shown, &states)
      result.append(Stretch(from: time, to: time + step, shown: shown, ink: ink))
    }
    return result
  }

  private func ink(_ shown: DisplayValue, _ states: inout [(text: String, ink: Ink)]) -> Ink {
    if let known = states.first(where: { $0.text == shown.text }) { return known.ink }
    let ink = shown.ink ?? .series(states.count)
    if states.count < 40 { states.append((shown.text, ink)) }
    return ink
  }

  private func draw(
    _ stretch: Stretch, _ field: DisplayField, _ row: Double, _ frame: PlotFrame,
    _ hasTitle: Bool, _ canvas: inout Canvas
  ) {
    let x = frame.x(stretch.from)
    let top = frame.y(row + 0.9)
    let gap = planned.panel.kind == .statusHistory ? 0.85 : 1
    canvas.markup.open(
      "rect", .class("state", canvas.use(stretch.ink)), .number("x", x),
      .number("width", max((frame.x(stretch.to) - x) * gap, 0.5)), .number("y", top),
      .number("height", max(frame.y(row + 0.1) - top, 1)))
    if hasTitle {
      let from = DateText.text(Double(stretch.from), .iso, canvas.zone)
      let to = DateText.text(Double(stretch.to), .iso, canvas.zone)
      canvas.markup.element("title", "\(field.name): \(stretch.shown.text)\n\(from) – \(to)")
    }
    canvas.markup.close("rect")
  }

  /// The texts of states, each in a drawing as wide as its stretch, which cuts it off where
  /// a narrow page has less room for it.
  private func drawTexts(_ canvas: inout Canvas, _ rows: [[Stretch]], _ frame: PlotFrame) {
    let wish = planned.panel.options.showsStateTexts
    let height = frame.y(0.1) - frame.y(0.9)
    if wish == false || height < 13 { return }
    var texts = 0
    for (index, row) in rows.enumerated() {
      for stretch in row where !stretch.shown.text.isEmpty && texts < Self.textLimit {
        let (from, to) = (max(frame.x(stretch.from), 0), min(frame.x(stretch.to), PlotFrame.units))
        let room = (to - from) / PlotFrame.units * frame.plotWidth
        let needed = Double(stretch.shown.text.count) * 6.6 + 8
        guard room > 0, wish == true || room >= needed else { continue }
        texts += 1
        canvas.markup.open(
          "svg", .class("state-text", canvas.use(stretch.ink)), .percent("x", from / 10),
          .percent("width", (to - from) / 10), .number("y", frame.y(Double(index) + 0.9)),
          .number("height", height))
        canvas.markup.element(
          "text", stretch.shown.text, .class("tick", "mid", "part"), .percent("x", 50),
          .number("y", height / 2 + 4))
        canvas.markup.close("svg")
      }
    }
  }

  private func drawStates(_ canvas: inout Canvas, _ states: [(text: String, ink: Ink)]) {
    canvas.markup.raw("<ul class=\"legend\" tabindex=\"0\" aria-label=\"States\">")
    for state in states {
      canvas.markup.raw("<li>")
      canvas.markup.open("i", .class("swatch", canvas.use(state.ink)))
      canvas.markup.close("i")
      canvas.markup.element("span", state.text, .class("name"))
      canvas.markup.raw("</li>")
    }
    canvas.markup.raw("</ul>")
  }
}
