import Glibc
import MxFiles
import MxModel
import MxPromQL
import MxRender
import MxStore

/// `mx-bench feed STORE DASHBOARD...`: a store with series for everything that
/// dashboards ask for, so that whole collections of them can be drawn.
///
/// What a query names exists: its metrics, the labels it matches, groups or joins by.
/// Three instances of each, two values of every other label, a sample a minute for
/// the last six hours before `MX_NOW` (Unix seconds; default 2026-11-20 06:00 UTC).
enum FeedBench {
  static func run(_ arguments: [String]) throws -> Int32 {
    guard arguments.count >= 2 else {
      print("usage: mx-bench feed STORE DASHBOARD...")
      return 2
    }
    let files = DiskFileSystem()
    var wanted = WantedSeries()
    for path in arguments.dropFirst() {
      let dashboard = try Dashboard.decode(try files.contents(of: path, limit: 64 << 20))
      wanted.add(dashboard)
    }
    let now = (getenv("MX_NOW").flatMap { Int64(String(cString: $0)) } ?? 1_795_154_400) * 1000
    let store = Store(path: arguments[0], files: files)
    let writer = StoreWriter(store, CommitOptions(now: now))
    let count = try wanted.write(writer, until: now)
    try writer.commit()
    _ = try store.mergeAll(now: now, Report())
    print("\(wanted.metrics.count) metrics, \(count) series, \(writer.result.samples) samples")
    return 0
  }
}

/// Metrics and labels as the queries of dashboards have them.
private struct WantedSeries {
  struct Metric {
    /// Label to values; empty where any will do.
    var labels: [String: Set<String>] = [:]
    var isCounter = false
    /// What tells its series apart, where a query joins by these labels: nil for all.
    var uniqueBy: Set<String>?
  }

  private(set) var metrics: [String: Metric] = [:]
  /// More series of one metric than this no panel of them shows.
  private static let seriesLimit = 48

  mutating func add(_ dashboard: Dashboard) {
    let plan: Plan
    do { plan = try dashboard.plan(PlanOptions(now: 0)) { _ in nil } } catch { return }
    for query in plan.queries {
      do { add(try PromQL.parse(query.expr)) } catch { continue }
    }
    for variable in dashboard.variables {
      guard case .query(let text) = variable.kind,
        case .labelValues(let label, let selector?)? = VariableQuery.parse(text)
      else { continue }
      do {
        for use in try PromQL.parse(selector).selectors { add(use, [label]) }
      } catch { continue }
    }
  }

  private mutating func add(_ tree: Expr) {
    var grouping: Set<String> = []
    tree.walk { node in
      switch node {
      case .aggregate(let node):
        if case .by(let labels) = node.grouping { grouping.formUnion(labels) }
      case .binary(let node):
        if let matching = node.matching, matching.isOn {
          grouping.formUnion(matching.labels)
          join(node, matching)
        }
      default: break
      }
      return true
    }
    for use in tree.selectors { add(use, grouping) }
  }

  /// The side that has one series a match must have no more.
  private mutating func join(_ node: BinaryExpr, _ matching: VectorMatching) {
    let isOneLeft = matching.cardinality == .oneToOne || matching.cardinality == .oneToMany
    let isOneRight = matching.cardinality == .oneToOne || matching.cardinality == .manyToOne
    let uses = (isOneLeft ? node.left.selectors : []) + (isOneRight ? node.right.selectors : [])
    for name in uses.compactMap(\.selector.metricName) {
      let known = metrics[name]?.uniqueBy ?? Set(matching.labels)
      metrics[name, default: Metric()].uniqueBy = known.intersection(matching.labels)
    }
  }

  private mutating func add(_ use: SelectorUse, _ grouping: Set<String>) {
    guard let name = use.selector.metricName else { return }
    var metric = metrics[name] ?? Metric()
    for label in grouping where label != "le" || name.hasSuffix("_bucket") {
      metric.labels[label, default: []] = metric.labels[label] ?? []
    }
    for matcher in use.selector.matchers where matcher.name != LabelName.metric {
      let isFixed = matcher.op == .equal && !matcher.value.isEmpty && !matcher.value.contains("$")
      let value = isFixed ? matcher.value : nil
      metric.labels[matcher.name, default: []].formUnion(value.map { [$0] } ?? [])
    }
    let endings = ["_total", "_count", "_sum", "_bucket"]
    metric.isCounter = metric.isCounter || endings.contains { name.hasSuffix($0) }
    metrics[name] = metric
  }

  func write(_ writer: StoreWriter, until now: Int64) throws -> Int {
    var count = 0
    for (name, metric) in metrics.sorted(by: { $0.key < $1.key }) {
      var batch = SampleBatch()
      for (number, labels) in combinations(name, metric).enumerated() {
        let series = batch.series.intern(LabelSet(name: name, labels))
        for step in (0...360).reversed() {
          let time = now - Int64(step) * 60_000
          batch.append(series, time, Self.value(metric, number, 360 - step))
        }
        count += 1
      }
      try writer.append(batch)
    }
    return count
  }

  private static func value(_ metric: Metric, _ number: Int, _ step: Int) -> Double {
    if metric.isCounter { return Double(step * (number + 3) * 7) }
    return 50 + 40 * sin(Double(step) / 30 + Double(number))
  }

  private func combinations(_ name: String, _ metric: Metric) -> [[(String, String)]] {
    var labels = metric.labels
    for label in ["instance", "job"] where labels[label] == nil { labels[label] = [] }
    var all: [[(String, String)]] = [[]]
    for (label, values) in labels.sorted(by: { $0.key < $1.key }) {
      var values = values.sorted()
      if label == "le" { values = ["0.1", "0.5", "1", "5", "+Inf"] }
      if values.isEmpty {
        values =
          label == "job" ? ["feed"] : (1...(label == "instance" ? 3 : 2)).map { "\(label)-\($0)" }
      }
      if let unique = metric.uniqueBy, !unique.contains(label),
        metric.labels[label]?.isEmpty != false
      {
        values = Array(values.prefix(1))
      }
      let next = all.flatMap { one in values.map { one + [(label, $0)] } }
      all = Array(next.prefix(Self.seriesLimit))
    }
    return all
  }
}
