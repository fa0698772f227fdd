import Glibc
import MxEngine
import MxModel
import MxPromQL

/// `mx-bench engine [QUERY...]`: what queries cost once the samples are in memory.
///
/// Two made-up data sets: `cpu_usage_*` of 1,000 hosts, ten fields, every 10 s for
/// two hours (7.2 M samples); request histograms and cpu counters of a hundred
/// nodes, every 15 s for three hours. Times are CPU ms of this thread, the best and
/// the median of nine runs after one, with one engine thread.
enum EngineBench {
  private static let origin: Int64 = 1_767_225_600_000

  private struct Query {
    var name: String
    var text: String
    var window: QueryWindow
    var usesNodes = false
  }

  static func run(_ arguments: [String]) throws -> Int32 {
    let chosen = queries().filter { arguments.isEmpty || arguments.contains($0.name) }
    let cpu = chosen.contains { !$0.usesNodes } ? MemorySource(cpuBatch()) : nil
    let node = chosen.contains { $0.usesNodes } ? MemorySource(nodeBatch()) : nil
    print(
      Harness.left("query", 7) + Harness.right("best ms", 9) + Harness.right("median", 9)
        + Harness.right("series", 8) + Harness.right("steps", 7) + "  expression")
    for query in chosen {
      guard let source = query.usesNodes ? node : cpu else { continue }
      try measure(query, source)
    }
    return 0
  }

  private static func measure(_ query: Query, _ source: MemorySource) throws {
    let expr = try PromQL.parse(query.text)
    var options = EngineOptions()
    options.lookback = .fixed(300_000)
    // All fields at once differ in their names alone.
    options.delaysNameRemoval = true
    let engine = Engine(options)
    var times: [Double] = []
    var series = 0
    var steps = 0
    for _ in 0..<10 {
      let start = Harness.now()
      let result = try engine.evaluate(
        expr, text: query.text, query.window, source: source, report: Report())
      times.append(Harness.now() - start)
      if case .series(let table) = result.value { series = table.labels.count }
      steps = result.stepCount
    }
    let sorted = times.dropFirst().sorted()
    print(
      Harness.left(query.name, 7) + Harness.right(Harness.fixed(sorted[0] * 1000, 2), 9)
        + Harness.right(Harness.fixed(sorted[sorted.count / 2] * 1000, 2), 9)
        + Harness.right("\(series)", 8) + Harness.right("\(steps)", 7) + "  " + query.text)
  }

  private static func queries() -> [Query] {
    func range(_ from: Int64, _ to: Int64, _ step: Int64) -> QueryWindow {
      .range(start: origin + from * 1000, end: origin + to * 1000, step: step * 1000)
    }
    let hours = range(3595, 7195, 3600)
    let minutes = range(55, 7195, 60)
    let eight = "hostname=~\"host_3|host_11|host_22|host_33|host_42|host_57|host_68|host_91\""
    let every = { (template: String) in
      fields.map { template.replacingName("cpu_usage_\($0)") }.joined(separator: " or ")
    }
    let q2 = "label_replace(max(max_over_time(NAME{\(eight)}[1m])),\"field\",\"NAME\",\"\",\"\")"
    let q4 =
      "label_replace(avg by (hostname)(avg_over_time(NAME[1h])),\"field\",\"NAME\",\"\",\"\")"
    return [
      Query(
        name: "Q1", text: "max_over_time(cpu_usage_user{hostname=\"host_42\"}[1m])",
        window: range(1855, 5395, 60)),
      Query(name: "Q2", text: every(q2), window: range(1855, 5395, 60)),
      Query(
        name: "Q3", text: "avg by (hostname)(avg_over_time(cpu_usage_user[1h]))", window: hours),
      Query(name: "Q4", text: every(q4), window: hours),
      Query(
        name: "Q6", text: "max by (hostname)(max_over_time(cpu_usage_user[1m])) > 90",
        window: minutes),
      Query(
        name: "Q7", text: "{__name__=~\"cpu_usage_.*\"}", window: .instant(origin + 7_195_000)),
      Query(
        name: "Q10", text: "topk(5, avg_over_time(cpu_usage_user[1h]))",
        window: range(3595, 7195, 60)),
      Query(
        name: "avg", text: "sum(avg_over_time({__name__=~\"cpu_usage_.*\"}[2h]))",
        window: .instant(origin + 7_195_000)),
      Query(
        name: "max", text: "sum(max_over_time({__name__=~\"cpu_usage_.*\"}[2h]))",
        window: .instant(origin + 7_195_000)),
      Query(
        name: "rate", text: "sum(rate({__name__=~\"cpu_usage_.*\"}[2h]))",
        window: .instant(origin + 7_195_000)),
      Query(name: "sum", text: "sum(cpu_usage_user)", window: minutes),
      Query(
        name: "Q8", text: "sum by (region)(rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))",
        window: range(360, 10_800, 60), usesNodes: true),
      Query(
        name: "Q9",
        text:
          "histogram_quantile(0.99, sum by (le)(rate(http_request_duration_seconds_bucket[5m])))",
        window: range(360, 10_800, 60), usesNodes: true),
      Query(
        name: "join",
        text: "rate(node_cpu_seconds_total[5m]) / on (instance) group_left () "
          + "count by (instance) (node_cpu_seconds_total)",
        window: range(360, 10_800, 60), usesNodes: true),
    ]
  }

  private static let fields = [
    "user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice",
  ]

  private static func cpuBatch() -> SampleBatch {
    var generator = SeededGenerator(seed: 1)
    var batch = SampleBatch()
    for host in 0..<1000 {
      for field in fields {
        let ref = batch.series.intern(
          LabelSet(
            name: "cpu_usage_\(field)",
            [("hostname", "host_\(host)"), ("region", "r\(host % 9)"), ("os", "linux")]))
        var value = Double.random(in: 0...100, using: &generator)
        for sample in 0..<720 {
          value = min(100, max(0, value + Double.random(in: -1...1, using: &generator)))
          batch.append(ref, origin + Int64(sample) * 10_000, (value * 100).rounded() / 100)
        }
      }
    }
    return batch
  }

  private static func nodeBatch() -> SampleBatch {
    var generator = SeededGenerator(seed: 2)
    var batch = SampleBatch()
    func counter(_ labels: LabelSet, _ pace: Double) {
      let ref = batch.series.intern(labels)
      var value = 0.0
      for sample in 0..<720 {
        value += (Double.random(in: 0...pace, using: &generator) * 100).rounded() / 100
        batch.append(ref, origin + Int64(sample) * 15_000, value)
      }
    }
    for node in 0..<100 {
      let place = [("instance", "node-\(node)"), ("region", "r\(node % 9)")]
      for cpu in 0..<8 {
        for mode in ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"] {
          let labels = place + [("cpu", "\(cpu)"), ("mode", mode)]
          counter(LabelSet(name: "node_cpu_seconds_total", labels), 15)
        }
      }
      for handler in ["a", "b", "c", "d"] {
        for bound in ["0.005", "0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "+Inf"] {
          let labels = place + [("handler", handler), ("le", bound)]
          counter(LabelSet(name: "http_request_duration_seconds_bucket", labels), 50)
        }
      }
    }
    return batch
  }
}

extension String {
  /// This template with every NAME replaced.
  fileprivate func replacingName(_ name: String) -> String {
    var parts: [Substring] = []
    var rest = self[...]
    while let start = rest.indices.first(where: { rest[$0...].hasPrefix("NAME") }) {
      parts += [rest[..<start], name[...]]
      rest = rest[rest.index(start, offsetBy: 4)...]
    }
    return parts.joined() + rest
  }
}
