import MxModel

/// What the groups of a run are going to write, and from when on.
struct RuleFuture: Sendable {
  /// The first instant that is evaluated again or for the first time.
  let start: Int64
  private let records: Set<String>
  private let alerts: Set<String>

  private static let alertMetrics: Set<String> = ["ALERTS", "ALERTS_FOR_STATE"]

  init(_ due: [GroupDue]) {
    // A group that never ran has no unfinished run before it.
    let late = due.filter { $0.steps.count > 0 && $0.previous != nil }
    start = late.map { $0.steps.first - $0.group.queryOffset }.min() ?? .max
    var (records, alerts): (Set<String>, Set<String>) = ([], [])
    for rule in late.flatMap(\.group.rules) {
      if rule.isAlert { alerts.insert(rule.name) } else { records.insert(rule.name) }
    }
    self.records = records
    self.alerts = alerts
  }

  /// Whether some series that `matchers` take may be one of them.
  func mayConcern(_ matchers: [Matcher], _ range: TimeRange) -> Bool {
    guard range.to >= start else { return false }
    let names = matchers.filter { $0.name == LabelName.metric }
    func takes(_ metric: String) -> Bool { names.allSatisfy { $0.matches(metric) } }
    return records.contains(where: takes)
      || (!alerts.isEmpty && Self.alertMetrics.contains(where: takes))
  }

  func concerns(_ labels: LabelSet) -> Bool {
    guard let metric = labels.metricName else { return false }
    if records.contains(metric) { return true }
    return Self.alertMetrics.contains(metric) && alerts.contains(labels["alertname"] ?? "")
  }
}
