import MxEngine
import MxModel
import MxPromQL
import MxTemplate

/// Which metrics some rules write.
struct RuleWrites {
  private var names: Set<String> = []

  init(_ groups: [RuleGroup]) {
    for rule in groups.flatMap(\.rules) {
      switch rule.kind {
      case .record(let name): names.insert(name)
      case .alert: names.formUnion(["ALERTS", "ALERTS_FOR_STATE"])
      }
    }
  }

  func mayBeRead(by expr: Expr) -> Bool {
    expr.selectors.contains { use in
      if let name = use.selector.metricName { return names.contains(name) }
      let conditions = use.selector.matchers.filter { $0.name == LabelName.metric }
      return names.contains { name in conditions.allSatisfy { $0.matches(name) } }
    }
  }
}

/// A group on its way through its due instants.
struct GroupProgress {
  let due: GroupDue
  var rules: [RuleProgress]
  /// How many instants are behind it.
  var done = 0

  init(_ due: GroupDue, _ written: RuleWrites, _ engine: Engine) {
    self.due = due
    rules = due.group.rules.map { RuleProgress($0, written, engine) }
  }

  var next: Int64? { done < due.steps.count ? due.steps[done] : nil }
}

/// One rule on its way: its results of the current block, its names by number.
struct RuleProgress {
  let rule: Rule
  private let engine: Engine
  /// Whether its results at many instants may be asked for at once.
  private var allowsBlocks: Bool
  private var block: Block?
  /// What it recorded at the instant before, numbers of series ascending.
  var previous: [UInt32] = []
  /// Labels of the expression -> number of the recorded series.
  var refs: [LabelSet: UInt32] = [:]
  /// Labels of the expression -> the alert, where no template is involved.
  private var identities: [LabelSet: LabelSet] = [:]
  private let hasPlainLabels: Bool

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

    func column(_ step: Int) -> [(labels: LabelSet, value: Double)] {
      switch values {
      case .scalar(let values): return [(.empty, values[step])]
      case .series(let table):
        return table.labels.indices.compactMap { series in
          table.value(series, step).map { (table.labels[series], $0) }
        }
      }
    }
  }

  /// Instants in one block, at most; and values.
  private static let blockSteps: Int64 = 1000
  private static let blockValues = 1 << 21
  /// The width of the first block, before anything is known of the rule's results.
  private static let firstBlock: Int64 = 64

  init(_ rule: Rule, _ written: RuleWrites, _ engine: Engine) {
    self.rule = rule
    self.engine = engine
    allowsBlocks =
      rule.expr.type != .string && rule.expr.type != .matrix && !rule.expr.dependsOnQueryTimes
      && !written.mayBeRead(by: rule.expr)
    hasPlainLabels = rule.labels.allSatisfy(\.template.isPlain)
  }

  // MARK: - Values

  /// What the expression gives at `time`.
  mutating func vector(
    _ due: GroupDue, _ time: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> [(labels: LabelSet, value: Double)] {
    if let found = column(due, time) { return found }
    let remaining = (due.steps.last - time) / due.steps.interval + 1
    // An instant off the grid (the interval was changed) stands alone.
    let isOnGrid = (due.steps.first - time) % due.steps.interval == 0
    if allowsBlocks, isOnGrid, remaining > 1 {
      do {
        block = try fetch(due, time, remaining, source, report)
        if let found = column(due, time) { return found }
      } catch is EngineError {
        // One bad instant must not spoil the others: one by one from here on.
        allowsBlocks = false
        block = nil
      }
    }
    return try instant(time - due.group.queryOffset, source, report)
  }

  private func column(_ due: GroupDue, _ time: Int64) -> [(labels: LabelSet, value: Double)]? {
    guard let block, time >= block.first else { return nil }
    let (step, rest) = (time - block.first).quotientAndRemainder(dividingBy: due.steps.interval)
    guard rest == 0, step < Int64(block.steps) else { return nil }
    return block.column(Int(step))
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
    let value = try Self.evaluate(engine, rule.expr, rule.text, window, source, report)
    switch value {
    case .series(let table): return Block(first: time, values: .series(table))
    case .scalar(let values): return Block(first: time, values: .scalar(values))
    default: throw EngineError.query("rule result is not a vector or scalar")
    }
  }

  private func instant(
    _ time: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> [(labels: LabelSet, value: Double)] {
    try Self.instant(engine, rule.expr, rule.text, time, source, report)
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
      throw TemplateFailure("its data is damaged: \(damage)")
    }
    return result.value
  }

  // MARK: - Names

  /// The series that a record writes for an element of its expression.
  func recorded(_ labels: LabelSet) -> LabelSet {
    var builder = LabelSetBuilder()
    for pair in labels.pairs { builder.add(pair.name, pair.value) }
    builder.add(LabelName.metric, rule.name)
    for label in rule.labels { builder.add(label.name, label.template.text) }
    return builder.finish()
  }

  /// The alert that an element of the expression is.
  mutating func identity(
    _ labels: LabelSet, _ value: Double, _ scope: TemplateScope
  ) -> LabelSet {
    if hasPlainLabels, let known = identities[labels] { return known }
    var builder = LabelSetBuilder()
    for pair in labels.pairs where pair.name != LabelName.metric {
      builder.add(pair.name, pair.value)
    }
    for label in rule.labels {
      builder.add(label.name, scope.expand(label.template, labels, value))
    }
    builder.add("alertname", rule.name)
    let identity = builder.finish()
    if hasPlainLabels { identities[labels] = identity }
    return identity
  }

  /// Calls `body` for each number that was there and is not now; both ascend.
  static func missing(_ before: [UInt32], now: [UInt32], _ body: (UInt32) -> Void) {
    var place = 0
    for ref in before {
      while place < now.count, now[place] < ref { place += 1 }
      if place == now.count || now[place] != ref { body(ref) }
    }
  }
}
