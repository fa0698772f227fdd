import MxModel
import MxPromQL
import Synchronization

/// A scalar at all steps; one value stands for all.
struct ScalarColumn: Sendable {
  var values: [Double]

  init(_ value: Double) { values = [value] }
  init(values: [Double]) { self.values = values }

  @inline(__always)
  subscript(step: Int) -> Double { values.count == 1 ? values[0] : values[step] }
}

/// Walks a tree and makes streams of it: what is computed when, not the values.
///
/// One evaluator is one query over one source. Everything in it is constant or
/// locks itself, so that workers share it.
final class Evaluator: Sendable {
  let options: EngineOptions
  let times: QueryTimes
  let isRangeQuery: Bool
  let notes: AnnotationSink
  let budget: Budget
  let expiry: Expiry
  let cronSeries = CronSeries()
  let readings = ReadingSink()
  /// Whether retention left all samples, of what was asked about: selections live as long.
  let wholeSpans = Mutex<[WholeSpan: Bool]>([:])
  private let keys: [SelectionPlan.Key: Int]
  private let selections: [any Selection]

  init(
    _ expr: Expr, grid: Grid, times: QueryTimes, isRangeQuery: Bool, source: any SeriesSource,
    text: String, options: EngineOptions, report: Report
  ) throws {
    self.options = options
    self.times = times
    self.isRangeQuery = isRangeQuery
    notes = AnnotationSink(source: text)
    budget = Budget(limit: options.maximumSamples)
    expiry = Expiry(options.hasExpired)
    let plan = try SelectionPlan(expr, grid, times, options)
    keys = plan.keys
    selections = try source.open(plan.requests, report: report)
    precondition(
      selections.count == plan.requests.count, "BUG: a source answered \(selections.count) requests"
    )
    for (request, selection) in zip(plan.requests, selections)
    where selection.count > options.maximumSeries {
      throw EngineError.limit(
        "'\(Selector(request.matchers))' finds \(selection.count) series, query_series allows "
          + "\(options.maximumSeries): add matchers")
    }
  }

  func selection(_ matchers: [Matcher], _ range: TimeRange) throws -> any Selection {
    guard let index = keys[SelectionPlan.Key(matchers: matchers, range: range)] else {
      preconditionFailure("BUG: a selector was not planned: \(matchers)")
    }
    return selections[index]
  }

  /// The steps at which `expr` has to be computed: one where all are the same.
  static func gridNeeded(_ expr: Expr, _ grid: Grid) -> Grid {
    grid.count > 1 && expr.isStepInvariant ? grid.single : grid
  }

  func vector(_ expr: Expr, _ outer: Grid) throws -> VectorStream {
    let grid = Evaluator.gridNeeded(expr, outer)
    let stream =
      switch expr {
      case .selector(let node): try selectorStream(node, grid)
      case .unary(let node): try negated(node, grid)
      case .binary(let node): try binary(node, grid)
      case .call(let node): try call(node, grid)
      case .aggregate(let node): try aggregate(node, grid)
      case .parentheses(let node): try vector(node.inner, grid)
      case .number, .string, .range, .subquery:
        preconditionFailure("BUG: \(expr.type.name) where the type check wants a vector")
      }
    return stream.broadcast(to: outer.count)
  }

  func scalar(_ expr: Expr, _ outer: Grid) throws -> ScalarColumn {
    let grid = Evaluator.gridNeeded(expr, outer)
    switch expr {
    case .number(let node): return ScalarColumn(node.value)
    case .parentheses(let node): return try scalar(node.inner, grid)
    case .unary(let node):
      let operand = try scalar(node.operand, grid)
      return node.op == .plus ? operand : ScalarColumn(values: operand.values.map { -$0 })
    case .binary(let node): return try scalarBinary(node, grid)
    case .call(let node): return try scalarCall(node, grid)
    default: preconditionFailure("BUG: \(expr.type.name) where the type check wants a scalar")
    }
  }

  private func negated(_ node: UnaryExpr, _ grid: Grid) throws -> VectorStream {
    let operand = try vector(node.operand, grid)
    if node.op == .plus { return operand }
    return try droppingName(
      operand.mapping { _, row in
        for step in row.indices where Absent.isPresent(row[step]) { row[step] = -row[step] }
      })
  }
}

/// Names that go when an operation makes something else of a metric.
enum ReservedLabels {
  static let all: Set<String> = [LabelName.metric, LabelName.type, LabelName.unit]
}

extension Evaluator {
  static let duplicates = "vector cannot contain metrics with the same labelset"

  /// The stream without metric names: at once, or marked so.
  func droppingName(_ stream: VectorStream) throws -> VectorStream {
    var result = stream
    if options.delaysNameRemoval {
      result.marks = .all
      return result
    }
    result.roster = stream.roster.dropping(ReservedLabels.all)
    if try !namesDiffer(stream.roster) { return result }
    return try unique(result)
  }

  /// Whether series could become equal by losing their names.
  private func namesDiffer(_ roster: Roster) throws -> Bool {
    let names = try roster.labelNames()
    for reserved in ReservedLabels.all where names.contains(reserved) {
      let ids = try roster.column(reserved).ids
      if let first = ids.first, ids.contains(where: { $0 != first }) { return true }
    }
    return false
  }

  /// The stream where all label sets differ: equal ones become one series, and are
  /// an error where both have a value at one step.
  func unique(_ stream: VectorStream) throws -> VectorStream {
    let signatures = try Signatures.of(stream.roster, .ignoring([]))
    if signatures.count == stream.roster.count { return stream }
    return try merged(table(stream)).stream
  }

  /// One row for each label set. Rows of one label set but with different fates of
  /// their names stay apart: they are different series at the end.
  func merged(_ table: Table, orFail message: String = duplicates) throws -> Table {
    let signatures = try Signatures.of(table.roster, .ignoring([]))
    if signatures.count == table.count { return table }
    // Group -> its row without and with a mark.
    var firsts = [Int32](repeating: -1, count: signatures.count * 2)
    for series in 0..<table.count {
      let own = Int(signatures.groups[0][series]) * 2 + (table.marks[series] ? 1 : 0)
      let from = table.row(series)
      for place in [own, own ^ 1] where firsts[place] >= 0 {
        let into = table.row(Int(firsts[place]))
        for step in 0..<table.steps where Absent.isPresent(from[step]) {
          guard Absent.isAbsent(into[step]) else { throw EngineError.query(message) }
          if place == own { into[step] = from[step] }
        }
      }
      if firsts[own] < 0 { firsts[own] = Int32(series) }
    }
    let kept = firsts.filter { $0 >= 0 }
    return kept.count == table.count ? table : table.picking(kept)
  }
}
