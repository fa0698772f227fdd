import MxEngine
import MxModel
import MxPromQL
import Testing

/// The templates of the PromQL compliance tester, with all their variants.
@Suite struct ComplianceTests {
  private struct Template {
    var query: String
    var arguments: [String] = []
    var mustFail = false
  }

  private static let variants: [String: [String]] = {
    let arithmetic = ["+", "-", "*", "/", "%", "^"]
    let comparison = ["==", "!=", "<", ">", "<=", ">="]
    return [
      "range": ["1s", "15s", "1m", "5m", "15m", "1h"], "offset": ["1m", "5m", "10m"],
      "simpleAggrOp": ["sum", "avg", "max", "min", "count", "stddev", "stdvar"],
      "simpleTimeAggrOp": [
        "sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last", "present",
      ],
      "topBottomOp": ["topk", "bottomk"],
      "quantile": ["-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5"],
      "arithBinOp": arithmetic, "compBinOp": comparison, "binOp": arithmetic + comparison,
      "simpleMathFunc": [
        "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round",
      ],
      "extrapolatedRateFunc": ["delta", "rate", "increase"],
      "instantRateFunc": ["idelta", "irate"],
      "clampFunc": ["clamp_min", "clamp_max"],
      "dateFunc": [
        "day_of_month", "day_of_week", "days_in_month", "hour", "minute", "month", "year",
      ],
    ]
  }()

  @Test func everyTemplateEvaluatesOrFailsAsMarked() throws {
    guard let text = Corpora.text("compliance/promql-test-queries.yml") else {
      return print("skipped: no corpora")
    }
    let templates = Self.templates(text)
    #expect(templates.count > 60)
    let source = Self.demo()
    var count = 0
    for template in templates {
      for query in Self.queries(template) {
        count += 1
        var message: String?
        do {
          let expr = try PromQL.parse(query)
          let window = QueryWindow.range(start: 0, end: 600_000, step: 10_000)
          _ = try Engine().evaluate(expr, text: query, window, source: source, report: Report())
        } catch {
          message = "\(error)"
        }
        #expect((message != nil) == template.mustFail, "\(query): \(message ?? "did not fail")")
      }
    }
    print("compliance: \(count) queries of \(templates.count) templates")
  }

  private static func queries(_ template: Template) -> [String] {
    var queries = [template.query]
    for name in template.arguments {
      let values = variants[name] ?? []
      #expect(!values.isEmpty, "no variants are known for '\(name)'")
      queries = queries.flatMap { query in
        values.map { query.replacing("{{.\(name)}}", with: $0) }
      }
    }
    return queries
  }

  /// Reads the little YAML that the file is made of.
  private static func templates(_ text: String) -> [Template] {
    var result: [Template] = []
    var isQuery = false
    for line in text.split(separator: "\n") {
      let words = line.drop { $0 == " " }
      if line.hasPrefix("- query: ") {
        result.append(Template(query: String(line.dropFirst(9))))
        isQuery = true
      } else if result.isEmpty {
        continue
      } else if words.hasPrefix("variant_args:") {
        isQuery = false
      } else if words.hasPrefix("should_fail: true") {
        result[result.count - 1].mustFail = true
        isQuery = false
      } else if words.hasPrefix("- "), !isQuery {
        result[result.count - 1].arguments.append(String(words.dropFirst(2)))
      } else if isQuery, line.hasPrefix("    ") {
        result[result.count - 1].query += " " + words
      } else {
        isQuery = false
      }
    }
    return result.map { template in
      var template = template
      if template.query.hasPrefix("'") {
        template.query = String(template.query.dropFirst().dropLast()).replacing("''", with: "'")
      }
      return template
    }
  }

  /// Metrics of the names that the templates ask for.
  private static func demo() -> MemorySource {
    var batch = SampleBatch()
    for instance in ["demo.promlabs.com:10000", "demo.promlabs.com:10001"] {
      let place = [("instance", instance), ("job", "demo")]
      func add(_ name: String, _ labels: [(String, String)], _ slope: Double) {
        let ref = batch.series.intern(LabelSet(name: name, place + labels))
        for sample in 0..<60 { batch.append(ref, Int64(sample) * 10_000, Double(sample) * slope) }
      }
      add("demo_num_cpus", [], 4)
      add("demo_disk_usage_bytes", [], 1e9)
      add("demo_intermittent_metric", [], 1)
      for type in ["free", "used", "cached"] {
        add("demo_memory_usage_bytes", [("type", type)], 7e8)
      }
      for mode in ["idle", "user"] { add("demo_cpu_usage_seconds_total", [("mode", mode)], 3.5) }
      for (index, bound) in ["0.1", "0.5", "1", "+Inf"].enumerated() {
        add("demo_api_request_duration_seconds_bucket", [("le", bound)], Double(index + 1))
      }
      add("demo_api_request_duration_seconds_count", [], 4)
      add("demo_api_request_duration_seconds_sum", [], 1.5)
    }
    return MemorySource(batch)
  }
}
