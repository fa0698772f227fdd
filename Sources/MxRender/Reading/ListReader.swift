import MxJSON

/// Options of the panels that list alerts or dashboards.
enum ListReader {
  static func read(_ scope: Scope, _ kind: PanelKind?, into options: inout PanelOptions) {
    if kind == .alertList { options.alerts = alerts(scope) }
    if kind == .dashboardList { options.dashboards = dashboards(scope) }
  }

  private static func alerts(_ scope: Scope) -> AlertListOptions {
    var options = AlertListOptions()
    if let states = scope["stateFilter"], states.value.members != nil {
      options.showsFiring = states.bool("firing") ?? true
      options.showsPending = states.bool("pending") ?? true
    }
    // Grafana has no such option: alerts that are kept quiet are in its list.
    options.showsHeld = scope.bool("showHeld") ?? true
    options.name = scope.nonEmpty("alertName") ?? scope.string("nameFilter") ?? ""
    if let text = scope.nonEmpty("alertInstanceLabelFilter") {
      if let filter = LabelFilter(text) {
        options.filter = filter
      } else {
        scope["alertInstanceLabelFilter"]?.report(
          .warning, "'\(text)' is no list of labels such as {severity=\"critical\"}")
      }
    }
    options.limit = scope.int("maxItems", in: 1...1000) ?? scope.int("limit", in: 1...1000) ?? 100
    switch scope.int("sortOrder", in: 1...5) {
    case 1: options.order = .name
    case 2: options.order = .nameDown
    case 4: options.order = .oldest
    case 5: options.order = .newest
    default: options.order = .importance
    }
    if scope.string("groupMode") == "custom" { options.groupBy = scope.strings("groupBy") }
    options.isCount = scope.string("viewMode") == "stat"
    return options
  }

  private static func dashboards(_ scope: Scope) -> DashboardListOptions {
    var options = DashboardListOptions()
    options.tags = scope.strings("tags")
    options.words = scope.string("query") ?? ""
    options.limit = scope.int("maxItems", in: 1...1000) ?? scope.int("limit", in: 1...1000) ?? 100
    options.keepsTime = scope.bool("keepTime") ?? false
    options.keepsVariables = scope.bool("includeVars") ?? false
    return options
  }
}
