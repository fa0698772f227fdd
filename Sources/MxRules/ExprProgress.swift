import MxEngine
import MxModel
import MxPromQL

/// One element of an expression's answer.
struct ExprElement {
  /// Its place among the rows of its block.
  var row: Int
  var labels: LabelSet
  var value: Double
}

/// What an expression gave at one instant.
struct ExprVector {
  /// The block that the rows are of: equal rows of equal blocks have equal labels. 0 for
  /// an answer that stands alone.
  var block = 0
  var elements: [ExprElement]

  init(block: Int, _ elements: [ExprElement]) {
    self.block = block
    self.elements = elements
  }

  init(_ vector: [(labels: LabelSet, value: Double)]) {
    elements = vector.map { ExprElement(row: 0, labels: $0.labels, value: $0.value) }
  }

  var pairs: [(labels: LabelSet, value: Double)] { elements.map { ($0.labels, $0.value) } }
}

/// An expression on its way through the instants of a group: its results of the
/// current block of them.
final class ExprProgress {
  let expr: Expr
  let text: String
  private let asking: RuleAsking
  /// Whether its results at many instants may be asked for at once.
  private var allowsBlocks: Bool
  private var block: Block?
  private var blockNumber = 0

  /// Results at `first`, `first + interval`, … of evaluation time.
  private struct Block {
    enum Values {
      case series(QueryResult.SeriesTable)
      case scalar([Double])
    }

    var first: Int64
    var values: Values

    var steps: Int {
      switch values {
      case .series(let table): table.steps
      case .scalar(let values): values.count
      }
    }

    var seriesCount: Int {
      if case .series(let table) = values { table.labels.count } else { 1 }
    }

    func column(_ step: Int) -> [ExprElement] {
      switch values {
      case .scalar(let values): return [ExprElement(row: 0, labels: .empty, value: values[step])]
      case .series(let table):
        var column: [ExprElement] = []
        for series in table.labels.indices where table.isPresent(series, step) {
          column.append(
            ExprElement(
              row: series, labels: table.labels[series],
              value: table.values[series * table.steps + step]))
        }
        return column
      }
    }
  }

  /// Instants in one block, at most; and values.
  private static let blockSteps: Int64 = 1000
  private static let blockValues = 1 << 21
  /// The width of the first block, before anything is known of the results.
  private static let firstBlock: Int64 = 64

  init(
    _ expr: Expr, _ text: String, _ written: RuleWrites, _ asking: RuleAsking
  ) {
    self.expr = expr
    self.text = text
    self.asking = asking
    allowsBlocks =
      expr.type != .string && expr.type != .matrix && !expr.dependsOnQueryTimes
      && !written.mayBeRead(by: expr)
  }

  /// What the expression gives at `time`.
  func vector(
    _ due: GroupDue, _ time: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> ExprVector {
    if let found = column(due, time) { return found }
    let remaining = (due.steps.last - time) / due.steps.interval + 1
    // An instant off the grid (the interval was changed) stands alone.
    let isOnGrid = (due.steps.first - time) % due.steps.interval == 0
    if allowsBlocks, isOnGrid, remaining > 1 {
      do {
        block = try asking.gate.pass { try fetch(due, time, remaining, source, report) }
        blockNumber += 1
        if let found = column(due, time) { return found }
      } catch is EngineError {
        // One bad instant must not spoil the others: one by one from here on.
        allowsBlocks = false
        block = nil
      }
    }
    return ExprVector(
      try asking.gate.pass {
        try Self.instant(
          asking.engine(), expr, text, time - due.group.queryOffset, source, report)
      })
  }

  private func column(_ due: GroupDue, _ time: Int64) -> ExprVector? {
    guard let block, time >= block.first else { return nil }
    let (step, rest) = (time - block.first).quotientAndRemainder(dividingBy: due.steps.interval)
    guard rest == 0, step < Int64(block.steps) else { return nil }
    return ExprVector(block: blockNumber, block.column(Int(step)))
  }

  private func fetch(
    _ due: GroupDue, _ time: Int64, _ remaining: Int64, _ source: any SeriesSource,
    _ report: Report
  ) throws -> Block {
    var count = min(remaining, Self.firstBlock)
    if let block {
      let fitting = Int64(Self.blockValues / max(1, block.seriesCount))
      count = min(remaining, max(1, min(Self.blockSteps, fitting)))
    }
    let start = time - due.group.queryOffset
    let window = QueryWindow.range(
      start: start, end: start + (count - 1) * due.steps.interval, step: due.steps.interval)
    let value = try Self.evaluate(asking.engine(), expr, text, window, source, report)
    switch value {
    case .series(let table): return Block(first: time, values: .series(table))
    case .scalar(let values): return Block(first: time, values: .scalar(values))
    default: throw EngineError.query("rule result is not a vector or scalar")
    }
  }

  static func instant(
    _ engine: Engine, _ expr: Expr, _ text: String, _ time: Int64, _ source: any SeriesSource,
    _ report: Report
  ) throws -> [(labels: LabelSet, value: Double)] {
    switch try evaluate(engine, expr, text, .instant(time), source, report) {
    case .series(let table):
      return table.labels.indices.compactMap { series in
        table.value(series, 0).map { (table.labels[series], $0) }
      }
    case .scalar(let values): return values.prefix(1).map { (.empty, $0) }
    default: throw EngineError.query("rule result is not a vector or scalar")
    }
  }

  /// Damage under an evaluation is an error of it: half of the data is no answer.
  private static func evaluate(
    _ engine: Engine, _ expr: Expr, _ text: String, _ window: QueryWindow,
    _ source: any SeriesSource, _ report: Report
  ) throws -> QueryResult.Value {
    let own = Report()
    let result = try engine.evaluate(expr, text: text, window, source: source, report: own)
    for warning in own.warnings { report.warn(warning) }
    if let damage = own.damage.first {
      for one in own.damage { report.damaged(one) }
      throw RuleTrouble("its data is damaged: \(damage)")
    }
    return result.value
  }
}
