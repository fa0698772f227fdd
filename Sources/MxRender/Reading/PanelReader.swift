import MxJSON
import MxModel
import MxTime

/// One panel, modern or legacy.
struct PanelReader {
  private let scope: Scope

  init(scope: Scope) {
    var named = scope
    let title = scope.value["title"]?.string ?? ""
    let id = scope.value["id"]?.int.map { " (id \($0))" } ?? ""
    named.panel = title.isEmpty ? "panel\(id)" : "panel '\(title)'\(id)"
    named.path = ""
    self.scope = named
  }

  func gridOnly() -> Panel {
    var panel = Panel()
    panel.grid = grid()
    return panel
  }

  func read() -> Panel {
    var panel = gridOnly()
    panel.line = scope.value.line
    panel.column = scope.value.column
    panel.id = scope["id"]?.value.int ?? 0
    panel.title = scope.string("title") ?? ""
    panel.description = scope.string("description") ?? ""
    panel.type = scope.string("type") ?? ""
    panel.isTransparent = scope.bool("transparent") ?? false
    panel.timeFrom = scope.nonEmpty("timeFrom")
    panel.timeShift = scope.nonEmpty("timeShift")
    panel.interval = scope.nonEmpty("interval")
    checkTimes(panel)
    panel.maxDataPoints = scope.int("maxDataPoints", in: 1...100_000)
    panel.repeatVariable = scope.nonEmpty("repeat")
    panel.repeatsDown = scope.string("repeatDirection") == "v"
    panel.maxPerRow = scope.int("maxPerRow", in: 1...24) ?? 4
    panel.links = scope.elements("links").map(LinkReader.link)
    panel.sourceKind = Self.sourceKind(scope["datasource"])
    panel.targets = scope.elements("targets", limit: 100).enumerated().map { index, target in
      Self.target(target, index: index, panelSource: panel.sourceKind)
    }
    panel.fields = scope["fieldConfig", "defaults"].map(FieldReader.config) ?? FieldConfig()
    // Before schemaVersion 36 the links of values stood among the options.
    if panel.fields.links == nil, let old = scope["options"], old["dataLinks"] != nil {
      panel.fields.links = old.elements("dataLinks", limit: 20).map(LinkReader.link)
    }
    panel.overrides = (scope["fieldConfig"]?.elements("overrides") ?? []).map(FieldReader.override)
    for one in scope.elements("transformations", limit: 50)
    where one.bool("disabled") != true && one.string("topic") != "annotations" {
      if let known = TransformReader.transformation(one) {
        panel.transformations.append(known)
      } else {
        panel.missingTransformations.append(one.string("id") ?? "")
      }
    }
    setKind(&panel)
    return panel
  }

  /// What no variable stands in must be a time already.
  private func checkTimes(_ panel: Panel) {
    func check(_ name: String, _ text: String?, isGood: (String) -> Bool) {
      guard let text, !text.contains("$"), !text.contains("[["), !isGood(text) else { return }
      scope[name]?.report(.warning, "'\(text)' is not a duration such as 2h", field: name)
    }
    check("timeFrom", panel.timeFrom) { text in
      let start = text.hasPrefix("now") ? text : "now-" + text
      return RelativeTime.parse(start, now: 0, zone: .utc, roundsUp: false) != nil
    }
    check("timeShift", panel.timeShift) { DurationText.parse($0) != nil }
    check("interval", panel.interval) { text in
      DurationText.parse(TextTools.trim(String(text.drop { $0 == ">" || $0 == "=" }))) != nil
    }
  }

  private func setKind(_ panel: inout Panel) {
    if LegacyReader.types.contains(panel.type) {
      LegacyReader(scope: scope).read(into: &panel)
      return
    }
    panel.kind = PanelKind(rawValue: panel.type)
    panel.options = OptionsReader.options(scope, kind: panel.kind)
    if panel.kind == nil {
      let kind = panel.type.isEmpty ? "no 'type'" : "panels of type '\(panel.type)' are not drawn"
      (scope["type"] ?? scope).report(.note, kind, field: "type")
    }
  }

  private func grid() -> GridPosition {
    guard let place = scope["gridPos"] else { return GridPosition() }
    var grid = GridPosition()
    grid.x = place.int("x", in: 0...23) ?? 0
    grid.y = place.int("y", in: 0...1_000_000) ?? 0
    grid.width = place.int("w", in: 1...24) ?? 12
    grid.height = place.int("h", in: 1...200) ?? 8
    grid.width = min(grid.width, 24 - grid.x)
    return grid
  }

  /// The kind of a data source, where the dashboard says it.
  static func sourceKind(_ scope: Scope?) -> String {
    guard let scope else { return "" }
    guard let name = scope.value.string ?? scope.value["uid"]?.string, name.hasPrefix("$") else {
      return scope.value["type"]?.string ?? ""
    }
    if let kind = scope.value["type"]?.string, !kind.isEmpty { return kind }
    let variable = name.filter { !"${}".contains($0) }
    return scope.sources[variable] ?? (name.hasPrefix("$loki") ? "loki" : "")
  }

  /// Sources that answer PromQL, or say nothing about themselves.
  static func answersPromQL(_ kind: String) -> Bool {
    ["", "prometheus", "victoriametrics-metrics-datasource", "mixed"].contains(kind)
      || kind.hasSuffix("-prometheus-datasource")
  }

  /// Whether a text names a kind of data source, rather than one by its own name.
  static func isKind(_ text: String) -> Bool {
    ["loki", "tempo", "influxdb", "graphite", "elasticsearch", "mysql", "postgres", "cloudwatch"]
      .contains(text) || text.hasSuffix("-datasource")
  }

  static func target(_ scope: Scope, index: Int, panelSource: String) -> Target {
    var target = Target()
    target.refID = scope.nonEmpty("refId") ?? Self.letters(index)
    target.expr = scope.string("expr") ?? ""
    target.legend = scope.string("legendFormat") ?? ""
    switch scope.string("format") {
    case "table": target.format = .table
    case "heatmap": target.format = .heatmap
    default: target.format = .timeSeries
    }
    let isRange = scope.bool("range") ?? false
    target.isInstant = (scope.bool("instant") ?? false) && !isRange
    target.isHidden = scope.bool("hide") ?? false
    target.interval = scope.nonEmpty("interval")
    target.intervalFactor = scope.int("intervalFactor", in: 1...100) ?? 1
    let own = Self.sourceKind(scope["datasource"])
    target.sourceKind = own.isEmpty ? panelSource : own
    if !answersPromQL(target.sourceKind) {
      scope.report(.note, "queries of data source type '\(target.sourceKind)' are not asked")
    }
    return target
  }

  /// A, B, … Z, AA: the names Grafana gives.
  static func letters(_ index: Int) -> String {
    let letter = String(UnicodeScalar(UInt8(0x41 + index % 26)))
    return index < 26 ? letter : letters(index / 26 - 1) + letter
  }
}
