import MxJSON

/// `options` of the panel types that are drawn.
enum OptionsReader {
  static func options(_ panel: Scope, kind: PanelKind?) -> PanelOptions {
    var result = PanelOptions()
    guard let scope = panel["options"] else {
      // Before schemaVersion 28 options stood in the panel itself.
      switch kind {
      case .text: result.text = text(panel)
      case .heatmap: result.heatmap = HeatmapReader.options(panel)
      case .alertList, .dashboardList: ListReader.read(panel, kind, into: &result)
      default: break
      }
      return result
    }
    ListReader.read(scope, kind, into: &result)
    result.legend = scope["legend"].map(legend) ?? result.legend
    result.reduce = scope["reduceOptions"].map(reduce) ?? result.reduce
    result.stat = stat(scope)
    result.isHorizontal = scope.string("orientation").flatMap {
      $0 == "horizontal" ? true : $0 == "vertical" ? false : nil
    }
    result.pieIsDonut = scope.string("pieType") == "donut"
    if kind == .heatmap { result.heatmap = HeatmapReader.options(scope) }
    result.bucketCount = scope.int("bucketCount", in: 1...500)
    result.mergesStates = scope.bool("mergeValues") ?? true
    switch scope.string("showValue") {
    case "always": result.showsStateTexts = true
    case "never": result.showsStateTexts = false
    default: break
    }
    if kind == .text {
      result.text = scope["content"] == nil ? text(panel) : text(scope)
    }
    if kind == .table { result.table = table(scope) }
    if kind == .barChart {
      result.stacking = scope.choice("stacking", GraphStyle.Stacking.self) ?? .none
      result.categoryField = scope.string("xField") ?? ""
    }
    if kind == .pie {
      result.pieValues = scope["legend"]?.strings("values") ?? []
      result.pieLabels = scope.strings("displayLabels")
    }
    return result
  }

  private static func legend(_ scope: Scope) -> LegendOptions {
    var legend = LegendOptions()
    let mode = LegendOptions.Mode(rawValue: scope.string("displayMode") ?? "list") ?? .list
    legend.mode = scope.bool("showLegend") == false ? .hidden : mode
    legend.isRight = scope.string("placement") == "right"
    legend.calcs = calculations(scope, "calcs")
    legend.sortBy = scope.nonEmpty("sortBy")
    legend.sortsDescending = scope.bool("sortDesc") ?? false
    return legend
  }

  static func calculations(_ scope: Scope, _ name: String) -> [Calculation] {
    scope.strings(name).prefix(20).compactMap { word in
      if let known = Calculation.named(word) { return known }
      scope[name]?.report(.note, "calculation '\(word)' is not shown")
      return nil
    }
  }

  private static func reduce(_ scope: Scope) -> ReduceOptions {
    var reduce = ReduceOptions()
    reduce.calculation = calculations(scope, "calcs").first ?? .lastNotNull
    reduce.showsAll = scope.bool("values") ?? false
    reduce.limit = scope.int("limit", in: 1...10_000)
    reduce.fields = scope.string("fields") ?? ""
    return reduce
  }

  private static func stat(_ scope: Scope) -> StatOptions {
    var stat = StatOptions()
    stat.colorMode = StatOptions.ColorMode(rawValue: scope.string("colorMode") ?? "") ?? .value
    stat.hasSparkline = scope.string("graphMode") == "area"
    stat.textMode = StatOptions.TextMode(rawValue: scope.string("textMode") ?? "") ?? .auto
    stat.showsThresholdMarkers = scope.bool("showThresholdMarkers") ?? true
    return stat
  }

  private static func text(_ scope: Scope) -> TextOptions {
    var text = TextOptions()
    text.content = scope.string("content") ?? ""
    text.mode = TextOptions.Mode(rawValue: scope.string("mode") ?? "") ?? .markdown
    return text
  }

  private static func table(_ scope: Scope) -> TableOptions {
    var table = TableOptions()
    table.hasHeader = scope.bool("showHeader") ?? true
    table.frameIndex = scope.int("frameIndex", in: 0...10_000) ?? 0
    if let sort = scope.elements("sortBy").first {
      table.sortBy = sort.nonEmpty("displayName")
      table.sortsDescending = sort.bool("desc") ?? false
    }
    if let footer = scope["footer"], footer.bool("show") == true {
      let listed = footer.strings("fields").filter { !$0.isEmpty }
      let calculation = calculations(footer, "reducer").first ?? .sum
      table.footer = TableOptions.Footer(
        calculation: calculation, fields: Set(listed),
        countsRows: calculation == .count && footer.bool("countRows") == true)
    }
    return table
  }
}
