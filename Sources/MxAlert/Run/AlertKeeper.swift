import MxConfig
import MxModel
package import MxRules
import MxTemplate

/// The alerts of all rules during a run: takes evaluations, notes what changes.
final class AlertKeeper {
  private var machines: [AlertMachine] = []
  private var rules: [KeptRule] = []
  /// The run's number of a rule -> place in `rules`.
  private var places: [Int] = []
  private var placesByID: [RuleID: Int] = [:]
  private var others: [String: AlertMachine] = [:]
  /// In the order in which they happened.
  private(set) var transitions: [(rule: String, transition: AlertTransition)] = []

  /// What does not change from evaluation to evaluation.
  private struct KeptRule {
    var key: String
    var policy: AlertPolicy
    /// Its annotations depend on more than labels and value.
    var isHasty: Bool
  }

  /// Which rule of the files an evaluation is of.
  private struct RuleID: Hashable {
    var group: String
    var line: Int
    var column: Int

    init(_ rule: Rule, _ group: RuleGroup) {
      self.group = group.key
      line = rule.place.line
      column = rule.place.column
    }
  }

  /// `noData`: what rules do that say nothing of it.
  init(
    _ groups: [RuleGroup], _ instances: [String: [AlertInstance]],
    known: [String: [LabelSet: KnownSeries]] = [:], noData: NoDataPolicy = .prometheus
  ) {
    for (key, group, rule) in RuleKey.all(groups) {
      placesByID[RuleID(rule, group)] = rules.count
      rules.append(
        KeptRule(
          key: key, policy: AlertPolicy(rule, limit: group.limit, noData: noData),
          isHasty: rule.annotations.contains { $0.template.usesQuery }))
      machines.append(AlertMachine(instances[key] ?? [], known: known[key] ?? [:]))
    }
  }

  var ruleKeys: Set<String> { Set(rules.map(\.key)) }

  private func place(_ evaluation: AlertEvaluation) -> Int {
    let number = evaluation.ruleNumber
    if number < places.count, places[number] >= 0 { return places[number] }
    guard let place = placesByID[RuleID(evaluation.rule, evaluation.group)] else {
      preconditionFailure("BUG: an evaluation of a rule that is not loaded")
    }
    while places.count <= number { places.append(-1) }
    places[number] = place
    return place
  }

  /// One evaluation: the samples that Prometheus would write for it.
  func take(_ evaluation: AlertEvaluation) throws -> AlertOutcome {
    let place = place(evaluation)
    let policy = rules[place].policy
    if evaluation.elements.isEmpty, machines[place].isEmpty, policy.noData != .alert {
      return AlertOutcome([])
    }
    let surroundings = try surroundings(evaluation, machines[place], policy)
    let elements = evaluation.elements.map {
      AlertMachine.Element($0.labels, $0.value, number: $0.number)
    }
    do throws(AlertLimitExceeded) {
      let (changes, samples) = try machines[place].advance(
        to: evaluation.time, elements, policy, surroundings, isHasty: rules[place].isHasty
      ) { AlertKeeper.annotations(evaluation.annotations(evaluation.elements[$0])) }
      for change in changes { transitions.append((rules[place].key, change)) }
      return AlertOutcome(samples)
    } catch {
      return AlertOutcome(machines[place].limitSamples, failure: error.description)
    }
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
    let place = place(evaluation)
    machines[place].settle()
    return machines[place].active.filter { $0.state == .firing }
  }

  /// Takes what became of alerts that are no rule's.
  func note(_ changes: [AlertTransition], of key: String, _ machine: AlertMachine) {
    for change in changes { transitions.append((key, change)) }
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
      transitions.append(
        (
          key,
          AlertTransition(
            labels: instance.labels, from: instance.state, to: .inactive, at: time,
            value: instance.value, instance: ended, reason: reason)
        ))
      var series = AlertSeries()
      series.written = instance.state
      series.end(instance, &samples)
    }
    return samples
  }

  /// All rules' alerts after the run.
  func settled() -> [String: AlertMachine] {
    for place in machines.indices { machines[place].settle() }
    return Dictionary(
      zip(rules.map(\.key), machines), uniquingKeysWith: { first, _ in first }
    ).merging(others) { first, _ in first }
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

  /// The file of a rule's key; nil where the key is not of a rule, or a name in it holds
  /// the sign that parts them.
  static func file(_ key: String) -> String? {
    let parts = key.split(separator: ";", omittingEmptySubsequences: false)
    return parts.count == 4 ? String(parts[0]) : nil
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
