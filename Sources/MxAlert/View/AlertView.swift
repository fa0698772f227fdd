package import MxModel

/// What alerting knows, to be shown: a copy that needs no ledger any more. Status,
/// dashboards and explanations read it.
package struct AlertView: Sendable {
  /// An alert that is pending or firing.
  package struct Active: Sendable {
    package var rule: String
    package var labels: LabelSet
    package var annotations: [AlertInstance.Annotation]
    package var state: AlertState
    /// When it began to fire, or to be pending; ms.
    package var since: Int64
    package var value: Double
    /// Why nobody is told of it, or not again: by whom, why, until when.
    package var hold: HeldBy?

    package var name: String { labels["alertname"] ?? "" }
    package var id: String { Fingerprint.text(Fingerprint.of(labels)) }
  }

  package struct HeldBy: Hashable, Sendable {
    package enum Kind: String, Sendable {
      case silenced, inhibited, acknowledged, muted
    }

    package var kind: Kind
    /// A person; for `inhibited` the alert.
    package var by: String
    package var why: String
    /// Nil: until something else ends it.
    package var until: Int64?
  }

  /// Firing ones first, then by labels.
  package var active: [Active] = []
  /// Oldest first.
  package var history: [HistoryEntry] = []
  /// When alerts fired, as far as the history tells; oldest first.
  package var spans: [Span] = []
  package var silences: [Silence] = []
  /// Channels that cannot be reached.
  package var failing: [ChannelState] = []
  package var waiting: Int64 = 0
  package var dead: Int64 = 0

  /// Reads the ledger; `config` says what inhibits and mutes, `range` of which time the
  /// newest `limit` lines of history are wanted.
  package static func read(
    _ ledger: AlertLedger, config: NotifyConfig = .standard, now: Int64,
    history range: TimeRange? = nil, limit: Int = 1000
  ) throws(AlertError) -> AlertView {
    var view = AlertView()
    view.silences = try ledger.silences()
    var holds = Holds()
    holds.silences = view.silences
    holds.acks = try ledger.acknowledgements()
    let planner = NotifyPlanner(config, try ledger.notifyState(), holds, present: now)
    let all = try ledger.instances()
    for (rule, instances) in all {
      for instance in instances where instance.isActive {
        var active = Active(
          rule: rule, labels: instance.labels, annotations: instance.annotations,
          state: instance.state, since: instance.firedAt ?? instance.activeAt,
          value: instance.value)
        let alert = NotifyAlert(
          labels: instance.labels, value: instance.value, startsAt: active.since,
          arrivedAt: active.since, rule: rule)
        let outlook = planner.outlook(of: alert, at: now)
        // Told to some is told.
        if outlook.allSatisfy({ $0.hold != nil }), let hold = outlook.first?.hold {
          active.hold = HeldBy(hold, at: now)
        }
        view.active.append(active)
      }
    }
    view.active.sort {
      ($0.state == .firing ? 0 : 1, $0.labels, $0.rule)
        < ($1.state == .firing ? 0 : 1, $1.labels, $1.rule)
    }
    if let range {
      view.history = try ledger.history(range, limit: limit)
      view.spans = spans(view.history, all)
    }
    view.failing = try ledger.channels().values.filter(\.isFailing)
      .sorted { $0.target < $1.target }
    (view.waiting, view.dead) = try ledger.outboxCounts()
    return view
  }
}

extension AlertView {
  /// What the receivers of alerts are to expect, as the ledger knows it.
  package static func outlooks(
    _ ledger: AlertLedger, _ settings: NotifyRun.Settings, now: Int64
  ) throws(AlertError) -> (AlertInstance, _ rule: String) -> [Outlook] {
    var holds = Holds()
    holds.silences = try ledger.silences()
    holds.acks = try ledger.acknowledgements()
    let planner = NotifyPlanner(
      settings.config, try ledger.notifyState(), holds, rules: settings.rules, present: now)
    return { instance, rule in
      let since = instance.firedAt ?? instance.activeAt
      return planner.outlook(
        of: NotifyAlert(
          labels: instance.labels, value: instance.value, startsAt: since, arrivedAt: since,
          rule: rule), at: now)
    }
  }
}

extension AlertView.HeldBy {
  package init(_ hold: Hold, at now: Int64) {
    switch hold {
    case .inhibited(let source):
      self.init(kind: .inhibited, by: source, why: "", until: nil)
    case .time(let reason): self.init(kind: .muted, by: "", why: reason, until: nil)
    case .silence(let silence):
      self.init(
        kind: .silenced, by: silence.author, why: silence.comment, until: silence.end(at: now))
    case .acknowledged(let ack):
      self.init(kind: .acknowledged, by: ack.author, why: ack.comment, until: ack.until)
    }
  }

  /// `silenced by ann until 2026-11-20T10:00:00Z: new disks`.
  package var text: String {
    var text = kind.rawValue
    if !by.isEmpty { text += " by \(by)" }
    if let until { text += " until \(PlainText.time(until))" }
    return why.isEmpty ? text : text + ": " + why
  }
}
