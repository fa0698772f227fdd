/// Whether samples now are worse than samples then.
///
/// Two questions must both be answered by yes: is the difference larger than the
/// tolerance, and is it more than the samples scatter by themselves?
package struct Comparison: Equatable, Sendable {
  package enum Statistic: String, CaseIterable, Sendable {
    /// The medians' confidence intervals (95 % for all comparisons together) are apart.
    case median
    /// The median now lies beyond the quartiles then, by more than 1.5 times their distance.
    case iqr
    /// The rank test finds a difference at 5 %, all comparisons together.
    case mannWhitney = "mann-whitney"
  }

  package enum Better: String, CaseIterable, Sendable {
    case lower, higher
    /// Any change is for the worse.
    case equal
  }

  package enum Verdict: String, Equatable, Sendable {
    case same, better, worse
    /// Too few samples to tell.
    case unclear
  }

  package struct Rule: Equatable, Sendable {
    package var statistic = Statistic.median
    /// A share: 0.05 is 5 %.
    package var tolerance = 0.05
    package var better = Better.lower
    /// Each side needs so many samples, or nothing is said.
    package var minimumSamples = 8

    package init() {}
  }

  package let baseline: OrderedSamples
  package let current: OrderedSamples
  /// How much greater it is now, as a share of the baseline's median; infinite where that
  /// is 0, NaN where a side has no samples.
  package private(set) var change = Double.nan
  /// What the rank test says, corrected for all comparisons; nil for other statistics.
  package private(set) var pValue: Double?
  package private(set) var verdict = Verdict.unclear

  /// Compares each pair, knowing how many there are.
  package static func all(
    _ pairs: [(baseline: OrderedSamples, current: OrderedSamples)], _ rule: Rule
  ) -> [Comparison] {
    let judged = pairs.indices.filter {
      min(pairs[$0].baseline.count, pairs[$0].current.count) >= max(1, rule.minimumSamples)
    }
    var pValues: [Int: Double] = [:]
    if rule.statistic == .mannWhitney {
      let single = judged.map { RankTest.pValue(pairs[$0].baseline, pairs[$0].current) }
      for (index, value) in zip(judged, Multiplicity.holm(single)) { pValues[index] = value }
    }
    let isJudged = Set(judged)
    return pairs.enumerated().map { index, pair in
      var result = Comparison(baseline: pair.baseline, current: pair.current)
      result.measure(rule)
      result.pValue = pValues[index]
      if isJudged.contains(index) { result.judge(rule, among: judged.count) }
      return result
    }
  }

  private init(baseline: OrderedSamples, current: OrderedSamples) {
    self.baseline = baseline
    self.current = current
  }

  private mutating func measure(_ rule: Rule) {
    guard baseline.count > 0, current.count > 0 else { return }
    let middle = baseline.median
    var difference =
      rule.statistic == .mannWhitney
      ? RankTest.shift(from: baseline, to: current) : current.median - middle
    // Equal infinities have no difference.
    if difference.isNaN { difference = current.median == middle ? 0 : .infinity }
    change = difference == 0 ? 0 : difference / middle.magnitude
  }

  private mutating func judge(_ rule: Rule, among count: Int) {
    guard change.magnitude > rule.tolerance, isBeyondScatter(rule, count) else {
      verdict = .same
      return
    }
    switch rule.better {
    case .lower: verdict = change > 0 ? .worse : .better
    case .higher: verdict = change < 0 ? .worse : .better
    case .equal: verdict = .worse
    }
  }

  private func isBeyondScatter(_ rule: Rule, _ count: Int) -> Bool {
    switch rule.statistic {
    case .median:
      let confidence = 1 - 0.05 / Double(count)
      guard let before = baseline.medianInterval(confidence: confidence),
        let now = current.medianInterval(confidence: confidence)
      else { return false }
      return !before.overlaps(now)
    case .iqr:
      let reach = 1.5 * baseline.interquartileRange
      let median = current.median
      return median > baseline.quantile(0.75) + reach || median < baseline.quantile(0.25) - reach
    case .mannWhitney: return (pValue ?? 1) < 0.05
    }
  }
}
