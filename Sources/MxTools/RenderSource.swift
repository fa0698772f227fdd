import MxCLI
import MxEngine
import MxFiles
import MxJSON
import MxModel
import MxPromQL
import MxRender
import MxStore

/// Answers what dashboards ask, from one snapshot: selectors that several panels
/// share are looked up once, and what two panels ask is computed once.
final class RenderSource {
  let snapshot: Snapshot
  let report: Report
  private let session: Session
  private let now: Int64
  /// What came to the store since the last run; nil where that is not known.
  private var news: RenderNews?
  /// Whether these are of a selector, as `RenderReads` writes it.
  private var concerned: [String: Bool] = [:]
  /// What parsed; a dashboard's panels often ask the same of many views.
  private var trees: [String: Expr] = [:]
  /// What was asked since `forgetReads`; nil where that is not known.
  private(set) var reads: RenderReads? = RenderReads()
  /// Of an expression what it selects, as `RenderReads` writes it.
  private var selectors: [String: [String]] = [:]
  /// The expressions that `reads` has.
  private var noted: Set<String> = []
  /// How many queries of panels were evaluated.
  private(set) var asked = 0

  init(_ run: Run) throws {
    report = Report()
    now = run.common.now
    let store = Store(path: run.common.store, files: DiskFileSystem())
    snapshot = try Snapshot(store, report)
    var options = EngineOptions()
    options.threads = run.common.threads
    session = Session(Engine(options), source: snapshot, report: report)
  }

  func newest() throws -> Int64? { try StoreAge.newest(snapshot, now: now, report) }

  /// What `--require-fresh` has to say; nil where it is content, or not asked.
  func staleness(_ run: Run, _ newest: Int64?) throws -> String? {
    guard let allowed = try run.arguments.duration("require-fresh") else { return nil }
    return StoreAge.problem(newest, allowed: allowed, now: now).map { "Stale: \($0)" }
  }

  func answer(_ query: PanelQuery) -> MxRender.QueryResult {
    asked += 1
    note(query.expr)
    do {
      let tree = try tree(query.expr)
      var result = try session.evaluate(tree, text: query.expr, window(query))
      if result.panelSeries.isEmpty, let window = try lateWindow(query) {
        result = try session.evaluate(tree, text: query.expr, window)
      }
      return MxRender.QueryResult(
        series: result.panelSeries, notes: result.annotations.warnings + result.annotations.infos)
    } catch {
      return MxRender.QueryResult(error: Explanation.diagnostic(of: error).line)
    }
  }

  /// Of data that began after the last step, as in the first minutes of a store, a query has
  /// nothing: then its steps are counted back from the present.
  private func lateWindow(_ query: PanelQuery) throws -> QueryWindow? {
    let late = now - query.to
    guard !query.isInstant, late > 0, late <= query.step, let newest = try newestSample,
      newest > query.to
    else { return nil }
    return .range(start: query.from + late, end: now, step: query.step)
  }

  private lazy var newestFound: Result<Int64?, any Error> = Result { try newest() }
  private var newestSample: Int64? { get throws { try newestFound.get() } }

  /// A hash of all that answering would read; nil where it cannot be answered.
  func print(_ query: PanelQuery) -> UInt64? {
    note(query.expr)
    do {
      let window: QueryWindow = query.isInstant ? .instant(query.until) : window(query)
      return try session.fingerprint(try tree(query.expr), window)
    } catch {
      // Evaluating it meets the same error, and says it.
      return nil
    }
  }

  /// From here on `isUntouched` can tell.
  func lookForNews(_ segments: Set<UInt64>?) {
    news = segments.map { RenderNews(snapshot.restricted(to: $0), report) }
  }

  /// Whether nothing came since the last run that answering would read: a look at the
  /// few series of the newest segments instead of at all of them.
  func isUntouched(_ query: PanelQuery) -> Bool {
    note(query.expr)
    guard let news, let known = selectors[query.expr] else { return false }
    do {
      return try !known.contains { try hasNews(of: $0, news) }
    } catch {
      return false
    }
  }

  /// Whether anything came of what a dashboard was made from, a selector of it.
  func hasNews(of selector: String) throws -> Bool {
    guard let news else { return true }
    return try hasNews(of: selector, news)
  }

  /// Dashboards have many selectors in common.
  private func hasNews(of selector: String, _ news: RenderNews) throws -> Bool {
    if let known = concerned[selector] { return known }
    let answer = try news.concern([RenderReads.request(selector)])
    concerned[selector] = answer
    return answer
  }

  func forgetReads() {
    reads = RenderReads()
    noted.removeAll()
  }

  /// What answering would read, whenever: news are looked for at all times.
  private func note(_ expr: String) {
    guard noted.insert(expr).inserted else { return }
    do {
      let known = try selectors[expr] ?? found(expr)
      selectors[expr] = known
      for selector in known { reads?.add(selector) }
    } catch {
      reads = nil
    }
  }

  private func found(_ expr: String) throws -> [String] {
    try session.engine.requests(try tree(expr), .instant(now))
      .map { RenderReads.selector($0.matchers) }
  }

  private func note(_ selectors: [[Matcher]]) {
    for matchers in selectors.isEmpty ? [[]] : selectors { reads?.add(matchers) }
  }

  private func window(_ query: PanelQuery) -> QueryWindow {
    query.isInstant
      ? .instant(query.to) : .range(start: query.from, end: query.to, step: query.step)
  }

  func tree(_ text: String) throws(PromQLError) -> Expr {
    if let known = trees[text] { return known }
    let tree = try PromQL.parse(text)
    trees[text] = tree
    return tree
  }

  // MARK: - Variables

  /// Answers what the variables of the dashboard in a file ask.
  func asking(_ path: String) -> (VariableQuery) -> [String]? {
    { self.ask($0, path) }
  }

  private func ask(_ query: VariableQuery, _ path: String) -> [String]? {
    do {
      switch query {
      case .labelValues(let label, let selector):
        let selectors = try matchers(selector)
        note(selectors)
        return try snapshot.labelValues(label, matching: selectors, range: .all, report: report)
      case .labelNames(let selector):
        let selectors = try matchers(selector)
        note(selectors)
        return try snapshot.labelNames(matching: selectors, range: .all, report: report)
      case .metrics(let pattern):
        let names = try Matcher(LabelName.metric, .regex, ".*(?:\(pattern)).*")
        note([[names]])
        return try snapshot.labelValues(
          LabelName.metric, matching: [[names]], range: .all, report: report)
      case .result(let expr): return try rows(of: expr)
      }
    } catch {
      reads = nil
      let reason = Explanation.diagnostic(of: error).line
      report.warn("\(path): a variable's query '\(query.text)' failed: \(reason)")
      return nil
    }
  }

  /// As Grafana has them: `metric{label="value"} 1 1795154400000`.
  private func rows(of expr: String) throws -> [String] {
    note(expr)
    let result = try session.evaluate(try tree(expr), text: expr, .instant(now))
    return result.panelSeries.compactMap { series in
      guard let value = series.values.last, let time = series.times.last else { return nil }
      let name = series.labels.first { $0.name == LabelName.metric }?.value ?? ""
      let labels = series.labels.filter { $0.name != LabelName.metric }
        .map { "\($0.name)=\(LabelKey.quoted($0.value))" }.joined(separator: ",")
      return "\(name)\(labels.isEmpty && !name.isEmpty ? "" : "{\(labels)}") "
        + "\(MxJSON.NumberText.general(value)) \(time)"
    }
  }

  private func matchers(_ selector: String?) throws -> [[Matcher]] {
    try selector.map { [try PromQL.parseSelector($0)] } ?? []
  }
}

extension MxEngine.QueryResult {
  /// The rows as panels take them: a gap where a step has no value.
  var panelSeries: [MxRender.QueryResult.Series] {
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
        var times: [Int64] = []
        var values: [Double] = []
        times.reserveCapacity(table.steps)
        values.reserveCapacity(table.steps)
        for step in 0..<table.steps where table.isPresent(series, step) {
          times.append(time(step))
          values.append(table.values[series * table.steps + step])
        }
        return MxRender.QueryResult.Series(
          labels: labels(table.labels[series]), times: times, values: values)
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
