package import MxModel

/// What one alert is at.
package enum AlertState: String, Hashable, Sendable {
  /// It was firing and is no more; kept a while.
  case inactive
  case pending
  case firing
}

/// One alert of a rule: one label set that its expression gave.
package struct AlertInstance: Hashable, Sendable {
  package struct Annotation: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package var labels: LabelSet
  package var state: AlertState
  /// When the expression began to hold; all times are ms since 1970.
  package var activeAt: Int64
  package var firedAt: Int64?
  package var resolvedAt: Int64?
  /// Since when it fires only because of `keep_firing_for`.
  package var keepFiringSince: Int64?
  /// The newest value that the expression gave, and the annotations made of it.
  package var value: Double
  package var annotations: [Annotation] = []

  package init(labels: LabelSet, state: AlertState, activeAt: Int64, value: Double) {
    self.labels = labels
    self.state = state
    self.activeAt = activeAt
    self.value = value
  }

  package var isActive: Bool { state != .inactive }
}

/// A step in the life of an alert.
package struct AlertTransition: Hashable, Sendable {
  package var labels: LabelSet
  package var from: AlertState
  package var to: AlertState
  package var at: Int64
  package var value: Double
  /// The alert just behind the step.
  package var instance: AlertInstance
  /// Why, where it is not the expression: `rule was removed`.
  package var reason: String?
}
