import MxCLI
import MxModel
import MxPromQL
import MxRender
import MxStore

/// `mx-render lint DASHBOARD...`: what is wrong with a dashboard, what will not be
/// drawn, and which queries ask for what the store lacks.
enum RenderLint {
  static func run(_ run: Run) throws -> ExitCode {
    let source = try RenderSource(run)
    let options = try RenderJob.planOptions(run)
    var worst = ExitCode.success
    var findings = 0
    let files = try RenderDashboards.load(run, &worst)
    try RenderJob.checkVariables(files, run)
    for file in files {
      do {
        let problems = try problems(file, options, source)
        for problem in problems { try run.output.write(line(problem, file.path)) }
        findings += problems.count
      } catch let error as RenderError {
        run.output.error(RenderMessages.explain(error, file.path))
        worst = .input
      }
    }
    let damage = StoreDamage.tell(source.report, run)
    if damage != .success { return damage }
    return worst == .success && findings > 0 ? .no : worst
  }

  /// In the order of the text. Without a store nothing is looked up in it.
  static func problems(
    _ file: DashboardFile, _ options: PlanOptions, _ source: RenderSource?
  ) throws -> [Problem] {
    let dashboard = try file.dashboard()
    let ask = source.map { $0.asking(file.path) }
    let plan = try dashboard.plan(options) { ask?($0) }
    var problems = dashboard.problems + Overlaps.problems(dashboard)
    problems += try QueryChecks(plan: plan, source: source).problems()
    problems += UnitChecks.problems(dashboard)
    return problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  static func line(_ problem: Problem, _ path: String) -> String {
    let place = problem.line > 0 ? "\(path):\(problem.line):\(problem.column)" : path
    let word =
      switch problem.severity {
      case .error: "error"
      case .warning: "warning"
      case .note: "note"
      }
    let hint = problem.hint.map { " (\($0))" } ?? ""
    return Output.printable("\(place): \(word): \(problem.text)\(hint)") + "\n"
  }
}

/// Panels that lie over each other: Grafana pushes them apart, and so do we.
private enum Overlaps {
  static func problems(_ dashboard: Dashboard) -> [Problem] {
    dashboard.sections.flatMap { section -> [Problem] in
      section.panels.enumerated().compactMap { index, panel in
        let other = section.panels[..<index].first { overlap($0.grid, panel.grid) }
        guard let other else { return nil }
        return Problem(
          severity: .warning, panel: panel.label, field: "gridPos", line: panel.line,
          column: panel.column, message: "lies over \(other.label)",
          hint: "it is moved below")
      }
    }
  }

  private static func overlap(_ one: GridPosition, _ other: GridPosition) -> Bool {
    one.x < other.x + other.width && other.x < one.x + one.width
      && one.y < other.y + other.height && other.y < one.y + one.height
  }
}

private enum UnitChecks {
  static func problems(_ dashboard: Dashboard) -> [Problem] {
    dashboard.sections.flatMap(\.panels).flatMap { panel -> [Problem] in
      var units = [(field: "fieldConfig.defaults.unit", unit: panel.fields.unit)]
      for (index, override) in panel.overrides.enumerated() {
        units.append(("fieldConfig.overrides[\(index)]: unit", override.config.unit))
      }
      return units.compactMap { field, unit in
        guard let unit, !UnitNames.isKnown(unit) else { return nil }
        return Problem(
          severity: .warning, panel: panel.label, field: field, line: panel.line,
          column: panel.column, message: "unknown unit '\(unit)', written behind the number",
          hint: Suggestion.hint(for: unit, among: UnitNames.all))
      }
    }
  }
}

/// Queries: do they parse, and is there anything of what they ask for?
private struct QueryChecks {
  let plan: Plan
  private let known: Set<String>?
  private let sorted: [String]

  init(plan: Plan, source: RenderSource?) throws {
    self.plan = plan
    sorted =
      try source.map { source in
        try source.snapshot.labelValues(
          LabelName.metric, matching: [], range: .all, report: source.report)
      } ?? []
    known = source == nil ? nil : Set(sorted)
  }

  func problems() -> [Problem] {
    plan.queries.flatMap { query in
      problems(query.expr) { plan.problem($0, query) }
    }
      + plan.annotationQueries.flatMap { query in
        problems(query.expr) { plan.problem($0, annotation: query) }
      }
  }

  private func problems(_ expr: String, _ problem: (String) -> Problem) -> [Problem] {
    do throws(PromQLError) {
      let tree = try PromQL.parse(expr)
      guard let known else { return [] }
      return tree.metricNames.filter { !known.contains($0) }.map { name in
        var found = problem("metric '\(name)' is not in the store")
        found.severity = .warning
        found.hint = Suggestion.hint(for: name, among: sorted)
        return found
      }
    } catch {
      return [problem("\(error)")]
    }
  }
}

/// `mx-render --check`: are dashboards and settings what they should be? Nothing is
/// drawn and nothing written; what is wrong is printed as `lint` does.
enum RenderCheck {
  static func run(_ run: Run) throws -> ExitCode {
    _ = try SettingsReader.load(run)
    _ = try NotifyFiles.load(run)
    _ = try RenderJob.ranges(run.arguments.string("ranges"))
    let options = try RenderJob.planOptions(run)
    var worst = ExitCode.success
    for file in try RenderDashboards.load(run, &worst) {
      do {
        // What is in the store, and whether there is one, is no matter of a dashboard.
        for problem in try RenderLint.problems(file, options, nil) {
          try run.output.write(RenderLint.line(problem, file.path))
          if problem.severity == .error { worst = .input }
        }
      } catch let error as RenderError {
        run.output.error(RenderMessages.explain(error, file.path))
        worst = .input
      }
    }
    return worst
  }
}
