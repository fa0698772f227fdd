import MxCLI
import MxEngine
import MxFiles
import MxModel
import MxPromQL
import MxRender
import MxStore
import MxTime

/// `mx-render DASHBOARD.json|DIR...`: dashboards as pages.
enum RenderDashboards {
  static func run(_ run: Run) throws -> ExitCode {
    let files = DiskFileSystem()
    let report = Report()
    let snapshot = try Snapshot(Store(path: run.common.store, files: files), report)
    let source = DashboardSource(snapshot, report, threads: run.common.threads)
    let out = run.arguments.string("out") ?? "reports/site"
    var worst = ExitCode.success
    var pages = 0
    for path in try dashboards(run.arguments.positionals, files) {
      do {
        let (code, written) = try draw(path, source, out, files, run)
        pages += written
        if worst == .success { worst = code }
      } catch let error as RenderError {
        run.output.error(explain(error, path))
        worst = .input
      }
    }
    run.report.set("pages", Double(pages), help: "Files written.")
    run.output.summary("\(pages) files written below \(out)")
    let damage = StoreDamage.tell(report, run)
    return damage == .success ? worst : damage
  }

  /// Files as named, and the `.json` files of directories.
  private static func dashboards(
    _ names: [String], _ files: DiskFileSystem
  ) throws -> [String] {
    try names.flatMap { name -> [String] in
      guard try files.status(name)?.isDirectory ?? false else { return [name] }
      return try files.list(name).filter { $0.name.hasSuffix(".json") && !$0.isDirectory }
        .map { FilePath.join(name, $0.name) }
    }
  }

  private static func draw(
    _ path: String, _ source: DashboardSource, _ out: String, _ files: DiskFileSystem, _ run: Run
  ) throws -> (ExitCode, Int) {
    let dashboard = try Dashboard.decode(try files.contents(of: path, limit: 64 << 20))
    var plan = PlanOptions(now: run.common.now)
    plan.from = run.arguments.string("from")
    plan.to = run.arguments.string("to")
    if let zone = run.arguments.string("tz") { plan.zone = try Zone.named(zone) }
    for (name, value) in try run.arguments.pairs("var") {
      plan.variables[name, default: []].append(value)
    }
    var options = RenderOptions()
    options.theme = Theme(rawValue: run.arguments.string("theme") ?? "auto") ?? .auto
    options.footer = "mx-render \(Version.text)"
    let rendered = try dashboard.rendered(plan, options, source: source.panels)
    for problem in rendered.problems where problem.severity == .error {
      run.output.error(explain(problem, path))
    }
    var written = 0
    for file in rendered.files {
      if try write(file.bytes, FilePath.join(out, file.name), files) { written += 1 }
    }
    let coverage = rendered.coverage
    run.output.summary(
      "\(path): \(coverage.drawn) panels drawn, \(coverage.drawnInPart) in part, "
        + "\(coverage.notDrawn) not drawn, \(coverage.failed) failed")
    let isWhole = coverage.drawnInPart + coverage.notDrawn + coverage.failed == 0
    return (isWhole ? .success : .no, written)
  }

  /// Writes a page unless it is there already, byte for byte.
  private static func write(
    _ bytes: [UInt8], _ path: String, _ files: DiskFileSystem
  ) throws -> Bool {
    if let status = try files.status(path), status.size == bytes.count,
      try files.contents(of: path, limit: bytes.count) == bytes
    {
      return false
    }
    try files.makeDirectory(FilePath.parent(of: path))
    try files.replace(path, with: bytes, temporary: path + ".new")
    return true
  }

  private static func explain(_ problem: Problem, _ path: String) -> Diagnostic {
    let place = [problem.panel, problem.field].compactMap { $0 }.joined(separator: ": ")
    return Diagnostic(
      .no, subject: path, place.isEmpty ? problem.message : "\(place): \(problem.message)",
      hint: problem.hint)
  }

  private static func explain(_ error: RenderError, _ path: String) -> Diagnostic {
    Diagnostic(.input, subject: path, "\(error)")
  }
}

/// Answers what dashboards ask, from one snapshot.
private struct DashboardSource {
  private let source: Snapshot
  private let report: Report
  private let engine: Engine

  init(_ source: Snapshot, _ report: Report, threads: Int) {
    self.source = source
    self.report = report
    var options = EngineOptions()
    options.threads = threads
    engine = Engine(options)
  }

  var panels: PanelSource {
    PanelSource(query: { try self.answer($0) }, ask: { self.ask($0) })
  }

  private func answer(_ query: PanelQuery) throws -> MxRender.QueryResult {
    let window: QueryWindow =
      query.isInstant
      ? .instant(query.to) : .range(start: query.from, end: query.to, step: query.step)
    do {
      let tree = try PromQL.parse(query.expr)
      let result = try engine.evaluate(
        tree, text: query.expr, window, source: source, report: report)
      return MxRender.QueryResult(
        series: result.panelSeries,
        notes: result.annotations.warnings + result.annotations.infos)
    } catch let error as PromQLError {
      return MxRender.QueryResult(error: "\(error)")
    } catch let error as EngineError {
      return MxRender.QueryResult(error: "\(error)")
    }
  }

  private func ask(_ query: VariableQuery) -> [String]? {
    do {
      switch query {
      case .labelValues(let label, let selector):
        return try source.labelValues(
          label, matching: try matchers(selector), range: .all, report: report)
      case .labelNames(let selector):
        return try source.labelNames(
          matching: try matchers(selector), range: .all, report: report)
      case .metrics(let pattern):
        let names = try Matcher(LabelName.metric, .regex, ".*(?:\(pattern)).*")
        return try source.labelValues(
          LabelName.metric, matching: [[names]], range: .all, report: report)
      case .result: return nil
      }
    } catch {
      report.warn("a variable's query failed: \(Explanation.diagnostic(of: error).line)")
      return nil
    }
  }

  private func matchers(_ selector: String?) throws -> [[Matcher]] {
    try selector.map { [try PromQL.parseSelector($0)] } ?? []
  }
}

extension MxEngine.QueryResult {
  /// The rows as panels take them: a gap where a step has no value.
  fileprivate var panelSeries: [MxRender.QueryResult.Series] {
    func labels(_ set: LabelSet?) -> [MxRender.QueryResult.Label] {
      set?.pairs.map { MxRender.QueryResult.Label($0.name, $0.value) } ?? []
    }
    switch value {
    case .scalar(let values):
      return [
        MxRender.QueryResult.Series(
          labels: [], times: values.indices.map { time($0) }, values: values)
      ]
    case .string: return []
    case .series(let table):
      return table.labels.indices.map { series in
        let steps = (0..<table.steps).filter { table.isPresent(series, $0) }
        return MxRender.QueryResult.Series(
          labels: labels(table.labels[series]), times: steps.map { time($0) },
          values: steps.map { table.values[series * table.steps + $0] })
      }
    case .samples(let table):
      return table.labels.indices.map { series in
        MxRender.QueryResult.Series(
          labels: labels(table.labels[series]), times: Array(table.times[table.range(series)]),
          values: Array(table.values[table.range(series)]))
      }
    }
  }
}
