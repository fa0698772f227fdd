import MxJSON

/// `fieldConfig`: the defaults, and overrides by the same reader.
enum FieldReader {
  static func config(_ scope: Scope) -> FieldConfig {
    var config = FieldConfig()
    config.unit = scope.nonEmpty("unit")
    config.decimals = scope.int("decimals", in: 0...15)
    config.min = scope.double("min")
    config.max = scope.double("max")
    config.displayName = scope.nonEmpty("displayName")
    config.noValue = scope.nonEmpty("noValue")
    config.color = scope["color"].flatMap(color)
    config.thresholds = scope["thresholds"].map(thresholds)
    if scope["mappings"] != nil {
      config.mappings = scope.elements("mappings", limit: 500).flatMap(MappingReader.mappings)
    }
    if scope["links"] != nil {
      config.links = scope.elements("links", limit: 20).map(LinkReader.link)
    }
    if let custom = scope["custom"] { read(custom, into: &config) }
    return config
  }

  private static func color(_ scope: Scope) -> ColorChoice? {
    let mode = scope.string("mode") ?? ""
    switch mode {
    case "fixed", "shades": return scope.nonEmpty("fixedColor").map { .fixed($0) }
    case "thresholds": return .thresholds
    // Palettes by name: ours, which colour-blind readers tell apart.
    default: return schemes[mode].map { .scheme($0) } ?? .palette
    }
  }

  private static let schemes: [String: [String]] = [
    "continuous-GrYlRd": ["green", "yellow", "red"],
    "continuous-RdYlGr": ["red", "yellow", "green"],
    "continuous-BlYlRd": ["blue", "yellow", "red"], "continuous-YlRd": ["yellow", "red"],
    "continuous-BlPu": ["blue", "purple"], "continuous-YlBl": ["yellow", "blue"],
    "continuous-blues": ["super-light-blue", "dark-blue"],
    "continuous-reds": ["super-light-red", "dark-red"],
    "continuous-greens": ["super-light-green", "dark-green"],
    "continuous-purples": ["super-light-purple", "dark-purple"],
  ]

  static func thresholds(_ scope: Scope) -> Thresholds {
    var thresholds = Thresholds()
    thresholds.isPercentage = scope.string("mode") == "percentage"
    thresholds.steps = scope.elements("steps", limit: 100).map { step in
      Thresholds.Step(
        from: step.double("value") ?? -.infinity, color: step.string("color") ?? "green")
    }
    thresholds.steps.sort { $0.from < $1.from }
    return thresholds
  }

  private static func read(_ custom: Scope, into config: inout FieldConfig) {
    var style = GraphStyle()
    style.draw = custom.choice("drawStyle", GraphStyle.Draw.self)
    style.lineWidth = custom.double("lineWidth").map { min(max($0, 0), 10) }
    style.fillOpacity = custom.double("fillOpacity").map { min(max($0, 0), 100) }
    style.hasGradient = custom.string("gradientMode").map { $0 != "none" }
    style.interpolation = custom.choice("lineInterpolation", GraphStyle.Interpolation.self)
    style.showPoints = custom.choice("showPoints", GraphStyle.ShowPoints.self)
    style.pointSize = custom.double("pointSize").map { min(max($0, 1), 20) }
    style.stacking = custom["stacking"]?.choice("mode", GraphStyle.Stacking.self)
    style.stackGroup = custom["stacking"]?.nonEmpty("group")
    style.gaps = gaps(custom["spanNulls"]?.value)
    style.axis = custom.choice("axisPlacement", GraphStyle.Axis.self)
    style.axisLabel = custom.nonEmpty("axisLabel")
    style.softMin = custom.double("axisSoftMin")
    style.softMax = custom.double("axisSoftMax")
    style.isCenteredOnZero = custom.bool("axisCenteredZero")
    if let scale = custom["scaleDistribution"] {
      style.logBase =
        ["log", "symlog"].contains(scale.string("type") ?? "") ? scale.double("log") ?? 10 : 0
    }
    style.thresholds = custom["thresholdsStyle"]?.choice(
      "mode", GraphStyle.ThresholdDisplay.self)
    style.isNegated = custom.string("transform").map { $0 == "negative-Y" }
    style.isDashed = custom["lineStyle"]?.string("fill").map { $0 == "dash" || $0 == "dot" }
    style.hidesFromGraph = custom["hideFrom"]?.bool("viz")
    style.hidesFromLegend = custom["hideFrom"]?.bool("legend")
    style.fillBelowTo = custom.nonEmpty("fillBelowTo")
    config.style = style
    readTable(custom, into: &config)
  }

  private static func readTable(_ custom: Scope, into config: inout FieldConfig) {
    config.align = custom.nonEmpty("align")
    config.columnWidth = custom.double("width")
    config.isHidden = custom.bool("hidden")
    let mode = custom["cellOptions"]?.string("type") ?? custom.string("displayMode")
    switch mode {
    case "color-text": config.cell = .colorText
    case "color-background", "color-background-solid": config.cell = .colorBackground
    case "gauge", "gradient-gauge", "lcd-gauge", "basic": config.cell = .gauge
    case "sparkline": config.cell = .sparkline
    default: break
    }
  }

  private static func gaps(_ value: JSONValue?) -> GraphStyle.Gaps? {
    guard let value else { return nil }
    if let flag = value.bool { return flag ? .bridge : .keep }
    return value.double.map { $0 > 0 ? .bridgeUnder($0) : .keep }
  }

  /// The properties of an override, as if they were defaults: `custom.fillOpacity`
  /// becomes the member of a member.
  static func override(_ scope: Scope) -> FieldOverride {
    var direct: [JSONMember] = []
    var custom: [JSONMember] = []
    for property in scope.elements("properties", limit: 100) {
      guard let id = property.string("id"), let value = property.value["value"] else { continue }
      if id.hasPrefix("custom.") {
        let name = String(id.dropFirst(7))
        if let (outer, inner) = TextTools.split(name, at: ".") {
          custom.append(JSONMember(outer, JSONValue(.object([JSONMember(inner, value)]))))
        } else {
          custom.append(JSONMember(name, value))
        }
      } else {
        direct.append(JSONMember(id, value))
      }
    }
    if !custom.isEmpty { direct.append(JSONMember("custom", JSONValue(.object(custom)))) }
    var inner = scope
    inner.value = JSONValue(.object(direct), line: scope.value.line, column: scope.value.column)
    return FieldOverride(matcher: matcher(scope["matcher"]), config: config(inner))
  }

  static func matcher(_ scope: Scope?) -> FieldOverride.Matcher {
    guard let matcher = scope else { return .other }
    let id = matcher.string("id") ?? ""
    let options = matcher.value["options"]
    switch id {
    case "byName": return .name(options?.string ?? "")
    case "byRegexp": return .regex(options?.string ?? "")
    case "byFrameRefID": return .query(options?.string ?? "")
    case "byType": return .type(options?.string ?? "")
    case "numeric": return .type("number")
    case "time": return .type("time")
    case "byNames":
      let names = options?.array ?? options?["names"]?.array ?? []
      return .names(names.compactMap(\.string))
    case "byValue":
      guard let inner = matcher["options"],
        let calculation = Calculation.named(inner.string("reducer") ?? "")
      else {
        matcher.report(.note, "this override says no calculation that we have")
        return .other
      }
      return .value(calculation, inner.string("op") ?? "eq", inner.double("value") ?? 0)
    default:
      matcher.report(.note, "overrides by '\(id)' are not applied")
      return .other
    }
  }
}

/// `mappings[]`, new and old spelling.
enum MappingReader {
  static func mappings(_ scope: Scope) -> [ValueMapping] {
    let options = scope["options"]
    switch scope.string("type") ?? "" {
    case "value":
      return (options?.value.members ?? []).prefix(500).map { member in
        result(member.value, .equals(member.name))
      }
    case "range":
      guard let options else { return [] }
      let range = ValueMapping.Condition.range(
        from: options.double("from") ?? -.infinity, to: options.double("to") ?? .infinity)
      return [result(options.value["result"], range)]
    case "regex":
      return [result(options?.value["result"], .regex(options?.string("pattern") ?? ""))]
    case "special":
      return special(options?.string("match") ?? "").map { [result(options?.value["result"], $0)] }
        ?? []
    // The spelling before schemaVersion 31.
    case "1":
      return [
        ValueMapping(
          condition: old(scope.string("value") ?? ""), text: scope.string("text"), color: nil)
      ]
    case "2":
      let range = ValueMapping.Condition.range(
        from: scope.double("from") ?? -.infinity, to: scope.double("to") ?? .infinity)
      return [ValueMapping(condition: range, text: scope.string("text"), color: nil)]
    case let type:
      scope.report(.note, "unknown type of mapping '\(type)'")
      return []
    }
  }

  static func old(_ value: String) -> ValueMapping.Condition {
    value == "null" ? .null : .equals(value)
  }

  private static func special(_ match: String) -> ValueMapping.Condition? {
    switch match {
    case "null": .null
    case "nan": .notANumber
    case "null+nan": .nullOrNaN
    case "true": .true
    case "false": .false
    case "empty": .empty
    default: nil
    }
  }

  private static func result(
    _ value: JSONValue?, _ condition: ValueMapping.Condition
  ) -> ValueMapping {
    ValueMapping(
      condition: condition, text: value?["text"]?.string, color: value?["color"]?.string)
  }
}
