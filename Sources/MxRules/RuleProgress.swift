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

  init(_ due: GroupDue, _ written: RuleWrites, _ options: RuleOptions) {
    self.due = due
    rules = due.group.rules.filter(\.isEnabled).map { RuleProgress($0, written, options) }
  }

  var next: Int64? { done < due.steps.count ? due.steps[done] : nil }
}

/// One rule on its way: its expressions, its names by number.
struct RuleProgress {
  let rule: Rule
  private let main: ExprProgress
  /// In place of `main` where the metric is of type event.
  private let events: ExprProgress?
  private let sliding: SlidingProgress?
  private let resolve: ExprProgress?
  private let data: ExprProgress?
  private let hidden: Set<String>
  /// What it recorded at the instant before, numbers of series ascending.
  var previous: [UInt32] = []
  /// Labels of the expression -> number of the recorded series.
  var refs: [LabelSet: UInt32] = [:]
  /// Labels of the expression -> the alert, where no template is involved.
  private var identities: [LabelSet: LabelSet] = [:]
  private let hasPlainLabels: Bool

  init(_ rule: Rule, _ written: RuleWrites, _ options: RuleOptions) {
    self.rule = rule
    let engine = { options.engine(for: rule) }
    func progress(_ expr: Expr, _ text: String) -> ExprProgress {
      ExprProgress(expr, text, written, engine)
    }
    main = progress(rule.expr, rule.text)
    events = rule.short?.ofEvents.map { progress($0.tree, $0.text) }
    sliding = rule.short.flatMap { short in
      short.sliding.map { SlidingProgress($0, short, written) }
    }
    resolve = rule.additions.resolve.map { progress($0.expr, $0.text) }
    data = rule.dataExpr.map { progress($0, $0.description) }
    hidden = Set(rule.labels.map(\.name) + [LabelName.metric, "alertname"])
    hasPlainLabels = rule.labels.allSatisfy(\.template.isPlain)
  }

  // MARK: - Values

  /// What the expression gives at `time`.
  func vector(
    _ due: GroupDue, _ time: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> [(labels: LabelSet, value: Double)] {
    if let sliding { return try sliding.vector(due, time, source, report) }
    if let events, let metric = rule.short?.metric,
      try source.metadata(of: metric)?.type == .event
    {
      return try events.vector(due, time, source, report)
    }
    return try main.vector(due, time, source, report)
  }

  /// What else is to be known at `time`.
  func background(
    _ needs: AlertNeeds, _ due: GroupDue, _ scope: TemplateScope, _ report: Report
  ) throws -> AlertBackground {
    var background = AlertBackground()
    if needs.resolve, let resolve {
      let index = AlertIndex(
        try resolve.vector(due, scope.now, scope.source, report), hiding: hidden)
      switch rule.additions.resolve {
      case .unless: background.lingering = index
      case .when: background.ending = index
      case nil: break
      }
    }
    if needs.data || needs.series, let data {
      let found = try data.vector(due, scope.now, scope.source, report)
      background.data = AlertIndex(found, hiding: hidden)
      if needs.series {
        for (labels, value) in found {
          background.series[labels.removing(hidden)] = expanded(labels, value, scope)
        }
      }
    }
    return background
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
    let identity = expanded(labels, value, scope)
    if hasPlainLabels { identities[labels] = identity }
    return identity
  }

  private func expanded(_ labels: LabelSet, _ value: Double, _ scope: TemplateScope) -> LabelSet {
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

  /// Calls `body` for each number that was there and is not now; both ascend.
  static func missing(_ before: [UInt32], now: [UInt32], _ body: (UInt32) -> Void) {
    var place = 0
    for ref in before {
      while place < now.count, now[place] < ref { place += 1 }
      if place == now.count || now[place] != ref { body(ref) }
    }
  }
}
