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

  func contains(_ metric: String) -> Bool { names.contains(metric) }

  func isRead(by rule: Rule) -> Bool {
    rule.short.map { contains($0.metric) } ?? false || rule.expressions.contains(where: mayBeRead)
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

  /// `first`: the number of its first rule among those of the run.
  init(
    _ due: GroupDue, first: Int, _ written: RuleWrites, _ options: RuleOptions, _ gate: RuleGate
  ) {
    self.due = due
    rules = due.group.rules.enumerated().filter(\.element.isEnabled).map { index, rule in
      RuleProgress(rule, first + index, written, options, gate)
    }
  }

  /// Takes out the alert rules that read nothing which rules write.
  mutating func removeLone(_ written: RuleWrites) -> [LoneRule] {
    let lone = rules.filter { $0.rule.isAlert && !written.isRead(by: $0.rule) }
    rules.removeAll { state in lone.contains { $0 === state } }
    return lone.map { LoneRule($0, due) }
  }

  var next: Int64? { done < due.steps.count ? due.steps[done] : nil }
}

/// One rule on its way: its expressions, its names by number.
final class RuleProgress {
  let rule: Rule
  /// Its place among the rules of the run.
  let number: Int
  let background: RuleBackground
  let templates = TemplateKit()
  private let gate: RuleGate
  private let main: ExprProgress
  /// In place of `main` where the metric is of type event.
  private let events: ExprProgress?
  private let sliding: SlidingProgress?
  /// What it recorded at the instant before, numbers of series ascending.
  var previous: [UInt32] = []
  /// Labels of the expression -> number of what the rule makes of them: of records the
  /// series in the batch, of alerts the place in `alerts`.
  private var numbers: [LabelSet: Int] = [:]
  /// The same by the rows of the current block; -1 where it was not asked for yet.
  private var rowNumbers: (block: Int, numbers: [Int]) = (0, [])
  private var alerts: [LabelSet] = []
  private var alertNumbers: [LabelSet: Int] = [:]
  private let hasPlainLabels: Bool

  init(
    _ rule: Rule, _ number: Int, _ written: RuleWrites, _ options: RuleOptions, _ gate: RuleGate
  ) {
    self.rule = rule
    self.number = number
    self.gate = gate
    let asking = RuleAsking(engine: { options.engine(for: rule) }, gate: gate)
    func progress(_ expr: Expr, _ text: String) -> ExprProgress {
      ExprProgress(expr, text, written, asking)
    }
    main = progress(rule.expr, rule.text)
    events = rule.short?.ofEvents.map { progress($0.tree, $0.text) }
    sliding = rule.short.flatMap { short in
      short.sliding.map { SlidingProgress($0, short, written, gate) }
    }
    background = RuleBackground(rule, progress)
    hasPlainLabels = rule.labels.allSatisfy(\.template.isPlain)
  }

  // MARK: - Values

  /// What the expression gives at `time`.
  func vector(
    _ due: GroupDue, _ time: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> ExprVector {
    let vector: ExprVector
    if let sliding {
      vector = try sliding.vector(due, time, source, report)
    } else if let events, let metric = rule.short?.metric,
      try gate.pass({ try source.metadata(of: metric) })?.type == .event,
      // Where the store counts events, `count_over_time` does.
      try gate.pass({ try source.metadata(of: EventCount.name(of: metric)) }) == nil
    {
      vector = try events.vector(due, time, source, report)
    } else {
      vector = try main.vector(due, time, source, report)
    }
    if vector.block != rowNumbers.block { rowNumbers = (vector.block, []) }
    return vector
  }

  // MARK: - Names

  /// The number of what the rule makes of `element`, which `make` gives where it is new.
  private func number(
    of element: ExprElement, _ make: () -> Int
  ) -> Int {
    let isOfBlock = rowNumbers.block != 0
    if isOfBlock, element.row < rowNumbers.numbers.count, rowNumbers.numbers[element.row] >= 0 {
      return rowNumbers.numbers[element.row]
    }
    let number: Int
    if let known = numbers[element.labels] {
      number = known
    } else {
      number = make()
      numbers[element.labels] = number
    }
    if isOfBlock {
      while rowNumbers.numbers.count <= element.row { rowNumbers.numbers.append(-1) }
      rowNumbers.numbers[element.row] = number
    }
    return number
  }

  /// The series that a record writes for an element of its expression.
  func series(_ element: ExprElement, in table: inout SeriesTable) -> UInt32 {
    UInt32(number(of: element) { Int(table.intern(recorded(element.labels))) })
  }

  private func recorded(_ labels: LabelSet) -> LabelSet {
    var builder = LabelSetBuilder()
    for pair in labels.pairs { builder.add(pair.name, pair.value) }
    builder.add(LabelName.metric, rule.name)
    for label in rule.labels { builder.add(label.name, label.template.text) }
    return builder.finish()
  }

  /// The alert that an element of the expression is, and its number in this run.
  func alert(
    _ element: ExprElement, _ scope: TemplateScope
  ) -> (labels: LabelSet, number: Int) {
    let number: Int
    if hasPlainLabels {
      number = self.number(of: element) { alertNumber(element, scope) }
    } else {
      number = alertNumber(element, scope)
    }
    return (alerts[number], number)
  }

  private func alertNumber(_ element: ExprElement, _ scope: TemplateScope) -> Int {
    let labels = background.alert(element.labels, element.value, scope)
    if let known = alertNumbers[labels] { return known }
    alertNumbers[labels] = alerts.count
    alerts.append(labels)
    return alerts.count - 1
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

/// What a rule asks besides its expression, when somebody wants to know.
final class RuleBackground {
  private let rule: Rule
  private let resolve: ExprProgress?
  private let data: ExprProgress?
  private let hidden: Set<String>

  init(_ rule: Rule, _ progress: (Expr, String) -> ExprProgress) {
    self.rule = rule
    resolve = rule.additions.resolve.map { progress($0.expr, $0.text) }
    data = rule.isAlert ? rule.dataExpr.map { progress($0, $0.description) } : nil
    hidden = Set(rule.labels.map(\.name) + [LabelName.metric, "alertname"])
  }

  func answer(
    _ needs: AlertNeeds, _ due: GroupDue, _ scope: TemplateScope
  ) throws -> AlertBackground {
    var background = AlertBackground()
    if needs.resolve, let resolve {
      let index = AlertIndex(
        try resolve.vector(due, scope.now, scope.source, scope.report).pairs, hiding: hidden)
      switch rule.additions.resolve {
      case .unless: background.lingering = index
      case .when: background.ending = index
      case nil: break
      }
    }
    if needs.data || needs.series, let data {
      let found = try data.vector(due, scope.now, scope.source, scope.report).pairs
      background.data = AlertIndex(found, hiding: hidden)
      if needs.series {
        for (labels, value) in found {
          background.series[labels.removing(hidden)] = alert(labels, value, scope)
        }
      }
    }
    return background
  }

  /// The labels of the alert that an element with these labels is.
  func alert(_ labels: LabelSet, _ value: Double, _ scope: TemplateScope) -> LabelSet {
    var builder = LabelSetBuilder()
    for pair in labels.pairs where pair.name != LabelName.metric {
      builder.add(pair.name, pair.value)
    }
    for label in rule.labels {
      builder.add(label.name, scope.expand(label.template, labels, value))
    }
    builder.add("alertname", rule.name)
    return builder.finish()
  }
}
