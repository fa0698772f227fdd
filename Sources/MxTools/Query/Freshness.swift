import MxCLI
import MxEngine
import MxModel
import MxPromQL

/// `--require-fresh D`: every selector must find a sample younger than that.
enum Freshness {
  /// Thrown to stop reading at the first sample that will do.
  private struct Found: Error {}

  /// False where a selector's data is too old; says which, and how old.
  static func check(
    _ expressions: [QueryExpression], _ input: QueryInput, _ run: Run
  ) throws -> Bool {
    guard let age = try run.arguments.duration("require-fresh") else { return true }
    var isFresh = true
    var told: Set<[Matcher]> = []
    for expression in expressions {
      for use in expression.tree.selectors where told.insert(use.selector.matchers).inserted {
        let matchers = use.selector.matchers
        if try hasSample(matchers, after: run.common.now - age, run, input) { continue }
        isFresh = false
        let newest = try newest(matchers, run, input)
        run.output.error(diagnostic(use.selector, newest, age, run.common.now))
      }
    }
    return isFresh
  }

  private static func hasSample(
    _ matchers: [Matcher], after time: Int64, _ run: Run, _ input: QueryInput
  ) throws -> Bool {
    let range = TimeRange(from: time + 1, to: run.common.now)
    let request = SelectRequest(matchers, range: range)
    let selection = try input.source.open([request], report: input.report)[0]
    do {
      try selection.read(0..<selection.count, range, worker: 0) { _, samples in
        if samples.values.contains(where: { !StaleMarker.isStale($0) }) { throw Found() }
      }
      return false
    } catch is Found {
      return true
    }
  }

  private static func newest(
    _ matchers: [Matcher], _ run: Run, _ input: QueryInput
  ) throws -> Int64? {
    let now = run.common.now
    let range = TimeRange(from: .min, to: now)
    let selection = try input.source.open(
      [SelectRequest(matchers, range: range)], report: input.report)[0]
    var newest: Int64?
    for series in 0..<selection.count {
      for sample in try selection.latest(series, atOrBefore: now, limit: 2, worker: 0)
      where !StaleMarker.isStale(sample.value) {
        newest = max(newest ?? sample.time, sample.time)
      }
    }
    return newest
  }

  private static func diagnostic(
    _ selector: Selector, _ newest: Int64?, _ age: Int64, _ now: Int64
  ) -> Diagnostic {
    let name = "'\(selector)'"
    guard let newest else { return Diagnostic(.no, "\(name) has no sample at all") }
    return Diagnostic(
      .no,
      "the newest sample of \(name) is \(DurationText.format(now - newest)) old, "
        + "at most \(DurationText.format(age)) allowed",
      hint: "mx-query why \(name) tells where its samples come from")
  }
}
