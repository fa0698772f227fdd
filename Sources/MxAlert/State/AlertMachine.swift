package import MxModel
package import MxRules

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

  /// The series that `no_data: alert` watches over, by what does not change with values.
  package internal(set) var known: [LabelSet: KnownSeries]

  /// An alert, and what goes with it while the machine runs.
  struct Slot {
    var instance: AlertInstance
    var series = AlertSeries()
    /// The newest step that it was an element of, and as which; -1 where its annotations
    /// are made.
    var seen = 0
    var unread = -1
    /// False where it was forgotten: its place and its series' names may be of use again.
    var isKnown = true
  }

  /// Kept by number: to look an alert up by its labels at every instant would be most
  /// of the work.
  var slots: [Slot] = []
  private var numbers: [LabelSet: Int] = [:]
  /// What callers number their elements by -> slot; checked when used.
  private var hints: [Int] = []
  private var stepNumber = 0
  /// Makes the annotations of the newest step's elements.
  private var annotate: Annotate?

  package typealias Annotate = (_ element: Int) -> [AlertInstance.Annotation]

  package init(_ instances: [AlertInstance] = [], known: [LabelSet: KnownSeries] = [:]) {
    self.known = known
    for instance in instances { add(instance, written: instance.state) }
  }

  /// One element that the expression gives at this instant.
  package struct Element {
    package var labels: LabelSet
    package var value: Double
    /// Small, and the same whenever the labels are; nil where there is no such number.
    package var number: Int?

    package init(_ labels: LabelSet, _ value: Double, number: Int? = nil) {
      self.labels = labels
      self.value = value
      self.number = number
    }
  }

  /// What one step to a new instant has in common.
  struct Step {
    let time: Int64
    let policy: AlertPolicy
    let surroundings: AlertSurroundings
    var changes: [AlertTransition] = []
    /// What is to be written of alerts that were forgotten.
    var ended: [AlertSample] = []
  }

  /// Goes on to `time`; `elements` have different labels. What changed, in label order.
  ///
  /// Without `writes` nobody wants the samples. `annotate` is called later, with an element's place, and only for those whose
  /// annotations somebody asks for; with `isHasty` at once, since they depend on more
  /// than labels and value.
  package mutating func advance(
    to time: Int64, _ elements: [Element], _ policy: AlertPolicy,
    _ surroundings: AlertSurroundings = AlertSurroundings(), isHasty: Bool = false,
    writes: Bool = true, annotate: @escaping Annotate = { _ in [] }
  ) throws(AlertLimitExceeded) -> (changes: [AlertTransition], samples: [AlertSample]) {
    var step = Step(time: time, policy: policy, surroundings: surroundings)
    stepNumber += 1
    // Whoever is missing now was last seen by the step before, whose annotations it has.
    let before = self.annotate
    var places = elements.map { slot(of: $0) }
    for index in slots.indices where slots[index].seen < stepNumber && slots[index].isKnown {
      miss(index, before, &step)
    }
    self.annotate = annotate
    for (place, element) in elements.enumerated() {
      see(&places[place], element, place, isHasty: isHasty, &step)
    }
    if policy.noData == .alert { watch(&step) }
    if policy.flap != nil { passFlaps(&step) }
    let active = policy.limit > 0 ? slots.count { $0.isKnown && $0.instance.isActive } : 0
    if active > policy.limit {
      for index in slots.indices { slots[index].series.end(slots[index].instance, &step.ended) }
      (slots, numbers) = ([], [:])
      limitSamples = step.ended
      throw AlertLimitExceeded(limit: policy.limit, count: active)
    }
    return (step.changes.inLabelOrder(), writes ? written(&step) : [])
  }

  /// What is to be written where the limit was exceeded.
  package private(set) var limitSamples: [AlertSample] = []

  // MARK: - Slots

  private mutating func add(_ instance: AlertInstance, written: AlertState = .inactive) {
    var slot = Slot(instance: instance)
    slot.series.written = written
    slot.seen = stepNumber
    numbers[instance.labels] = slots.count
    slots.append(slot)
  }

  /// The slot of an element, marked as seen; -1 where it has none.
  private mutating func slot(of element: Element) -> Int {
    if let number = element.number, number < hints.count {
      let slot = hints[number]
      if slot < slots.count, slots[slot].instance.labels == element.labels {
        slots[slot].seen = stepNumber
        return slot
      }
    }
    guard let slot = numbers[element.labels] else { return -1 }
    remember(slot, element)
    slots[slot].seen = stepNumber
    return slot
  }

  private mutating func remember(_ slot: Int, _ element: Element) {
    guard let number = element.number else { return }
    while hints.count <= number { hints.append(Int.max) }
    hints[number] = slot
  }

  func instance(_ labels: LabelSet) -> AlertInstance? {
    numbers[labels].flatMap { slots[$0].isKnown ? slots[$0].instance : nil }
  }

  /// Puts an alert where it belongs.
  mutating func put(_ instance: AlertInstance) {
    if let slot = numbers[instance.labels] {
      slots[slot].instance = instance
      slots[slot].isKnown = true
    } else {
      add(instance)
    }
  }

  /// The samples of this instant: of all that are active, and the ends of others.
  private mutating func written(_ step: inout Step) -> [AlertSample] {
    for index in slots.indices where slots[index].isKnown || slots[index].series.isOpen {
      slots[index].series.write(slots[index].instance, &step.ended)
    }
    return step.ended
  }

  // MARK: - There

  private mutating func see(
    _ slot: inout Int, _ element: Element, _ place: Int, isHasty: Bool, _ step: inout Step
  ) {
    if slot < 0 {
      slot = slots.count
      add(AlertInstance(new: element.labels, at: step.time))
      remember(slot, element)
    } else if !slots[slot].isKnown {
      slots[slot].instance = AlertInstance(new: element.labels, at: step.time)
      slots[slot].isKnown = true
    }
    let before = slots[slot].instance.state
    if before == .inactive { slots[slot].instance.begin(at: step.time) }
    slots[slot].instance.hold(element.value, step)
    slots[slot].unread = place
    let isChange = before != slots[slot].instance.state
    // Of what is only pending nobody is told: its texts can wait.
    if isHasty || (isChange && slots[slot].instance.state == .firing) {
      readAnnotations(slot, annotate)
    }
    if isChange { Self.change(&slots[slot].instance, from: before, nil, &step) }
  }

  // MARK: - Gone

  private mutating func miss(_ slot: Int, _ before: Annotate?, _ step: inout Step) {
    guard slots[slot].instance.isActive else {
      slots[slot].isKnown = !isForgotten(slots[slot].instance, step)
      return
    }
    var instance = slots[slot].instance
    let isWithoutData =
      step.policy.noData != .prometheus && !step.surroundings.hasData(instance.labels)
    if instance.state == .firing || isWithoutData { readAnnotations(slot, before) }
    slots[slot].unread = -1
    instance.annotations = slots[slot].instance.annotations
    if isWithoutData {
      Self.goWithoutData(&instance, &step)
    } else {
      let isBack = instance.isOfNoData
      instance.noDataSince = nil
      if instance.state == .pending || isBack || !goesOn(&instance, step) {
        Self.end(&instance, isBack ? "data is back" : nil, &step)
      }
    }
    slots[slot].instance = instance
    // Pending, and nothing came of it: forgotten at once.
    let cameToNothing = instance.firedAt == nil && instance.flap.changes.isEmpty
    slots[slot].isKnown = instance.isActive || !cameToNothing
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
  private func isForgotten(_ instance: AlertInstance, _ step: Step) -> Bool {
    if let resolved = instance.resolvedAt, step.time - resolved <= Self.resolvedRetention {
      return false
    }
    guard let flap = step.policy.flap, let last = instance.flap.changes.last else { return true }
    return !instance.isFlapping && step.time - last >= flap.window
  }

  static func end(
    _ instance: inout AlertInstance, _ reason: String?, _ step: inout Step
  ) {
    let before = instance.state
    instance.state = .inactive
    instance.resolvedAt = step.time
    instance.keepFiringSince = nil
    change(&instance, from: before, reason, &step)
  }

  // MARK: - Changes

  /// Notes that `instance` is not any more what it was `before`.
  static func change(
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
    for index in slots.indices
    where !slots[index].instance.flap.isQuiet && slots[index].isKnown {
      let labels = slots[index].instance.labels
      guard let policy = step.policy.flap(of: labels),
        let news = slots[index].instance.flap.pass(step.time, policy)
      else { continue }
      let instance = slots[index].instance
      var change = AlertTransition(
        labels: labels, from: instance.state, to: instance.state, at: step.time,
        value: instance.value, instance: instance)
      change.kind = news
      step.changes.append(change)
    }
  }

  // MARK: - Annotations

  private mutating func readAnnotations(_ slot: Int, _ annotate: Annotate?) {
    let place = slots[slot].unread
    guard place >= 0, let annotate else { return }
    slots[slot].instance.annotations = annotate(place)
    slots[slot].unread = -1
  }

  /// Makes the annotations of the newest evaluation, so that they can be kept.
  package mutating func settle() {
    for slot in slots.indices where slots[slot].isKnown { readAnnotations(slot, annotate) }
  }

  // MARK: - Looking

  package var isEmpty: Bool { !slots.contains(where: \.isKnown) }

  package var instances: [LabelSet: AlertInstance] {
    Dictionary(
      slots.filter(\.isKnown).map { ($0.instance.labels, $0.instance) },
      uniquingKeysWith: { $1 })
  }

  /// The alerts that are pending or firing, in label order.
  package var active: [AlertInstance] {
    slots.filter { $0.isKnown && $0.instance.isActive }.map(\.instance)
      .sorted { $0.labels < $1.labels }
  }
}

extension AlertInstance {
  /// What nothing is known of yet.
  fileprivate init(new labels: LabelSet, at time: Int64) {
    self.init(labels: labels, state: .inactive, activeAt: time, value: .nan)
  }

  /// A new alert with these labels; only of its flapping is anything remembered.
  fileprivate mutating func begin(at time: Int64) {
    state = .pending
    activeAt = time
    firedAt = nil
    resolvedAt = nil
    noDataSince = nil
  }

  /// The condition holds.
  fileprivate mutating func hold(_ value: Double, _ step: borrowing AlertMachine.Step) {
    self.value = value
    keepFiringSince = nil
    if let since = noDataSince {
      // Nobody knows whether the condition held in the hole: it does not count.
      if state == .pending { activeAt += step.time - since }
      noDataSince = nil
    }
    if state == .pending, step.time - activeAt >= step.policy.holdFor {
      state = .firing
      firedAt = step.time
    }
  }
}

extension [AlertTransition] {
  /// By labels; several of one alert in the order in which they happened.
  fileprivate func inLabelOrder() -> [AlertTransition] {
    if count < 2 { return self }
    return enumerated().sorted { left, right in
      left.element.labels != right.element.labels
        ? left.element.labels < right.element.labels : left.offset < right.offset
    }.map(\.element)
  }
}
