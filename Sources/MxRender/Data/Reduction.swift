import Glibc

/// Calculations over the values of a field, NaN standing for null.
enum Reduction {
  /// Nil where there is nothing to calculate from.
  static func reduce(_ values: [Double], _ calculation: Calculation) -> Double? {
    switch calculation {
    case .last: return values.last.flatMap { $0.isNaN ? nil : $0 }
    case .first: return values.first.flatMap { $0.isNaN ? nil : $0 }
    case .lastNotNull: return values.last { !$0.isNaN }
    case .firstNotNull: return values.first { !$0.isNaN }
    case .count: return Double(values.count)
    case .allIsNull: return values.allSatisfy(\.isNaN) ? 1 : 0
    default: break
    }
    let present = values.filter { !$0.isNaN }
    guard let first = present.first, let last = present.last else { return nil }
    switch calculation {
    case .min: return present.min()
    case .max: return present.max()
    case .sum: return sum(present)
    case .mean: return sum(present) / Double(present.count)
    case .range: return (present.max() ?? 0) - (present.min() ?? 0)
    case .diff: return last - first
    case .delta: return delta(present)
    case .diffperc: return first == 0 ? nil : (last - first) / first
    case .allIsZero: return present.count == values.count && present.allSatisfy { $0 == 0 } ? 1 : 0
    case .p1, .p5, .p10, .p25, .p50, .p75, .p90, .p95, .p99:
      return percentile(present, Double(calculation.rawValue.dropFirst()) ?? 50)
    case .median: return median(present)
    case .variance: return variance(present)
    case .stdDev: return variance(present).squareRoot()
    case .distinctCount: return Double(Set(present).count)
    case .changeCount:
      return Double(zip(present, present.dropFirst()).reduce(0) { $0 + ($1.0 != $1.1 ? 1 : 0) })
    default: return nil
    }
  }

  /// Neumaier's: the order of values does not show in the last digits.
  private static func sum(_ values: [Double]) -> Double {
    var total = 0.0
    var lost = 0.0
    for value in values {
      let next = total + value
      lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
      total = next
    }
    return total.isFinite && lost.isFinite ? total + lost : total
  }

  /// The increase of a counter: a fall is a reset.
  private static func delta(_ values: [Double]) -> Double {
    zip(values, values.dropFirst()).reduce(0) { $0 + ($1.1 >= $1.0 ? $1.1 - $1.0 : $1.1) }
  }

  /// The value below which so many of a hundred lie: one that was measured.
  private static func percentile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    let index = (Double(sorted.count) * share / 100).rounded(.up) - 1
    return sorted[Int(min(max(index, 0), Double(sorted.count - 1)))]
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private static func variance(_ values: [Double]) -> Double {
    let mean = sum(values) / Double(values.count)
    return sum(values.map { ($0 - mean) * ($0 - mean) }) / Double(values.count)
  }
}
