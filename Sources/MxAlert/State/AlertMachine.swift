package import MxModel

/// What an alert's rule says of its states.
package struct AlertPolicy: Hashable, Sendable {
  /// How long the expression must hold, ms.
  package var holdFor: Int64
  package var keepFiringFor: Int64
  /// More active alerts than this are an error; 0 for no limit.
  package var limit: Int

  package init(holdFor: Int64, keepFiringFor: Int64, limit: Int = 0) {
    self.holdFor = holdFor
    self.keepFiringFor = keepFiringFor
    self.limit = limit
  }
}

/// More alerts than the group allows: all of them are dropped, as in Prometheus.
package struct AlertLimitExceeded: Error, Hashable, Sendable, CustomStringConvertible {
  package var limit: Int
  package var count: Int

  package init(limit: Int, count: Int) {
    self.limit = limit
    self.count = count
  }

  package var description: String { "exceeded limit of \(limit) with \(count) alerts" }
}

/// The alerts of one rule and how they go from state to state: a function of what
/// was, what the expression gives and the time, and of nothing else.
///
///     new                      -> pending, or firing at once where `for` is 0
///     pending, held for `for`  -> firing
///     pending, gone            -> forgotten
///     firing, gone             -> inactive, after `keep_firing_for`
///     inactive, back           -> a new alert
///     inactive for 15 minutes  -> forgotten
package struct AlertMachine {
  /// How long resolved alerts are remembered, ms.
  package static let resolvedRetention: Int64 = 15 * 60_000

  package private(set) var instances: [LabelSet: AlertInstance]
  /// Annotations of the newest elements that nobody has asked for yet: to expand the
  /// templates of every alert at every instant would be most of the work.
  private var unread: [LabelSet: () -> [AlertInstance.Annotation]] = [:]

  package init(_ instances: [AlertInstance] = []) {
    self.instances = [:]
    for instance in instances { self.instances[instance.labels] = instance }
  }

  /// One element that the expression gives at this instant.
  package struct Element {
    package var labels: LabelSet
    package var value: Double
    /// Called once at most, at this instant or later.
    package var annotations: () -> [AlertInstance.Annotation]
    /// The annotations depend on more than labels and value: they are made at once.
    package var isHasty: Bool

    package init(
      _ labels: LabelSet, _ value: Double, isHasty: Bool = false,
      annotations: @escaping () -> [AlertInstance.Annotation] = { [] }
    ) {
      self.labels = labels
      self.value = value
      self.isHasty = isHasty
      self.annotations = annotations
    }
  }

  /// Goes on to `time`; `elements` have different labels. What changed, in label order.
  package mutating func advance(
    to time: Int64, _ elements: [Element], _ policy: AlertPolicy
  ) throws(AlertLimitExceeded) -> [AlertTransition] {
    var changes: [AlertTransition] = []
    var present: Set<LabelSet> = []
    present.reserveCapacity(elements.count)
    for element in elements {
      present.insert(element.labels)
      see(element, time, policy, &changes)
    }
    for (labels, instance) in instances where !present.contains(labels) {
      miss(instance, time, policy, &changes)
    }
    let active = instances.values.count { $0.isActive }
    if policy.limit > 0, active > policy.limit {
      instances = [:]
      unread = [:]
      throw AlertLimitExceeded(limit: policy.limit, count: active)
    }
    changes.sort { $0.labels < $1.labels }
    return changes
  }

  private mutating func see(
    _ element: Element, _ time: Int64, _ policy: AlertPolicy, _ changes: inout [AlertTransition]
  ) {
    let known = instances[element.labels].flatMap { $0.isActive ? $0 : nil }
    var instance =
      known
      ?? AlertInstance(
        labels: element.labels, state: .pending, activeAt: time, value: element.value)
    let before = known?.state ?? .inactive
    instance.value = element.value
    instance.keepFiringSince = nil
    if instance.state == .pending, time - instance.activeAt >= policy.holdFor {
      instance.state = .firing
      instance.firedAt = time
    }
    if element.isHasty || before != instance.state {
      instance.annotations = element.annotations()
      unread[element.labels] = nil
    } else {
      unread[element.labels] = element.annotations
    }
    instances[element.labels] = instance
    if before != instance.state { changes.append(Self.change(instance, from: before, time)) }
  }

  private mutating func miss(
    _ missing: AlertInstance, _ time: Int64, _ policy: AlertPolicy,
    _ changes: inout [AlertTransition]
  ) {
    var instance = missing
    if let annotations = unread.removeValue(forKey: instance.labels) {
      instance.annotations = annotations()
    }
    switch instance.state {
    case .pending:
      instances[instance.labels] = nil
      instance.state = .inactive
      changes.append(Self.change(instance, from: .pending, time))
    case .firing:
      if policy.keepFiringFor > 0 {
        let since = instance.keepFiringSince ?? time
        instance.keepFiringSince = since
        if time - since < policy.keepFiringFor {
          instances[instance.labels] = instance
          return
        }
      }
      instance.state = .inactive
      instance.resolvedAt = time
      instances[instance.labels] = instance
      changes.append(Self.change(instance, from: .firing, time))
    case .inactive:
      if let resolved = instance.resolvedAt, time - resolved <= Self.resolvedRetention { return }
      instances[instance.labels] = nil
    }
  }

  private static func change(
    _ instance: AlertInstance, from: AlertState, _ time: Int64
  ) -> AlertTransition {
    AlertTransition(
      labels: instance.labels, from: from, to: instance.state, at: time, value: instance.value,
      instance: instance)
  }

  /// Makes the annotations of the newest evaluation, so that they can be kept.
  package mutating func settle() {
    for (labels, annotations) in unread { instances[labels]?.annotations = annotations() }
    unread = [:]
  }

  /// The alerts that are pending or firing, in label order.
  package var active: [AlertInstance] {
    instances.values.filter(\.isActive).sorted { $0.labels < $1.labels }
  }
}
