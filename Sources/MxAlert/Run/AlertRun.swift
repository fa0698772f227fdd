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
  /// Who is told of which alerts; nil where that cannot be known now: what there is to tell
  /// is kept for a run that knows.
  package var notify: NotifyConfig? = NotifyConfig.standard
  /// What rules do about missing data that do not say it themselves.
  package var noData = NoDataPolicy.prometheus
  /// Files that could not be read as a whole: rules missing from them are broken, not
  /// removed, and their alerts stay as they are.
  package var brokenFiles: Set<String> = []
  /// The store's newest commit that this run sees; nil where it reads something else.
  package var sequence: Int64?
  /// Whether a rule file does not exist any more: its alerts end.
  package var isFileGone: @Sendable (String) -> Bool = { _ in false }

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
    let groups = RuleSwitch.apply(try ledger.switchedOff(), to: groups)
    let lastRuns = try ledger.lastRuns()
    let due = plan(
      groups, lastRuns, now: now - settings.delay, maxCatchup: settings.maxCatchup)
    result.skipped = due.reduce(0) { $0 + $1.steps.skipped }
    result.groups = due.count { $0.steps.count > 0 }
    let endings = RuleEndings(groups, lastRuns, settings)
    var before = try ledger.instances()
    let succession = try bequeath(groups, due, ledger, &before, endings)
    let known = try ledger.knownSeries()
    let keeper = AlertKeeper(
      groups, before, known: known, noData: settings.noData, edited: succession.edited)
    result.rules = try RuleRun.execute(
      due, source: source, sink: sink, options: settings.rules, report: report,
      alerts: { try keeper.take($0) })
    var selfWatch = AlertMachine(before[SelfWatch.key] ?? [])
    let ownChanges = SelfWatch.advance(&selfWatch, due, result.rules.failures, now: now)
    selfWatch.settle()
    keeper.note(ownChanges, of: SelfWatch.key, selfWatch)
    let ends = keeper.endOrphans(before, awaited: succession, at: now, endings)
    if ends.count > 0 { try sink.append(ends) }
    try sink.commit()
    for group in due where group.steps.count > 0 {
      try ledger.setLastRun(group.group.key, group.steps.last)
    }
    if let sequence = settings.sequence, result.groups > 0 {
      let upTo = due.map { $0.steps.count > 0 ? $0.steps.last : .min }.max() ?? now
      try ledger.record(AlertLedger.EvaluatedRun(upTo: upTo, sequence: sequence))
    }
    try save(keeper, before, ledger, &result)
    try save(keeper, known, ledger, &result)
    let transitions = keeper.transitions
    result.transitions = transitions.map(\.transition)
    let details = HistoryDetails(groups, transitions, source)
    for (one, detail) in zip(transitions, details.ofChanges) {
      try ledger.record(one.transition, rule: one.rule, detail)
    }
    if let config = settings.notify {
      let told = try NotifyRun.execute(
        ledger, NotifyRun.Settings(config: config, delay: settings.delay, groups: groups),
        transitions: transitions, current: { keeper.notifyAlerts() }, now: now,
        detail: details.detail)
      if told != nil { result.changed = true }
    } else {
      try ledger.keep(NotifyRun.arrivals(transitions, delay: settings.delay))
    }
    if result.changed || !result.transitions.isEmpty {
      result.changed = true
      try ledger.prune(before: now - settings.keepHistory)
      try ledger.forgetRuns(before: now - settings.keepHistory)
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

  /// Hands alerts of edited and moved rules on to those that evaluate them now; with rules
  /// that are not due yet they wait.
  private static func bequeath(
    _ groups: [RuleGroup], _ due: [GroupDue], _ ledger: AlertLedger,
    _ instances: inout [String: [AlertInstance]], _ endings: RuleEndings
  ) throws -> RuleSuccession {
    let rules = RuleKey.all(groups)
    let succession = RuleSuccession(rules, instances, mayEnd: { endings.reason($0) != nil })
    let waiting = Set(due.filter { $0.steps.count == 0 }.map(\.group.key))
    let groupKeys = Dictionary(uniqueKeysWithValues: rules.map { ($0.key, $0.group.key) })
    for (key, heir) in succession.heirs where !waiting.contains(groupKeys[heir] ?? "") {
      try ledger.bequeath(key, to: heir)
      instances[heir] = instances.removeValue(forKey: key)
    }
    return succession
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
    for (rule, machine) in after {
      let instances = machine.instances
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
  /// Writes what rules with `no_data: alert` watch over, where it is not as it was.
  private static func save(
    _ keeper: AlertKeeper, _ before: [String: [LabelSet: KnownSeries]], _ ledger: AlertLedger,
    _ result: inout AlertReport
  ) throws {
    let after = keeper.settled().mapValues(\.known)
    for rule in Set(before.keys).union(after.keys).sorted() {
      // Of a rule that is not loaded: its file may be broken today.
      guard let series = after[rule] else { continue }
      for (labels, one) in series where before[rule]?[labels] != one {
        try ledger.save(one, labels, rule: rule)
        result.changed = true
      }
      for labels in before[rule]?.keys ?? [:].keys where series[labels] == nil {
        try ledger.removeSeries(labels, rule: rule)
        result.changed = true
      }
    }
  }
}

/// Rules that people switched off, by name or by group and name (`group/name`).
package enum RuleSwitch {
  package static func apply(_ off: Set<String>, to groups: [RuleGroup]) -> [RuleGroup] {
    if off.isEmpty { return groups }
    return groups.map { group in
      var group = group
      for index in group.rules.indices {
        let name = group.rules[index].name
        if off.contains(name) || off.contains("\(group.name)/\(name)") {
          group.rules[index].isEnabled = false
        }
      }
      return group
    }
  }
}
