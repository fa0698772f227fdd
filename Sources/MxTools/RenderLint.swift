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
    for path in try RenderDashboards.dashboards(run.arguments.positionals) {
      do {
        let file = try DashboardFile(path)
        let plan = try file.dashboard.plan(options, ask: source.ask)
        var problems = file.dashboard.problems + Overlaps.problems(file.dashboard)
        problems += try QueryChecks(plan: plan, source: source).problems()
        problems += UnitChecks.problems(file.dashboard)
        for problem in problems.sorted(by: { ($0.line, $0.column) < ($1.line, $1.column) }) {
          try run.output.write(line(problem, path))
        }
        findings += problems.count
      } catch let error as RenderError {
        run.output.error(RenderMessages.explain(error, path))
        worst = .input
      }
    }
    let damage = StoreDamage.tell(source.report, run)
    if damage != .success { return damage }
    return worst == .success && findings > 0 ? .no : worst
  }

  private static func line(_ problem: Problem, _ path: String) -> String {
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
    dashboard.sections.flatMap(\.panels).compactMap { panel in
      guard let unit = panel.fields.unit, !UnitNames.isKnown(unit) else { return nil }
      return Problem(
        severity: .warning, panel: panel.label, field: "fieldConfig.defaults.unit",
        line: panel.line, column: panel.column,
        message: "unknown unit '\(unit)', written behind the number",
        hint: Suggestion.hint(for: unit, among: UnitNames.all))
    }
  }
}

/// Queries: do they parse, and is there anything of what they ask for?
private struct QueryChecks {
  let plan: Plan
  let source: RenderSource
  private let known: Set<String>
  private let sorted: [String]

  init(plan: Plan, source: RenderSource) throws {
    self.plan = plan
    self.source = source
    sorted = try source.snapshot.labelValues(
      LabelName.metric, matching: [], range: .all, report: source.report)
    known = Set(sorted)
  }

  func problems() -> [Problem] {
    plan.queries.flatMap { query -> [Problem] in
      do throws(PromQLError) {
        let tree = try source.tree(query.expr)
        return tree.metricNames.filter { !known.contains($0) }.map { name in
          var problem = plan.problem("metric '\(name)' is not in the store", query)
          problem.severity = .warning
          problem.hint = Suggestion.hint(for: name, among: sorted)
          return problem
        }
      } catch {
        return [plan.problem("\(error)", query)]
      }
    }
  }
}
