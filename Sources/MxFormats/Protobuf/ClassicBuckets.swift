import Glibc
import MxJSON
import MxModel

/// A histogram of exponential buckets as the classic series that everything
/// understands: `_bucket` with `le` for each bucket that has counts, cumulative,
/// `+Inf`, `_sum` and `_count`.
enum ClassicBuckets {
  /// Far above what histograms have; a bound for what an input may make us do.
  static let limit = 100_000

  /// Bucket bounds and cumulative counts, ascending, `+Inf` last.
  static func cumulative(_ histogram: NativeHistogram) -> [(bound: Double, count: Double)] {
    var buckets: [(bound: Double, count: Double)] = []
    for (index, count) in indexed(histogram.negativeSpans, histogram.negativeCounts).reversed() {
      // A negative bucket's upper end is its smaller magnitude.
      buckets.append((-bound(histogram, index - 1), count))
    }
    if histogram.zeroCount > 0 { buckets.append((histogram.zeroThreshold, histogram.zeroCount)) }
    for (index, count) in indexed(histogram.positiveSpans, histogram.positiveCounts) {
      buckets.append((bound(histogram, index), count))
    }
    var total = 0.0
    var result: [(bound: Double, count: Double)] = []
    for bucket in buckets where bucket.count > 0 {
      total += bucket.count
      if bucket.bound < .infinity { result.append((bucket.bound, total)) }
    }
    result.append((.infinity, histogram.count))
    return result
  }

  /// The upper bound of positive bucket `index`.
  private static func bound(_ histogram: NativeHistogram, _ index: Int) -> Double {
    if histogram.schema == -53 {
      return index >= 0 && index < histogram.customBounds.count
        ? histogram.customBounds[index] : .infinity
    }
    return exp2(Double(index) * exp2(-Double(histogram.schema)))
  }

  private static func indexed(
    _ spans: [NativeHistogram.Span], _ counts: [Double]
  ) -> [(index: Int, count: Double)] {
    var result: [(index: Int, count: Double)] = []
    var index = 0
    var next = 0
    for span in spans {
      index += Int(span.offset)
      for _ in 0..<span.length {
        guard next < counts.count, next < limit else { return result }
        result.append((index, counts[next]))
        index += 1
        next += 1
      }
    }
    return result
  }

  /// The text of `le`, as Go's client prints it in the text format.
  static func text(_ bound: Double) -> String { NumberText.template(bound) }
}
