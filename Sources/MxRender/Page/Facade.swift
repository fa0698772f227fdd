/// What a command gives to draw dashboards: two or three closures over an engine.
package struct PanelSource {
  /// Evaluates `expr` from `from` to `to` at every `step`, milliseconds; where
  /// `from` equals `to` at that instant alone. What it throws stands in the panel.
  package var query: (_ query: PanelQuery) throws -> QueryResult
  /// Answers a query variable; nil where it cannot be answered.
  package var ask: (VariableQuery) -> [String]?

  package init(
    query: @escaping (_ query: PanelQuery) throws -> QueryResult,
    ask: @escaping (VariableQuery) -> [String]?
  ) {
    self.query = query
    self.ask = ask
  }
}

package struct RenderedDashboard: Sendable {
  package var files: [RenderedFile]
  package var coverage: Coverage
  /// Of the dashboard, and a query that failed as an error of its panel.
  package var problems: [Problem]
}

extension Dashboard {
  /// Plan, ask, draw.
  package func rendered(
    _ planOptions: PlanOptions, _ options: RenderOptions, source: PanelSource
  ) throws(RenderError) -> RenderedDashboard {
    let plan = try plan(planOptions, ask: source.ask)
    var problems = problems
    // Panels often ask the same: repeated totals, a stat beside its graph.
    var known: [String: QueryResult] = [:]
    var results: [QueryResult?] = []
    for query in plan.queries {
      let key = "\(query.from) \(query.to) \(query.step) \(query.isInstant) \(query.expr)"
      if let result = known[key] {
        results.append(result)
        continue
      }
      var result: QueryResult
      do {
        result = try source.query(query)
      } catch {
        result = QueryResult(error: "\(error)")
      }
      known[key] = result
      results.append(result)
      if let error = result.error { problems.append(plan.problem(error, query)) }
    }
    return RenderedDashboard(
      files: plan.render(results, options: options), coverage: plan.coverage(results),
      problems: problems)
  }
}

extension Plan {
  /// A query that failed, as a problem of its panel.
  package func problem(_ error: String, _ query: PanelQuery) -> Problem {
    let panel = panels[query.panel].panel
    return Problem(
      severity: .error, panel: panel.label,
      field: "targets[\(query.target)].expr", line: panel.line, column: panel.column,
      message: error, hint: nil)
  }
}

extension Plan {
  /// An annotation's query that failed.
  package func problem(_ error: String, annotation query: PanelQuery) -> Problem {
    let annotation = annotations[query.target].annotation
    return Problem(
      severity: .error, panel: annotation.label, field: "expr", line: annotation.line,
      column: annotation.column, message: error, hint: nil)
  }
}

extension Panel {
  /// For messages: `panel 'CPU' (id 4)`.
  package var label: String {
    (title.isEmpty ? "panel" : "panel '\(title)'") + " (id \(id))"
  }
}
