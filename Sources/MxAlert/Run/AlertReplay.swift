package import MxModel
package import MxRules

/// Rules over a stretch of time, by the code of live runs, keeping nothing: what
/// `mx-alert replay` shows, and how `check` knows what fires without a ledger.
package enum AlertReplay {
  package struct Result: Sendable {
    package var rules = RuleRunResult()
    /// The alerts at the end, by rule; inactive ones too.
    package var instances: [String: [AlertInstance]] = [:]
  }

  package typealias Take = (_ rule: String, _ transition: AlertTransition) throws -> Void

  /// Everything up to an instant is behind.
  package typealias Reached = (Int64) throws -> Void

  /// Every instant from `range.from` to `range.to`, beginning without any alert. `take`
  /// is given the changes that `keeps` wants, in the order in which they happen: a long
  /// replay has more than can be held.
  package static func execute(
    _ groups: [RuleGroup], _ range: TimeRange, source: any SeriesSource,
    settings: AlertSettings, report: Report,
    keeps: @escaping @Sendable (AlertTransition) -> Bool = { _ in true }, take: Take,
    reached: Reached = { _ in }
  ) throws -> Result {
    let due = groups.map { group in
      GroupDue(group, DueSteps(in: range, interval: group.interval), previous: nil)
    }
    return try execute(
      due, source: source, settings: settings, report: report, keeps, take, reached)
  }

  /// Far enough back from `now` that every alert is in the state that it would be in had
  /// its rule always been run, as far as `for` and `keep_firing_for` decide.
  package static func standing(
    _ groups: [RuleGroup], at now: Int64, source: any SeriesSource, settings: AlertSettings,
    report: Report
  ) throws -> Result {
    let due = groups.map { group in
      let longest = group.rules.map { $0.holdFor + $0.keepFiringFor }.max() ?? 0
      let range = TimeRange(from: now - longest - group.interval + 1, to: now)
      return GroupDue(group, DueSteps(in: range, interval: group.interval), previous: nil)
    }
    return try execute(
      due, source: source, settings: settings, report: report, { _ in false },
      { _, _ in }, { _ in })
  }

  private static func execute(
    _ due: [GroupDue], source: any SeriesSource, settings: AlertSettings, report: Report,
    _ keeps: @escaping @Sendable (AlertTransition) -> Bool, _ take: Take,
    _ reached: Reached
  ) throws -> Result {
    var result = Result()
    let keeper = AlertKeeper(due.map(\.group), [:], noData: settings.noData, keeps: keeps)
    result.rules = try RuleRun.execute(
      due, source: source, sink: nil, options: settings.rules, report: report,
      alerts: { try keeper.take($0) },
      reached: { time in
        try keeper.drain(take)
        try reached(time)
      })
    result.instances = keeper.settled().mapValues { Array($0.instances.values) }
    return result
  }
}
