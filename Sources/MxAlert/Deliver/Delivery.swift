import MxModel

/// What came of sending.
package struct DeliveryReport: Sendable {
  package var sent = 0
  /// Channels that could not be told, and why; their notices stay in the outbox.
  package var failures: [(target: String, error: String)] = []
  /// Notices that will never be sent, and why.
  package var dead: [(target: String, error: String)] = []
  /// Templates that failed: their notices went out in plain words.
  package var templates: [(target: String, error: String)] = []

  package init() {}

  package var isClean: Bool { failures.isEmpty && dead.isEmpty && templates.isEmpty }
}

/// Empties the outbox.
///
/// A notice is sent after it was written down, and is marked as sent after it was: a
/// kill in between sends it once more, with the same key. All channels are served at
/// once, each in the order of its notices; one that fails is left alone for the rest of
/// the run. Too many notices for one channel become one digest.
package struct Delivery<Generator: RandomNumberGenerator> {
  private let ledger: AlertLedger
  private let config: NotifyConfig
  private let courier: any Courier
  private let context: MessageContext
  private let now: Int64
  private var random: Generator
  private var channels: [String: ChannelState]
  private var integrations: [String: (integration: Integration, receiver: Receiver)] = [:]
  private var queues: [String: [OutboxEntry]] = [:]
  private var report = DeliveryReport()

  /// `context` is made only where something is to be sent: most runs send nothing.
  package static func deliver(
    _ ledger: AlertLedger, _ config: NotifyConfig, _ courier: any Courier, at now: Int64,
    using random: Generator, context: () throws -> MessageContext
  ) throws -> DeliveryReport {
    guard try ledger.hasWaiting(at: now) else { return DeliveryReport() }
    var delivery = try Delivery(ledger, config, courier, context(), random)
    try delivery.run()
    return delivery.report
  }

  private init(
    _ ledger: AlertLedger, _ config: NotifyConfig, _ courier: any Courier,
    _ context: MessageContext, _ random: Generator
  ) throws {
    self.ledger = ledger
    self.config = config
    self.courier = courier
    self.context = context
    self.random = random
    now = context.now
    channels = try ledger.channels()
    for receiver in config.receivers {
      for integration in receiver.integrations {
        integrations[integration.target] = (integration, receiver)
      }
    }
    for entry in try ledger.waiting(at: now) { queues[entry.target, default: []].append(entry) }
  }

  private mutating func run() throws {
    // Of another run's configuration: that run will send it, until it is too old.
    for (target, entries) in queues where integrations[target] == nil {
      try giveUp(entries, "no channel '\(target)' is configured any more")
      queues[target] = nil
    }
    for target in queues.keys.sorted() { try giveUp(queues[target] ?? [], nil) }
    while true {
      let parcels = nextParcels()
      if parcels.isEmpty { return }
      try send(parcels)
    }
  }

  /// Some entries that go out as one message.
  private struct Parcel {
    var entries: [OutboxEntry]
    var notice: GroupNotice
    var integration: Integration
    var receiver: Receiver
  }

  private mutating func giveUp(_ entries: [OutboxEntry], _ reason: String?) throws {
    let old = entries.filter { now - $0.created > config.options.giveUpAfter }
    if old.isEmpty { return }
    try transaction {
      for entry in old {
        let why = reason ?? channels[entry.target]?.error ?? "not sent"
        try ledger.settle(entry, .dead, note: "given up: \(why)")
        report.dead.append((entry.target, "given up: \(why)"))
      }
    }
    let gone = Set(old.map(\.id))
    for target in Set(old.map(\.target)) { queues[target]?.removeAll { gone.contains($0.id) } }
  }

  private func transaction(_ body: () throws -> Void) throws {
    try ledger.begin()
    do {
      try body()
      try ledger.commit()
    } catch {
      try ledger.rollback()
      throw error
    }
  }

  // MARK: - What goes next

  /// One message of each channel that may send.
  private mutating func nextParcels() -> [Parcel] {
    var parcels: [Parcel] = []
    for target in queues.keys.sorted() {
      guard let (integration, receiver) = integrations[target], let queue = queues[target],
        let first = queue.first
      else {
        queues[target] = nil
        continue
      }
      if integration.isLocal {
        // Nothing is to be spared: lines for people and programs, as many as there are.
        queues[target] = nil
        parcels += queue.map {
          Parcel(entries: [$0], notice: $0.notice, integration: integration, receiver: receiver)
        }
        continue
      }
      var state = channels[target] ?? ChannelState(target: target)
      if let until = state.openUntil, until > now {
        queues[target] = nil
        continue
      }
      let mayBeLast = state.takeToken(receiver.policy.rate, at: now)
      guard let isLastToken = mayBeLast else {
        queues[target] = nil
        continue
      }
      channels[target] = state
      let most = receiver.policy.maxPerRun ?? config.options.maxPerRun
      let isStorm = queue.count > most || (isLastToken && queue.count > 1)
      // Half open: one is tried, not all of them.
      let taken = isStorm && state.failures == 0 ? queue : [first]
      queues[target] = Array(queue.dropFirst(taken.count))
      let notice = taken.count > 1 ? Digest.of(taken.map(\.notice), target, at: now) : first.notice
      parcels.append(
        Parcel(entries: taken, notice: notice, integration: integration, receiver: receiver))
    }
    return parcels
  }

  // MARK: - Sending

  private mutating func send(_ parcels: [Parcel]) throws {
    var results: [(parcel: Parcel, outcome: DispatchOutcome, problems: [String])] = []
    var ready: [(parcel: Parcel, message: Message)] = []
    for parcel in parcels {
      do throws(MessageError) {
        ready.append(
          (parcel, try MessageBuilder.build(parcel.notice, parcel.integration, context)))
      } catch {
        // A secret may be put in its place; a channel that is not built will not be.
        let isFinal = parcel.integration.channel.refusal != nil
        results.append(
          (
            parcel,
            isFinal
              ? .rejected("\(error)", credentials: true)
              : .failed("\(error)", retryAfter: nil), []
          ))
      }
    }
    let outcomes = courier.carry(ready.map(\.message.dispatch))
    precondition(outcomes.count == ready.count, "BUG: a dispatch without an outcome")
    for (sent, outcome) in zip(ready, outcomes) {
      results.append((sent.parcel, outcome, sent.message.problems))
    }
    try ledger.begin()
    do {
      for (parcel, outcome, problems) in results {
        for problem in problems { report.templates.append((parcel.integration.target, problem)) }
        try settle(parcel, outcome, note: problems.first.map { "template failed: \($0)" })
      }
      try ledger.commit()
    } catch {
      try ledger.rollback()
      throw error
    }
  }

  private mutating func settle(
    _ parcel: Parcel, _ outcome: DispatchOutcome, note: String?
  ) throws {
    let target = parcel.integration.target
    var state = channels[target] ?? ChannelState(target: target)
    switch outcome {
    case .sent:
      report.sent += parcel.entries.count
      for entry in parcel.entries { try ledger.settle(entry, .sent, note: note) }
      state.succeeded()
      try follow(parcel, &state)
    case .failed(let error, let retryAfter):
      state.failed(error, retryAfter: retryAfter, at: now, using: &random)
      queues[target] = nil
      report.failures.append((target, error))
      try retryOrMove(parcel, error, state, retryAfter)
    case .rejected(let error, let isCredentials):
      if isCredentials {
        state.failed(error, retryAfter: nil, at: now, using: &random)
        state.failures = max(state.failures, ChannelState.failingAfter)
      }
      let moved = try move(parcel)
      let words = moved.map { "\(error); told '\($0)' instead" } ?? error
      // Without anybody to tell instead, better credentials may come in time.
      if isCredentials, moved == nil, parcel.integration.channel.refusal == nil {
        report.failures.append((target, error))
        try retryOrMove(parcel, error, state, nil)
        queues[target] = nil
      } else {
        report.dead.append((target, words))
        for entry in parcel.entries { try ledger.settle(entry, .dead, note: words) }
      }
    }
    channels[target] = state
    try ledger.save(state)
  }

  /// After some tries somebody else is told; until then, and where there is nobody,
  /// the notice waits for its next try.
  private mutating func retryOrMove(
    _ parcel: Parcel, _ error: String, _ state: ChannelState, _ retryAfter: Int64?
  ) throws {
    let attempts = parcel.entries.map(\.attempts).max() ?? 0
    if attempts + 1 >= ChannelState.failingAfter, let moved = try move(parcel) {
      for entry in parcel.entries {
        try ledger.settle(entry, .dead, note: "\(error); told '\(moved)' instead")
      }
      return
    }
    let pause = Backoff.pause(after: attempts, using: &random)
    let next = now + max(pause, retryAfter ?? 0)
    for entry in parcel.entries { try ledger.postpone(entry, error: error, next: next) }
  }

  /// Gives a notice to the channels of the fallback; its name, or nil where there is
  /// none, or the notice came from another's failure itself.
  private mutating func move(_ parcel: Parcel) throws -> String? {
    guard parcel.notice.instead == nil || parcel.notice.instead == parcel.receiver.name,
      let name = parcel.receiver.policy.fallback, let fallback = config.receiver(name),
      !fallback.integrations.isEmpty
    else { return nil }
    for integration in fallback.integrations {
      for entry in parcel.entries {
        var notice = entry.notice
        notice.target = integration.target
        notice.receiver = name
        notice.instead = parcel.receiver.name
        if !integration.sendResolved { notice.alerts = notice.firing }
        if notice.alerts.isEmpty { continue }
        try ledger.post(notice, at: now)
      }
      // They are sent in this run, by the next round.
      let known = Set((queues[integration.target] ?? []).map(\.id))
      let new = try ledger.waiting(at: now).filter {
        $0.target == integration.target && !known.contains($0.id)
      }
      queues[integration.target, default: []] += new
    }
    return name
  }

  // MARK: - Digests

  /// Channels that keep incidents open must hear of the end of a digest's: when the
  /// last of its alerts is told to be resolved, so is the digest.
  private mutating func follow(_ parcel: Parcel, _ state: inout ChannelState) throws {
    let isDigest = parcel.notice.reason == .digest
    if !isDigest, state.digest.isEmpty { return }
    let before = state.digest
    if isDigest { state.digest.formUnion(parcel.notice.firing.map(\.fingerprint)) }
    for alert in parcel.notice.resolved { state.digest.remove(alert.fingerprint) }
    guard !before.isEmpty, state.digest.isEmpty, !isDigest, parcel.integration.keepsIncidents
    else { return }
    let end = Digest.end(of: parcel.notice, parcel.integration.target, at: now)
    try ledger.post(end, at: now)
    let new = try ledger.waiting(at: now).filter {
      $0.target == end.target && $0.notice.key == end.key
    }
    queues[end.target, default: []] += new
  }
}

/// Many notices as one.
enum Digest {
  static func groupKey(_ target: String) -> String { "x-mx/digest:\(target)" }

  /// Each alert once, as it was told of last.
  static func of(_ notices: [GroupNotice], _ target: String, at now: Int64) -> GroupNotice {
    var alerts: [UInt64: NotifyAlert] = [:]
    for notice in notices { for alert in notice.alerts { alerts[alert.fingerprint] = alert } }
    let all = alerts.values.sorted(by: GroupNotice.precedes)
    var labels = LabelSet.empty
    if let first = notices.first {
      labels = LabelSet(
        first.groupLabels.pairs.filter { pair in
          notices.allSatisfy { $0.groupLabels[pair.name] == pair.value }
        }.map { ($0.name, $0.value) })
    }
    var digest = GroupNotice(
      target: target, receiver: notices.first?.receiver ?? "", groupKey: groupKey(target),
      groupLabels: labels, reason: .digest, at: notices.map(\.at).max() ?? now, alerts: all)
    digest.digestOf = notices.count
    digest.truncated = notices.reduce(0) { $0 + $1.truncated }
    let instead = Set(notices.map(\.instead))
    if instead.count == 1 { digest.instead = instead.first ?? nil }
    return digest
  }

  static func end(of last: GroupNotice, _ target: String, at now: Int64) -> GroupNotice {
    GroupNotice(
      target: target, receiver: last.receiver, groupKey: groupKey(target),
      groupLabels: .empty, reason: .allResolved, at: now, alerts: last.resolved)
  }
}

extension Integration {
  /// It is of this machine, and each message costs next to nothing.
  var isLocal: Bool {
    switch channel {
    case .stdout, .file: true
    default: false
    }
  }

  /// It opens and closes incidents by the key of a group.
  var keepsIncidents: Bool {
    switch channel {
    case .pagerDuty: true
    case .post(let settings):
      settings.service == .opsgenie || settings.service == .victorops
    default: false
    }
  }
}
