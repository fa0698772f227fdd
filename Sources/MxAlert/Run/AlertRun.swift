package import MxModel
package import MxRules

/// What a run is told.
package struct AlertSettings: Sendable {
  /// How far back missed evaluations are made up for, ms.
  package var maxCatchup: Int64 = 86_400_000
  /// Evaluations stay this far behind the present, so that data may arrive; ms.
  package var delay: Int64 = 30_000
  /// How long history is kept, ms.
  package var keepHistory: Int64 = 90 * 86_400_000
  package var rules = RuleOptions()
  /// Who is told of which alerts.
  package var notify = NotifyConfig.standard
  /// Files that could not be read as a whole: rules missing from them are broken, not
  /// removed, and their alerts stay as they are.
  package var brokenFiles: Set<String> = []

  package init() {}
}

/// What a run did.
package struct AlertReport: Sendable {
  package var rules = RuleRunResult()
  package var transitions: [AlertTransition] = []
  package var firing = 0
  package var pending = 0
  package var groups = 0
  /// Due evaluations that were too far back to be made up for.
  package var skipped: Int64 = 0
  /// Whether alerts, history or outbox changed.
  package var changed = false
}

/// `mx-alert run`: evaluate what became due, remember it, put notices in the outbox.
///
/// The order makes a kill at any point harmless: samples are committed first (the
/// same again are no news to a store), then the ledger with states, history and
/// outbox in one transaction, and only then is anything sent.
package enum AlertRun {
  package static func execute(
    _ groups: [RuleGroup], ledger: AlertLedger, source: any SeriesSource, sink: any SampleSink,
    now: Int64, settings: AlertSettings, report: Report
  ) throws -> AlertReport {
    try ledger.begin()
    do {
      let result = try run(
        groups, ledger, source, sink, now: now, settings: settings, report: report)
      try ledger.commit()
      return result
    } catch {
      try ledger.rollback()
      throw error
    }
  }

  private static func run(
    _ groups: [RuleGroup], _ ledger: AlertLedger, _ source: any SeriesSource,
    _ sink: any SampleSink, now: Int64, settings: AlertSettings, report: Report
  ) throws -> AlertReport {
    var result = AlertReport()
    let due = plan(
      groups, try ledger.lastRuns(), now: now - settings.delay, maxCatchup: settings.maxCatchup)
    result.skipped = due.reduce(0) { $0 + $1.steps.skipped }
    result.groups = due.count { $0.steps.count > 0 }
    let before = try ledger.instances()
    let keeper = AlertKeeper(groups, before)
    result.rules = try RuleRun.execute(
      due, source: source, sink: sink, options: settings.rules, report: report,
      alerts: { keeper.take($0) })
    endRemoved(groups, before, keeper, at: now, settings.brokenFiles)
    try sink.commit()
    for group in due where group.steps.count > 0 {
      try ledger.setLastRun(group.group.key, group.steps.last)
    }
    try save(keeper, before, ledger, &result)
    result.transitions = keeper.transitions.map(\.transition)
    for (rule, transition) in keeper.transitions {
      try ledger.record(transition, rule: rule)
    }
    let told = try NotifyRun.execute(
      ledger, NotifyRun.Settings(config: settings.notify, delay: settings.delay),
      transitions: keeper.transitions, current: { keeper.notifyAlerts() }, now: now)
    if told != nil { result.changed = true }
    if result.changed || !result.transitions.isEmpty {
      result.changed = true
      try ledger.prune(before: now - settings.keepHistory)
    }
    return result
  }

  /// Which group is due when.
  package static func plan(
    _ groups: [RuleGroup], _ lastRuns: [String: Int64], now: Int64, maxCatchup: Int64
  ) -> [GroupDue] {
    groups.map { group in
      let last = lastRuns[group.key]
      let steps = DueSteps.plan(
        lastRun: last, now: now, interval: group.interval, maxCatchup: maxCatchup)
      return GroupDue(group, steps, previous: steps.skipped > 0 ? nil : last)
    }
  }

  /// Alerts of rules that were changed or removed end, and say so.
  private static func endRemoved(
    _ groups: [RuleGroup], _ before: [String: [AlertInstance]], _ keeper: AlertKeeper,
    at now: Int64, _ brokenFiles: Set<String>
  ) {
    let known = keeper.ruleKeys
    let files = Set(groups.map(\.file)).subtracting(brokenFiles)
    let names = Set(groups.flatMap { group in group.rules.map { "\(group.key);\($0.name);" } })
    for (key, instances) in before.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
      guard files.contains(where: { key.hasPrefix($0 + ";") }) else { continue }
      let isChanged = names.contains { key.hasPrefix($0) }
      keeper.end(
        key, instances, at: now, reason: isChanged ? "rule was changed" : "rule was removed")
    }
  }

  /// Writes the alerts that are not as they were.
  private static func save(
    _ keeper: AlertKeeper, _ before: [String: [AlertInstance]], _ ledger: AlertLedger,
    _ result: inout AlertReport
  ) throws {
    let after = keeper.settled()
    let ended = Set(keeper.transitions.map(\.rule)).subtracting(after.keys)
    for rule in ended {
      for instance in before[rule] ?? [] { try ledger.remove(instance.labels, rule: rule) }
    }
    for (rule, instances) in after {
      var old: [LabelSet: AlertInstance] = [:]
      for instance in before[rule] ?? [] { old[instance.labels] = instance }
      for (labels, instance) in instances where old[labels] != instance {
        try ledger.save(instance, rule: rule)
        result.changed = true
      }
      for labels in old.keys where instances[labels] == nil {
        try ledger.remove(labels, rule: rule)
        result.changed = true
      }
      result.firing += instances.values.count { $0.state == .firing }
      result.pending += instances.values.count { $0.state == .pending }
    }
  }
}
