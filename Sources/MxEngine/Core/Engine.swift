package import MxModel
package import MxPromQL
import Synchronization

/// When a query is evaluated, in ms.
package enum QueryWindow: Hashable, Sendable {
  case instant(Int64)
  /// `start`, `start + step`, … up to `end`.
  case range(start: Int64, end: Int64, step: Int64)

  /// For fingerprints. Interpolating a case is reflection: that was 1.8 % of the time of
  /// drawing 1,500 panels (2026-11-29).
  var text: String {
    switch self {
    case .instant(let time): "at \(time)"
    case .range(let start, let end, let step): "from \(start) to \(end) by \(step)"
    }
  }
}

/// Evaluates PromQL against a source.
package struct Engine: Sendable {
  package var options: EngineOptions

  package init(_ options: EngineOptions = EngineOptions()) { self.options = options }

  /// The answer to `expr`, which was read from `text` (annotations name places in it).
  ///
  /// What the source has to say besides (damage) goes to `report`.
  package func evaluate(
    _ expr: Expr, text: String, _ window: QueryWindow, source: any SeriesSource, report: Report
  ) throws -> QueryResult {
    do {
      return try answer(expr, text: text, window, source: source, report: report)
    } catch var error as PromQLError {
      // Durations that are computed are known now.
      error.position = error.position ?? error.range.position(in: text)
      throw error
    }
  }

  private func answer(
    _ expr: Expr, text: String, _ window: QueryWindow, source: any SeriesSource, report: Report
  ) throws -> QueryResult {
    let query = try PreparedQuery(expr, window, options)
    let expr = try EventCounting.rewritten(expr, source)
    let evaluator = try Evaluator(
      expr, grid: query.grid, times: query.times, isRangeQuery: query.isRange, source: source,
      text: text, options: options, report: report)
    let value = try evaluator.result(expr, query.grid)
    return QueryResult(
      value: value, firstStep: query.grid.first, step: query.grid.step,
      stepCount: query.grid.count, annotations: evaluator.notes.finished(),
      pacedSeries: evaluator.cronSeries.names, pacedSeriesCount: evaluator.cronSeries.count,
      readings: evaluator.readings.finished())
  }

  /// What evaluating would read: for `explain` and for fingerprints.
  package func requests(_ expr: Expr, _ window: QueryWindow) throws -> [SelectRequest] {
    let query = try PreparedQuery(expr, window, options)
    return try SelectionPlan(expr, query.grid, query.times, options).requests
  }
}

/// The steps of a query, checked.
private struct PreparedQuery {
  var grid: Grid
  var times: QueryTimes
  var isRange: Bool

  init(_ expr: Expr, _ window: QueryWindow, _ options: EngineOptions) throws {
    switch window {
    case .instant(let time):
      try PreparedQuery.check(time)
      grid = Grid(first: time, step: 0, count: 1)
      times = QueryTimes(start: time, end: time, step: 0)
      isRange = false
    case .range(let start, let end, let step):
      try PreparedQuery.check(start)
      try PreparedQuery.check(end)
      guard step > 0 else {
        throw EngineError.badTime("zero or negative query resolution step widths are not accepted")
      }
      guard end >= start else {
        throw EngineError.badTime("the end of the range lies before its start")
      }
      let count = (end - start) / step + 1
      guard count <= Int64(options.maximumSteps) else {
        throw EngineError.limit(
          "query has \(count) steps, at most \(options.maximumSteps) are allowed; widen the step "
            + "or shorten the range")
      }
      grid = Grid(first: start, step: step, count: Int(count))
      times = QueryTimes(start: start, end: end, step: step)
      isRange = true
      if let problem = expr.rangeQueryProblem { throw EngineError.query(problem) }
    }
  }

  private static func check(_ time: Int64) throws {
    guard time.magnitude <= SafeTime.limit.magnitude else {
      throw EngineError.badTime("time \(time) ms is too far from 1970")
    }
  }
}

extension Evaluator {
  func result(_ expr: Expr, _ grid: Grid) throws -> QueryResult.Value {
    switch expr.type {
    case .scalar:
      let column = try scalar(expr, grid)
      return .scalar((0..<grid.count).map { column[$0] })
    case .string:
      guard case .string(let node) = expr.unwrapped else {
        preconditionFailure("BUG: a string that is no literal")
      }
      return .string(node.value)
    case .vector:
      let stream = try vector(expr, grid)
      let finished = try withoutMarkedNames(table(stream))
      let labels = try finished.roster.allLabels()
      return .series(
        QueryResult.SeriesTable(
          finished, labels: labels, keepsOrder: !isRangeQuery && expr.decidesOrder))
    case .matrix: return .samples(try samples(expr, grid))
    }
  }

  /// Delayed name removal: the marked names go now.
  private func withoutMarkedNames(_ table: Table) throws -> Table {
    let marks = table.marks.list(table.count)
    guard marks.contains(true) else { return table }
    if !marks.contains(false) {
      return try merged(
        Table(
          roster: table.roster.dropping(ReservedLabels.all), marks: .none, store: table.store))
    }
    let filter = LabelFilter.dropping(ReservedLabels.all)
    let labels = try (0..<table.count).map { series in
      let labels = try table.roster.labels(series)
      return marks[series] ? filter.apply(labels) : labels
    }
    return try merged(Table(roster: Roster(labels), marks: .none, store: table.store))
  }

  private func samples(_ expr: Expr, _ grid: Grid) throws -> QueryResult.SampleTable {
    let stream: SampleStream = try samples(expr, grid)
    let span = stream.windows.span
    let found = Mutex([(series: Int, times: [Int64], values: [Double])]())
    try forEachBlock(Blocks.count(stream.roster.count)) { block, worker in
      let range = Blocks.range(block, of: stream.roster.count)
      try stream.runs(range, worker, false) { series, samples in
        let inside = (0..<samples.count).filter { span.contains(samples.times[$0]) }
        if inside.isEmpty { return true }
        try self.budget.take(inside.count)
        let times = inside.map { samples.times[$0] }
        let values = inside.map { samples.values[$0] }
        found.withLock { $0.append((series, times, values)) }
        return true
      }
    }
    let filter = LabelFilter.dropping(ReservedLabels.all)
    let all = try found.withLock { $0 }.map { entry in
      let labels = try stream.roster.labels(entry.series)
      return (
        labels: stream.marks[entry.series] ? filter.apply(labels) : labels, times: entry.times,
        values: entry.values
      )
    }.sorted { $0.labels < $1.labels }
    var result = QueryResult.SampleTable(labels: [], ends: [], times: [], values: [])
    for entry in all {
      if let last = result.labels.last, last == entry.labels {
        throw EngineError.query(Evaluator.duplicates)
      }
      result.labels.append(entry.labels)
      result.times += entry.times
      result.values += entry.values
      result.ends.append(result.times.count)
    }
    return result
  }
}

extension Expr {
  /// Why it has no value at several times, in Prometheus' words; nil where it has.
  package var rangeQueryProblem: String? {
    guard type == .matrix || type == .string else { return nil }
    return "invalid expression type \"\(type.documentedName)\" for range query, must be Scalar "
      + "or instant Vector"
  }

  /// Whether the order of an instant query's elements says something.
  fileprivate var decidesOrder: Bool {
    switch unwrapped {
    case .call(let node):
      switch node.function {
      case .sort, .sortDesc, .sortByLabel, .sortByLabelDesc: return true
      default: return false
      }
    case .aggregate(let node): return node.op == .topk || node.op == .bottomk
    default: return false
    }
  }
}
