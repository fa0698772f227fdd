import MxCLI

/// `limits:` of mx.yml and `--limit NAME=VALUE`; nil is `off`.
struct LimitSettings: Sendable {
  var seriesPerMetric: Int64? = 10_000
  var seriesTotal: Int64?
  var newSeriesPerRun: Int64? = 100_000
  var labelsPerSeries: Int64? = 32
  var metricNameBytes: Int64? = 256
  var labelNameBytes: Int64? = 128
  var labelValueBytes: Int64? = 1024
  /// How far ahead of the present a sample may lie, ms.
  var future: Int64? = 600_000
  /// How far behind, ms.
  var past: Int64?
  var bodyBytes: Int64? = 64 << 20
  var querySeries: Int64? = 50_000
  var querySamples: Int64? = 50_000_000
  /// In ms.
  var queryTimeout: Int64? = 120_000

  private enum Kind { case count, duration, size }

  /// The one list of names: for reading, setting and suggesting.
  private typealias Entry = (
    name: String, kind: Kind, field: WritableKeyPath<LimitSettings, Int64?>
  )

  private static var table: [Entry] {
    [
      ("series_per_metric", .count, \.seriesPerMetric), ("series_total", .count, \.seriesTotal),
      ("new_series_per_run", .count, \.newSeriesPerRun),
      ("labels_per_series", .count, \.labelsPerSeries),
      ("metric_name_bytes", .size, \.metricNameBytes),
      ("label_name_bytes", .size, \.labelNameBytes),
      ("label_value_bytes", .size, \.labelValueBytes), ("future", .duration, \.future),
      ("past", .duration, \.past), ("body_bytes", .size, \.bodyBytes),
      ("query_series", .count, \.querySeries), ("query_samples", .count, \.querySamples),
      ("query_timeout", .duration, \.queryTimeout),
    ]
  }

  static var names: [String] { table.map(\.name) }

  /// Sets one limit from its text. Throws where the text is no such value; a name
  /// that is none of `names` is the caller's to report.
  mutating func set(_ name: String, _ text: String) throws(ValueError) {
    guard let entry = LimitSettings.table.first(where: { $0.name == name }) else { return }
    if text == "off" {
      self[keyPath: entry.field] = nil
      return
    }
    self[keyPath: entry.field] =
      switch entry.kind {
      case .count: try NumberText.integer(text, in: 0...Int64.max)
      case .duration: try DurationText.milliseconds(text)
      case .size: try ByteSize(parsing: text).plainBytes(text)
      }
  }
}

extension ByteSize {
  /// Where a share of the file system makes no sense.
  func plainBytes(_ text: String) throws(ValueError) -> Int64 {
    switch self {
    case .bytes(let count): return count
    case .percent:
      throw ValueError(
        "'\(text)' is a share of the file system; expected bytes, such as 64MiB")
    }
  }
}
