import MxCLI
import MxEngine
import MxModel
import MxPromQL

/// `check --require-fresh D`: whether what expressions read is new enough. `absent` looks
/// for what is not there: what it asks for need not be fresh.
enum DataAge {
  /// So far back is looked for a newest sample, ms.
  private static let reach: Int64 = 400 * 86_400_000

  /// Why not, nil where it is. `needsAll`: a selector that finds nothing is a problem
  /// too; else only where all find nothing.
  static func problem(
    _ questions: [(text: String, tree: Expr)], _ run: Run, _ engine: Engine,
    _ source: any SeriesSource, _ report: Report, needsAll: Bool
  ) throws -> String? {
    guard let allowed = try run.arguments.duration("require-fresh") else { return nil }
    let now = run.common.now
    var oldest: (time: Int64, selector: Selector)?
    var hasData = false
    var seen: Set<[Matcher]> = []
    for use in questions.flatMap({ $0.tree.selectors })
    where use.function != .absent && use.function != .absentOverTime {
      guard seen.insert(use.selector.matchers).inserted else { continue }
      guard let newest = try newest(use.selector, now, source, report) else {
        if needsAll { return "no data of \(Expr.selector(use.selector))" }
        continue
      }
      hasData = true
      if oldest.map({ newest < $0.time }) ?? true { oldest = (newest, use.selector) }
    }
    guard let oldest else { return hasData || seen.isEmpty ? nil : "no data" }
    guard now - oldest.time > allowed else { return nil }
    return "newest sample of \(Expr.selector(oldest.selector)) is "
      + "\(DurationText.format((now - oldest.time) / 1000 * 1000)) old, at most "
      + "\(DurationText.format(allowed)) allowed"
  }

  private static func newest(
    _ selector: Selector, _ now: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> Int64? {
    let range = TimeRange(from: now - reach, to: now)
    let selection = try source.open(
      [SelectRequest(selector.matchers, range: range)], report: report)[0]
    var newest: Int64?
    for series in 0..<selection.count {
      // The newest may be a stale marker; the one before it is a sample.
      let last = try selection.latest(series, atOrBefore: now, limit: 2, worker: 0).last {
        !StaleMarker.isStale($0.value)
      }
      if let time = last?.time { newest = max(newest ?? time, time) }
    }
    return newest
  }
}
