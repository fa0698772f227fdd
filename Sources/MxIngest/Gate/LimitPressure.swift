/// A limit that is nearly used up, or was met.
package struct LimitPressure: Hashable, Sendable, CustomStringConvertible {
  /// `series_per_metric`
  package var limit: String
  /// Nil where the whole store is meant.
  package var metric: String?
  package var series: Int
  package var allowed: Int
  /// New series that were refused.
  package var refused = 0
  package var label: String?
  package var labelValues = 0

  init(limit: String, metric: String?, series: Int, allowed: Int) {
    self.limit = limit
    self.metric = metric
    self.series = series
    self.allowed = allowed
  }

  init(_ pressure: Cardinality.Pressure) {
    self.init(
      limit: pressure.limit, metric: pressure.metric, series: pressure.series,
      allowed: pressure.allowed)
    refused = pressure.refused
    label = pressure.label?.name
    labelValues = pressure.label?.values ?? 0
  }

  /// How much of the limit is used; 1 is all.
  package var share: Double { Double(series) / Double(max(1, allowed)) }

  package var description: String {
    let what = metric.map { "'\($0)'" } ?? "the store"
    let widest = label.map { ", label '\($0)' has \(labelValues) values" } ?? ""
    if refused > 0 {
      return "\(what): \(refused) new series were refused, the limit '\(limit)' is "
        + "\(allowed)\(widest)"
    }
    if limit == "new_series_per_run" {
      return "the run brought \(series) new series, '\(limit)' allows \(allowed)"
    }
    return "\(what) has \(series) series, '\(limit)' allows \(allowed)\(widest)"
  }
}
