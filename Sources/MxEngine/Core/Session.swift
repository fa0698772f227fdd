package import MxModel
package import MxPromQL
import Synchronization

/// Many queries of one process over one snapshot: a dashboard's panels, a rule
/// file's groups.
///
/// Selectors that several queries share are looked up once, and a query that was
/// answered already is not computed again. Damage met on the way goes to one report
/// for the whole session: who must know which query met it takes an `Engine`.
package final class Session: Sendable {
  package let engine: Engine
  package let report: Report
  private let source: SharedSource
  private let answers = Mutex([Key: QueryResult]())

  private struct Key: Hashable {
    var expr: Expr
    /// Annotations name places in it.
    var text: String
    var window: QueryWindow
  }

  /// Answers kept at once; they are as large as the queries asked for.
  private static let maximumAnswers = 256

  package init(_ engine: Engine, source: any SeriesSource, report: Report) {
    self.engine = engine
    self.report = report
    self.source = SharedSource(source)
  }

  package func evaluate(
    _ expr: Expr, text: String, _ window: QueryWindow
  ) throws -> QueryResult {
    let key = Key(expr: expr, text: text, window: window)
    if let known = answers.withLock({ $0[key] }) { return known }
    let result = try engine.evaluate(expr, text: text, window, source: source, report: report)
    answers.withLock { answers in
      if answers.count >= Session.maximumAnswers { answers.removeAll() }
      answers[key] = result
    }
    return result
  }

  /// A hash of what the query asks and of all that answering it would read, from
  /// indexes alone. Equal prints: equal answers.
  package func fingerprint(_ expr: Expr, _ window: QueryWindow) throws -> UInt64 {
    try engine.fingerprint(expr, window, source: source)
  }
}

extension Engine {
  /// See `Session.fingerprint`.
  package func fingerprint(
    _ expr: Expr, _ window: QueryWindow, source: any SeriesSource
  ) throws -> UInt64 {
    let settings = "\(options.lookback) \(options.delaysNameRemoval) \(options.subqueryStep)"
    let asked = "\(expr.fingerprintText) \(window.text) \(settings) \(options.usesStartTimes)"
    let hash = Array(asked.utf8).withUnsafeBytes { ByteHash.hash($0) }
    let read = try source.fingerprint(
      requests(EventCounting.rewritten(expr, source), window))
    return UInt64(truncatingIfNeeded: hash) &* 0x9E37_79B9_7F4A_7C15 ^ read
  }
}

/// A source that remembers what it opened.
private final class SharedSource: SeriesSource {
  private let source: any SeriesSource
  private let opened = Mutex([SelectionPlan.Key: any Selection]())

  init(_ source: any SeriesSource) { self.source = source }

  func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
    let keys = requests.map { SelectionPlan.Key(matchers: $0.matchers, range: $0.range) }
    let known = opened.withLock { opened in keys.map { opened[$0] } }
    let missing = requests.indices.filter { known[$0] == nil }
    let found = try source.open(
      missing.map { index in
        var request = requests[index]
        // Another query may want the same for another end.
        request.hints = SelectHints()
        return request
      }, report: report)
    opened.withLock { opened in
      for (index, selection) in zip(missing, found) { opened[keys[index]] = selection }
    }
    var next = 0
    return known.map { selection in
      if let selection { return selection }
      next += 1
      return found[next - 1]
    }
  }

  func labelNames(
    matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    try source.labelNames(matching: matchers, range: range, report: report)
  }

  func labelValues(
    _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    try source.labelValues(name, matching: matchers, range: range, report: report)
  }

  func metadata(of metric: String) throws -> MetricMetadata? { try source.metadata(of: metric) }

  func allMetadata() throws -> [MetricMetadata] { try source.allMetadata() }

  func fingerprint(_ requests: [SelectRequest]) throws -> UInt64 {
    try source.fingerprint(requests)
  }
}
