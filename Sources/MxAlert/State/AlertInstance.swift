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
  /// Since when its series has no data, where the rule's `no_data` cares.
  package var noDataSince: Int64?
  /// How it changed of late.
  package var flap = FlapMemory()
  /// The annotations made of the newest value.
  package var annotations: [Annotation] = []
  /// As bits, so that an alert whose value is NaN equals itself.
  private var valueBits: UInt64

  /// The newest value that the expression gave.
  package var value: Double {
    get { Double(bitPattern: valueBits) }
    set { valueBits = (newValue.isNaN ? .nan : newValue).bitPattern }
  }

  package init(labels: LabelSet, state: AlertState, activeAt: Int64, value: Double) {
    self.labels = labels
    self.state = state
    self.activeAt = activeAt
    valueBits = 0
    self.value = value
  }

  package var isActive: Bool { state != .inactive }

  /// It changes so often that single changes are told to nobody.
  package var isFlapping: Bool { flap.since != nil }
}

/// A step in the life of an alert.
package struct AlertTransition: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// It went from one state to another.
    case state
    /// It began to flap: from now on its changes are held back.
    case flapping
    /// It still does: said ever more rarely.
    case stillFlapping
    /// It has been quiet for a window: `to` is what it came to rest at.
    case settled
  }

  package var labels: LabelSet
  package var from: AlertState
  package var to: AlertState
  package var at: Int64
  package var value: Double
  /// The alert just behind the step.
  package var instance: AlertInstance
  /// Why, where it is not the expression: `rule was removed`.
  package var reason: String?
  package var kind = Kind.state
  /// Nobody is told of it: the alert flaps.
  package var isHeldBack = false
  /// Another rule's alert of the same labels that goes on where this one ends. Receivers
  /// know alerts by their labels: to them nothing ended.
  package var twin: Twin?

  package struct Twin: Hashable, Sendable {
    package var rule: String
    package var instance: AlertInstance
  }

  /// Somebody is told of it: pending comes and goes, and what flaps is held back.
  package var isNews: Bool {
    !isHeldBack && (to == .firing || from == .firing || kind != .state)
  }

  /// Receivers hear that the alert is over.
  package var isEnd: Bool { isNews && !tellsFiring }

  /// It is told as an alert that fires: flapping is no state to be at rest in.
  package var tellsFiring: Bool { to == .firing || isOfFlapping }

  package var isOfFlapping: Bool { kind == .flapping || kind == .stillFlapping }

  /// Why, for people: the reason, or what there is to say of flapping.
  package var reasonText: String? {
    switch kind {
    case .state:
      isHeldBack ? reason.map { "\($0); held back: flapping" } ?? "held back: flapping" : reason
    case .flapping: "flapping: further changes are held back"
    case .stillFlapping: "still flapping"
    case .settled: "settled after flapping"
    }
  }
}
