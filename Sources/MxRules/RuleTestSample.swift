package import MxModel

/// What an expression of a rule test gives: an element, a number or a native histogram.
package struct RuleTestSample: Sendable {
  package enum Value: Sendable {
    case float(Double)
    case histogram(NativeHistogram)
  }

  package var labels: LabelSet
  package var value: Value

  package init(_ labels: LabelSet, _ value: Value) {
    self.labels = labels
    self.value = value
  }
}

/// Native histograms of test series, as far as they need no arithmetic: a selector alone gives
/// them as they were loaded. Whatever computes with them is refused by the engine.
struct SelectedHistograms {
  private let batch: SampleBatch

  init(_ batch: SampleBatch) { self.batch = batch }

  /// What the selector that reads `request` gives; nil where there is no histogram among it.
  func samples(_ request: SelectRequest) -> [RuleTestSample]? {
    guard let histograms = batch.histograms else { return nil }
    var rows: [UInt32: [Int]] = [:]
    for row in 0..<batch.count where batch.times[row] <= request.range.to {
      rows[batch.refs[row], default: []].append(row)
    }
    var samples: [RuleTestSample] = []
    var hasHistogram = false
    for (ref, rows) in rows {
      let labels = batch.series.labels(ref)
      let rows = rows.sorted { batch.times[$0] < batch.times[$1] }
      guard request.matchers.allMatch(labels), let newest = rows.last,
        batch.times[newest] >= request.range.from
      else { continue }
      if histograms.isHistogram[newest] {
        samples.append(RuleTestSample(labels, .histogram(hinted(rows, histograms))))
        hasHistogram = true
      } else if !StaleMarker.isStale(batch.values[newest]) {
        samples.append(RuleTestSample(labels, .float(batch.values[newest])))
      }
    }
    return hasHistogram ? samples : nil
  }

  /// The last of a series' rows, with the hint that a store gives it on reading: what it says
  /// itself, else whether it goes on from the histogram before.
  private func hinted(_ rows: [Int], _ histograms: HistogramRows) -> NativeHistogram {
    func histogram(_ row: Int) -> NativeHistogram? {
      histograms.isHistogram[row] ? histograms.all[Int(batch.values[row].bitPattern)] : nil
    }
    var newest = histogram(rows[rows.count - 1]) ?? NativeHistogram()
    guard newest.resetHint == .unknown, rows.count > 1,
      let before = histogram(rows[rows.count - 2]), newest.isOfKind(before)
    else { return newest }
    newest.resetHint = newest.isBelow(before) ? .reset : .notReset
    return newest
  }
}

extension NativeHistogram {
  /// The same buckets may follow each other in a store; of others it knows nothing.
  fileprivate func isOfKind(_ other: NativeHistogram) -> Bool {
    schema == other.schema && zeroThreshold == other.zeroThreshold
      && customBounds == other.customBounds && other.resetHint != .gauge
  }

  /// Some count is less than it was: the counters began anew.
  fileprivate func isBelow(_ before: NativeHistogram) -> Bool {
    func fell(_ now: [Int32: Double], _ before: [Int32: Double]) -> Bool {
      before.contains { now[$0.key, default: 0] < $0.value }
    }
    return count < before.count || zeroCount < before.zeroCount
      || fell(positiveBuckets, before.positiveBuckets)
      || fell(negativeBuckets, before.negativeBuckets)
  }
}
