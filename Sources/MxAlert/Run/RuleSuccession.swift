import MxModel
import MxRules
import MxTemplate

/// Who goes on with the alerts of a rule that was edited or moved.
///
/// As in Prometheus an alert outlives an edit of its rule as long as the rule still gives
/// it: nobody is told that it ended, and what people said of it holds. The ledger's keys
/// hold a print of what a rule asks, so an edited rule is a new key:
///
///     a.yml;node;Down;0f31…   the ledger has alerts of it, no file has it
///     a.yml;node;Down;77c0…   a file has it, the ledger never heard of it: its heir
struct RuleSuccession {
  /// Key of a rule that is no more -> key of the rule that has its alerts now.
  private(set) var heirs: [String: String] = [:]
  /// Rules that ask something else than those they inherited from.
  private(set) var edited: Set<String> = []

  /// `instances`: what the ledger has; `mayEnd` says of a key without a rule whether it is
  /// ours to end.
  init(
    _ rules: [(key: String, group: RuleGroup, rule: Rule)],
    _ instances: [String: [AlertInstance]], mayEnd: (String) -> Bool
  ) {
    let known = Set(rules.map(\.key))
    var free = rules.filter { instances[$0.key] == nil }
    if free.isEmpty { return }
    let orphans = instances.filter { !known.contains($0.key) && mayEnd($0.key) }
      .sorted { $0.key < $1.key }
    for isHeir in [Self.isMoved, Self.isEdited] {
      for (key, alerts) in orphans where heirs[key] == nil {
        let place = free.firstIndex { isHeir(key, $0.group, $0.rule) && Self.fits($0.rule, alerts) }
        guard let place else { continue }
        heirs[key] = free[place].key
        if !Self.isMoved(key, free[place].group, free[place].rule) {
          edited.insert(free[place].key)
        }
        free.remove(at: place)
      }
    }
  }

  /// It asks the same by the same name, wherever it stands.
  private static func isMoved(_ key: String, _ group: RuleGroup, _ rule: Rule) -> Bool {
    let own = RuleKey.text(rule, in: group).dropFirst(group.key.utf8.count)
    return key.hasSuffix(own) || key.contains("\(own)#")
  }

  private static func isEdited(_ key: String, _ group: RuleGroup, _ rule: Rule) -> Bool {
    key.hasPrefix(RuleKey.prefix(rule, in: group))
  }

  /// Whether the alerts may be this rule's: of two rules of one name each keeps its own.
  private static func fits(_ rule: Rule, _ alerts: [AlertInstance]) -> Bool {
    alerts.allSatisfy { alert in
      rule.labels.allSatisfy {
        // A label that a rule sets to nothing is none.
        !$0.template.isPlain || (alert.labels[$0.name] ?? "") == $0.template.text
      }
    }
  }
}

extension AlertLedger {
  /// The alerts of `rule` are another rule's from now on.
  func bequeath(_ rule: String, to heir: String) throws(AlertError) {
    for table in ["instances", "series", "notify_alerts", "arrivals"] {
      try database.prepare("UPDATE \(table) SET rule = ?2 WHERE rule = ?1").run([
        .text(rule), .text(heir),
      ])
    }
  }
}
