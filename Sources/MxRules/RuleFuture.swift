import MxModel

/// Who writes which series in a run: the rules of all its groups, due or not, in the
/// order in which they are evaluated at one instant.
struct RuleOrder: Sendable {
  struct Writer: Sendable {
    /// The rule's place among all.
    var place: Int
    var queryOffset: Int64
    /// Its first sample that is written again or for the first time; `.max` where its
    /// group never ran, or has nothing to make up for.
    var start: Int64
  }

  fileprivate private(set) var records: [String: [Writer]] = [:]
  /// By the name of the alert.
  fileprivate private(set) var alerts: [String: [Writer]] = [:]
  fileprivate private(set) var start = Int64.max
  static let alertMetrics: Set<String> = ["ALERTS", "ALERTS_FOR_STATE"]

  init(_ due: [GroupDue]) {
    var first = 0
    for due in due {
      // A group that never ran has no unfinished run before it.
      let isLate = due.steps.count > 0 && due.previous != nil
      let from = isLate ? due.steps.first - due.group.queryOffset : .max
      start = min(start, from)
      for (index, rule) in due.group.rules.enumerated() {
        let writer = Writer(
          place: first + index, queryOffset: due.group.queryOffset, start: from)
        if rule.isAlert {
          alerts[rule.name, default: []].append(writer)
        } else {
          records[rule.name, default: []].append(writer)
        }
      }
      first += due.group.rules.count
    }
  }
}

/// What is not to be seen of the series that the rules of a run write, though it is in
/// the store.
struct RuleFuture: Sendable {
  private enum View {
    /// What rules are to write from here on.
    case run
    /// What the rule at a place saw when it was evaluated at an instant: of the rules
    /// after it, and of itself, nothing of that instant; of those before it nothing later.
    case earlier(Int64, place: Int)
  }

  private let order: RuleOrder
  private let view: View

  init(_ order: RuleOrder) {
    self.order = order
    view = .run
  }

  init(_ order: RuleOrder, at time: Int64, of place: Int) {
    self.order = order
    view = .earlier(time, place: place)
  }

  /// Samples of these rules are not seen from here on.
  private func start(_ writers: [RuleOrder.Writer]?) -> Int64 {
    guard let writers else { return .max }
    switch view {
    case .run: return writers.lazy.map(\.start).min() ?? .max
    case .earlier(let time, let place):
      return writers.lazy.map { time - $0.queryOffset + ($0.place < place ? 1 : 0) }.min() ?? .max
    }
  }

  /// What it shows of a series that this run itself wrote so far.
  func shown(_ series: RuleMemory.Series) -> RuleMemory.Series {
    guard case .earlier = view else { return series }
    let end = end(of: series.labels)
    let count = series.times.firstIndex { $0 >= end } ?? series.times.count
    var shown = series
    shown.times.removeSubrange(count...)
    shown.values.removeSubrange(count...)
    return shown
  }

  /// Whether some series that `matchers` take may be one of them.
  func mayConcern(_ matchers: [Matcher], _ range: TimeRange) -> Bool {
    if case .run = view, range.to < order.start { return false }
    let names = matchers.filter { $0.name == LabelName.metric }
    func takes(_ metric: String) -> Bool { names.allSatisfy { $0.matches(metric) } }
    if !order.alerts.isEmpty, RuleOrder.alertMetrics.contains(where: takes) { return true }
    if let name = names.first(where: { $0.op == .equal })?.value {
      return takes(name) && order.records[name] != nil
    }
    return order.records.keys.contains(where: takes)
  }

  /// From when on samples of a series are not seen; `.max` where all are.
  func end(of labels: LabelSet) -> Int64 {
    guard let metric = labels.metricName else { return .max }
    let start = start(order.records[metric])
    guard RuleOrder.alertMetrics.contains(metric) else { return start }
    return min(start, self.start(order.alerts[labels["alertname"] ?? ""]))
  }
}
