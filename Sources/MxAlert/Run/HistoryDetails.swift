import MxModel
import MxRules

/// What history says of an alert besides its states.
package struct HistoryDetail: Hashable, Sendable {
  /// The number that its rule compares with, and the time that it looks at, ms.
  package var threshold: Double?
  package var window: Int64?
  /// The time of the sample that its value is of.
  package var sampleAt: Int64?

  package init() {}

  init(_ measure: RuleMeasure?, sampleAt: Int64?) {
    threshold = measure?.threshold
    window = measure?.window
    self.sampleAt = sampleAt
  }
}

/// The same for all changes of a run, looked up once a rule.
struct HistoryDetails {
  private struct AlertID: Hashable {
    var rule: String
    var labels: LabelSet
  }

  private var measures: [String: RuleMeasure] = [:]
  /// One for each change, in their order.
  private(set) var ofChanges: [HistoryDetail] = []
  /// Of the newest change of each alert.
  private var newest: [AlertID: Int64] = [:]

  /// Of changes whose samples cannot be read only the sample's time is not told.
  init(
    _ groups: [RuleGroup], _ changes: [(rule: String, transition: AlertTransition)],
    _ source: any SeriesSource
  ) {
    let recorded = Set(groups.flatMap(\.rules).filter { !$0.isAlert }.map(\.name))
    var byRule: [String: [Int]] = [:]
    for (place, change) in changes.enumerated() { byRule[change.rule, default: []].append(place) }
    ofChanges = changes.map { _ in HistoryDetail() }
    for (key, group, rule) in RuleKey.all(groups) {
      let measure = RuleMeasure(rule)
      measures[key] = measure
      guard let places = byRule[key] else { continue }
      let questions = places.map { place in
        let change = changes[place].transition
        return SampleTimes.Question(change.labels, at: change.at - group.queryOffset)
      }
      let times = Self.times(rule, questions, recorded, source)
      for (place, time) in zip(places, times) {
        ofChanges[place] = HistoryDetail(measure, sampleAt: time)
        newest[AlertID(rule: key, labels: changes[place].transition.labels)] = time
      }
    }
  }

  private static func times(
    _ rule: Rule, _ questions: [SampleTimes.Question], _ recorded: Set<String>,
    _ source: any SeriesSource
  ) -> [Int64?] {
    guard let samples = SampleTimes(rule) else { return questions.map { _ in nil } }
    // What records write has the time of the evaluation, and is not in the store yet.
    if let metric = samples.metric, recorded.contains(metric) { return questions.map(\.time) }
    do {
      return try samples.answers(questions, source, Report())
    } catch {
      return questions.map { _ in nil }
    }
  }

  /// Of an alert that somebody is told of.
  func detail(of alert: NotifyAlert) -> HistoryDetail {
    HistoryDetail(
      measures[alert.rule],
      sampleAt: newest[AlertID(rule: alert.rule, labels: alert.labels)])
  }
}
