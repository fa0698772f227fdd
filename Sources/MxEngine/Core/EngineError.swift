/// Why a query has no answer.
package enum EngineError: Error, Hashable, Sendable {
  /// The data does not allow what was asked: many-to-many matches, duplicate label
  /// sets, a bad regex. The message is Prometheus' own where it has one.
  case query(String)
  /// A limit of the options was met; the text names it and what to narrow.
  case limit(String)
  /// Samples that the query needs were removed by retention, and the tiers that are
  /// left cannot stand in for them; says until when, and what can be asked instead.
  case coarse(String, hint: String)
  /// `hasExpired` of the options said so.
  case timeout
  /// A sample that the query needs is a native histogram, which this engine cannot
  /// compute with. Names the series.
  case nativeHistogram(String)
  /// The query's own times make no sense, or are too far away to compute with.
  case badTime(String)
}

extension EngineError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .query(let message), .limit(let message), .badTime(let message),
      .coarse(let message, _):
      message
    case .timeout: "query timed out: narrow the selectors or the time range"
    case .nativeHistogram(let series):
      "'\(series)' holds native histograms, which cannot be evaluated"
    }
  }
}
