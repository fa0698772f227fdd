import MxModel
import MxPromQL
import MxTemplate

/// What the rules of one run have written so far: visible to those that come
/// after, before anything is committed.
///
/// Series are few (what rules produce), so a list by metric name is index enough.
final class RuleMemory: @unchecked Sendable {
  // Written by the run's own thread between queries, read by queries: never both.
  struct Series: Sendable {
    var labels: LabelSet
    var times: [Int64] = []
    var values: [Double] = []
  }

  private(set) var all: [Series] = []
  /// By the number in the run's batch.
  private var places: [Int] = []
  private static let unknown = -2
  private static let unwanted = -1
  private var byMetric: [String: [Int]] = [:]
  /// Only what some rule may read is kept.
  let wanted: RuleReads

  init(wanted: RuleReads) { self.wanted = wanted }

  /// One more sample of the series `ref` of the run's batch.
  func append(_ ref: UInt32, of table: borrowing SeriesTable, _ time: Int64, _ value: Double) {
    while places.count <= Int(ref) { places.append(Self.unknown) }
    if places[Int(ref)] == Self.unknown { places[Int(ref)] = place(table.labels(ref)) }
    let number = places[Int(ref)]
    if number == Self.unwanted { return }
    if let last = all[number].times.last, last >= time {
      // Two rules write the same series: the later one counts, in time order.
      let place = all[number].times.firstIndex { $0 >= time } ?? all[number].times.count
      if place < all[number].times.count, all[number].times[place] == time {
        all[number].values[place] = value
      } else {
        all[number].times.insert(time, at: place)
        all[number].values.insert(value, at: place)
      }
      return
    }
    all[number].times.append(time)
    all[number].values.append(value)
  }

  private func place(_ labels: LabelSet) -> Int {
    let metric = labels.metricName ?? ""
    guard wanted.mayRead(metric) else { return Self.unwanted }
    all.append(Series(labels: labels))
    byMetric[metric, default: []].append(all.count - 1)
    return all.count - 1
  }

  /// The series that all of `matchers` take, with samples in `range`, in label order.
  func select(_ matchers: [Matcher], _ range: TimeRange) -> [Series] {
    let name = matchers.first { $0.name == LabelName.metric && $0.op == .equal }?.value
    let candidates = name.map { byMetric[$0] ?? [] } ?? Array(all.indices)
    return candidates.map { all[$0] }.filter { series in
      guard let first = series.times.first, let last = series.times.last, first <= range.to,
        last >= range.from
      else { return false }
      return matchers.allMatch(series.labels)
    }.sorted { $0.labels < $1.labels }
  }
}

/// Which metrics the expressions of some rules look at.
struct RuleReads: Sendable {
  private var names: Set<String> = []
  private var everything = false

  init(_ groups: [RuleGroup]) {
    for rule in groups.flatMap(\.rules) {
      for expr in rule.expressions {
        names.formUnion(expr.metricNames)
        if expr.selectsUnnamedMetrics { everything = true }
      }
      if rule.hasTemplates { everything = true }
    }
  }

  func mayRead(_ name: String) -> Bool { everything || names.contains(name) }
}

extension Rule {
  /// Templates may run queries of their own.
  fileprivate var hasTemplates: Bool {
    labels.contains { $0.template.usesQuery } || annotations.contains { $0.template.usesQuery }
  }
}
