/// The questions, and how long the answers may take.
extension BenchStore {
  private static let fields = [
    "user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice",
  ].map { "cpu_usage_\($0)" }
  private static let eight =
    "hostname=~\"host_3|host_11|host_22|host_33|host_42|host_57|host_68|host_91\""
  private static let second = BenchStore.start / 1000

  private static func range(_ from: Int64, _ to: Int64, _ step: Int64) -> [String] {
    ["--from", "\(second + from)", "--to", "\(second + to)", "--step", "\(step)s"]
  }

  private static func at(_ offset: Int64) -> [String] { ["--at", "\(second + offset)"] }

  /// The same of several metrics, told apart by a label.
  private static func union(_ names: [String], _ body: (String) -> String) -> String {
    names.map { "label_replace(\(body($0)),\"field\",\"\($0)\",\"\",\"\")" }
      .joined(separator: " or ")
  }

  var queries: [BenchQuery] {
    switch self {
    case .cpuM:
      cpu(
        span: 7200,
        goals: [
          "Q1": 4, "Q2": 6, "Q3": 10, "Q4": 50, "Q5": 5, "Q6": 18, "Q7": 25, "Q10": 20,
        ])
    case .cpuL: cpu(span: 86_400, goals: ["Q1": 6, "Q3": 50, "Q4": 200, "Q10": 40])
    case .cpuXL: cpu(span: 216_000, goals: ["Q1": 6])
    case .nodeM: node
    case .index100k: index(regex: 6, count: 25)
    case .index1M: index(regex: 20, count: 300)
    case .year:
      [
        BenchQuery(
          name: "days", goal: 20, times: BenchStore.range(86_400, 365 * 86_400, 86_400),
          text: "avg_over_time(temperature_celsius[1d])"),
        BenchQuery(
          name: "hour", goal: 20,
          times: BenchStore.range(364 * 86_400 + 7, 364 * 86_400 + 3607, 15),
          text: "avg_over_time(temperature_celsius[5m])"),
      ]
    }
  }

  private func cpu(span: Int64, goals: [String: Double]) -> [BenchQuery] {
    let one = BenchStore.range(1855, 5395, 60)
    let hours = BenchStore.range(3595, span - 5, 3600)
    let all: [(String, [String], String)] = [
      ("Q1", one, "max_over_time(cpu_usage_user{hostname=\"host_42\"}[1m])"),
      (
        "Q2", one,
        BenchStore.union(Array(BenchStore.fields.prefix(5))) {
          "max(max_over_time(\($0){\(BenchStore.eight)}[1m]))"
        }
      ),
      ("Q3", hours, "avg by (hostname)(avg_over_time(cpu_usage_user[1h]))"),
      (
        "Q4", hours,
        BenchStore.union(BenchStore.fields) { "avg by (hostname)(avg_over_time(\($0)[1h]))" }
      ),
      (
        "Q5", hours,
        BenchStore.union(BenchStore.fields) {
          "max(max_over_time(\($0){\(BenchStore.eight)}[1h]))"
        }
      ),
      (
        "Q6", BenchStore.range(55, span - 5, 60),
        "max by (hostname)(max_over_time(cpu_usage_user[1m])) > 90"
      ),
      ("Q7", BenchStore.at(span - 5), "{__name__=~\"cpu_usage_.*\"}"),
      (
        "Q10", BenchStore.range(3595, 7195, 60),
        "topk(5, avg_over_time(cpu_usage_user[1h]))"
      ),
    ]
    return all.compactMap { name, times, text in
      goals[name].map { BenchQuery(name: name, goal: $0, times: times, text: text) }
    }
  }

  private var node: [BenchQuery] {
    [
      BenchQuery(
        name: "Q8", goal: 20, times: BenchStore.range(360, 7200, 60),
        text: "sum by (region)(rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))"),
      BenchQuery(
        name: "Q9", goal: 40, times: BenchStore.range(360, 7200, 60),
        text: "histogram_quantile(0.99, sum by (le)"
          + "(rate(http_request_duration_seconds_bucket[5m])))"),
    ]
  }

  private func index(regex: Double, count: Double) -> [BenchQuery] {
    [
      BenchQuery(
        name: "Q11", goal: regex, times: BenchStore.at(245), text: "{uid=~\".*beef.*\"}"),
      BenchQuery(
        name: "Q12", goal: count, times: BenchStore.at(245),
        text: "count by (namespace)({__name__=~\"k_metric_.+\"})"),
    ]
  }
}
