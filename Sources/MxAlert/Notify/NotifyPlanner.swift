package import MxModel
import MxTime

/// What people keep back.
package struct Holds: Sendable {
  package var silences: [Silence] = []
  package var acks: [LabelSet: Acknowledgement] = [:]

  package init() {}
}

/// What a rule says itself of who is told of its alerts.
package struct RuleNotices: Hashable, Sendable {
  /// Receivers that are told instead of those of the routes.
  package var receivers: [String]
  /// Notices of one alert that fires on; nil: as many as there are.
  package var most: Int?

  package init(receivers: [String], most: Int?) {
    self.receivers = receivers
    self.most = most
  }
}

/// Why an alert is not told of, or not again.
package enum Hold: Sendable {
  /// The name of another alert.
  case inhibited(by: String)
  case time(String)
  case silence(Silence)
  case acknowledged(Acknowledgement)

  package var reason: String {
    switch self {
    case .inhibited(let source): "inhibited by \(source)"
    case .time(let reason): reason
    case .silence(let silence):
      "silenced by \(silence.id) (\(silence.author): \(silence.comment))"
    case .acknowledged(let ack): "acknowledged by \(ack.author): \(ack.comment)"
    }
  }
}

/// An alert that was not told of, and why.
package struct HeldBack: Hashable, Sendable {
  package var alert: NotifyAlert
  package var receiver: String
  package var at: Int64
  package var reason: String
}

/// Who is to be told of what, when: the whole of grouping, inhibition, silences,
/// repeats and escalation, as a function of configuration, memory, alerts and time.
///
/// It lives through the time since the last run as if it had been there: alerts
/// arrive when a daemon would have learnt of them, groups are flushed when their time
/// comes. So the same alerts give the same notices however seldom runs are started,
/// and a replay is the same code. Only what would be told by a run that comes late,
/// and is out of date by then, is left out: repeats before something newer.
package struct NotifyPlanner {
  package let config: NotifyConfig
  package var holds: Holds
  /// What rules say themselves of who is told, by the ledger's keys of rules.
  private let rules: [String: RuleNotices]
  package private(set) var state: NotifyState
  /// What of the state is to be written.
  package private(set) var changes = Changes()

  package struct Changes: Sendable {
    package var alerts: Set<UInt64> = []
    package var groups: Set<String> = []
    package var log: Set<NotifyState.LogKey> = []

    package init() {}

    package var isEmpty: Bool { alerts.isEmpty && groups.isEmpty && log.isEmpty }
  }

  package struct Plan: Sendable {
    package var notices: [GroupNotice] = []
    package var held: [HeldBack] = []
  }

  /// A group of alerts on one route.
  private struct Group {
    var route: Route
    var labels: LabelSet
    var members: Set<UInt64> = []
    var times: NotifyState.Group

    /// Kept: to write it takes longer than the rest of a flush.
    let key: String

    init(_ route: Route, _ labels: LabelSet, _ times: NotifyState.Group) {
      self.route = route
      self.labels = labels
      self.times = times
      key = "\(route.key):\(labels.groupText)"
    }

    var due: Int64 { min(times.nextFlush, times.nextEscalation ?? .max) }
  }

  private var groups: [String: Group] = [:]
  /// In how many groups an alert is.
  private var memberships: [UInt64: Int] = [:]
  private var inhibitor: Inhibitor
  private var receivers: [String: Receiver] = [:]
  private let metaRoute: Route?

  /// `present`: groups that the configuration has anew begin now.
  package init(
    _ config: NotifyConfig, _ state: NotifyState, _ holds: Holds = Holds(),
    rules: [String: RuleNotices] = [:], present: Int64
  ) {
    self.rules = rules
    self.config = config
    self.state = state
    self.holds = holds
    inhibitor = Inhibitor(config.inhibitRules)
    for receiver in config.receivers { receivers[receiver.name] = receiver }
    metaRoute = config.options.metaReceiver.map { name in
      var route = Route(receiver: name, place: config.root.place)
      route.groupBy = ["alertname"]
      route.key = "{}/x-mx"
      route.id = "{}/x-mx"
      return route
    }
    restore(at: present)
  }

  private mutating func restore(at present: Int64) {
    for alert in state.alerts.values.sorted(by: { $0.fingerprint < $1.fingerprint }) {
      inhibitor.set(alert)
      for route in destinations(of: alert) {
        let labels = route.groupLabels(of: alert.labels)
        let id = Self.id(route, labels)
        if let known = state.groups[id] {
          // Told of already.
          if !alert.isFiring, alert.arrivedAt <= known.lastFlush ?? .min { continue }
          add(
            alert, to: id, groups[id] ?? Group(route, labels, known))
        } else if alert.isFiring {
          join(alert, route, labels, id, at: present)
        }
      }
    }
    for id in state.groups.keys where groups[id] == nil {
      state.groups[id] = nil
      changes.groups.insert(id)
    }
    // Of groups that the configuration has no more.
    for alert in state.alerts.values where !alert.isFiring && memberships[alert.fingerprint] == nil
    {
      state.alerts[alert.fingerprint] = nil
      changes.alerts.insert(alert.fingerprint)
    }
  }

  private static func id(_ route: Route, _ labels: LabelSet) -> String {
    "\(route.id):\(labels.groupText)"
  }

  func destinations(of alert: NotifyAlert) -> [Route] {
    if alert.rule.isEmpty, alert.name == MetaAlert.channelFailing, let metaRoute {
      return [metaRoute]
    }
    let named = (rules[alert.rule]?.receivers ?? []).filter { receivers[$0] != nil }
    if named.isEmpty { return config.root.destinations(of: alert.labels) }
    return named.map { name in
      var route = config.root
      route.receiver = name
      route.routes = []
      route.key = "{}/x-mx:notify"
      route.id = "{}/x-mx:notify/\(name)"
      return route
    }
  }

  /// When the group of a route with these labels is looked at next; nil: there is none.
  func nextFlush(_ route: Route, _ labels: LabelSet) -> Int64? {
    groups[Self.id(route, labels)]?.times.nextFlush
  }

  // MARK: - Time

  /// When something is to be done next, if nothing arrives; nil: never.
  package var nextDue: Int64? { groups.values.map(\.due).min() }

  /// Lives on to `now`: `arrivals` are alerts that changed, in the order of their
  /// `arrivedAt`. `sendingAt` is when what comes of it is sent; silences of that
  /// moment hold as well.
  package mutating func advance(
    _ arrivals: [NotifyAlert], to now: Int64, sendingAt: Int64? = nil
  ) -> Plan {
    var plan = Plan()
    var next = 0
    while true {
      let due = groups.values.lazy.map(\.due).min() ?? .max
      if next < arrivals.count, arrivals[next].arrivedAt <= min(due, now) {
        let time = arrivals[next].arrivedAt
        while next < arrivals.count, arrivals[next].arrivedAt <= time {
          arrive(arrivals[next])
          next += 1
        }
        continue
      }
      if due > now { break }
      for id in groups.keys.filter({ (groups[$0]?.due ?? .max) <= due }).sorted() {
        flush(id, at: due, sendingAt: sendingAt ?? due, &plan)
      }
    }
    plan.notices = Self.withoutStaleRepeats(plan.notices)
    return plan
  }

  /// Newer texts and values of alerts that fire on, for repeats.
  package mutating func refresh(_ alert: NotifyAlert) {
    guard let known = state.alerts[alert.fingerprint], known.isFiring, alert.isFiring,
      known.annotations != alert.annotations || known.value.bitPattern != alert.value.bitPattern
    else { return }
    state.alerts[alert.fingerprint]?.annotations = alert.annotations
    state.alerts[alert.fingerprint]?.value = alert.value
    changes.alerts.insert(alert.fingerprint)
  }

  private mutating func arrive(_ alert: NotifyAlert) {
    // An end of what nobody knows.
    if !alert.isFiring, state.alerts[alert.fingerprint] == nil { return }
    state.alerts[alert.fingerprint] = alert
    changes.alerts.insert(alert.fingerprint)
    inhibitor.set(alert)
    for route in destinations(of: alert) {
      let labels = route.groupLabels(of: alert.labels)
      if alert.isAnnounced { forget(alert, "\(route.key):\(labels.groupText)") }
      join(alert, route, labels, Self.id(route, labels), at: alert.arrivedAt)
    }
  }

  /// As if its group had never been told of it.
  private mutating func forget(_ alert: NotifyAlert, _ groupKey: String) {
    for (key, entry) in state.log
    where key.groupKey == groupKey && entry.firing.contains(alert.fingerprint) {
      state.log[key]?.firing.remove(alert.fingerprint)
      changes.log.insert(key)
    }
  }

  private mutating func join(
    _ alert: NotifyAlert, _ route: Route, _ labels: LabelSet, _ id: String, at time: Int64
  ) {
    // A daemon learns of an alert when it starts; we learn of it a little later, and
    // wait no longer for that.
    let first = max(time, alert.startsAt + route.groupWait)
    var group =
      groups[id]
      ?? Group(route, labels, NotifyState.Group(nextFlush: first))
    let isUrgent = route.groupInterval == 0 || (group.times.lastFlush == nil && first == time)
    if isUrgent { group.times.nextFlush = min(group.times.nextFlush, time) }
    add(alert, to: id, group)
    touch(id)
  }

  private mutating func add(_ alert: NotifyAlert, to id: String, _ group: Group) {
    var group = group
    groups[id] = nil
    if group.members.insert(alert.fingerprint).inserted {
      memberships[alert.fingerprint, default: 0] += 1
    }
    groups[id] = group
  }

  private mutating func touch(_ id: String) {
    state.groups[id] = groups[id]?.times
    changes.groups.insert(id)
  }

  /// Of the repeats that a late run makes up for only the newest is of use, and none
  /// where something newer is told.
  private static func withoutStaleRepeats(_ notices: [GroupNotice]) -> [GroupNotice] {
    var seen: Set<NotifyState.LogKey> = []
    var kept: [GroupNotice] = []
    for notice in notices.reversed() {
      let isLast = seen.insert(.init(target: notice.target, groupKey: notice.groupKey)).inserted
      if isLast || notice.reason != .repeated { kept.append(notice) }
    }
    return kept.reversed()
  }

  // MARK: - A flush

  private mutating func flush(
    _ id: String, at time: Int64, sendingAt: Int64, _ plan: inout Plan
  ) {
    guard var group = groups[id] else { return }
    let members = group.members.compactMap { state.alerts[$0] }.sorted(by: GroupNotice.precedes)
    let isFlush = group.times.nextFlush <= time
    var passed: [NotifyAlert] = []
    var held: [UInt64: String] = [:]
    for alert in members {
      if let hold = holdBack(alert, group.route, nil, time, sendingAt) {
        held[alert.fingerprint] = hold.reason
      } else {
        passed.append(alert)
      }
    }
    if let receiver = receivers[group.route.receiver] {
      tell(receiver, group, passed, members, held, time, sendingAt, isFlush, &plan)
      group.times.nextEscalation = escalate(receiver, group, passed, time, &plan)
    }
    if isFlush { finish(&group, time) }
    groups[id] = group.members.isEmpty ? nil : group
    touch(id)
  }

  /// What resolved leaves the group; an empty group ends.
  private mutating func finish(_ group: inout Group, _ time: Int64) {
    group.times.lastFlush = time
    group.times.nextFlush =
      group.route.groupInterval > 0 ? time + group.route.groupInterval : .max
    for fingerprint in group.members where !(state.alerts[fingerprint]?.isFiring ?? false) {
      group.members.remove(fingerprint)
      memberships[fingerprint, default: 1] -= 1
      if memberships[fingerprint, default: 0] <= 0 {
        memberships[fingerprint] = nil
        state.alerts[fingerprint] = nil
        changes.alerts.insert(fingerprint)
      }
    }
  }

  /// Why an alert is not told of; nil where it is. With `receiver`: silences of this
  /// receiver alone.
  func holdBack(
    _ alert: NotifyAlert, _ route: Route, _ receiver: String?, _ time: Int64, _ sendingAt: Int64
  ) -> Hold? {
    if receiver == nil {
      if let source = inhibitor.inhibitor(of: alert) { return .inhibited(by: source) }
      if let reason = mutedByTime(route, time) { return .time(reason) }
    }
    // The reminder of a silence must be heard.
    if alert.rule.isEmpty, alert.name == MetaAlert.silenceEnds { return nil }
    for silence in holds.silences
    where silence.receiver == receiver
      && (silence.isActive(at: time) || silence.isActive(at: sendingAt))
      && silence.matches(alert.labels)
    {
      return .silence(silence)
    }
    return nil
  }

  private func mutedByTime(_ route: Route, _ time: Int64) -> String? {
    func holds(_ name: String) -> Bool {
      (config.intervals[name] ?? []).contains { $0.spec.contains(time, in: $0.zone) }
    }
    if !route.activeIntervals.isEmpty, !route.activeIntervals.contains(where: holds) {
      return "outside of active time interval \(route.activeIntervals.joined(separator: ", "))"
    }
    return route.muteIntervals.first(where: holds).map { "inside of mute time interval \($0)" }
  }

  private mutating func tell(
    _ receiver: Receiver, _ group: Group, _ alerts: [NotifyAlert], _ members: [NotifyAlert],
    _ heldByRoute: [UInt64: String], _ time: Int64, _ sendingAt: Int64, _ isFlush: Bool,
    _ plan: inout Plan
  ) {
    var held = heldByRoute
    let passed = alerts.filter { alert in
      held[alert.fingerprint] =
        holdBack(
          alert, group.route, receiver.name, time, sendingAt)?.reason
      return held[alert.fingerprint] == nil
    }
    if isFlush, !passed.isEmpty {
      for integration in receiver.integrations {
        let kept = passed.filter { !Self.isAbout($0, integration.target) }
        if let known = inform(integration, group, kept, time, &plan) {
          for alert in kept where alert.isFiring { held[alert.fingerprint] = known }
        }
      }
    }
    remember(held, receiver, group, members, time, &plan)
  }

  /// Trouble with a channel is not told by it.
  private static func isAbout(_ alert: NotifyAlert, _ target: String) -> Bool {
    alert.rule.isEmpty && alert.name == MetaAlert.channelFailing
      && alert.labels["channel"] == target
  }

  /// Tells a channel, unless it would be a repeat of what is acknowledged: then by whom.
  private mutating func inform(
    _ integration: Integration, _ group: Group, _ alerts: [NotifyAlert], _ time: Int64,
    _ plan: inout Plan
  ) -> String? {
    let key = NotifyState.LogKey(target: integration.target, groupKey: group.key)
    let firing = Set(alerts.filter(\.isFiring).map(\.fingerprint))
    let resolved = Set(alerts.filter { !$0.isFiring }.map(\.fingerprint))
    guard
      let reason = state.log[key].reason(
        firing: firing, resolved: resolved, sendResolved: integration.sendResolved, now: time,
        repeatInterval: group.route.repeatInterval)
    else { return nil }
    if reason == .repeated, let ack = self.ack(ofAll: alerts, time) {
      return Hold.acknowledged(ack).reason
    }
    let count = state.log[key]?.count ?? 0
    if reason == .repeated, let most = mostNotices(of: alerts), count >= most {
      return "told \(most) times, as often as its rule allows"
    }
    state.log[key] = NotifyState.LogEntry(at: time, firing: firing, resolved: resolved)
    if !firing.isEmpty { state.log[key]?.count = count + 1 }
    changes.log.insert(key)
    let sent = integration.sendResolved ? alerts : alerts.filter(\.isFiring)
    if !sent.isEmpty { plan.notices.append(notice(integration, group, reason, time, sent)) }
    return nil
  }

  private func notice(
    _ integration: Integration, _ group: Group, _ reason: NotifyReason, _ time: Int64,
    _ alerts: [NotifyAlert]
  ) -> GroupNotice {
    var notice = GroupNotice(
      target: integration.target, receiver: integration.receiver, groupKey: group.key,
      groupLabels: group.labels, reason: reason, at: time, alerts: alerts)
    notice.routeLabels = group.route.labels.map { .init(name: $0.name, value: $0.value) }
    return notice
  }

  /// `max_notifications`, where the rule of every alert that fires has it.
  private func mostNotices(of alerts: [NotifyAlert]) -> Int? {
    var most: Int?
    for alert in alerts where alert.isFiring {
      guard let own = rules[alert.rule]?.most else { return nil }
      most = max(most ?? 0, own)
    }
    return most
  }

  /// One who acknowledged, where every alert that fires is acknowledged.
  private func ack(ofAll alerts: [NotifyAlert], _ time: Int64) -> Acknowledgement? {
    var found: Acknowledgement?
    for alert in alerts where alert.isFiring {
      guard let ack = ack(of: alert, time) else { return nil }
      found = ack
    }
    return found
  }

  func ack(of alert: NotifyAlert, _ time: Int64) -> Acknowledgement? {
    guard let ack = holds.acks[alert.labels], ack.holds(alert, at: time) else { return nil }
    return ack
  }

  // MARK: - Escalation

  /// Tells the next receiver of alerts that fire too long and that nobody answered to;
  /// when to look again.
  private mutating func escalate(
    _ receiver: Receiver, _ group: Group, _ alerts: [NotifyAlert], _ time: Int64,
    _ plan: inout Plan
  ) -> Int64? {
    guard let after = receiver.policy.escalateAfter,
      let higher = receiver.policy.escalateTo.flatMap({ receivers[$0] })
    else { return nil }
    var next: Int64?
    for alert in alerts where alert.isFiring && alert.startsAt + after > time {
      next = min(next ?? .max, alert.startsAt + after)
    }
    for var integration in higher.integrations {
      // Its own memory: the higher receiver may be told of the group by its own route.
      let target = integration.target
      integration.receiver = "\(receiver.name)>\(higher.name)"
      let key = NotifyState.LogKey(target: integration.target, groupKey: group.key)
      let told = state.log[key]?.firing ?? []
      let due = alerts.filter { alert in
        told.contains(alert.fingerprint)
          || (alert.isFiring && alert.startsAt + after <= time && ack(of: alert, time) == nil)
      }
      if due.isEmpty { continue }
      let before = plan.notices.count
      _ = inform(integration, group, due, time, &plan)
      for place in before..<plan.notices.count {
        plan.notices[place].target = target
        plan.notices[place].receiver = higher.name
        plan.notices[place].instead = receiver.name
      }
    }
    return next
  }

  // MARK: - What was held back

  /// Each alert's being held back is told once, and again when the reason changes.
  private mutating func remember(
    _ held: [UInt64: String], _ receiver: Receiver, _ group: Group, _ members: [NotifyAlert],
    _ time: Int64, _ plan: inout Plan
  ) {
    let key = NotifyState.LogKey(target: "\(receiver.name)/held", groupKey: group.key)
    let known = state.log[key]?.held ?? [:]
    let firing = held.filter { state.alerts[$0.key]?.isFiring ?? false }
    if firing == known { return }
    for alert in members {
      guard let reason = firing[alert.fingerprint], known[alert.fingerprint] != reason else {
        continue
      }
      plan.held.append(
        HeldBack(alert: alert, receiver: receiver.name, at: time, reason: reason))
    }
    state.log[key] =
      firing.isEmpty
      ? nil : NotifyState.LogEntry(at: time, firing: [], resolved: [], held: firing)
    changes.log.insert(key)
  }
}

extension NotifyPlanner {
  /// Forgets what channels were told of groups that are no more, once a repeat of it
  /// would be long over. What fires is never forgotten.
  package mutating func prune(at now: Int64) {
    let live = Set(groups.values.map(\.key))
    for (key, entry) in state.log
    where entry.firing.isEmpty && entry.held.isEmpty && !live.contains(key.groupKey)
      && entry.at < now - 5 * 86_400_000
    {
      state.log[key] = nil
      changes.log.insert(key)
    }
  }
}

extension LabelSet {
  /// `{a="b", c="d"}`, the metric name as any label.
  var groupText: String {
    "{"
      + pairs.map { "\($0.name)=\(LabelKey.quoted($0.value))" }.joined(separator: ", ")
      + "}"
  }
}
