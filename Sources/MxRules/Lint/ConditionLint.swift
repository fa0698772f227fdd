import MxPromQL

/// Whether a condition can hold, from what functions can give at all: a rate is never
/// negative, an hour never 24.
enum ConditionLint {
  enum Verdict {
    case sometimes
    case never(String)
    case always(String)
  }

  static func verdict(_ expr: Expr) -> Verdict {
    if !hasCondition(expr) { return .always("it compares nothing") }
    var known: [String: Interval] = [:]
    return verdict(expr.withoutParentheses, &known)
  }

  private static func hasCondition(_ expr: Expr) -> Bool {
    expr.contains { part in
      switch part {
      case .binary(let node): node.op.isComparison || node.op == .and || node.op == .unless
      case .call(let node):
        // `vector(1)` means to fire always: a dead man's switch.
        [.absent, .absentOverTime, .vector].contains(node.function)
      // A selector may pick what is only there when something is wrong.
      case .selector(let node): node.matchers.count > 1
      default: false
      }
    }
  }

  /// `known`: what other sides of `and` say of the same values.
  private static func verdict(_ expr: Expr, _ known: inout [String: Interval]) -> Verdict {
    guard case .binary(let node) = expr else { return .sometimes }
    switch node.op {
    case .and:
      let left = verdict(node.left, &known)
      if case .never = left { return left }
      // Other elements than the left side's may decide.
      if node.matching?.isOn ?? false { known = [:] }
      let right = verdict(node.right, &known)
      if case .never = right { return right }
      if case .sometimes = left { return left }
      return right
    case .unless:
      let left = verdict(node.left, &known)
      if case .never = left { return left }
      return .sometimes
    case .or:
      var (leftKnown, rightKnown) = (known, known)
      switch (verdict(node.left, &leftKnown), verdict(node.right, &rightKnown)) {
      case (.never(let why), .never): return .never(why)
      case (.always(let why), _), (_, .always(let why)): return .always(why)
      default: return .sometimes
      }
    default: return comparison(node, &known)
    }
  }

  private static func comparison(
    _ node: BinaryExpr, _ known: inout [String: Interval]
  ) -> Verdict {
    guard node.op.isComparison else { return .sometimes }
    if node.returnsBool { return .always("'bool' answers 0 or 1, and both are alerts") }
    let isMirrored = node.left.constant != nil
    guard let threshold = isMirrored ? node.left.constant : node.right.constant else {
      return .sometimes
    }
    let side = isMirrored ? node.right : node.left
    let op = isMirrored ? node.op.exchanged : node.op
    guard let wanted = Interval(op, threshold) else { return .sometimes }
    let possible = Interval.possible(side)
    let shown = "'\(side)' is \(possible)"
    guard possible.intersects(wanted) else { return .never(shown) }
    if possible.isInside(wanted) { return .always(shown) }
    let key = side.fingerprintText
    let both = known[key].map { $0.intersection(wanted) } ?? wanted
    known[key] = both
    if both.isEmpty { return .never("'\(side)' cannot be both") }
    return .sometimes
  }
}

extension BinaryOperator {
  var exchanged: BinaryOperator {
    switch self {
    case .greater: .less
    case .less: .greater
    case .greaterOrEqual: .lessOrEqual
    case .lessOrEqual: .greaterOrEqual
    default: self
    }
  }
}

/// The values that an expression can have, with or without the ends.
struct Interval: CustomStringConvertible {
  var low: Double
  var high: Double
  var isLowOpen = false
  var isHighOpen = false

  static let all = Interval(low: -.infinity, high: .infinity)
  private static let positive = Interval(low: 0, high: .infinity)

  init(low: Double, high: Double, isLowOpen: Bool = false, isHighOpen: Bool = false) {
    self.low = low
    self.high = high
    self.isLowOpen = isLowOpen
    self.isHighOpen = isHighOpen
  }

  /// Where `value op threshold` holds; nil where that is no interval.
  init?(_ op: BinaryOperator, _ threshold: Double) {
    switch op {
    case .greater: self.init(low: threshold, high: .infinity, isLowOpen: true)
    case .greaterOrEqual: self.init(low: threshold, high: .infinity)
    case .less: self.init(low: -.infinity, high: threshold, isHighOpen: true)
    case .lessOrEqual: self.init(low: -.infinity, high: threshold)
    case .equal: self.init(low: threshold, high: threshold)
    default: return nil
    }
  }

  var isEmpty: Bool { low > high || (low == high && (isLowOpen || isHighOpen)) }

  func intersection(_ other: Interval) -> Interval {
    var result = self
    if other.low > low || (other.low == low && other.isLowOpen) {
      (result.low, result.isLowOpen) = (other.low, other.isLowOpen)
    }
    if other.high < high || (other.high == high && other.isHighOpen) {
      (result.high, result.isHighOpen) = (other.high, other.isHighOpen)
    }
    return result
  }

  func intersects(_ other: Interval) -> Bool { !intersection(other).isEmpty }

  func isInside(_ other: Interval) -> Bool {
    let isLowIn = other.low < low || (other.low == low && (isLowOpen || !other.isLowOpen))
    let isHighIn = other.high > high || (other.high == high && (isHighOpen || !other.isHighOpen))
    return isLowIn && isHighIn
  }

  var description: String {
    let texts = (NumberLiteral(low).text, NumberLiteral(high).text)
    if low == high { return "always \(texts.0)" }
    if low == -.infinity { return "at most \(texts.1)" }
    if high == .infinity { return "at least \(texts.0)" }
    return "from \(texts.0) to \(texts.1)"
  }

  // MARK: - Of expressions

  static func possible(_ expr: Expr) -> Interval {
    switch expr {
    case .number(let node): return Interval(low: node.value, high: node.value)
    case .parentheses(let node): return possible(node.inner)
    case .selector(let node):
      // Prometheus writes it, and nobody else.
      return node.metricName == "up" ? Interval(low: 0, high: 1) : .all
    case .binary(let node):
      return node.returnsBool ? Interval(low: 0, high: 1) : .all
    case .aggregate(let node): return possible(node)
    case .call(let node): return possible(node)
    default: return .all
    }
  }

  private static func possible(_ node: Aggregation) -> Interval {
    switch node.op {
    case .group: return Interval(low: 1, high: 1)
    case .count, .countValues: return Interval(low: 1, high: .infinity)
    case .stddev, .stdvar: return positive
    case .avg, .min, .max, .topk, .bottomk, .limitk, .limitRatio: return possible(node.argument)
    case .sum: return possible(node.argument).low >= 0 ? positive : .all
    case .quantile: return .all
    }
  }

  private static func possible(_ node: Call) -> Interval {
    switch node.function {
    case .absent, .absentOverTime, .presentOverTime: Interval(low: 1, high: 1)
    case .countOverTime: Interval(low: 1, high: .infinity)
    case .rate, .increase, .irate, .changes, .resets, .abs, .sqrt, .stddevOverTime,
      .stdvarOverTime:
      positive
    case .hour: Interval(low: 0, high: 23)
    case .minute: Interval(low: 0, high: 59)
    case .dayOfWeek: Interval(low: 0, high: 6)
    case .dayOfMonth: Interval(low: 1, high: 31)
    case .dayOfYear: Interval(low: 1, high: 366)
    case .daysInMonth: Interval(low: 28, high: 31)
    case .month: Interval(low: 1, high: 12)
    case .sgn: Interval(low: -1, high: 1)
    default: .all
    }
  }
}
