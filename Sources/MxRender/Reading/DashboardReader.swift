package import MxJSON

extension Dashboard {
  /// Reads a dashboard as Grafana exports it: schemaVersion 14 to 42, legacy
  /// rows, the `{"dashboard": …}` envelope of its API, and v2; both also as resources,
  /// whose `metadata.name` is the uid.
  ///
  /// Throws only where there is nothing to draw at all. Everything else is in
  /// `problems`, and what it concerns is left out or said in the panel's place.
  package static func decode(_ bytes: [UInt8]) throws(RenderError) -> Dashboard {
    let tree: JSONValue
    do {
      tree = try JSONValue.parse(bytes)
    } catch {
      throw .notJSON(
        line: error.position.line, column: error.position.column, message: error.message)
    }
    return try decode(tree)
  }

  package static func decode(_ tree: JSONValue) throws(RenderError) -> Dashboard {
    guard tree.members != nil else {
      throw .notADashboard(
        line: Int(tree.line), column: Int(tree.column),
        message: "\(tree.kindName), expected an object")
    }
    let problems = ProblemList()
    var root = Scope(value: tree, path: "", panel: "", problems: problems)
    if let inner = root["dashboard"], inner.value.members != nil { root.value = inner.value }
    let name = root["metadata"]?.nonEmpty("name")
    if let spec = root["spec"], spec["panels"] != nil || spec["rows"] != nil {
      root.value = spec.value
    }
    let isV2 = root["elements"] != nil || root["spec", "elements"] != nil
    guard isV2 || root["panels"] != nil || root["rows"] != nil else {
      throw .notADashboard(
        line: Int(tree.line), column: Int(tree.column),
        message: "no 'panels', 'rows' or 'elements'")
    }
    var dashboard =
      isV2 ? V2Reader(root: root).read() : DashboardReader(root: root).read()
    if dashboard.uid.isEmpty { dashboard.uid = name ?? "" }
    dashboard.problems = problems.all
    return dashboard
  }
}

/// The classic export: `panels`, or `rows` before schemaVersion 16.
struct DashboardReader {
  /// Far more than any person looks at.
  static let panelLimit = 2000
  let root: Scope

  func read() -> Dashboard {
    var dashboard = Dashboard()
    dashboard.uid = root.string("uid") ?? ""
    dashboard.title = root.string("title") ?? ""
    dashboard.description = root.string("description") ?? ""
    dashboard.tags = root.strings("tags")
    dashboard.timezone = root.string("timezone") ?? ""
    dashboard.from = root["time"]?.nonEmpty("from") ?? dashboard.from
    dashboard.to = root["time"]?.nonEmpty("to") ?? dashboard.to
    // `false` stands for no refresh.
    dashboard.refresh = root["refresh"]?.value.string ?? ""
    dashboard.links = root.elements("links").map(LinkReader.link)
    dashboard.annotations = (root["annotations"]?.elements("list", limit: 100) ?? [])
      .compactMap(AnnotationReader.annotation)
    for variable in root["templating"]?.elements("list", limit: 200) ?? []
    where variable.string("type") == "datasource" {
      root.problems.sources[variable.string("name") ?? ""] = variable["query"]?.value.string
    }
    dashboard.variables = (root["templating"]?.elements("list", limit: 200) ?? [])
      .map(VariableReader.variable)
    if let schema = root.int("schemaVersion", in: 0...1000), schema > 42 {
      root["schemaVersion"]?.report(
        .note, "schemaVersion \(schema) is newer than 42: read as if it were 42")
    }
    dashboard.sections =
      root["rows"] != nil && root.value["panels"]?.array?.isEmpty != false
      ? legacySections() : sections()
    return dashboard
  }

  // MARK: - Panels on the grid

  private func sections() -> [Section] {
    var found: [(panel: Panel, section: Section?)] = []
    for scope in root.elements("panels", limit: Self.panelLimit) {
      guard scope.value.members != nil else {
        scope.report(.error, "\(scope.value.kindName), expected a panel")
        continue
      }
      if scope.string("type") == "row" {
        var section = Section()
        section.title = scope.string("title") ?? ""
        section.isCollapsed = scope.bool("collapsed") ?? false
        section.repeatVariable = scope.nonEmpty("repeat")
        section.panels = scope.elements("panels", limit: Self.panelLimit)
          .map { PanelReader(scope: $0).read() }.sorted(by: Self.isAbove)
        found.append((PanelReader(scope: scope).gridOnly(), section))
      } else {
        found.append((PanelReader(scope: scope).read(), nil))
      }
    }
    // Stable: panels at the same place stay in the order of the text.
    let order = found.indices.sorted {
      Self.isAbove(found[$0].panel, found[$1].panel)
        || (!Self.isAbove(found[$1].panel, found[$0].panel) && $0 < $1)
    }
    var sections = [Section()]
    for index in order {
      if let section = found[index].section {
        sections.append(section)
      } else if sections[sections.count - 1].isCollapsed {
        // A row that is folded away holds its panels itself: what follows is not among them.
        var open = Section()
        open.panels = [found[index].panel]
        sections.append(open)
      } else {
        sections[sections.count - 1].panels.append(found[index].panel)
      }
    }
    if sections[0].panels.isEmpty { sections.removeFirst() }
    return sections
  }

  private static func isAbove(_ left: Panel, _ right: Panel) -> Bool {
    (left.grid.y, left.grid.x) < (right.grid.y, right.grid.x)
  }

  // MARK: - Legacy rows

  /// Rows of twelfths that flow from left to right, before schemaVersion 16.
  private func legacySections() -> [Section] {
    root.elements("rows", limit: 500).map { row in
      var section = Section()
      let title = row.string("title") ?? ""
      section.isCollapsed = row.bool("collapse") ?? false
      let isShown = (row.bool("showTitle") ?? false) || section.isCollapsed
      section.title = isShown ? title : nil
      section.repeatVariable = row.nonEmpty("repeat")
      let rowHeight = Self.gridHeight(row.string("height"))
      var x = 0
      var y = 0
      var tallest = 0
      for scope in row.elements("panels", limit: Self.panelLimit) {
        guard scope.value.members != nil else { continue }
        var panel = PanelReader(scope: scope).read()
        let span = scope.double("span").map { min(max($0, 1), 12) } ?? 12
        panel.grid.width = Int((span * 2).rounded())
        panel.grid.height =
          scope["height"].map { _ in Self.gridHeight(scope.string("height")) } ?? rowHeight
        if x + panel.grid.width > 24 {
          x = 0
          y += tallest
          tallest = 0
        }
        panel.grid.x = x
        panel.grid.y = y
        x += panel.grid.width
        tallest = max(tallest, panel.grid.height)
        section.panels.append(panel)
      }
      return section
    }
  }

  /// `250px` or 250 as units of the grid.
  static func gridHeight(_ text: String?) -> Int {
    guard let text else { return 7 }
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let pixels = Double(digits), pixels > 0 else { return 7 }
    return Int(max(3, min(100, (pixels / 38).rounded(.up))))
  }
}
