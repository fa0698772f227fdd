import MxJSON

/// The panels before Grafana 8: `graph`, `singlestat`, `table-old` and tables
/// with `styles`, read into what the modern ones are.
struct LegacyReader {
  static let types: Set<String> = ["graph", "singlestat", "table-old"]
  let scope: Scope

  func read(into panel: inout Panel) {
    switch panel.type {
    case "graph": graph(&panel)
    case "singlestat": singleStat(&panel)
    default:
      panel.kind = .table
      panel.options = OptionsReader.options(scope, kind: .table)
      panel.overrides += Self.columnStyles(scope)
    }
  }

  // MARK: - graph

  private func graph(_ panel: inout Panel) {
    let isSeries = scope["xaxis"]?.string("mode") == "series"
    panel.kind =
      isSeries
      ? .barChart : scope["xaxis"]?.string("mode") == "histogram" ? .histogram : .timeSeries
    panel.options.legend = legend()
    let axes = scope.elements("yaxes", limit: 2)
    if let left = axes.first { readAxis(left, into: &panel.fields) }
    panel.fields.style = panel.fields.style.merging(style(scope))
    panel.overrides += colors() + scope.elements("seriesOverrides").map { override($0, axes) }
    let steps = scope.elements("thresholds", limit: 20).compactMap { step -> Thresholds.Step? in
      guard let value = step.double("value") else { return nil }
      let mode = step.string("colorMode") ?? "critical"
      let color =
        mode == "custom"
        ? step.nonEmpty("lineColor") ?? "red"
        : mode == "warning" ? "orange" : mode == "ok" ? "green" : "red"
      return Thresholds.Step(from: value, color: color)
    }
    panel.options.legacyThresholds = steps
  }

  private func readAxis(_ axis: Scope, into config: inout FieldConfig) {
    config.unit = axis.nonEmpty("format")
    config.min = axis.double("min")
    config.max = axis.double("max")
    config.decimals = axis.int("decimals", in: 0...15)
    config.style.axisLabel = axis.nonEmpty("label")
    if let base = axis.double("logBase"), base > 1 { config.style.logBase = base }
    if axis.bool("show") == false { config.style.axis = .hidden }
  }

  private func style(_ scope: Scope) -> GraphStyle {
    var style = GraphStyle()
    let hasLines = scope.bool("lines") ?? true
    style.draw = scope.bool("bars") == true ? .bars : hasLines ? .line : .points
    style.lineWidth = scope.double("linewidth").map { min(max($0, 0), 10) } ?? 1
    // 0 to 10, in tenths.
    style.fillOpacity = (scope.double("fill").map { min(max($0, 0), 10) } ?? 1) * 10
    style.showPoints = scope.bool("points") == true ? .always : .auto
    style.pointSize = scope.double("pointradius").map { min(max($0 * 2, 1), 20) }
    style.interpolation = scope.bool("steppedLine") == true ? .stepAfter : .linear
    if scope.bool("stack") == true {
      style.stacking = scope.bool("percentage") == true ? .percent : .normal
    }
    if scope.string("nullPointMode") == "connected" { style.gaps = .bridge }
    return style
  }

  private func legend() -> LegendOptions {
    var legend = LegendOptions()
    guard let scope = scope["legend"] else { return legend }
    if scope.bool("show") == false { legend.mode = .hidden }
    legend.isRight = scope.bool("rightSide") ?? false
    if scope.bool("alignAsTable") == true, legend.mode == .list { legend.mode = .table }
    if scope.bool("values") == true {
      let flags: [(String, Calculation)] = [
        ("min", .min), ("max", .max), ("avg", .mean), ("current", .lastNotNull), ("total", .sum),
      ]
      legend.calcs = flags.filter { scope.bool($0.0) == true }.map(\.1)
    }
    legend.sortBy = scope.nonEmpty("sort").flatMap(Calculation.named)?.title
    legend.sortsDescending = scope.bool("sortDesc") ?? false
    return legend
  }

  private func colors() -> [FieldOverride] {
    (scope["aliasColors"]?.value.members ?? []).prefix(500).compactMap { member in
      guard let color = member.value.string else { return nil }
      var config = FieldConfig()
      config.color = .fixed(color)
      return FieldOverride(matcher: .name(member.name), config: config)
    }
  }

  private func override(_ scope: Scope, _ axes: [Scope]) -> FieldOverride {
    var config = FieldConfig()
    if scope.value["yaxis"]?.int == 2, axes.count > 1 {
      readAxis(axes[1], into: &config)
      config.style.axis = .right
    }
    if let color = scope.nonEmpty("color") { config.color = .fixed(color) }
    config.style.fillOpacity = scope.double("fill").map { min(max($0, 0), 10) * 10 }
    config.style.lineWidth = scope.double("linewidth").map { min(max($0, 0), 10) }
    config.style.isDashed = scope.bool("dashes")
    config.style.isNegated = scope.string("transform").map { $0 == "negative-Y" }
    config.style.hidesFromLegend = scope.bool("legend").map { !$0 }
    config.style.fillBelowTo = scope.nonEmpty("fillBelowTo")
    if scope.bool("bars") == true { config.style.draw = .bars }
    if scope.bool("lines") == false { config.style.draw = .points }
    if let stack = scope["stack"] {
      // A letter names a group, false takes the series out of the stack.
      config.style.stacking = stack.value.bool == false ? GraphStyle.Stacking.none : .normal
      config.style.stackGroup = stack.value.string
    }
    let alias = scope.string("alias") ?? ""
    return FieldOverride(
      matcher: alias.hasPrefix("/") ? .regex(alias) : .name(alias), config: config)
  }

  // MARK: - singlestat

  private func singleStat(_ panel: inout Panel) {
    let gauge = scope["gauge"]
    let isGauge = gauge?.bool("show") == true
    panel.kind = isGauge ? .gauge : .stat
    panel.fields.unit = scope.nonEmpty("format")
    panel.fields.decimals = scope.int("decimals", in: 0...15)
    panel.fields.noValue = scope.nonEmpty("nullText")
    if isGauge {
      panel.fields.min = gauge?.double("minValue") ?? 0
      panel.fields.max = gauge?.double("maxValue") ?? 100
    }
    panel.options.reduce.calculation =
      Calculation.named(scope.string("valueName") ?? "") ?? .lastNotNull
    panel.options.stat.hasSparkline = scope["sparkline"]?.bool("show") ?? false
    panel.options.stat.prefix = scope.string("prefix") ?? ""
    panel.options.stat.postfix = scope.string("postfix") ?? ""
    panel.options.stat.textMode = scope.string("valueName") == "name" ? .name : .value
    let isBackground = scope.bool("colorBackground") ?? false
    let isValue = scope.bool("colorValue") ?? false
    panel.options.stat.colorMode = isBackground ? .background : isValue || isGauge ? .value : .none
    panel.fields.thresholds = thresholds()
    panel.fields.mappings = mappings()
  }

  /// `80,90` and three colours.
  private func thresholds() -> Thresholds {
    let colors = scope.strings("colors")
    let bounds = (scope.string("thresholds") ?? "").split(separator: ",").prefix(20)
      .compactMap { Double(TextTools.trim($0)) }
    var thresholds = Thresholds()
    thresholds.steps = [Thresholds.Step(from: -.infinity, color: colors.first ?? "green")]
    for (index, bound) in bounds.enumerated() where bound.isFinite {
      let color = colors.indices.contains(index + 1) ? colors[index + 1] : "red"
      thresholds.steps.append(Thresholds.Step(from: bound, color: color))
    }
    thresholds.steps.sort { $0.from < $1.from }
    return thresholds
  }

  private func mappings() -> [ValueMapping] {
    let values = scope.elements("valueMaps", limit: 200).compactMap { map -> ValueMapping? in
      guard let value = map.nonEmpty("value") else { return nil }
      return ValueMapping(
        condition: MappingReader.old(value), text: map.string("text"), color: nil)
    }
    let ranges = scope.elements("rangeMaps", limit: 200).map { map in
      let isNull = map.value["from"]?.string == "null"
      let range = ValueMapping.Condition.range(
        from: isNull ? 0 : map.double("from") ?? -.infinity,
        to: isNull ? 0 : map.double("to") ?? .infinity)
      return ValueMapping(condition: isNull ? .null : range, text: map.string("text"), color: nil)
    }
    return values + ranges
  }

  // MARK: - table

  /// `styles[]` of tables before schemaVersion 27, as overrides.
  static func columnStyles(_ scope: Scope) -> [FieldOverride] {
    // The first style that fits counts there, the last one here.
    scope.elements("styles", limit: 200).reversed().map { style in
      var config = FieldConfig()
      config.displayName = style.nonEmpty("alias")
      config.isHidden = style.string("type") == "hidden" ? true : nil
      config.align = style.nonEmpty("align")
      if style.string("type") == "number" {
        config.unit = style.nonEmpty("unit")
        config.decimals = style.int("decimals", in: 0...15)
      }
      switch style.string("colorMode") {
      case "cell", "row": config.cell = .colorBackground
      case "value": config.cell = .colorText
      default: break
      }
      let colors = style.strings("colors")
      let bounds = style.strings("thresholds").compactMap { Double($0) }.filter(\.isFinite)
      if config.cell != nil, colors.count > bounds.count {
        var thresholds = Thresholds()
        thresholds.steps = [Thresholds.Step(from: -.infinity, color: colors[0])]
        for (index, bound) in bounds.enumerated() {
          thresholds.steps.append(Thresholds.Step(from: bound, color: colors[index + 1]))
        }
        config.thresholds = thresholds
      }
      let pattern = style.string("pattern") ?? ""
      return FieldOverride(
        matcher: pattern.hasPrefix("/") ? .regex(pattern) : .name(pattern), config: config)
    }
  }
}
