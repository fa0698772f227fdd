/// How far back an instant selector looks for its newest sample.
package enum Lookback: Hashable, Sendable, CustomStringConvertible {
  /// Prometheus' rule: a sample is visible while younger than this, in ms.
  case fixed(Int64)
  /// Five minutes; a series with nothing there is visible for two and a half times
  /// the smallest gap between its last four samples, at most 26 hours.
  case automatic

  /// Written out: what reflection says takes 10 µs, and a fingerprint has it.
  package var description: String {
    switch self {
    case .fixed(let length): "fixed(\(length))"
    case .automatic: "automatic"
    }
  }

  /// 5 minutes, in ms.
  package static let standard: Int64 = 300_000
  /// The widest gap that counts as a pace: a daily job that comes late.
  static let longestPace: Int64 = 26 * 3_600_000
  /// Visible for gap * 5 / 2.
  package static func reach(ofPace gap: Int64) -> Int64 { min(gap, longestPace) * 5 / 2 }

  /// At most so old may a visible sample be.
  package var longest: Int64 {
    switch self {
    case .fixed(let milliseconds): milliseconds
    case .automatic: Lookback.reach(ofPace: Lookback.longestPace)
    }
  }

  /// What every series is granted, whatever its pace.
  package var base: Int64 {
    switch self {
    case .fixed(let milliseconds): milliseconds
    case .automatic: Lookback.standard
    }
  }
}

/// What an engine does and how much it may take.
package struct EngineOptions: Sendable {
  package var lookback = Lookback.automatic
  /// Prometheus' feature 'delayed name removal': operations only mark series, the
  /// names go at the very end, so that `label_replace` still sees them.
  package var delaysNameRemoval = false
  /// The step of a subquery that names none, in ms.
  package var subqueryStep: Int64 = 60_000
  /// Whether `rate` and its like use the times at which counters began.
  package var usesStartTimes = true
  /// Which resolutions selectors may read.
  package var resolution = ResolutionChoice.automatic
  /// Whether windows may answer what they cannot answer exactly, where samples are gone.
  package var approximates = false
  /// Series that one selector may find.
  package var maximumSeries = 2_000_000
  /// Samples held in memory at once: results of all parts of the query.
  package var maximumSamples = 50_000_000
  /// Steps of a range query or of a subquery.
  package var maximumSteps = 10_000_000
  package var threads = 1
  /// Asked all the time; true ends the query with `EngineError.timeout`.
  package var hasExpired: (@Sendable () -> Bool)?

  package init() {}
}
