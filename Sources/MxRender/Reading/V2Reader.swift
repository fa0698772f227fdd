import MxJSON

/// Schema v2: `elements` by name, a `layout` that places them, and `{kind, group,
/// spec}` around everything. What a panel holds is the classic shape in new
/// wrapping, so it is unwrapped and read by the classic readers.
struct V2Reader {
  private let root: Scope
  private let elements: Scope?

  init(root: Scope) {
    var spec = root
    if let inner = root["spec"] { spec = inner }
    self.root = spec
    self.elements = spec["elements"]
  }

  func read() -> Dashboard {
    var dashboard = Dashboard()
    dashboard.title = root.string("title") ?? ""
    dashboard.description = root.string("description") ?? ""
    dashboard.tags = root.strings("tags")
    dashboard.links = root.elements("links").map(LinkReader.link)
    dashboard.annotations = root.elements("annotations", limit: 100)
      .compactMap(AnnotationReader.annotation)
    if let time = root["timeSettings"] {
      dashboard.timezone = time.string("timezone") ?? ""
      dashboard.from = time.nonEmpty("from") ?? dashboard.from
      dashboard.to = time.nonEmpty("to") ?? dashboard.to
      dashboard.refresh = time.string("autoRefresh") ?? ""
    }
    dashboard.variables = root.elements("variables", limit: 200).map(variable)
    if let layout = root["layout"] { dashboard.sections = sections(layout, depth: 0) }
    return dashboard
  }

  // MARK: - Layouts

  /// Rows within tabs within rows come out as one list of sections.
  private func sections(_ layout: Scope, depth: Int) -> [Section] {
    guard depth < 8, let spec = layout["spec"] else { return [] }
    switch layout.string("kind") ?? "" {
    case "GridLayout": return grid(spec)
    case "RowsLayout": return named(spec.elements("rows"), depth)
    case "TabsLayout": return named(spec.elements("tabs"), depth)
    case "AutoGridLayout": return [autoGrid(spec)]
    case let kind:
      layout.report(.warning, "unknown layout '\(kind)'", field: "layout.kind")
      return []
    }
  }

  private func named(_ rows: [Scope], _ depth: Int) -> [Section] {
    rows.flatMap { row -> [Section] in
      guard let spec = row["spec"], let layout = spec["layout"] else { return [] }
      var inner = sections(layout, depth: depth + 1)
      if inner.isEmpty { inner = [Section()] }
      if inner[0].title == nil { inner[0].title = spec.string("title") ?? "" }
      inner[0].isCollapsed = spec.bool("collapse") ?? false
      inner[0].repeatVariable = spec["repeat"]?.nonEmpty("value")
      return inner
    }
  }

  private func grid(_ spec: Scope) -> [Section] {
    var sections = [Section()]
    for item in spec.elements("items", limit: DashboardReader.panelLimit) {
      guard let inner = item["spec"] else { continue }
      if item.string("kind") == "GridLayoutRow" {
        var section = Section()
        section.title = inner.string("title") ?? ""
        section.isCollapsed = inner.bool("collapsed") ?? false
        section.panels = inner.elements("elements").compactMap { $0["spec"].flatMap(place) }
        sections.append(section)
      } else if let panel = place(inner) {
        sections[sections.count - 1].panels.append(panel)
      }
    }
    if sections[0].panels.isEmpty { sections.removeFirst() }
    return sections
  }

  private func place(_ item: Scope) -> Panel? {
    guard var panel = panel(named: item["element"]?.string("name") ?? "", item) else { return nil }
    panel.grid.x = item.int("x", in: 0...23) ?? 0
    panel.grid.y = item.int("y", in: 0...1_000_000) ?? 0
    panel.grid.width = min(item.int("width", in: 1...24) ?? 12, 24 - panel.grid.x)
    panel.grid.height = item.int("height", in: 1...200) ?? 8
    panel.repeatVariable = item["repeat"]?.nonEmpty("value")
    panel.repeatsDown = item["repeat"]?.string("direction") == "v"
    panel.maxPerRow = item["repeat"]?.int("maxPerRow", in: 1...24) ?? 4
    return panel
  }

  private func autoGrid(_ spec: Scope) -> Section {
    var section = Section()
    let columns = spec.int("maxColumnCount", in: 1...12) ?? 3
    let width = 24 / columns
    for item in spec.elements("items", limit: DashboardReader.panelLimit) {
      guard let inner = item["spec"],
        var panel = panel(named: inner["element"]?.string("name") ?? "", inner)
      else { continue }
      let index = section.panels.count
      panel.grid = GridPosition(
        x: index % columns * width, y: index / columns * 8, width: width, height: 8)
      panel.repeatVariable = inner["repeat"]?.nonEmpty("value")
      section.panels.append(panel)
    }
    return section
  }

  // MARK: - Elements

  private func panel(named name: String, _ place: Scope) -> Panel? {
    guard let element = elements?[name] else {
      place.report(.error, "element '\(name)' does not exist")
      return nil
    }
    guard let spec = element["spec"] else { return nil }
    var members: [JSONMember] = []
    for name in ["id", "title", "description", "links", "transparent"] {
      if let value = spec.value[name] { members.append(JSONMember(name, value)) }
    }
    if let viz = spec["vizConfig"] {
      // The plugin's name moved from `kind` to `group` in the later betas.
      let kind = viz.value["kind"]
      let type = kind?.string == "VizConfig" ? viz.value["group"] : kind
      if let type { members.append(JSONMember("type", type)) }
      for name in ["fieldConfig", "options"] {
        if let value = viz.value[path: "spec", name] { members.append(JSONMember(name, value)) }
      }
    }
    members += data(spec["data", "spec"])
    var flat = element
    flat.value = JSONValue(
      .object(members), line: element.value.line, column: element.value.column)
    return PanelReader(scope: flat).read()
  }

  private func data(_ spec: Scope?) -> [JSONMember] {
    guard let spec else { return [] }
    var members: [JSONMember] = []
    let targets = spec.elements("queries", limit: 100).compactMap { query -> JSONValue? in
      guard let inner = query.value["spec"] else { return nil }
      var target = inner[path: "query", "spec"]?.members ?? []
      for name in ["refId", "hidden"] {
        let classic = name == "hidden" ? "hide" : name
        if let value = inner[name] { target.append(JSONMember(classic, value)) }
      }
      let group = inner[path: "query", "group"] ?? inner[path: "query", "kind"]
      if let group, group.string != "DataQuery" {
        let source = JSONValue(.object([JSONMember("type", group)]))
        target.append(JSONMember("datasource", source))
      }
      return JSONValue(.object(target), line: inner.line, column: inner.column)
    }
    members.append(JSONMember("targets", JSONValue(.array(targets))))
    let transformations = spec.elements("transformations", limit: 50).map(Self.transformation)
    members.append(JSONMember("transformations", JSONValue(.array(transformations))))
    for member in spec.value["queryOptions"]?.members ?? [] { members.append(member) }
    return members
  }

  /// Its id stands in `spec`, or as the `group` of a `Transformation`, or as its `kind`.
  private static func transformation(_ scope: Scope) -> JSONValue {
    guard let spec = scope.value["spec"] else { return scope.value }
    if spec["id"] != nil { return spec }
    let id = scope.value["group"] ?? scope.value["kind"] ?? JSONValue(.string(""))
    return JSONValue(
      .object([JSONMember("id", id)] + (spec.members ?? [])), line: spec.line, column: spec.column)
  }

  private func variable(_ scope: Scope) -> Variable {
    guard let spec = scope["spec"] else { return VariableReader.variable(scope) }
    let types = [
      "QueryVariable": "query", "CustomVariable": "custom", "IntervalVariable": "interval",
      "ConstantVariable": "constant", "TextVariable": "textbox",
      "DatasourceVariable": "datasource", "AdhocVariable": "adhoc",
    ]
    let kind = scope.string("kind") ?? ""
    var flat = spec
    var members = spec.value.members ?? []
    members.append(JSONMember("type", JSONValue(.string(types[kind] ?? kind))))
    if kind == "QueryVariable", let query = spec.value[path: "query", "spec"] {
      members.append(JSONMember("query", query))
      if let source = spec.value[path: "query", "group"] {
        members.append(JSONMember("datasource", JSONValue(.object([JSONMember("type", source)]))))
      }
    }
    flat.value = JSONValue(.object(members), line: spec.value.line, column: spec.value.column)
    return VariableReader.variable(flat)
  }
}
