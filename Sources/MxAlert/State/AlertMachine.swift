package import MxModel
import MxRules

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
///
/// Our additions: a firing alert goes on while the hysteresis says so, and without
/// data an alert does what the rule's `no_data` says; see `AlertMachine+NoData`.
package struct AlertMachine {
  /// How long resolved alerts are remembered, ms.
  package static let resolvedRetention: Int64 = 15 * 60_000

  package internal(set) var instances: [LabelSet: AlertInstance]
  /// The series that `no_data: alert` watches over, by what does not change with values.
  package internal(set) var known: [LabelSet: KnownSeries]
  /// Annotations of the newest elements that nobody has asked for yet: to expand the
  /// templates of every alert at every instant would be most of the work.
  private var unread: [LabelSet: () -> [AlertInstance.Annotation]] = [:]

  package init(_ instances: [AlertInstance] = [], known: [LabelSet: KnownSeries] = [:]) {
    self.instances = [:]
    self.known = known
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

  /// What one step to a new instant has in common.
  struct Step {
    let time: Int64
    let policy: AlertPolicy
    let surroundings: AlertSurroundings
    var changes: [AlertTransition] = []
  }

  /// Goes on to `time`; `elements` have different labels. What changed, in label order.
  package mutating func advance(
    to time: Int64, _ elements: [Element], _ policy: AlertPolicy,
    _ surroundings: AlertSurroundings = AlertSurroundings()
  ) throws(AlertLimitExceeded) -> [AlertTransition] {
    var step = Step(time: time, policy: policy, surroundings: surroundings)
    var present: Set<LabelSet> = []
    present.reserveCapacity(elements.count)
    for element in elements {
      present.insert(element.labels)
      see(element, &step)
    }
    for (labels, instance) in instances where !present.contains(labels) { miss(instance, &step) }
    if policy.noData == .alert { watch(&step) }
    if policy.flap != nil { passFlaps(&step) }
    let active = instances.values.count { $0.isActive }
    if policy.limit > 0, active > policy.limit {
      instances = [:]
      unread = [:]
      throw AlertLimitExceeded(limit: policy.limit, count: active)
    }
    return step.changes.enumerated().sorted { left, right in
      left.element.labels != right.element.labels
        ? left.element.labels < right.element.labels : left.offset < right.offset
    }.map(\.element)
  }

  // MARK: - There

  private mutating func see(_ element: Element, _ step: inout Step) {
    let old = instances[element.labels]
    let known = old.flatMap { $0.isActive ? $0 : nil }
    var instance =
      known
      ?? AlertInstance(
        labels: element.labels, state: .pending, activeAt: step.time, value: element.value)
    if known == nil, let old { instance.flap = old.flap }
    let before = known?.state ?? .inactive
    instance.value = element.value
    instance.keepFiringSince = nil
    if let since = instance.noDataSince {
      // Nobody knows whether the condition held in the hole: it does not count.
      if instance.state == .pending { instance.activeAt += step.time - since }
      instance.noDataSince = nil
    }
    if instance.state == .pending, step.time - instance.activeAt >= step.policy.holdFor {
      instance.state = .firing
      instance.firedAt = step.time
    }
    if element.isHasty || before != instance.state {
      instance.annotations = element.annotations()
      unread[element.labels] = nil
    } else {
      unread[element.labels] = element.annotations
    }
    if before != instance.state { change(&instance, from: before, nil, &step) }
    instances[element.labels] = instance
  }

  // MARK: - Gone

  private mutating func miss(_ missing: AlertInstance, _ step: inout Step) {
    guard missing.isActive else { return fade(missing, step) }
    var instance = missing
    if let annotations = unread.removeValue(forKey: instance.labels) {
      instance.annotations = annotations()
    }
    if step.policy.noData != .prometheus, !step.surroundings.hasData(instance.labels) {
      return goWithoutData(instance, &step)
    }
    let isBack = instance.isOfNoData
    instance.noDataSince = nil
    if instance.state == .pending { return end(instance, nil, &step) }
    if isBack { return end(instance, "data is back", &step) }
    if goesOn(&instance, step) {
      instances[instance.labels] = instance
      return
    }
    end(instance, nil, &step)
  }

  /// Whether a firing alert outlives its condition.
  private func goesOn(_ instance: inout AlertInstance, _ step: Step) -> Bool {
    if case .goesOn(let value) = step.surroundings.verdict(instance.labels),
      step.surroundings.hasData(instance.labels)
    {
      if let value { instance.value = value }
      instance.keepFiringSince = nil
      return true
    }
    if step.policy.keepFiringFor == 0 { return false }
    let since = instance.keepFiringSince ?? step.time
    instance.keepFiringSince = since
    return step.time - since < step.policy.keepFiringFor
  }

  /// A resolved alert is remembered for a while, longer where it may be flapping.
  private mutating func fade(_ instance: AlertInstance, _ step: Step) {
    let resolved = instance.resolvedAt ?? .min
    if step.time - max(resolved, step.time - (1 << 60)) <= Self.resolvedRetention { return }
    if let flap = step.policy.flap, let last = instance.flap.changes.last,
      instance.isFlapping || step.time - last < flap.window
    {
      return
    }
    instances[instance.labels] = nil
  }

  /// The alert is over; a pending one is forgotten, but for what it knows of flapping.
  mutating func end(_ ended: AlertInstance, _ reason: String?, _ step: inout Step) {
    var instance = ended
    let before = instance.state
    instance.state = .inactive
    instance.resolvedAt = step.time
    instance.keepFiringSince = nil
    change(&instance, from: before, reason, &step)
    instances[instance.labels] =
      before == .firing || !instance.flap.changes.isEmpty ? instance : nil
  }

  // MARK: - Changes

  /// Notes that `instance` is not any more what it was `before`.
  func change(
    _ instance: inout AlertInstance, from before: AlertState, _ reason: String?,
    _ step: inout Step
  ) {
    var change = AlertTransition(
      labels: instance.labels, from: before, to: instance.state, at: step.time,
      value: instance.value, instance: instance, reason: reason)
    guard before == .firing || instance.state == .firing,
      let flap = step.policy.flap(of: instance.labels)
    else {
      step.changes.append(change)
      return
    }
    let (begins, isHeldBack) = instance.flap.change(at: step.time, flap)
    change.instance = instance
    change.isHeldBack = isHeldBack
    step.changes.append(change)
    if begins {
      change.kind = .flapping
      change.isHeldBack = false
      step.changes.append(change)
    }
  }

  /// What flapping alerts have to say though nothing changed.
  private mutating func passFlaps(_ step: inout Step) {
    for labels in instances.keys {
      guard var instance = instances[labels], instance.flap != FlapMemory(),
        let policy = step.policy.flap(of: labels)
      else { continue }
      let news = instance.flap.pass(step.time, policy)
      instances[labels] = instance
      guard let news else { continue }
      var change = AlertTransition(
        labels: labels, from: instance.state, to: instance.state, at: step.time,
        value: instance.value, instance: instance)
      change.kind = news
      step.changes.append(change)
    }
  }

  // MARK: - Annotations

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
