/// What stands within a panel: errors first, then the drawing of its type.
struct PanelDrawing {
  let planned: PlannedPanel
  let results: [Int: QueryResult]
  let size: Size

  func draw(_ canvas: inout Canvas) {
    let options = planned.panel.options.legend
    let hasLegend = [.timeSeries, .pie, .barChart].contains(planned.panel.kind)
    let isRight = hasLegend && options.isRight && options.mode != .hidden
    canvas.markup.open("div", .class("body", isRight ? "right" : ""))
    drawMessages(&canvas)
    if let reason = notDrawnReason {
      EmptyPanel.draw(&canvas, message: reason.message, detail: reason.detail)
    } else {
      drawContent(&canvas)
    }
    canvas.markup.raw("</div>")
  }

  private func drawMessages(_ canvas: inout Canvas) {
    if let note = planned.panel.missingNote {
      canvas.markup.element("p", note, .class("note"))
    }
    for query in planned.queries {
      guard let result = results[query.target] else { continue }
      if let error = result.error {
        canvas.markup.element("p", "Query \(query.refID) failed: \(error)", .class("failed"))
      }
      for note in result.notes.prefix(3) {
        canvas.markup.element("p", note, .class("note"))
      }
    }
  }

  private var notDrawnReason: (message: String, detail: String)? {
    let panel = planned.panel
    guard panel.kind != nil else {
      return panel.type.isEmpty
        ? ("This panel has no type", "")
        : ("Panels of type ‘\(panel.type)’ are not drawn", "")
    }
    if panel.kind?.hasQueries == false || !planned.queries.isEmpty { return nil }
    let kinds = Set(panel.targets.map(\.sourceKind).filter { !PanelReader.answersPromQL($0) })
    if kinds.isEmpty { return nil }
    return ("Not asked: data source \(kinds.sorted().joined(separator: ", "))", "")
  }

  private func drawContent(_ canvas: inout Canvas) {
    switch planned.panel.kind {
    case .text: return TextDrawing(planned: planned).draw(&canvas)
    case .table: return drawTable(&canvas)
    case .alertList: return AlertListDrawing(planned: planned, size: size).draw(&canvas)
    case .dashboardList: return DashboardListDrawing(planned: planned).draw(&canvas)
    default: break
    }
    let fields = fields(canvas)
    let hasValues = fields.contains { $0.values.contains { !$0.isNaN } }
    canvas.chart = ChartData(
      frame: nil, fields: fields, inks: fields.map { _ in "" }, from: planned.from, to: planned.to)
    switch planned.panel.kind {
    case .stat:
      var drawing = StatDrawing(planned: planned, fields: fields, size: size)
      drawing.draw(&canvas)
    case .timeSeries where hasValues: drawTimeSeries(&canvas, fields)
    case .gauge where !fields.isEmpty:
      GaugeDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .barChart where hasValues: drawBars(&canvas)
    case .barGauge where !fields.isEmpty && planned.panel.options.isHorizontal == false:
      ColumnGaugeDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .barGauge where !fields.isEmpty:
      BarGaugeDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .pie where hasValues: drawPie(&canvas, fields)
    case .heatmap where hasValues:
      HeatmapDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .histogram where hasValues:
      HistogramDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    case .stateTimeline where hasValues, .statusHistory where hasValues:
      StateDrawing(planned: planned, fields: fields, size: size).draw(&canvas)
    default: EmptyPanel.draw(&canvas, planned)
    }
  }

  private func fields(_ canvas: Canvas) -> [DisplayField] {
    FieldBuilder(planned: planned, results: results, canvas: canvas).fields()
  }

  /// More tables than this in one panel are an answer that was not meant as tables.
  private static let tableLimit = 30

  /// Grafana has a menu of a panel's tables: here the others are folded below the first.
  private func drawTable(_ canvas: inout Canvas) {
    let frames = FieldBuilder(planned: planned, results: results, canvas: canvas).frames()
    let chosen = planned.panel.options.table.frameIndex
    var shown = frames.indices.filter { frames[$0].rowCount > 0 }
    if let place = shown.firstIndex(of: chosen) { shown.insert(shown.remove(at: place), at: 0) }
    let tables = shown.prefix(Self.tableLimit).map {
      TableDrawing(planned: planned, frame: frames[$0], size: size, canvas: canvas)
    }
    guard let first = tables.first else { return EmptyPanel.draw(&canvas, planned) }
    first.draw(&canvas, others: Array(tables.dropFirst()), hidden: shown.count - tables.count)
  }

  private func drawBars(_ canvas: inout Canvas) {
    let builder = FieldBuilder(planned: planned, results: results, canvas: canvas)
    let table = BarTable.of(builder, zone: canvas)
    let named = table.fields.count > 1 ? table.fields : []
    let legend = LegendDrawing(planned: planned, fields: named)
    let plot = named.isEmpty ? size : plotSize(legend)
    canvas.markup.raw("<div class=\"pic\">")
    BarChartDrawing(planned: planned, table: table, size: plot).draw(&canvas)
    canvas.markup.raw("</div>")
    legend.draw(&canvas)
  }

  private func drawPie(_ canvas: inout Canvas, _ fields: [DisplayField]) {
    let legend = LegendDrawing(planned: planned, fields: fields)
    let plot = plotSize(legend)
    canvas.markup.raw("<div class=\"pic\">")
    PieDrawing(planned: planned, fields: fields, size: plot).draw(&canvas)
    canvas.markup.raw("</div>")
    legend.draw(&canvas)
  }

  private func drawTimeSeries(_ canvas: inout Canvas, _ fields: [DisplayField]) {
    let legend = LegendDrawing(planned: planned, fields: fields)
    let plot = plotSize(legend)
    canvas.markup.raw("<div class=\"pic\">")
    TimeSeriesDrawing(planned: planned, fields: fields, size: plot).draw(&canvas)
    canvas.markup.raw("</div>")
    legend.draw(&canvas)
  }

  /// What the legend leaves.
  private func plotSize(_ legend: LegendDrawing) -> Size {
    var plot = size
    plot.width -= legend.width(of: size.width)
    let below = legend.height(width: size.width, height: size.height)
    if below > 0 { plot.height -= below + 4 }
    plot.height = max(plot.height, 60)
    return plot
  }
}

extension Panel {
  /// What is drawn is not what was meant: the panel says so.
  var missingNote: String? {
    if missingTransformations.isEmpty { return nil }
    let names = missingTransformations.map { "‘\($0)’" }.joined(separator: ", ")
    let noun = missingTransformations.count == 1 ? "transformation" : "transformations"
    return "Shown without \(noun) \(names)"
  }
}
