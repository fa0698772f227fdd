package import MxModel

/// One message for one channel: what a group of alerts comes to.
package struct GroupNotice: Hashable, Sendable {
  /// Whom: `receiver/kind/index`.
  package var target: String
  package var receiver: String
  /// As Alertmanager knows the group: `{}/{team="db"}:{alertname="Down"}`.
  package var groupKey: String
  package var groupLabels: LabelSet
  /// Templates of the route's `labels:`.
  package var routeLabels: [AlertInstance.Annotation] = []
  package var reason: NotifyReason
  /// The instant it tells of, ms.
  package var at: Int64
  /// Firing ones first, each part in the order of Alertmanager.
  package var alerts: [NotifyAlert]
  /// Alerts that are told of by their number alone.
  package var truncated = 0
  /// The receiver that did not answer to these alerts, or could not be told.
  package var instead: String?
  /// The notices that a digest stands for.
  package var digestOf = 0

  package init(
    target: String, receiver: String, groupKey: String, groupLabels: LabelSet,
    reason: NotifyReason, at: Int64, alerts: [NotifyAlert]
  ) {
    self.target = target
    self.receiver = receiver
    self.groupKey = groupKey
    self.groupLabels = groupLabels
    self.reason = reason
    self.at = at
    self.alerts = alerts
  }

  package var isFiring: Bool { alerts.contains(where: \.isFiring) }
  package var firing: [NotifyAlert] { alerts.filter(\.isFiring) }
  package var resolved: [NotifyAlert] { alerts.filter { !$0.isFiring } }

  /// The same news have the same key, also when a kill makes them be sent twice.
  package var key: String {
    var text = "\(target)\0\(groupKey)\0\(at)\0\(reason.rawValue)"
    for alert in alerts { text += "\0\(alert.id)\(alert.isFiring ? "" : "-")" }
    let hash = Array(text.utf8).withUnsafeBytes { ByteHash.hash($0) }
    return Fingerprint.text(hash)
  }

  /// What all alerts have in common.
  package var commonLabels: LabelSet {
    LabelSet(Self.common(alerts.map { $0.labels.pairs }))
  }

  package var commonAnnotations: [AlertInstance.Annotation] {
    Self.common(alerts.map { $0.annotations.map { ($0.name, $0.value) } })
      .map { .init(name: $0.0, value: $0.1) }
  }

  private static func common(_ all: [[(name: String, value: String)]]) -> [(String, String)] {
    guard let first = all.first else { return [] }
    var left = first
    for pairs in all.dropFirst() where !left.isEmpty {
      var values: [String: String] = [:]
      for pair in pairs { values[pair.name] = pair.value }
      left.removeAll { values[$0.name] != $0.value }
    }
    return left.map { ($0.name, $0.value) }
  }

  /// Job, instance, then all labels: the order Alertmanager has in messages.
  package static func precedes(_ left: NotifyAlert, _ right: NotifyAlert) -> Bool {
    if left.isFiring != right.isFiring { return left.isFiring }
    for name in ["job", "instance"] {
      let (one, two) = (left.labels[name] ?? "", right.labels[name] ?? "")
      if one != two { return one.utf8.lexicographicallyPrecedes(two.utf8) }
    }
    return left.labels < right.labels
  }
}
