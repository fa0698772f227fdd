package import MxModel
import MxPromQL

/// What the alerts of a rule are judged by, for those who read of them later.
package struct RuleMeasure: Hashable, Sendable {
  /// The number that the rule compares with.
  package var threshold: Double?
  /// The time that it looks at, ms; nil: the newest sample alone.
  package var window: Int64?

  package init(_ rule: Rule) {
    threshold = rule.short?.threshold ?? rule.expr.decisiveComparison?.threshold
    window = rule.short?.window ?? rule.expr.widestRange
  }
}

extension Expr {
  /// The longest of its range selectors and subqueries.
  fileprivate var widestRange: Int64? {
    selectors.flatMap { use in
      ([use.range] + use.subqueries.map(\.range)).compactMap { $0?.fixedMilliseconds }
    }.max()
  }
}

/// The samples that alerts were of: the newest that a rule saw of their series.
package struct SampleTimes {
  /// The alert's labels, and the last instant that its evaluation looked at.
  package struct Question: Sendable {
    package var labels: LabelSet
    package var time: Int64

    package init(_ labels: LabelSet, at time: Int64) {
      self.labels = labels
      self.time = time
    }
  }

  private let rule: Rule
  private let selector: Selector
  /// Between a selector's samples and the evaluation, ms.
  private let shift: Int64
  private let reach: Int64
  /// Samples older than this are not seen by any evaluation without a range.
  private static let lookback: Int64 = 300_000

  /// Nil where the rule's expression looks at no time that moves with it.
  package init?(_ rule: Rule) {
    guard let use = rule.expr.selectors.first, use.selector.at == nil,
      use.subqueries.allSatisfy({ $0.at == nil }),
      let offset = use.selector.offset.fixedMilliseconds
    else { return nil }
    self.rule = rule
    selector = use.selector
    shift = offset + use.subqueries.reduce(0) { $0 + ($1.offset.fixedMilliseconds ?? 0) }
    reach = ([use.range] + use.subqueries.map(\.range)).reduce(Self.lookback) {
      $0 + ($1?.fixedMilliseconds ?? 0)
    }
  }

  /// The metric whose samples it looks at, where there is one of a name.
  package var metric: String? { selector.metricName }

  /// The time of the newest sample of each alert's series; nil where none is found, as
  /// for labels that the expression made itself.
  package func answers(
    _ questions: [Question], _ source: any SeriesSource, _ report: Report
  ) throws -> [Int64?] {
    var answers = [Int64?](repeating: nil, count: questions.count)
    guard let first = questions.map(\.time).min(), let last = questions.map(\.time).max() else {
      return answers
    }
    let range = TimeRange(from: first - shift - reach, to: last - shift)
    let selection = try source.open(
      [SelectRequest(selector.matchers, range: range)], report: report)[0]
    let places = places(questions)
    for series in 0..<selection.count {
      let labels = try selection.labels(series)
      let wanted = places.flatMap { $0.questions[labels.keeping($0.names)] ?? [] }
      if wanted.isEmpty { continue }
      try selection.read(series..<(series + 1), range, worker: 0) { _, samples in
        for place in wanted {
          let end = questions[place].time - shift
          guard let time = samples.times.last(where: { $0 <= end }), time > end - reach else {
            continue
          }
          answers[place] = max(answers[place] ?? time, time)
        }
      }
    }
    return answers
  }

  /// The questions by the labels that their series must have.
  private func places(
    _ questions: [Question]
  ) -> [(names: Set<String>, questions: [LabelSet: [Int]])] {
    let hidden = Set(rule.labels.map(\.name) + [LabelName.metric, "alertname"])
    var places: [Set<String>: [LabelSet: [Int]]] = [:]
    for (place, question) in questions.enumerated() {
      let labels = question.labels.removing(hidden)
      places[Set(labels.pairs.map(\.name)), default: [:]][labels, default: []].append(place)
    }
    return places.map { ($0.key, $0.value) }
  }
}
