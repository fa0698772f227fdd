import MxConfig
import MxModel
package import MxRules
import MxTemplate

/// The alerts of all rules during a run: takes evaluations, notes what changes.
///
/// Evaluations of different rules may come from several threads; everything else is
/// asked while none come.
final class AlertKeeper: @unchecked Sendable {
  private let rules: [KeptRule]
  /// The run's number of a rule -> its rule; nil for records and what is switched off.
  private let places: [KeptRule?]
  private var others: [String: AlertMachine] = [:]
  /// Which changes are kept: those of a long replay may be too many.
  private let keeps: @Sendable (AlertTransition) -> Bool
  /// Of no rule that is there.
  private var otherTransitions: [(rule: String, transition: AlertTransition)] = []

  /// A rule, its alerts, and how they changed, in the order of time.
  private final class KeptRule {
    /// It was edited since its alerts began, and has not been evaluated since.
    var isEdited = false
    let key: String
    let rule: Rule
    let policy: AlertPolicy
    /// Its annotations depend on more than labels and value.
    let isHasty: Bool
    var machine: AlertMachine
    var transitions: [AlertTransition] = []

    init(_ key: String, _ rule: Rule, _ policy: AlertPolicy, _ machine: AlertMachine) {
      self.key = key
      self.rule = rule
      self.policy = policy
      self.machine = machine
      isHasty = rule.annotations.contains { $0.template.usesQuery }
    }
  }

  /// `noData`: what rules do that say nothing of it. Evaluations come of the same groups
  /// in the same order.
  init(
    _ groups: [RuleGroup], _ instances: [String: [AlertInstance]],
    known: [String: [LabelSet: KnownSeries]] = [:], noData: NoDataPolicy = .prometheus,
    edited: Set<String> = [],
    keeps: @escaping @Sendable (AlertTransition) -> Bool = { _ in true }
  ) {
    self.keeps = keeps
    let keyed = RuleKey.all(groups)
    rules = keyed.map { key, group, rule in
      KeptRule(
        key, rule, AlertPolicy(rule, limit: group.limit, noData: noData),
        AlertMachine(instances[key] ?? [], known: known[key] ?? [:]))
    }
    for kept in rules { kept.isEdited = edited.contains(kept.key) }
    var next = rules.makeIterator()
    places = groups.flatMap(\.rules).map { RuleKey.isKept($0) ? next.next() : nil }
  }

  var ruleKeys: Set<String> { Set(rules.map(\.key)) }

  private func kept(_ evaluation: AlertEvaluation) -> KeptRule {
    guard let kept = places[evaluation.ruleNumber], kept.rule.place == evaluation.rule.place
    else { preconditionFailure("BUG: an evaluation of a rule that is not loaded") }
    return kept
  }

  /// One evaluation: the samples that Prometheus would write for it.
  func take(_ evaluation: AlertEvaluation) throws -> AlertOutcome {
    let kept = kept(evaluation)
    let policy = kept.policy
    if evaluation.elements.isEmpty, kept.machine.isEmpty, policy.noData != .alert {
      return AlertOutcome([])
    }
    let surroundings = try surroundings(evaluation, kept.machine, policy)
    let elements = evaluation.elements.map {
      AlertMachine.Element($0.labels, $0.value, number: $0.number)
    }
    do throws(AlertLimitExceeded) {
      let (changes, samples) = try kept.machine.advance(
        to: evaluation.time, elements, policy, surroundings, isHasty: kept.isHasty,
        writes: evaluation.wantsSamples
      ) { AlertKeeper.annotations(evaluation.annotations(evaluation.elements[$0])) }
      for var change in changes where keeps(change) {
        if kept.isEdited, change.to == .inactive {
          change.reason = change.reason ?? "rule was changed"
        }
        kept.transitions.append(change)
      }
      kept.isEdited = false
      return AlertOutcome(samples)
    } catch {
      return AlertOutcome(kept.machine.limitSamples, failure: error.description)
    }
  }

  /// What changed, in the order in which it happened.
  var transitions: [(rule: String, transition: AlertTransition)] {
    var order: [(at: Int64, rule: Int, place: Int)] = []
    for (rule, kept) in rules.enumerated() {
      for (place, one) in kept.transitions.enumerated() { order.append((one.at, rule, place)) }
    }
    order.sort { ($0.at, $0.rule, $0.place) < ($1.at, $1.rule, $1.place) }
    var all =
      order.map { (rule: rules[$0.rule].key, transition: rules[$0.rule].transitions[$0.place]) }
      + otherTransitions
    findTwins(&all)
    return all
  }

  /// Notes with ends which other rule has the same alert firing, if one has.
  private func findTwins(
    _ transitions: inout [(rule: String, transition: AlertTransition)]
  ) {
    let ending = Set(transitions.filter(\.transition.isEnd).map(\.transition.labels))
    if ending.isEmpty { return }
    var twins: [LabelSet: [AlertTransition.Twin]] = [:]
    for kept in rules where !kept.machine.isEmpty {
      for labels in ending {
        guard let instance = kept.machine.instance(labels), instance.state == .firing else {
          continue
        }
        twins[labels, default: []].append(.init(rule: kept.key, instance: instance))
      }
    }
    if twins.isEmpty { return }
    for place in transitions.indices where transitions[place].transition.isEnd {
      let (rule, end) = transitions[place]
      transitions[place].transition.twin = twins[end.labels]?.first {
        $0.rule != rule && ($0.instance.firedAt ?? .max) <= end.at
      }
    }
  }

  /// Hands on what changed so far, and forgets it.
  func drain(_ body: (_ rule: String, _ transition: AlertTransition) throws -> Void) rethrows {
    let all = transitions
    for kept in rules where !kept.transitions.isEmpty { kept.transitions = [] }
    otherTransitions = []
    for (rule, transition) in all { try body(rule, transition) }
  }

  /// Asks for what else is to be known, which costs queries, only where it matters.
  private func surroundings(
    _ evaluation: AlertEvaluation, _ machine: AlertMachine, _ policy: AlertPolicy
  ) throws -> AlertSurroundings {
    var needs = AlertNeeds(resolve: false, data: false, series: policy.noData == .alert)
    if policy.hasHysteresis || policy.noData != .prometheus {
      let present = Set(evaluation.elements.map(\.labels))
      let missing = machine.active.filter { !present.contains($0.labels) }
      needs.resolve = policy.hasHysteresis && missing.contains { $0.state == .firing }
      needs.data = !missing.isEmpty
    }
    guard needs.resolve || needs.data || needs.series else { return AlertSurroundings() }
    var surroundings = AlertSurroundings(
      try evaluation.background(needs), asksForSeries: needs.series)
    surroundings.annotations = { AlertKeeper.annotations(evaluation.annotations($0, .nan)) }
    return surroundings
  }

  private static func annotations(
    _ pairs: [(name: String, value: String)]
  ) -> [AlertInstance.Annotation] {
    pairs.map { .init(name: $0.name, value: $0.value) }
  }

  /// The alerts of the rule just evaluated that fire, with annotations of now.
  func firing(_ evaluation: AlertEvaluation) -> [AlertInstance] {
    let kept = kept(evaluation)
    kept.machine.settle()
    return kept.machine.active.filter { $0.state == .firing }
  }

  /// Takes what became of alerts that are no rule's.
  func note(_ changes: [AlertTransition], of key: String, _ machine: AlertMachine) {
    for change in changes { otherTransitions.append((key, change)) }
    others[key] = machine
  }

  /// Ends the alerts of a rule that is no more. What is to be written of them.
  func end(
    _ key: String, _ instances: [AlertInstance], at time: Int64, reason: String
  ) -> [AlertSample] {
    var samples: [AlertSample] = []
    for instance in instances where instance.isActive {
      var ended = instance
      ended.state = .inactive
      ended.resolvedAt = time
      otherTransitions.append(
        (
          key,
          AlertTransition(
            labels: instance.labels, from: instance.state, to: .inactive, at: time,
            value: instance.value, instance: ended, reason: reason)
        ))
      if isActive(instance.labels) { continue }
      var series = AlertSeries()
      series.written = instance.state
      series.end(instance, &samples)
    }
    return samples
  }

  /// Whether a rule that is there has an alert of these labels.
  private func isActive(_ labels: LabelSet) -> Bool {
    rules.contains { $0.machine.instance(labels)?.isActive ?? false }
  }

  /// The alerts that fire, as receivers know them; of twins the one that began first.
  func notifyAlerts() -> [NotifyAlert] {
    var alerts: [LabelSet: NotifyAlert] = [:]
    for (rule, machine) in settled() {
      for (labels, instance) in machine.instances where instance.state == .firing {
        let alert = NotifyAlert(instance, rule: rule, arrivedAt: 0)
        if let twin = alerts[labels], (twin.startsAt, twin.rule) < (alert.startsAt, rule) {
          continue
        }
        alerts[labels] = alert
      }
    }
    return Array(alerts.values)
  }

  /// All rules' alerts after the run.
  func settled() -> [String: AlertMachine] {
    for kept in rules { kept.machine.settle() }
    return Dictionary(
      rules.map { ($0.key, $0.machine) }, uniquingKeysWith: { first, _ in first }
    ).merging(others) { first, _ in first }
  }
}

/// What the ledger knows a rule by: its file, group, name, and a print of what it asks,
/// so that a changed rule is another one.
package enum RuleKey {
  static func isKept(_ rule: Rule) -> Bool { rule.isAlert && rule.isEnabled }

  /// Every alert rule, with its key; twins are told apart by their order.
  package static func all(
    _ groups: [RuleGroup]
  ) -> [(key: String, group: RuleGroup, rule: Rule)] {
    var seen: [String: Int] = [:]
    var all: [(key: String, group: RuleGroup, rule: Rule)] = []
    for group in groups {
      for rule in group.rules where isKept(rule) {
        let plain = text(rule, in: group)
        let count = seen[plain, default: 0]
        seen[plain] = count + 1
        all.append((count == 0 ? plain : "\(plain)#\(count + 1)", group, rule))
      }
    }
    return all
  }

  /// The file of a rule's key; nil where the key is not of a rule, or a name in it holds
  /// the sign that parts them.
  static func file(_ key: String) -> String? {
    let parts = key.split(separator: ";", omittingEmptySubsequences: false)
    return parts.count == 4 ? String(parts[0]) : nil
  }

  /// Of every rule of this name in the group, whatever it asks.
  static func prefix(_ rule: Rule, in group: RuleGroup) -> String { "\(group.key);\(rule.name);" }

  static func text(_ rule: Rule, in group: RuleGroup) -> String {
    var print = Array(rule.text.utf8)
    if let sliding = rule.short?.sliding { print += Array("\0\(sliding.window)".utf8) }
    for label in rule.labels { print += Array("\0\(label.name)\0\(label.template.text)".utf8) }
    print += Array("\0\(rule.holdFor)\0\(rule.keepFiringFor)".utf8)
    let hash = print.withUnsafeBytes { ByteHash.hash($0) }
    let digits = String(hash, radix: 16)
    let padded = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    return prefix(rule, in: group) + padded
  }
}
