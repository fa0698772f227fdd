import MxModel

/// Which alerts are kept back because others fire, kept up to date as alerts come and
/// go: a look-up an alert and rule, however many fire.
struct Inhibitor {
  private struct Source {
    var alert: String
    /// It matches the targets of its rule, too.
    var isTarget: Bool
  }

  private struct Index {
    var rule: InhibitRule
    /// By the values of the `equal` labels.
    var sources: [[String]: [UInt64: Source]] = [:]

    func key(_ labels: LabelSet) -> [String] { rule.equal.map { labels[$0] ?? "" } }
  }

  private var indexes: [Index]

  init(_ rules: [InhibitRule]) { indexes = rules.map { Index(rule: $0) } }

  mutating func set(_ alert: NotifyAlert) {
    for place in indexes.indices where indexes[place].rule.sources.allMatch(alert.labels) {
      let key = indexes[place].key(alert.labels)
      if alert.isFiring {
        let isTarget = indexes[place].rule.targets.allMatch(alert.labels)
        indexes[place].sources[key, default: [:]][alert.fingerprint] = Source(
          alert: alert.name, isTarget: isTarget)
      } else {
        indexes[place].sources[key]?[alert.fingerprint] = nil
      }
    }
  }

  /// The name of an alert that keeps this one back.
  func inhibitor(of alert: NotifyAlert) -> String? {
    for index in indexes where index.rule.targets.allMatch(alert.labels) {
      guard let sources = index.sources[index.key(alert.labels)], !sources.isEmpty else {
        continue
      }
      // One that is source and target cannot inhibit its like, least of all itself.
      let isSource = index.rule.sources.allMatch(alert.labels)
      let found = sources.values.filter { !(isSource && $0.isTarget) }.map(\.alert).min()
      if let found { return found }
    }
    return nil
  }
}
