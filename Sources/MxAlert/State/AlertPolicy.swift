package import MxModel
package import MxRules

/// What an alert's rule says of its states.
package struct AlertPolicy: Hashable, Sendable {
  /// How long the expression must hold, ms.
  package var holdFor: Int64
  package var keepFiringFor: Int64
  /// More active alerts than this are an error; 0 for no limit.
  package var limit: Int
  package var noData = NoDataPolicy.prometheus
  /// How long data may be missing before `noData` counts, ms.
  package var grace: Int64 = 0
  /// After so long without data a series counts as gone for good, ms.
  package var forget: Int64 = 7 * 86_400_000
  /// Nil: every change is told.
  package var flap: FlapPolicy?
  package var hasHysteresis = false

  package init(holdFor: Int64, keepFiringFor: Int64, limit: Int = 0) {
    self.holdFor = holdFor
    self.keepFiringFor = keepFiringFor
    self.limit = limit
  }

  /// What `rule` says, over `standard` where it is silent.
  package init(_ rule: Rule, limit: Int, noData standard: NoDataPolicy) {
    self.init(holdFor: rule.holdFor, keepFiringFor: rule.keepFiringFor, limit: limit)
    noData = rule.additions.noData ?? standard
    grace = rule.additions.grace ?? rule.holdFor
    if let forget = rule.additions.forget { self.forget = forget }
    if case .at(let changes, let window) = rule.additions.flap {
      flap = FlapPolicy(changes: changes, window: window)
    }
    hasHysteresis = rule.additions.resolve != nil
  }

  /// How changes of an alert with these labels are damped: critical ones never.
  func flap(of labels: LabelSet) -> FlapPolicy? {
    labels["severity"] == "critical" ? nil : flap
  }
}

/// What is known at an instant besides the elements of the expression.
package struct AlertSurroundings {
  /// What the hysteresis says of a firing alert whose expression does not hold.
  package enum Verdict: Equatable {
    /// It goes on, with this value where there is one.
    case goesOn(Double?)
    case ends
    /// There is no hysteresis.
    case none
  }

  package var verdict: (LabelSet) -> Verdict
  package var hasData: (LabelSet) -> Bool
  /// Series that have data now -> the alerts that they would be; nil where nobody asks.
  package var series: [LabelSet: LabelSet]?
  /// The annotations of an alert that a series without data is.
  package var annotations: (LabelSet) -> [AlertInstance.Annotation] = { _ in [] }

  package init() {
    verdict = { _ in .none }
    hasData = { _ in true }
  }

  package init(_ background: AlertBackground, asksForSeries: Bool) {
    verdict = { labels in
      if let lingering = background.lingering {
        return lingering.value(for: labels).map { .goesOn($0) } ?? .ends
      }
      guard let ending = background.ending else { return .none }
      return ending.value(for: labels) == nil ? .goesOn(nil) : .ends
    }
    hasData = { labels in background.data.map { $0.value(for: labels) != nil } ?? true }
    series = asksForSeries ? background.series : nil
  }
}

/// A series that a rule with `no_data: alert` has seen.
package struct KnownSeries: Hashable, Sendable {
  /// The alert that it would be.
  package var alert: LabelSet
  /// Since when it has no data; nil while it has.
  package var missingSince: Int64?

  package init(alert: LabelSet, missingSince: Int64? = nil) {
    self.alert = alert
    self.missingSince = missingSince
  }
}
