import MxConfig
import MxModel
import MxRules

/// Alerts about alerting itself: a rule that fails is no state of its own alerts, but
/// somebody should know when it goes on failing.
enum SelfWatch {
  /// What the ledger keeps them under: no file has this name.
  static let key = "mx;self"
  static let alert = "MxRuleFailing"

  /// A rule may fail so long before it is told, ms.
  private static let patience: Int64 = 15 * 60_000

  /// Goes on to `now` with what this run saw. A group that was not due says nothing new
  /// of its rules.
  static func advance(
    _ machine: inout AlertMachine, _ due: [GroupDue], _ failures: [RuleFailure], now: Int64
  ) -> [AlertTransition] {
    var failing: [LabelSet: String] = [:]
    var silent: Set<LabelSet> = []
    for due in due {
      for rule in due.group.rules where rule.isEnabled && due.steps.count == 0 {
        silent.insert(labels(due.group.file, due.group.name, rule.name))
      }
    }
    let newest = Dictionary(
      due.map { (Place(file: $0.group.file, group: $0.group.name), $0.steps.last) },
      uniquingKeysWith: { first, _ in first })
    for failure in failures {
      let place = Place(file: failure.place.file, group: failure.group)
      if newest[place] != failure.time { continue }
      failing[labels(place.file, place.group, failure.rule)] = failure.message
    }
    for instance in machine.active where silent.contains(instance.labels) {
      failing[instance.labels] = instance.annotations.first?.value ?? ""
    }
    let elements = failing.keys.sorted().map { AlertMachine.Element($0, 1) }
    let messages = elements.map { failing[$0.labels] ?? "" }
    do throws(AlertLimitExceeded) {
      return try machine.advance(
        to: now, elements, AlertPolicy(holdFor: patience, keepFiringFor: 0), isHasty: true
      ) { [.init(name: "error", value: messages[$0])] }.changes
    } catch {
      preconditionFailure("BUG: a limit where none was set")
    }
  }

  private struct Place: Hashable {
    var file: String
    var group: String
  }

  private static func labels(_ file: String, _ group: String, _ rule: String) -> LabelSet {
    LabelSet([
      ("alertname", alert), ("file", file), ("rule", rule), ("rule_group", group),
    ])
  }
}
