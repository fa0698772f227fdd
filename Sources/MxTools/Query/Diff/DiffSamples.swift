import MxCLI
import MxEngine
import MxModel
import MxPromQL
import MxStatistics

/// The samples of one group of series, in time order.
struct SampleGroup {
  var times: [Int64] = []
  var values: [Double] = []
}

/// Collects what an expression yields over a range, for comparing.
///
/// A plain selector gives its samples as they were ingested. Anything else is evaluated
/// step by step, and the step is never finer than the data: the same sample seen twice
/// would make a comparison surer than it is.
struct DiffSampler {
  let engine: Engine
  let input: QueryInput
  /// Labels that stay; nil keeps all of them.
  let grouping: Set<String>?
  /// Nil: a round 250th of the range, or the distance of samples where that is wider.
  let step: Int64?

  func samples(
    _ expression: QueryExpression, _ range: TimeRange, _ source: any SeriesSource
  ) throws -> [LabelSet: SampleGroup] {
    let result: EngineResult
    if let selector = plainSelector(expression.tree) {
      let width = max(1, range.to - range.from)
      let tree = Expr.range(RangeSelector(selector, range: .fixed(width)))
      result = try evaluate(tree, expression.text, .instant(range.to), source)
    } else {
      let step = try self.step ?? step(expression.tree, range, source)
      result = try evaluate(
        expression.tree, expression.text,
        .range(start: range.from, end: range.to, step: max(1, step)), source)
    }
    var groups: [LabelSet: SampleGroup] = [:]
    try result.forEachSeries { labels, points in
      let key = group(labels ?? .empty)
      var own = groups.removeValue(forKey: key) ?? SampleGroup()
      own.times.append(contentsOf: points.times)
      own.values.append(contentsOf: points.values)
      groups[key] = own
    }
    return groups
  }

  private func plainSelector(_ tree: Expr) -> Selector? {
    guard step == nil, case .selector(let selector) = tree.unwrapped, selector.at == nil,
      selector.extent == .none
    else { return nil }
    return selector
  }

  private func evaluate(
    _ tree: Expr, _ text: String, _ window: QueryWindow, _ source: any SeriesSource
  ) throws -> EngineResult {
    try engine.evaluate(tree, text: text, window, source: source, report: input.report)
  }

  private func group(_ labels: LabelSet) -> LabelSet {
    grouping.map { labels.keeping($0) } ?? labels
  }

  private func step(
    _ tree: Expr, _ range: TimeRange, _ source: any SeriesSource
  ) throws -> Int64 {
    var widest = RoundStep.of(range.to - range.from)
    for use in tree.selectors {
      let request = SelectRequest(use.selector.matchers, range: range)
      let selection = try source.open([request], report: input.report)[0]
      for series in 0..<min(3, selection.count) {
        let newest = try selection.latest(series, atOrBefore: range.to, limit: 4, worker: 0)
        let gaps = zip(newest, newest.dropFirst()).map { $1.time - $0.time }
        if let pace = gaps.min(), pace < range.to - range.from { widest = max(widest, pace) }
      }
    }
    return widest
  }
}
