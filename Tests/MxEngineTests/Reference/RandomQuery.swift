import MxTestSupport

/// Well-typed random queries over the metrics of `RandomData`.
struct RandomQuery {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &generator)]
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  mutating func query() -> String { chance(5) ? scalar(3) : vector(3) }

  private static let durations = ["15s", "1m", "2m", "5m", "7m30s", "13m", "1h"]

  private mutating func modifiers() -> String {
    var result = ""
    if chance(15) { result += " offset \(pick(["1m", "-1m", "3m", "20s"]))" }
    if chance(10) { result += " @ \(pick(["300", "612.5", "start()", "end()", "0"]))" }
    return result
  }

  private mutating func selector() -> String {
    pick([
      "g", "g{host=\"a\"}", "g{host!~\"a|b\"}", "c_total", "c_total{dc=\"x\"}", "one", "none",
      "{__name__=~\"g|one\"}", "c_total{job=~\".+\"}", "h_bucket",
    ])
  }

  private mutating func range() -> String {
    if chance(20) {
      return "(\(vector(1)))[\(pick(["2m", "5m", "10m"])):\(pick(["", "30s", "1m", "45s"]))]"
        + modifiers()
    }
    return "\(selector())[\(pick(RandomQuery.durations))]\(modifiers())"
  }

  private mutating func number() -> String {
    pick(["0", "1", "2", "3", "-1", "0.5", "10", "1e3", "Inf", "NaN"])
  }

  private mutating func scalar(_ depth: Int) -> String {
    if depth == 0 || chance(50) { return number() }
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: return "time()"
    case 1: return "scalar(\(vector(depth - 1)))"
    case 2: return "(\(scalar(depth - 1)) \(pick(["+", "-", "*", "/", "%"])) \(scalar(depth - 1)))"
    case 3: return "(\(scalar(depth - 1)) \(pick(["<", "==", ">="])) bool \(scalar(depth - 1)))"
    default: return pick(["step()", "range()", "start()", "-(2)", "max_of(1, 2)"])
    }
  }

  private mutating func vector(_ depth: Int) -> String {
    if depth == 0 { return selector() + modifiers() }
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: return selector() + modifiers()
    case 1, 2, 3: return rangeFunction()
    case 4: return function(depth)
    case 5, 6, 7: return aggregation(depth)
    case 8: return joined(depth)
    case 9:
      return
        "(\(vector(depth - 1)) \(pick(["and", "or", "unless"])) \(matching())\(vector(depth - 1)))"
    case 10: return withScalar(depth)
    default: return pick(["-", "+"]) + "(\(vector(depth - 1)))"
    }
  }

  private mutating func rangeFunction() -> String {
    let name = pick([
      "rate", "increase", "delta", "irate", "idelta", "sum_over_time", "avg_over_time",
      "min_over_time", "max_over_time", "count_over_time", "last_over_time", "first_over_time",
      "stddev_over_time", "stdvar_over_time", "changes", "resets", "deriv", "present_over_time",
      "absent_over_time", "mad_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
      "ts_of_last_over_time", "ts_of_first_over_time", "quantile_over_time", "predict_linear",
      "double_exponential_smoothing",
    ])
    switch name {
    case "quantile_over_time": return "\(name)(\(pick(["0.5", "0", "1", "0.9", "2"])), \(range()))"
    case "predict_linear": return "\(name)(\(range()), \(pick(["60", "3600"])))"
    case "double_exponential_smoothing": return "\(name)(\(range()), 0.5, 0.25)"
    default: return "\(name)(\(range()))"
    }
  }

  private mutating func function(_ depth: Int) -> String {
    let argument = vector(depth - 1)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: return "\(pick(["abs", "ceil", "floor", "sqrt", "sgn", "exp", "ln"]))(\(argument))"
    case 1: return "clamp(\(argument), \(number()), \(number()))"
    case 2: return "\(pick(["clamp_min", "clamp_max"]))(\(argument), \(number()))"
    case 3: return "round(\(argument), \(pick(["1", "2", "0.5"])))"
    case 4: return "absent(\(argument))"
    case 5: return "timestamp(\(argument))"
    case 6:
      return "label_replace(\(argument), \"\(pick(["dc", "new"]))\", \"v$1\", \"host\", \"(a|b)\")"
    default: return "label_join(\(argument), \"new\", \"-\", \"host\", \"dc\")"
    }
  }

  private mutating func grouping() -> String {
    pick([
      "", "by (host)", "by (dc)", "by (host, dc)", "without (host)", "by (nothing)", "without (le)",
    ])
  }

  private mutating func aggregation(_ depth: Int) -> String {
    let argument = vector(depth - 1)
    if chance(10) {
      let level = pick(["0.5", "0.99", "0", "1", "-1"])
      return chance(50)
        ? "histogram_quantile(\(level), h_bucket)"
        : "histogram_quantile(\(level), sum by (le, host) (rate(h_bucket[5m])))"
    }
    // Of equals the first is taken, and what is first is only said of plain series.
    let plain = chance(50) ? selector() + modifiers() : "max_over_time(\(selector())[5m])"
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: return "topk \(grouping()) (\(pick(["1", "2", "5"])), \(plain))"
    case 1: return "bottomk \(grouping()) (\(pick(["1", "3", "0"])), \(plain))"
    case 2: return "quantile \(grouping()) (\(pick(["0.5", "0.9", "1"])), \(argument))"
    case 3: return "count_values \(grouping()) (\"value\", round(\(selector())))"
    case 4: return "limitk \(grouping()) (\(pick(["1", "2"])), \(plain))"
    default:
      let name = pick(["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"])
      return "\(name) \(grouping()) (\(argument))"
    }
  }

  private mutating func matching() -> String {
    pick(["", "", "on (host) ", "on (host, dc) ", "ignoring (dc) ", "on () "])
  }

  private mutating func operation() -> String {
    pick(["+", "-", "*", "/", "%", "==", "!=", ">", "<", ">=", "<=", "== bool", "> bool", "atan2"])
  }

  private mutating func joined(_ depth: Int) -> String {
    let (left, right) = (vector(depth - 1), vector(depth - 1))
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return "(\(left) \(operation()) on (dc) group_left () max by (dc) (\(right)))"
    case 1: return "(max by (dc) (\(left)) \(operation()) on (dc) group_right (host) \(right))"
    case 2:
      let by = pick(["host", "dc", "host, dc"])
      return "(max by (\(by)) (\(left)) \(operation()) \(matching())min by (\(by)) (\(right)))"
    default: return "(\(left) \(operation()) \(matching())\(right))"
    }
  }

  private mutating func withScalar(_ depth: Int) -> String {
    let (vector, scalar) = (vector(depth - 1), scalar(depth - 1))
    return chance(50)
      ? "(\(vector) \(operation()) \(scalar))" : "(\(scalar) \(operation()) \(vector))"
  }
}
