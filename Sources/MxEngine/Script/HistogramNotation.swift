import MxModel

/// `schema:0 sum:5 count:4 buckets:[1 2 1]`: a native histogram in test scripts.
///
/// The engine refuses to compute with one; scripts are read all the same, so that
/// what is skipped is what met one, and nothing else.
struct HistogramNotation {
  var schema: Int32 = 0
  private var count = 0.0
  private var sum = 0.0
  private var zeroCount = 0.0
  private var zeroWidth = 0.0
  private var customBounds: [Double] = []
  private var hint = NativeHistogram.ResetHint.unknown
  /// Index -> count.
  private var positive: [Int32: Double] = [:]
  private var negative: [Int32: Double] = [:]

  /// Nil where `text` is no histogram.
  init?(_ text: String) {
    var fields: [String: String] = [:]
    var rest = text[...]
    while true {
      rest = rest.drop { $0 == " " || $0 == "\t" }
      if rest.isEmpty { break }
      let key = rest.prefix { $0 != ":" }
      rest = rest.dropFirst(key.count + 1)
      let isList = rest.first == "["
      let value = isList ? rest.prefix { $0 != "]" } : rest.prefix { $0 != " " && $0 != "\t" }
      rest = rest.dropFirst(value.count)
      if isList {
        guard rest.first == "]" else { return nil }
        rest = rest.dropFirst()
      }
      guard
        fields.updateValue(String(isList ? value.dropFirst() : value), forKey: String(key)) == nil
      else { return nil }
    }
    guard read(fields) else { return nil }
  }

  private mutating func read(_ fields: [String: String]) -> Bool {
    var first: Int32 = 0
    var firstNegative: Int32 = 0
    for (key, text) in fields {
      switch key {
      case "schema", "offset", "n_offset":
        guard let number = Int32(text) else { return false }
        if key == "schema" { schema = number }
        if key == "offset" { first = number }
        if key == "n_offset" { firstNegative = number }
      case "sum", "count", "z_bucket", "z_bucket_w":
        guard let number = HistogramNotation.number(text) else { return false }
        if key == "sum" { sum = number }
        if key == "count" { count = number }
        if key == "z_bucket" { zeroCount = number }
        if key == "z_bucket_w" { zeroWidth = number }
      case "buckets", "n_buckets", "custom_values":
        guard HistogramNotation.list(text) != nil else { return false }
      case "counter_reset_hint":
        switch text {
        case "unknown": hint = .unknown
        case "reset": hint = .reset
        case "not_reset": hint = .notReset
        case "gauge": hint = .gauge
        default: return false
        }
      default: return false
      }
    }
    customBounds = HistogramNotation.list(fields["custom_values"] ?? "") ?? []
    for (index, count) in (HistogramNotation.list(fields["buckets"] ?? "") ?? []).enumerated() {
      positive[first &+ Int32(truncatingIfNeeded: index)] = count
    }
    for (index, count) in (HistogramNotation.list(fields["n_buckets"] ?? "") ?? []).enumerated() {
      negative[firstNegative &+ Int32(truncatingIfNeeded: index)] = count
    }
    return true
  }

  private static func number(_ text: String) -> Double? {
    text.lowercased() == "nan" ? OrdinaryNaN.value : Double(text)
  }

  private static func list(_ text: String) -> [Double]? {
    let words = text.split { $0 == " " || $0 == "\t" }
    let numbers = words.compactMap { number(String($0)) }
    return numbers.count == words.count ? numbers : nil
  }

  /// Adds another; false where that one is coarser.
  mutating func add(_ other: HistogramNotation, sign: Double) -> Bool {
    guard other.schema >= schema || schema == HistogramNotation.customSchema else { return false }
    count += sign * other.count
    sum += sign * other.sum
    zeroCount += sign * other.zeroCount
    for (index, count) in other.positive {
      positive[reduced(index, other.schema), default: 0] += sign * count
    }
    for (index, count) in other.negative {
      negative[reduced(index, other.schema), default: 0] += sign * count
    }
    return true
  }

  private static let customSchema: Int32 = -53

  /// The bucket of our schema that holds a finer schema's bucket.
  private func reduced(_ index: Int32, _ from: Int32) -> Int32 {
    let shift = from - schema
    guard shift > 0, shift < 31, schema != HistogramNotation.customSchema else { return index }
    return ((index - 1) >> shift) + 1
  }

  var histogram: NativeHistogram {
    var result = NativeHistogram()
    result.schema = schema
    result.count = count
    result.sum = sum
    result.zeroCount = zeroCount
    result.zeroThreshold = zeroWidth
    result.customBounds = customBounds
    result.resetHint = hint
    (result.positiveSpans, result.positiveCounts) = HistogramNotation.spans(positive)
    (result.negativeSpans, result.negativeCounts) = HistogramNotation.spans(negative)
    return result
  }

  private static func spans(_ buckets: [Int32: Double]) -> ([NativeHistogram.Span], [Double]) {
    var spans: [NativeHistogram.Span] = []
    var counts: [Double] = []
    var next: Int32 = 0
    for index in buckets.keys.sorted() {
      if index == next, !spans.isEmpty {
        spans[spans.count - 1].length += 1
      } else {
        spans.append(NativeHistogram.Span(offset: index &- next, length: 1))
      }
      counts.append(buckets[index] ?? 0)
      next = index &+ 1
    }
    return (spans, counts)
  }
}
