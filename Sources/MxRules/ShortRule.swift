package import MxModel
package import MxPromQL

/// What a rule of the short form says beyond its PromQL expression.
package struct ShortRule: Sendable {
  package enum Shape: String, CaseIterable, Sendable {
    /// So many samples in the window that ends at the evaluation.
    case simpleCount = "SIMPLE_COUNT"
    /// An aggregate of each bucket; buckets lie at multiples of their width since 1970.
    case bucketedWindow = "BUCKETED_WINDOW"
    /// An aggregate of every window of the width, wherever it ends.
    case movingWindow = "MOVING_WINDOW"
  }

  package var shape: Shape
  package var metric: String
  package var threshold: Double
  /// ms.
  package var window: Int64
  /// In place of the rule's expression where the metric is of type event: several
  /// events of one instant are one sample, which holds their sum.
  package var ofEvents: (tree: Expr, text: String)?
  /// Evaluated in place of the expression, which knows only windows that end at runs.
  package var sliding: SlidingCondition?
  /// See `Rule.dataExpr`.
  package var data: Expr?
}

/// A condition on all windows of one width.
package struct SlidingCondition: Sendable {
  package var matchers: [Matcher]
  /// ms.
  package var window: Int64
  package var aggregation: WindowAggregation
  package var op: BinaryOperator
  package var threshold: Double
  /// The labels that keep series apart; nil: each series is judged for itself.
  package var by: [String]?

  func holds(_ value: Double) -> Bool {
    switch op {
    case .greater: value > threshold
    case .greaterOrEqual: value >= threshold
    case .less: value < threshold
    case .lessOrEqual: value <= threshold
    case .equal: value == threshold
    default: value != threshold
    }
  }

  /// Whether `value` says more about what is wrong than `other`.
  func isWorse(_ value: Double, than other: Double) -> Bool {
    switch op {
    case .greater, .greaterOrEqual: value > other
    case .less, .lessOrEqual: value < other
    default: false
    }
  }
}

/// What the short form makes of the samples of a window.
package enum WindowAggregation: Hashable, Sendable {
  case sum, avg, min, max, count, last, stddev
  case quantile(Double)

  package static let names = ["sum", "avg", "min", "max", "count", "last", "stddev", "p50 to p99"]

  package init?(_ text: String) {
    let text = text.lowercased()
    switch text {
    case "sum": self = .sum
    case "avg", "mean", "average": self = .avg
    case "min": self = .min
    case "max": self = .max
    case "count": self = .count
    case "last": self = .last
    case "stddev": self = .stddev
    case "median": self = .quantile(0.5)
    default:
      guard text.first == "p", let percent = Double(text.dropFirst()), percent > 0, percent < 100
      else { return nil }
      self = .quantile(percent / 100)
    }
  }

  /// PromQL over the range `range`, such as `m{a="b"}[5m]`.
  func promQL(_ range: String, ofEvents: Bool) -> String {
    switch self {
    case .sum: "sum_over_time(\(range))"
    case .avg: "avg_over_time(\(range))"
    case .min: "min_over_time(\(range))"
    case .max: "max_over_time(\(range))"
    case .count: "\(ofEvents ? "sum" : "count")_over_time(\(range))"
    case .last: "last_over_time(\(range))"
    case .stddev: "stddev_over_time(\(range))"
    case .quantile(let share): "quantile_over_time(\(NumberLiteral(share).text), \(range))"
    }
  }

  /// The same over all series of a group at once; nil where PromQL has no word for it.
  func promQL(_ range: String, by labels: [String], ofEvents: Bool) -> String? {
    let inner = promQL(range, ofEvents: ofEvents)
    let by = "by (\(labels.map(LabelSpelling.text).joined(separator: ", ")))"
    switch self {
    case .sum, .count: return "sum \(by) (\(inner))"
    case .min: return "min \(by) (\(inner))"
    case .max: return "max \(by) (\(inner))"
    case .avg: return "sum \(by) (sum_over_time(\(range))) / sum \(by) (count_over_time(\(range)))"
    case .last, .stddev, .quantile: return nil
    }
  }

  /// Of the samples of one window, in time order; there is at least one.
  func value(_ values: ArraySlice<Double>, ofEvents: Bool) -> Double {
    switch self {
    case .count: ofEvents ? Self.sum(values) : Double(values.count)
    case .sum: Self.sum(values)
    case .avg: Self.sum(values) / Double(values.count)
    case .min: values.reduce(.infinity) { $1 < $0 ? $1 : $0 }
    case .max: values.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
    case .last: values.last ?? .nan
    case .stddev: Self.stddev(values)
    case .quantile(let share): Self.quantile(values, share)
    }
  }

  /// Compensated, as the engine's sums are.
  private static func sum(_ values: ArraySlice<Double>) -> Double {
    var sum = 0.0
    var rest = 0.0
    for value in values {
      let next = sum + value
      rest += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
      sum = next
    }
    return sum.isFinite ? sum + rest : sum
  }

  private static func stddev(_ values: ArraySlice<Double>) -> Double {
    let mean = sum(values) / Double(values.count)
    let squares = values.map { ($0 - mean) * ($0 - mean) }
    return (sum(squares[...]) / Double(values.count)).squareRoot()
  }

  /// Between neighbours in proportion, as PromQL's.
  private static func quantile(_ values: ArraySlice<Double>, _ share: Double) -> Double {
    let sorted = values.sorted()
    let place = share * Double(sorted.count - 1)
    let low = Int(place)
    let high = Swift.min(low + 1, sorted.count - 1)
    let weight = place - Double(low)
    return sorted[low] * (1 - weight) + sorted[high] * weight
  }
}

/// Label names as PromQL wants them: quoted where they are not plain.
enum LabelSpelling {
  static func text(_ name: String) -> String {
    LabelName.isPlainLabel(name) ? name : LabelKey.quoted(name)
  }
}
