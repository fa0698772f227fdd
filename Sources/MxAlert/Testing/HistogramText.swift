import MxJSON
import MxModel

/// A native histogram as test files write it; equal ones have equal texts, however their
/// buckets are laid out.
enum HistogramText {
  static func text(_ histogram: NativeHistogram) -> String {
    var words: [String] = []
    func add(_ name: String, _ value: Double) {
      if value != 0 { words.append("\(name):\(NumberText.template(value))") }
    }
    if histogram.schema != 0 { words.append("schema:\(histogram.schema)") }
    add("count", histogram.count)
    add("sum", histogram.sum)
    add("z_bucket", histogram.zeroCount)
    add("z_bucket_w", histogram.zeroThreshold)
    if !histogram.customBounds.isEmpty {
      words.append("custom_values:\(list(histogram.customBounds))")
    }
    if let hint = hint(histogram.resetHint) { words.append("counter_reset_hint:\(hint)") }
    words += buckets(histogram.positiveBuckets, "offset", "buckets")
    words += buckets(histogram.negativeBuckets, "n_offset", "n_buckets")
    return "{{\(words.joined(separator: " "))}}"
  }

  private static func hint(_ hint: NativeHistogram.ResetHint) -> String? {
    switch hint {
    case .unknown: nil
    case .reset: "reset"
    case .notReset: "not_reset"
    case .gauge: "gauge"
    }
  }

  /// From the first bucket that holds something to the last.
  private static func buckets(
    _ counts: [Int32: Double], _ offset: String, _ name: String
  ) -> [String] {
    guard let first = counts.keys.min(), let last = counts.keys.max(),
      Int(last) - Int(first) < 100_000
    else { return [] }
    let values = (first...last).map { counts[$0] ?? 0 }
    return (first == 0 ? [] : ["\(offset):\(first)"]) + ["\(name):\(list(values))"]
  }

  private static func list(_ values: [Double]) -> String {
    "[\(values.map(NumberText.template).joined(separator: " "))]"
  }
}
