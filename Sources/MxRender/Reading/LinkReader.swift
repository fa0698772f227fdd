import MxJSON

/// `links[]` of dashboards, panels and fields, in the spellings of all versions.
enum LinkReader {
  static func link(_ scope: Scope) -> Link {
    var link = Link()
    link.title = scope.string("title") ?? ""
    link.tooltip = scope.string("tooltip") ?? ""
    link.opensNew = scope.bool("targetBlank") ?? false
    link.keepsTime = scope.bool("keepTime") ?? false
    link.keepsVariables = scope.bool("includeVars") ?? false
    link.parameters = scope.string("params") ?? ""
    link.target = target(scope)
    return link
  }

  private static func target(_ scope: Scope) -> Link.Target {
    if scope.string("type") == "dashboards" {
      return .tagged(scope.strings("tags"), isMenu: scope.bool("asDropdown") ?? false)
    }
    if let url = scope.nonEmpty("url") { return .address(url) }
    // Panels before Grafana 7 named the dashboard.
    if let uri = scope.nonEmpty("dashUri") ?? scope.nonEmpty("dashboard") {
      return .dashboard(uri.hasPrefix("db/") ? String(uri.dropFirst(3)) : uri)
    }
    return .address(scope.nonEmpty("targetBlankUrl") ?? "")
  }
}

/// `annotations.list[]`.
enum AnnotationReader {
  static func annotation(_ outer: Scope) -> AnnotationQuery? {
    // v2 has the fields in a `spec`.
    let scope = outer["spec"] ?? outer
    guard scope.bool("enable") ?? true else { return nil }
    var annotation = AnnotationQuery()
    (annotation.line, annotation.column) = (scope.value.line, scope.value.column)
    annotation.name = scope.string("name") ?? ""
    annotation.color = scope.nonEmpty("iconColor") ?? "blue"
    annotation.step = scope.nonEmpty("step")
    annotation.titleFormat = scope.string("titleFormat") ?? ""
    annotation.textFormat = scope.string("textFormat") ?? ""
    annotation.tagKeys = (scope.string("tagKeys") ?? "").split(separator: ",")
      .map { TextTools.trim($0) }
    annotation.valueIsTime =
      scope.value["useValueForTime"].map { $0.bool == true || $0.string == "on" } ?? false
    if let filter = scope["filter"] {
      annotation.panelIDs = Set((filter.value["ids"]?.array ?? []).compactMap(\.int))
      annotation.excludesPanels = filter.bool("exclude") ?? false
    }
    annotation.source = source(scope)
    return annotation.source == .none ? nil : annotation
  }

  /// Grafana's own list of alerts and notes, kept in its database.
  private static let own: Set<String> = ["datasource", "grafana", "-- Grafana --"]
  private static let alerting: Set<String> = ["alertmanager", "mx-alerts"]

  private static func source(_ scope: Scope) -> AnnotationQuery.Source {
    let kind =
      scope["datasource"].map { $0.value.string ?? $0.string("type") ?? "" }
      ?? scope.value[path: "query", "group"]?.string ?? ""
    let expr =
      scope.nonEmpty("expr") ?? scope["target"]?.nonEmpty("expr")
      ?? scope["query"]?["spec"]?.nonEmpty("expr") ?? ""
    if alerting.contains(kind) {
      if let filter = LabelFilter(expr) { return .alerts(filter, linkedOnly: false) }
      scope.report(.error, "'\(expr)' is no list of labels such as {severity=\"critical\"}")
      return .none
    }
    if own.contains(kind) || (scope.bool("builtIn") ?? false) {
      let isOfAlerts = scope["target"]?.string("type") != "tags" || scope.bool("builtIn") ?? false
      if isOfAlerts { return .alerts(LabelFilter(), linkedOnly: true) }
      scope.report(.note, "marks that Grafana itself keeps are not drawn")
      return .none
    }
    if PanelReader.answersPromQL(kind) || !PanelReader.isKind(kind) {
      if expr.isEmpty { return .none }
      return .query(expr)
    }
    scope.report(.note, "marks of data source type '\(kind)' are not drawn")
    return .none
  }
}

extension AnnotationQuery {
  /// For messages: `annotation 'Deploys'`.
  package var label: String { name.isEmpty ? "annotation" : "annotation '\(name)'" }
}
