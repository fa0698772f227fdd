package import MxModel

/// An alert as receivers know it: firing, or resolved and to be told so.
package struct NotifyAlert: Hashable, Sendable {
  package var labels: LabelSet
  package var annotations: [AlertInstance.Annotation]
  package var value: Double
  /// Since when it fires; times are ms since 1970.
  package var startsAt: Int64
  /// When it was resolved; nil while it fires.
  package var endsAt: Int64?
  /// When notifications learnt of it: as long after the evaluation as evaluations stay
  /// behind the present.
  package var arrivedAt: Int64
  /// The ledger's key of its rule; "" for alerts about mx itself.
  package var rule: String
  /// Why, where it is not the rule's expression.
  package var reason: String?
  /// It is to be told though receivers know that it fires: it began to flap, or ceased.
  package var isAnnounced = false
  /// What it is known by: Prometheus' and Alertmanager's hash of its labels.
  package let fingerprint: UInt64

  package init(
    labels: LabelSet, annotations: [AlertInstance.Annotation] = [], value: Double = .nan,
    startsAt: Int64, endsAt: Int64? = nil, arrivedAt: Int64, rule: String = "",
    reason: String? = nil
  ) {
    self.labels = labels
    self.annotations = annotations
    self.value = value
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.arrivedAt = arrivedAt
    self.rule = rule
    self.reason = reason
    fingerprint = Fingerprint.of(labels)
  }

  /// The news of a step in an alert's life; nil where nobody is told of it: pending
  /// comes and goes.
  package init?(_ transition: AlertTransition, rule: String, delay: Int64) {
    guard transition.isNews else { return nil }
    if let twin = transition.twin {
      self.init(twin.instance, rule: twin.rule, arrivedAt: transition.at + delay)
      return
    }
    let isFiring = transition.tellsFiring
    self.init(
      labels: transition.labels, annotations: transition.instance.annotations,
      value: transition.value, startsAt: transition.instance.firedAt ?? transition.at,
      endsAt: isFiring ? nil : transition.at, arrivedAt: transition.at + delay, rule: rule,
      reason: transition.reasonText)
    isAnnounced = isFiring && transition.kind != .state
  }

  /// An alert that fires.
  package init(_ instance: AlertInstance, rule: String, arrivedAt: Int64) {
    self.init(
      labels: instance.labels, annotations: instance.annotations, value: instance.value,
      startsAt: instance.firedAt ?? instance.activeAt, arrivedAt: arrivedAt, rule: rule)
  }

  package var name: String { labels["alertname"] ?? "" }
  package var isFiring: Bool { endsAt == nil }
  package var id: String { Fingerprint.text(fingerprint) }
}

/// FNV-1a of `name 0xff value 0xff …` in name order.
package enum Fingerprint {
  package static func of(_ labels: LabelSet) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bytes: String.UTF8View) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      hash = (hash ^ 0xff) &* 0x100_0000_01b3
    }
    for pair in labels.pairs {
      add(pair.name.utf8)
      add(pair.value.utf8)
    }
    return hash
  }

  /// 16 hex digits.
  package static func text(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  package static func parse(_ text: String) -> UInt64? {
    text.utf8.count == 16 ? UInt64(text, radix: 16) : nil
  }
}

/// Alerts that mx raises about itself.
package enum MetaAlert {
  /// A channel cannot be reached; `channel` is its target.
  package static let channelFailing = "MxChannelFailing"
  /// A silence that keeps something back ends soon; `silence` is its id.
  package static let silenceEnds = "MxSilenceEnds"

  package static func failing(_ target: String, since: Int64, error: String) -> NotifyAlert {
    NotifyAlert(
      labels: LabelSet([
        ("alertname", channelFailing), ("channel", target), ("severity", "warning"),
      ]),
      annotations: [
        .init(name: "description", value: error),
        .init(name: "summary", value: "notices cannot be sent by '\(target)'"),
      ], value: 1, startsAt: since, arrivedAt: since)
  }
}
