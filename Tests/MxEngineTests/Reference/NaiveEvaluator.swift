import Glibc
import MxModel
import MxPromQL

/// PromQL once more, one step and one sample at a time, with no thought of speed.
///
/// What it says is what the engine must say. Nothing is shared with the engine but
/// the tree, label sets, and the options' names.
struct NaiveEvaluator {
  struct Element {
    var labels: LabelSet
    var value: Double
    /// The name is to be dropped at the very end (delayed name removal).
    var isMarked = false
  }

  struct NaiveError: Error {
    var message: String
  }

  struct Point {
    var time: Int64
    var value: Double
  }

  typealias Series = (labels: LabelSet, points: [Point])

  var data: [Series]
  var lookback: Int64?
  var delaysNames = false
  /// Rules of Prometheus before 3.0 to go by.
  var oldRules: OldRules = []
  var subqueryStep: Int64 = 60_000
  var start: Int64
  var end: Int64
  var step: Int64

  // MARK: Values

  func milliseconds(_ duration: DurationValue, isWidth: Bool = true) throws -> Int64 {
    try duration.milliseconds(
      DurationContext(step: step, range: end - start), mustBePositive: isWidth)
  }

  func scalar(_ expr: Expr, _ time: Int64) throws -> Double {
    switch expr {
    case .number(let node): return node.value
    case .parentheses(let node): return try scalar(node.inner, time)
    case .unary(let node):
      let value = try scalar(node.operand, time)
      return node.op == .minus ? -value : value
    case .binary(let node):
      let left = try scalar(node.left, time)
      let right = try scalar(node.right, time)
      if node.op.isComparison { return NaiveMath.holds(node.op, left, right) ? 1 : 0 }
      return NaiveMath.value(node.op, left, right)
    case .call(let node):
      switch node.function {
      case .time: return Double(time) / 1000
      case .pi: return Double.pi
      case .start: return Double(start) / 1000
      case .end: return Double(end) / 1000
      case .step: return Double(step) / 1000
      case .range: return Double(end - start) / 1000
      case .scalar:
        let all = try vector(node.arguments[0], time)
        return all.count == 1 ? all[0].value : .nan
      case .minOf, .maxOf:
        let (a, b) = (try scalar(node.arguments[0], time), try scalar(node.arguments[1], time))
        return node.function == .maxOf ? NaiveMath.max(a, b) : NaiveMath.min(a, b)
      default: throw NaiveError(message: "no scalar function")
      }
    default: throw NaiveError(message: "no scalar")
    }
  }

  func vector(_ expr: Expr, _ time: Int64) throws -> [Element] {
    switch expr {
    case .parentheses(let node): return try vector(node.inner, time)
    case .selector(let node):
      return try select(node, time).map { Element(labels: $0.0, value: $0.1.value) }
    case .unary(let node):
      let all = try vector(node.operand, time)
      if node.op == .plus { return all }
      return try dropNames(
        all.map { Element(labels: $0.labels, value: -$0.value, isMarked: $0.isMarked) })
    case .binary(let node): return try binary(node, time)
    case .call(let node): return try call(node, time)
    case .aggregate(let node): return try aggregate(node, time)
    default: throw NaiveError(message: "no vector")
    }
  }

  /// The whole query at one time, names dropped.
  func result(_ expr: Expr, _ time: Int64) throws -> [Element] {
    if expr.type == .scalar {
      return [Element(labels: .empty, value: try scalar(expr, time))]
    }
    let all = try vector(expr, time).map { element in
      element.isMarked
        ? Element(labels: NaiveLabels.withoutName(element.labels), value: element.value) : element
    }
    return try unique(all)
  }

  func dropNames(_ elements: [Element]) throws -> [Element] {
    if delaysNames {
      return elements.map { Element(labels: $0.labels, value: $0.value, isMarked: true) }
    }
    return try unique(
      elements.map { Element(labels: NaiveLabels.withoutName($0.labels), value: $0.value) })
  }

  func unique(_ elements: [Element]) throws -> [Element] {
    var seen = Set<LabelSet>()
    for element in elements where !seen.insert(element.labels).inserted {
      throw NaiveError(message: "vector cannot contain metrics with the same labelset")
    }
    return elements
  }

  // MARK: Selecting

  func shifted(_ time: Int64, _ at: AtModifier?, _ offset: DurationValue) throws -> Int64 {
    let base: Int64
    switch at {
    case nil: base = time
    case .time(let fixed): base = fixed
    case .start: base = start
    case .end: base = end
    }
    return base - (try milliseconds(offset, isWidth: false))
  }

  func matching(_ matchers: [Matcher]) -> [Series] {
    data.filter { series in matchers.allSatisfy { $0.matches(series.labels[$0.name] ?? "") } }
  }

  func select(_ node: Selector, _ time: Int64) throws -> [(LabelSet, Point)] {
    let time = try shifted(time, node.at, node.offset)
    var result: [(LabelSet, Point)] = []
    for series in matching(node.matchers) {
      let before = series.points.filter { $0.time <= time }
      guard let newest = before.last, !StaleMarker.isStale(newest.value) else { continue }
      let reach = (lookback ?? 300_000) + (oldRules.contains(.closedLookback) ? 1 : 0)
      if time - newest.time < reach || (lookback == nil && isPaced(before, time)) {
        result.append((series.labels, newest))
      }
    }
    return result
  }

  /// The automatic lookback: visible for 2.5 times the smallest of the last gaps.
  private func isPaced(_ before: [Point], _ time: Int64) -> Bool {
    let last = before.suffix(4).filter { !StaleMarker.isStale($0.value) }
    guard last.count > 1, let newest = last.last else { return false }
    let gaps = zip(last, last.dropFirst()).map { $1.time - $0.time }
    let pace = min(gaps.min() ?? 0, 26 * 3_600_000)
    return 2 * (time - newest.time) <= 5 * pace
  }

  /// A range vector: the windows' samples, and what the window is.
  struct Window {
    var labels: LabelSet
    var isMarked = false
    var points: [Point]
    var start: Int64
    var end: Int64
  }

  func windows(_ expr: Expr, _ time: Int64) throws -> [Window] {
    switch expr {
    case .parentheses(let node): return try windows(node.inner, time)
    case .range(let node):
      let end = try shifted(time, node.selector.at, node.selector.offset)
      let start = end - (try milliseconds(node.range))
      let beginning = oldRules.contains(.closedRanges) ? start - 1 : start
      return matching(node.selector.matchers).map { series in
        let points = series.points.filter {
          $0.time > beginning && $0.time <= end && !StaleMarker.isStale($0.value)
        }
        return Window(labels: series.labels, points: points, start: start, end: end)
      }.filter { !$0.points.isEmpty }
    case .subquery(let node): return try subquery(node, time)
    default: throw NaiveError(message: "no range vector")
    }
  }

  private func subquery(_ node: Subquery, _ time: Int64) throws -> [Window] {
    let end = try shifted(time, node.at, node.offset)
    let start = end - (try milliseconds(node.range))
    let width = try node.step.map { try milliseconds($0) } ?? subqueryStep
    var found: [LabelSet: Window] = [:]
    var order: [LabelSet] = []
    // Multiples of the step, from the first one after the start.
    var inner = start - ((start % width) + width) % width
    if oldRules.contains(.closedRanges) ? inner < start : inner <= start { inner += width }
    while inner <= end {
      for element in try unique(vector(node.inner, inner)) {
        if found[element.labels] == nil {
          order.append(element.labels)
          found[element.labels] = Window(
            labels: element.labels, isMarked: element.isMarked, points: [], start: start, end: end)
        }
        found[element.labels]?.points.append(Point(time: inner, value: element.value))
        if element.isMarked { found[element.labels]?.isMarked = true }
      }
      inner += width
    }
    return order.compactMap { found[$0] }
  }
}

enum NaiveLabels {
  static func withoutName(_ labels: LabelSet) -> LabelSet {
    labels.removing(["__name__", "__type__", "__unit__"])
  }
}

enum NaiveMath {
  static func value(_ op: BinaryOperator, _ a: Double, _ b: Double) -> Double {
    switch op {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .modulo: fmod(a, b)
    case .power: pow(a, b)
    default: Glibc.atan2(a, b)
    }
  }

  static func holds(_ op: BinaryOperator, _ a: Double, _ b: Double) -> Bool {
    switch op {
    case .equal: a == b
    case .notEqual: a != b
    case .greater: a > b
    case .less: a < b
    case .greaterOrEqual: a >= b
    default: a <= b
    }
  }

  /// As Go's `math.Max`: an infinity wins even against NaN.
  static func max(_ a: Double, _ b: Double) -> Double {
    if a == .infinity || b == .infinity { return .infinity }
    if a.isNaN || b.isNaN { return .nan }
    return a > b ? a : b
  }

  static func min(_ a: Double, _ b: Double) -> Double { -max(-a, -b) }

  /// Neumaier's compensated sum.
  static func sum(_ values: [Double]) -> (sum: Double, tail: Double) {
    var sum = 0.0
    var tail = 0.0
    for value in values { (sum, tail) = add(value, sum, tail) }
    return (sum, tail)
  }

  static func add(_ value: Double, _ sum: Double, _ tail: Double) -> (Double, Double) {
    let total = sum + value
    if total.isInfinite { return (total, 0) }
    if abs(sum) >= abs(value) { return (total, tail + ((sum - total) + value)) }
    return (total, tail + ((value - total) + sum))
  }

  static func total(_ values: [Double]) -> Double {
    let (sum, tail) = sum(values)
    return sum.isInfinite ? sum : sum + tail
  }

  static func mean(_ values: [Double]) -> Double {
    var (sum, tail, mean, isIncremental) = (values[0], 0.0, 0.0, false)
    for (index, value) in values.enumerated().dropFirst() {
      let count = Double(index + 1)
      if !isIncremental {
        let next = add(value, sum, tail)
        if !next.0.isInfinite {
          (sum, tail) = next
          continue
        }
        isIncremental = true
        mean = sum / (count - 1)
        tail /= count - 1
      }
      let share = (count - 1) / count
      (mean, tail) = add(value / count, share * mean, share * tail)
    }
    let count = Double(values.count)
    return isIncremental ? mean + tail : sum / count + tail / count
  }

  static func maximum(_ values: [Double], sign: Double = 1) -> Double {
    var best = values[0]
    for value in values where sign * value > sign * best || best.isNaN { best = value }
    return best
  }

  static func quantile(_ values: [Double], _ level: Double) -> Double {
    if values.isEmpty || level.isNaN { return .nan }
    if level < 0 { return -.infinity }
    if level > 1 { return .infinity }
    let sorted = values.filter(\.isNaN) + values.filter { !$0.isNaN }.sorted()
    let rank = level * Double(sorted.count - 1)
    let low = Int(floor(rank))
    let high = Swift.min(low + 1, sorted.count - 1)
    let weight = rank - floor(rank)
    return sorted[low] * (1 - weight) + sorted[high] * weight
  }
}

/// What changed with Prometheus 3.0 and shows in results.
struct OldRules: OptionSet {
  let rawValue: Int

  /// A range counts a sample at its very start: `[t - r, t]`, now `(t - r, t]`.
  static let closedRanges = OldRules(rawValue: 1)
  /// The lookback counts a sample exactly so old.
  static let closedLookback = OldRules(rawValue: 2)
  /// `rate` looks for a counter's zero before it judges the gap to the window, now after:
  /// the two differ where the zero lies within 1.1 of the spacing before the first sample.
  static let zeroBeforeGap = OldRules(rawValue: 4)

  static let single: [(name: String, rule: OldRules)] = [
    ("closed ranges", .closedRanges), ("closed lookback", .closedLookback),
    ("zero before gap", .zeroBeforeGap),
  ]
}
