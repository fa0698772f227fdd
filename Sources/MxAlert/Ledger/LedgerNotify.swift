import MxModel

extension AlertLedger {
  /// When some group is to be told of next; nil: never.
  package func nextNotifyDue() throws(AlertError) -> Int64? {
    let statement = try database.prepare(
      "SELECT min(min(next_flush, coalesce(next_escalation, next_flush))) FROM notify_groups")
    return try statement.step() ? statement.int(0) : nil
  }

  package func notifyState() throws(AlertError) -> NotifyState {
    var state = NotifyState()
    let alerts = try database.prepare(
      """
      SELECT labels, rule, annotations, value, starts_at, ends_at, arrived, reason
      FROM notify_alerts
      """)
    while try alerts.step() {
      guard let labels = LedgerJSON.labels(alerts.text(0) ?? "") else {
        throw .damaged(path: database.path, reason: "an alert to be told of cannot be read")
      }
      let alert = NotifyAlert(
        labels: labels, annotations: LedgerJSON.annotations(alerts.text(2) ?? ""),
        value: alerts.double(3) ?? .nan, startsAt: alerts.int(4) ?? 0, endsAt: alerts.int(5),
        arrivedAt: alerts.int(6) ?? 0, rule: alerts.text(1) ?? "", reason: alerts.text(7))
      state.alerts[alert.fingerprint] = alert
    }
    let groups = try database.prepare(
      "SELECT id, next_flush, last_flush, next_escalation FROM notify_groups")
    while try groups.step() {
      state.groups[groups.text(0) ?? ""] = NotifyState.Group(
        nextFlush: groups.int(1) ?? 0, lastFlush: groups.int(2), nextEscalation: groups.int(3))
    }
    let log = try database.prepare(
      "SELECT target, group_key, at, firing, resolved, held, count FROM notify_log")
    while try log.step() {
      let key = NotifyState.LogKey(target: log.text(0) ?? "", groupKey: log.text(1) ?? "")
      state.log[key] = NotifyState.LogEntry(
        at: log.int(2) ?? 0, firing: Self.fingerprints(log.text(3)),
        resolved: Self.fingerprints(log.text(4)), held: Self.held(log.text(5)))
      state.log[key]?.count = Int(clamping: log.int(6) ?? 0)
    }
    return state
  }

  /// Writes what changed.
  package func save(
    _ state: NotifyState, _ changes: NotifyPlanner.Changes, before: NotifyState
  ) throws(AlertError) {
    try saveAlerts(state, changes.alerts, before)
    let group = try database.prepare(
      "INSERT OR REPLACE INTO notify_groups VALUES (?1, ?2, ?3, ?4)")
    let noGroup = try database.prepare("DELETE FROM notify_groups WHERE id = ?1")
    for id in changes.groups.sorted() where state.groups[id] != before.groups[id] {
      if let times = state.groups[id] {
        try group.run([
          .text(id), .int(times.nextFlush), .init(times.lastFlush), .init(times.nextEscalation),
        ])
      } else {
        try noGroup.run([.text(id)])
      }
    }
    let entry = try database.prepare(
      "INSERT OR REPLACE INTO notify_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    let noEntry = try database.prepare(
      "DELETE FROM notify_log WHERE target = ?1 AND group_key = ?2")
    for key in changes.log {
      if let found = state.log[key] {
        try entry.run([
          .text(key.target), .text(key.groupKey), .int(found.at), .text(Self.text(found.firing)),
          .text(Self.text(found.resolved)),
          found.held.isEmpty ? .null : .text(Self.text(found.held)),
          .int(Int64(found.count)),
        ])
      } else {
        try noEntry.run([.text(key.target), .text(key.groupKey)])
      }
    }
  }

  private func saveAlerts(
    _ state: NotifyState, _ changed: Set<UInt64>, _ before: NotifyState
  ) throws(AlertError) {
    let insert = try database.prepare(
      "INSERT OR REPLACE INTO notify_alerts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
    let delete = try database.prepare("DELETE FROM notify_alerts WHERE labels = ?1")
    for fingerprint in changed.sorted() {
      if let alert = state.alerts[fingerprint] {
        try insert.run([
          .text(LedgerJSON.text(alert.labels)), .text(alert.rule),
          .text(LedgerJSON.text(alert.annotations)), .real(alert.value), .int(alert.startsAt),
          .init(alert.endsAt), .int(alert.arrivedAt), .init(alert.reason),
        ])
      } else if let gone = before.alerts[fingerprint] {
        try delete.run([.text(LedgerJSON.text(gone.labels))])
      }
    }
  }

  // MARK: - Sets as texts

  private static func text(_ fingerprints: Set<UInt64>) -> String {
    fingerprints.sorted().map(Fingerprint.text).joined(separator: ",")
  }

  private static func fingerprints(_ text: String?) -> Set<UInt64> {
    Set((text ?? "").split(separator: ",").compactMap { Fingerprint.parse(String($0)) })
  }

  private static func text(_ held: [UInt64: String]) -> String {
    LedgerJSON.text(
      held.sorted { $0.key < $1.key }.map { .init(name: Fingerprint.text($0.key), value: $0.value) }
    )
  }

  private static func held(_ text: String?) -> [UInt64: String] {
    var held: [UInt64: String] = [:]
    for entry in LedgerJSON.annotations(text ?? "") {
      if let fingerprint = Fingerprint.parse(entry.name) { held[fingerprint] = entry.value }
    }
    return held
  }
}
