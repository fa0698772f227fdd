package import MxModel

/// What samples have to keep to; a limit that is off is `Int.max` (`nil` for times).
package struct GateLimits: Sendable {
  package var seriesPerMetric = Int.max
  package var seriesTotal = Int.max
  package var newSeriesPerRun = Int.max
  /// The metric name is not counted.
  package var labelsPerSeries = Int.max
  package var metricNameBytes = Int.max
  package var labelNameBytes = Int.max
  package var labelValueBytes = Int.max
  /// How far ahead of the present a sample may lie, ms.
  package var future: Int64?
  /// How far behind, ms.
  package var past: Int64?

  package init() {}
}

/// What the gate does with samples besides checking them.
package struct GateSettings: Sendable {
  /// The present, ms.
  package var now: Int64
  package var limits = GateLimits()
  /// Added to every series that lacks them; of two of one name the first counts.
  package var labels: [(name: String, value: String)] = []
  /// Applied after the labels were added.
  package var relabel = RelabelRules([])

  package init(now: Int64) { self.now = now }

  /// The times that pass.
  var times: TimeRange {
    TimeRange(
      from: limits.past.map { now.subtractingReportingOverflow($0).partialValue } ?? .min,
      to: limits.future.map { now &+ min($0, .max - max(0, now)) } ?? .max)
  }
}
