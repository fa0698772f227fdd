import MxConfig
import MxModel
package import MxRules
import MxTemplate

/// The alerts of all rules during a run: takes evaluations, notes what changes.
final class AlertKeeper {
  private var machines: [String: AlertMachine] = [:]
  private var keys: [RuleID: String] = [:]
  private let noData: NoDataPolicy
  /// In the order in which they happened.
  private(set) var transitions: [(rule: String, transition: AlertTransition)] = []

  /// Which rule of the files an evaluation is of.
  private struct RuleID: Hashable {
    var group: String
    var line: Int
    var column: Int
  }

  /// `noData`: what rules do that say nothing of it.
  init(
    _ groups: [RuleGroup], _ instances: [String: [AlertInstance]],
    known: [String: [LabelSet: KnownSeries]] = [:], noData: NoDataPolicy = .prometheus
  ) {
    self.noData = noData
    for (key, group, rule) in RuleKey.all(groups) {
      keys[AlertKeeper.id(rule, group)] = key
      machines[key] = AlertMachine(instances[key] ?? [], known: known[key] ?? [:])
    }
  }

  private static func id(_ rule: Rule, _ group: RuleGroup) -> RuleID {
    RuleID(group: group.key, line: rule.place.line, column: rule.place.column)
  }

  var ruleKeys: Set<String> { Set(machines.keys) }

  /// One evaluation: the samples that Prometheus would write for it.
  func take(_ evaluation: AlertEvaluation) throws -> AlertOutcome {
    let rule = evaluation.rule
    guard let key = keys[AlertKeeper.id(rule, evaluation.group)], var machine = machines[key] else {
      preconditionFailure("BUG: an evaluation of a rule that is not loaded")
    }
    let policy = AlertPolicy(rule, limit: evaluation.group.limit, noData: noData)
    if evaluation.elements.isEmpty, machine.instances.isEmpty, policy.noData != .alert {
      return AlertOutcome([])
    }
    // Taken out, so that it is changed in place.
    machines[key] = nil
    defer { machines[key] = machine }
    let surroundings = try surroundings(evaluation, machine, policy)
    let isHasty = rule.annotations.contains { $0.template.usesQuery }
    let elements = evaluation.elements.map { element in
      AlertMachine.Element(element.labels, element.value, isHasty: isHasty) {
        AlertKeeper.annotations(evaluation.annotations(element))
      }
    }
    let before = machine.active
    do throws(AlertLimitExceeded) {
      for change in try machine.advance(to: evaluation.time, elements, policy, surroundings) {
        transitions.append((key, change))
      }
      return AlertOutcome(AlertSeries.samples(before: before, now: machine.active))
    } catch {
      return AlertOutcome(
        AlertSeries.samples(before: before, now: []), failure: error.description)
    }
  }

  /// Asks for what else is to be known, which costs queries, only where it matters.
  private func surroundings(
    _ evaluation: AlertEvaluation, _ machine: AlertMachine, _ policy: AlertPolicy
  ) throws -> AlertSurroundings {
    var needs = AlertNeeds(resolve: false, data: false, series: policy.noData == .alert)
    if policy.hasHysteresis || policy.noData != .prometheus {
      let present = Set(evaluation.elements.map(\.labels))
      let missing = machine.instances.values.filter { $0.isActive && !present.contains($0.labels) }
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
    guard let key = keys[AlertKeeper.id(evaluation.rule, evaluation.group)] else { return [] }
    machines[key]?.settle()
    return machines[key]?.active.filter { $0.state == .firing } ?? []
  }

  /// Ends the alerts of a rule that is no more.
  func end(_ key: String, _ instances: [AlertInstance], at time: Int64, reason: String) {
    for instance in instances where instance.isActive {
      var ended = instance
      ended.state = .inactive
      ended.resolvedAt = time
      transitions.append(
        (
          key,
          AlertTransition(
            labels: instance.labels, from: instance.state, to: .inactive, at: time,
            value: instance.value, instance: ended, reason: reason)
        ))
    }
  }

  /// The alerts that fire, as receivers know them.
  func notifyAlerts() -> [NotifyAlert] {
    settled().flatMap { rule, machine in
      machine.instances.values.compactMap { instance in
        instance.state == .firing
          ? NotifyAlert(
            labels: instance.labels, annotations: instance.annotations, value: instance.value,
            startsAt: instance.firedAt ?? instance.activeAt, arrivedAt: 0, rule: rule) : nil
      }
    }
  }

  /// All rules' alerts after the run.
  func settled() -> [String: AlertMachine] {
    machines.mapValues { machine in
      var machine = machine
      machine.settle()
      return machine
    }
  }
}

/// What the ledger knows a rule by: its file, group, name, and a print of what it asks,
/// so that a changed rule is another one.
package enum RuleKey {
  /// Every alert rule, with its key; twins are told apart by their order.
  package static func all(
    _ groups: [RuleGroup]
  ) -> [(key: String, group: RuleGroup, rule: Rule)] {
    var seen: [String: Int] = [:]
    var all: [(key: String, group: RuleGroup, rule: Rule)] = []
    for group in groups {
      for rule in group.rules where rule.isAlert && rule.isEnabled {
        let plain = text(rule, in: group)
        let count = seen[plain, default: 0]
        seen[plain] = count + 1
        all.append((count == 0 ? plain : "\(plain)#\(count + 1)", group, rule))
      }
    }
    return all
  }

  static func text(_ rule: Rule, in group: RuleGroup) -> String {
    var print = Array(rule.text.utf8)
    if let sliding = rule.short?.sliding { print += Array("\0\(sliding.window)".utf8) }
    for label in rule.labels { print += Array("\0\(label.name)\0\(label.template.text)".utf8) }
    print += Array("\0\(rule.holdFor)\0\(rule.keepFiringFor)".utf8)
    let hash = print.withUnsafeBytes { ByteHash.hash($0) }
    let digits = String(hash, radix: 16)
    let padded = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    return "\(group.key);\(rule.name);\(padded)"
  }
}
