package import MxModel

/// The notation of test scripts, for other kinds of tests.
package enum ScriptSeries {
  /// Adds the samples of `notation` (`1+2x3 _ stale`) to `batch`, the first at `start`,
  /// one each `interval` ms. `line` is for messages.
  package static func append(
    series: String, values: String, start: Int64, interval: Int64, line: Int,
    to batch: inout SampleBatch
  ) throws(ScriptError) {
    let notation = try SeriesNotation(series + " " + values, line: line)
    let ref = batch.series.intern(notation.labels)
    for (index, sample) in notation.samples.enumerated() {
      let time = start &+ Int64(index) &* interval
      switch sample {
      case .missing: continue
      case .float(let value): batch.append(ref, time, value)
      case .histogram(let histogram): batch.append(ref, time, histogram)
      }
    }
  }

  /// `{{schema:1 count:5 buckets:[5]}}`; nil where that is no native histogram.
  package static func histogram(
    _ text: String, line: Int
  ) throws(ScriptError) -> NativeHistogram? {
    guard
      case .histogram(let histogram)? = try SeriesNotation("{} " + text, line: line).samples.first
    else { return nil }
    return histogram
  }

  /// `name{a="b"}`; nothing at all is the empty set.
  package static func labels(_ text: String, line: Int) throws(ScriptError) -> LabelSet {
    if text.utf8.allSatisfy({ $0 == 0x20 }) { return .empty }
    return try SeriesNotation(text, line: line).labels
  }
}
