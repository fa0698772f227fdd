import MxModel
package import MxRules

/// The part of a run that decides who is told: from the ledger, by the planner, into
/// the outbox. It belongs to the run's transaction; nothing is sent.
package enum NotifyRun {
  package struct Settings: Sendable {
    package var config: NotifyConfig
    /// How far evaluations stay behind the present, ms.
    package var delay: Int64
    /// What rules say themselves, by the ledger's keys of rules.
    package var rules: [String: RuleNotices]

    package init(config: NotifyConfig, delay: Int64, groups: [RuleGroup]) {
      self.config = config
      self.delay = delay
      rules = [:]
      for (key, _, rule) in RuleKey.all(groups) {
        let (receivers, most) = (rule.additions.receivers, rule.additions.maxNotifications)
        if receivers.isEmpty, most == nil { continue }
        rules[key] = RuleNotices(receivers: receivers, most: most)
      }
    }
  }

  /// `transitions` in the order in which they happened, with the ledger's keys of their
  /// rules; `current` gives the alerts as they are now. The number of new notices, nil
  /// where nothing was to be done.
  package static func execute(
    _ ledger: AlertLedger, _ settings: Settings,
    transitions: [(rule: String, transition: AlertTransition)],
    current: () -> [NotifyAlert], now: Int64,
    detail: (NotifyAlert) -> HistoryDetail = { _ in HistoryDetail() }
  ) throws(AlertError) -> Int? {
    let channels = try ledger.channels()
    var silences = try ledger.silences()
    let isDue = try ledger.nextNotifyDue().map { $0 <= now } ?? false
    let isOwed = try ledger.hasArrivals()
    let isNews =
      !transitions.isEmpty || isOwed || isDue || channels.values.contains(where: \.isFailing)
      || silences.contains { mayRemind(of: $0, at: now) }
    guard isNews else { return nil }
    let before = try ledger.notifyState()
    var holds = Holds()
    holds.silences = silences
    holds.acks = try ledger.acknowledgements()
    var planner = NotifyPlanner(
      settings.config, before, holds, rules: settings.rules, present: now)
    let firing = current()
    for alert in firing { planner.refresh(alert) }
    let floor = before.groups.values.compactMap(\.lastFlush).max() ?? .min
    var arrivals = try ledger.takeArrivals() + Self.arrivals(transitions, delay: settings.delay)
    for place in arrivals.indices {
      // What was evaluated late is news from now on, not from before the last flush.
      let time = min(max(arrivals[place].arrivedAt, floor == .min ? .min : floor + 1), now)
      arrivals[place].arrivedAt = time
    }
    arrivals += unknown(firing, before, arrivals, now)
    arrivals += meta(before, channels, now)
    arrivals += try reminders(&silences, before, ledger, now)
    let plan = planner.advance(inOrder(arrivals), to: now, sendingAt: now)
    planner.prune(at: now)
    try ledger.save(planner.state, planner.changes, before: before)
    for notice in plan.notices { try ledger.post(notice, at: now, detail) }
    for held in plan.held { try record(held, ledger) }
    try ledger.pruneSilences(at: now)
    return plan.notices.count
  }

  /// What of changes is news to receivers.
  static func arrivals(
    _ transitions: [(rule: String, transition: AlertTransition)], delay: Int64
  ) -> [NotifyAlert] {
    transitions.compactMap { NotifyAlert($0.transition, rule: $0.rule, delay: delay) }
  }

  /// The alert rules of files by the ledger's keys.
  package static func rules(of groups: [RuleGroup]) -> [String: Rule] {
    var rules: [String: Rule] = [:]
    for (key, _, rule) in RuleKey.all(groups) { rules[key] = rule }
    return rules
  }

  /// By the time of arrival; of one time in the order of their happening.
  private static func inOrder(_ arrivals: [NotifyAlert]) -> [NotifyAlert] {
    arrivals.enumerated().sorted {
      ($0.element.arrivedAt, $0.offset) < ($1.element.arrivedAt, $1.offset)
    }.map(\.element)
  }

  private static func record(_ held: HeldBack, _ ledger: AlertLedger) throws(AlertError) {
    try ledger.record(
      .held, at: held.at, alert: held.alert.name, labels: held.alert.labels,
      rule: held.alert.rule, receiver: held.receiver, reason: held.reason, author: nil)
  }

  /// Alerts that fire and that nobody was ever told of: the ledger is older than its
  /// memory of notices.
  private static func unknown(
    _ current: [NotifyAlert], _ state: NotifyState, _ arrivals: [NotifyAlert], _ now: Int64
  ) -> [NotifyAlert] {
    let arriving = Set(arrivals.map(\.fingerprint))
    return current.compactMap { alert in
      if state.alerts[alert.fingerprint] != nil || arriving.contains(alert.fingerprint) {
        return nil
      }
      var alert = alert
      alert.arrivedAt = now
      return alert
    }
  }

  // MARK: - About mx itself

  /// Channels that began or ceased to fail.
  private static func meta(
    _ state: NotifyState, _ channels: [String: ChannelState], _ now: Int64
  ) -> [NotifyAlert] {
    var news: [NotifyAlert] = []
    let known = state.alerts.values.filter {
      $0.rule.isEmpty && $0.name == MetaAlert.channelFailing && $0.isFiring
    }
    for (target, channel) in channels.sorted(by: { $0.key < $1.key }) where channel.isFailing {
      if known.contains(where: { $0.labels["channel"] == target }) { continue }
      var alert = MetaAlert.failing(
        target, since: channel.failingSince ?? now, error: channel.error ?? "")
      alert.arrivedAt = now
      news.append(alert)
    }
    for var alert in known
    where !(channels[alert.labels["channel"] ?? ""]?.isFailing ?? false) {
      alert.endsAt = now
      alert.arrivedAt = now
      news.append(alert)
    }
    return news
  }

  private static func mayRemind(of silence: Silence, at now: Int64) -> Bool {
    let length = silence.endsAt - silence.startsAt
    let isSoon = now >= silence.endsAt - Silence.reminder
    guard isSoon, length >= 4 * Silence.reminder else { return false }
    return now < silence.endsAt ? silence.remindedFor != silence.endsAt : silence.remindedFor != nil
  }

  /// Silences that end soon and keep something back, and the end of those reminders.
  private static func reminders(
    _ silences: inout [Silence], _ state: NotifyState, _ ledger: AlertLedger, _ now: Int64
  ) throws(AlertError) -> [NotifyAlert] {
    var news: [NotifyAlert] = []
    for place in silences.indices where mayRemind(of: silences[place], at: now) {
      var silence = silences[place]
      if now < silence.endsAt {
        let held = state.alerts.values.filter { $0.isFiring && silence.matches($0.labels) }
        if held.isEmpty { continue }
        news.append(reminder(silence, held, now))
        silence.remindedFor = silence.endsAt
      } else {
        for var alert in state.alerts.values
        where alert.name == MetaAlert.silenceEnds && alert.labels["silence"] == silence.id {
          alert.endsAt = silence.endsAt
          alert.arrivedAt = now
          news.append(alert)
        }
        silence.remindedFor = nil
      }
      silences[place] = silence
      try ledger.save(silence)
    }
    return news
  }

  /// With the labels that its alerts share, so that it goes the way they would.
  private static func reminder(
    _ silence: Silence, _ held: [NotifyAlert], _ now: Int64
  ) -> NotifyAlert {
    var shared = held[0].labels
    for alert in held.dropFirst() {
      shared = LabelSet(
        shared.pairs.filter { alert.labels[$0.name] == $0.value }.map { ($0.name, $0.value) })
    }
    let labels = shared.setting("alertname", to: MetaAlert.silenceEnds)
      .setting("silence", to: silence.id)
    let end = PlainText.time(silence.endsAt)
    return NotifyAlert(
      labels: labels,
      annotations: [
        .init(
          name: "summary",
          value: "the silence on \(silence.matcherText) by \(silence.author) ends at \(end); it "
            + "keeps \(held.count) firing alerts back"),
        .init(name: "comment", value: silence.comment),
      ], value: Double(held.count), startsAt: now, arrivedAt: now)
  }
}
