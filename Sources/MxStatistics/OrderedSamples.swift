import Glibc

/// Samples in ascending order, and what they say together. Nothing here assumes that
/// they are normally distributed: latencies never are.
package struct OrderedSamples: Equatable, Sendable {
  /// Ascending, without NaN.
  package let values: [Double]

  /// NaN is no sample: it is left out.
  package init(_ values: some Sequence<Double>) {
    self.values = values.filter { !$0.isNaN }.sorted()
  }

  package var count: Int { values.count }

  package var median: Double { quantile(0.5) }

  /// Between the two samples beside `share` of the way (the usual rule, R's type 7);
  /// NaN where there is none.
  package func quantile(_ share: Double) -> Double {
    guard let first = values.first else { return .nan }
    let place = min(max(share, 0), 1) * Double(values.count - 1)
    let low = Int(place)
    guard low + 1 < values.count else { return values.last ?? first }
    let (left, right) = (values[low], values[low + 1])
    if left == right { return left }
    return left + (right - left) * (place - Double(low))
  }

  /// The span of the middle half.
  package var interquartileRange: Double { quantile(0.75) - quantile(0.25) }

  /// Where the true median lies with at least this confidence, whatever the distribution:
  /// two of the samples, chosen by the binomial distribution. All samples where they are
  /// too few for so much confidence.
  package func medianInterval(confidence: Double) -> ClosedRange<Double>? {
    guard let first = values.first, let last = values.last else { return nil }
    // Chance that fewer than `rank` samples fall below the median: cut off on either side.
    let allowed = (1 - confidence) / 2
    var below = 0.0
    var rank = 0
    while rank < values.count / 2 {
      below += exp(Binomial.logHalf(rank, of: values.count))
      if below > allowed { break }
      rank += 1
    }
    if rank == 0 { return first...last }
    return values[rank - 1]...values[values.count - rank]
  }
}

/// Chances of a fair coin.
enum Binomial {
  /// The logarithm of the chance of `heads` in `count` throws.
  static func logHalf(_ heads: Int, of count: Int) -> Double {
    lgamma(Double(count) + 1) - lgamma(Double(heads) + 1) - lgamma(Double(count - heads) + 1)
      - Double(count) * log(2)
  }
}
