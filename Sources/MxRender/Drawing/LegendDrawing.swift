/// Names, colours and calculated values beside or below a plot, as HTML.
struct LegendDrawing {
  let options: LegendOptions
  let fields: [DisplayField]
  private let planned: PlannedPanel

  init(planned: PlannedPanel, fields: [DisplayField]) {
    self.planned = planned
    let options = planned.panel.options.legend
    self.options = options
    var shown = fields.filter {
      $0.config.style.hidesFromLegend != true && $0.config.style.hidesFromGraph != true
    }
    if let title = options.sortBy,
      let calculation = options.calcs.first(where: { $0.title == title })
    {
      let keys = shown.map { Reduction.reduce($0.values, calculation) ?? -.infinity }
      let order = shown.indices.sorted { one, other in
        options.sortsDescending ? keys[one] > keys[other] : keys[one] < keys[other]
      }
      shown = order.map { shown[$0] }
    }
    self.fields = shown
  }

  var isHidden: Bool { options.mode == .hidden || fields.isEmpty }

  /// How high it is below a plot `width` pixels wide; it never takes more than a
  /// good third of `height`.
  func height(width: Double, height: Double) -> Double {
    if isHidden || options.isRight { return 0 }
    var needed: Double
    if options.mode == .table {
      needed = Double(fields.count) * 22 + 24
    } else {
      let widths = fields.map { Double($0.name.count) * 6.9 + 36 + valuesWidth($0) }
      var lines = 1.0
      var used = 0.0
      for one in widths {
        if used > 0 && used + one > width {
          lines += 1
          used = 0
        }
        used += one
      }
      needed = lines * 19 + 6
    }
    return min(needed, max(height * 0.36, 28))
  }

  /// How much of `width` it takes beside a plot: a table more than a list, for its numbers.
  func width(of width: Double) -> Double {
    if isHidden || !options.isRight { return 0 }
    let names = fields.prefix(200).map { TextWidth.em($0.name) * 12 + 29 }.max() ?? 0
    let needed = names + (options.mode == .table ? fields.prefix(1).map(valuesWidth).max() ?? 0 : 0)
    return needed.clamped(to: width * 0.2...width * (options.mode == .table ? 0.64 : 0.45))
  }

  private func valuesWidth(_ field: DisplayField) -> Double {
    Double(options.calcs.count + pieTitles.count) * 92
  }

  func draw(_ canvas: inout Canvas) {
    if isHidden { return }
    if options.mode == .table { return drawTable(&canvas) }
    // Scrolls, so it must be reachable without a mouse.
    canvas.markup.open(
      "ul", .class("legend"), .text("tabindex", "0"), .text("aria-label", "Legend"))
    for field in fields {
      canvas.markup.open(
        "li", .text("title", field.name), .number("data-s", Double(field.index)),
        .text("data-n", field.name))
      swatch(&canvas, field)
      drawName(&canvas, field)
      for words in pieWords(field) { canvas.markup.element("span", words, .class("calc")) }
      for calculation in options.calcs {
        canvas.markup.element(
          "span", "\(calculation.title): \(value(field, calculation))", .class("calc"),
          .text("data-calc", calculation.rawValue))
      }
      canvas.markup.close("li")
    }
    canvas.markup.close("ul")
  }

  private func drawTable(_ canvas: inout Canvas) {
    canvas.markup.open(
      "div", .class("legend"), .text("tabindex", "0"), .text("role", "region"),
      .text("aria-label", "Legend"))
    canvas.markup.raw("<table><thead><tr><th scope=\"col\">Name</th>")
    for title in pieTitles + options.calcs.map(\.title) {
      canvas.markup.element("th", title, .class("num"), .text("scope", "col"))
    }
    canvas.markup.raw("</tr></thead><tbody>")
    for field in fields {
      canvas.markup.open(
        "tr", .number("data-s", Double(field.index)), .text("data-n", field.name))
      canvas.markup.open("th", .text("scope", "row"), .text("title", field.name))
      swatch(&canvas, field)
      drawName(&canvas, field)
      canvas.markup.close("th")
      for words in pieWords(field) { canvas.markup.element("td", words, .class("num")) }
      for calculation in options.calcs {
        canvas.markup.element(
          "td", value(field, calculation), .class("num"),
          .text("data-calc", calculation.rawValue))
      }
      canvas.markup.close("tr")
    }
    canvas.markup.raw("</tbody></table></div>")
  }

  // MARK: - Parts of a pie

  private var pieTitles: [String] {
    guard planned.panel.kind == .pie else { return [] }
    return planned.panel.options.pieValues.compactMap {
      $0 == "value" ? "Value" : $0 == "percent" ? "Percent" : nil
    }
  }

  private func pieWords(_ field: DisplayField) -> [String] {
    pieTitles.map { title in
      let value = part(field)
      if title == "Value" { return value.map { field.format.text($0) } ?? "–" }
      let total = fields.compactMap(part).filter { $0 > 0 }.reduce(0, +)
      return value.map { total > 0 ? Decimals.fixed($0 / total * 100, 0) + "%" : "–" } ?? "–"
    }
  }

  private func part(_ field: DisplayField) -> Double? {
    Reduction.reduce(field.values, planned.panel.options.reduce.calculation)
      .flatMap { $0.isFinite ? $0 : nil }
  }

  private func drawName(_ canvas: inout Canvas, _ field: DisplayField) {
    canvas.markup.element("span", field.name, .class("name"))
    for link in field.resolvedLinks(planned, canvas.beside) {
      LinkDrawing.drawArrow(link, &canvas)
    }
  }

  private func swatch(_ canvas: inout Canvas, _ field: DisplayField) {
    let isDashed = field.index >= Palette.series.count
    let ink = canvas.use(field.ink)
    canvas.markup.open("i", .class("swatch", isDashed ? "dash" : "", ink))
    canvas.markup.close("i")
  }

  private func value(_ field: DisplayField, _ calculation: Calculation) -> String {
    guard let value = Reduction.reduce(field.values, calculation) else { return "–" }
    if calculation == .count || calculation == .distinctCount || calculation == .changeCount {
      return Decimals.fixed(value, 0)
    }
    return field.format.text(value)
  }
}
