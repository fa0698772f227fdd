/// A notice in the outbox.
package struct OutboxEntry: Sendable {
  package var id: Int64
  package var target: String
  package var notice: GroupNotice
  package var attempts: Int64
  package var created: Int64
}

/// What became of a notice, as the outbox knows it.
package enum OutboxOutcome: String, Sendable {
  case waiting, sent
  /// It will never be sent; the dead-letter list.
  case dead
  /// Another one stands for it.
  case replaced
}

extension AlertLedger {
  /// Puts a notice into the outbox, and a line for each of its alerts into history;
  /// nothing where its channel has one of the same key. Part of the transaction that
  /// made it. True where it is new.
  @discardableResult
  package func post(
    _ notice: GroupNotice, at time: Int64,
    _ detail: (NotifyAlert) -> HistoryDetail = { _ in HistoryDetail() }
  ) throws(AlertError) -> Bool {
    let outbox = try database.prepare(
      """
      INSERT OR IGNORE INTO outbox
        (key, receiver, created, payload, outcome, attempts, next_try, target, group_key)
      VALUES (?1, ?2, ?3, ?4, 'waiting', 0, ?3, ?5, ?6)
      """)
    try outbox.run([
      .text(notice.key), .text(notice.receiver), .int(time), .text(notice.json),
      .text(notice.target), .text(notice.groupKey),
    ])
    if database.changes == 0 { return false }
    let id = database.lastRow
    let history = try database.prepare(
      """
      INSERT INTO history (at, rule, alert, labels, kind, to_state, value, receiver, notice, reason,
        sample_at, threshold, window, run)
      VALUES (?1, ?2, ?3, ?4, 'notice', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """)
    for alert in notice.alerts {
      let detail = detail(alert)
      try history.run([
        .int(notice.at), .text(alert.rule), .text(alert.name),
        .text(LedgerJSON.text(alert.labels)),
        .text((alert.isFiring ? AlertState.firing : AlertState.inactive).rawValue),
        .real(alert.value), .text(notice.target), .int(id),
        .text(alert.reason ?? notice.historyReason), .init(detail.sampleAt),
        .init(detail.threshold), .init(detail.window), .init(run),
      ])
    }
    return true
  }

  /// The notices that are due to be sent, oldest first. One whose group has an older
  /// one that waits for its next try waits with it.
  package func waiting(at time: Int64) throws(AlertError) -> [OutboxEntry] {
    let statement = try database.prepare(
      """
      SELECT id, target, payload, attempts, created FROM outbox o
      WHERE outcome = 'waiting' AND next_try <= ?1 AND NOT EXISTS (
        SELECT 1 FROM outbox b WHERE b.outcome = 'waiting' AND b.next_try > ?1 AND b.id < o.id
          AND b.target = o.target AND b.group_key = o.group_key)
      ORDER BY id
      """)
    try statement.bind([.int(time)])
    var entries: [OutboxEntry] = []
    while try statement.step() {
      let target = statement.text(1) ?? ""
      guard let id = statement.int(0),
        let notice = GroupNotice(json: statement.text(2) ?? "", target: target)
      else { throw .damaged(path: database.path, reason: "a notice that cannot be read") }
      entries.append(
        OutboxEntry(
          id: id, target: target, notice: notice, attempts: statement.int(3) ?? 0,
          created: statement.int(4) ?? 0))
    }
    return entries
  }

  /// Whether anything waits at all: what most runs ask.
  package func hasWaiting(at time: Int64) throws(AlertError) -> Bool {
    let statement = try database.prepare(
      "SELECT 1 FROM outbox WHERE outcome = 'waiting' AND next_try <= ?1 LIMIT 1")
    try statement.bind([.int(time)])
    return try statement.step()
  }

  /// How many notices wait, and how many are in the dead-letter list.
  package func outboxCounts() throws(AlertError) -> (waiting: Int64, dead: Int64) {
    (
      try database.number("SELECT count(*) FROM outbox WHERE outcome = 'waiting'"),
      try database.number("SELECT count(*) FROM outbox WHERE outcome = 'dead'")
    )
  }

  /// When the oldest notice that waits was made; nil where none does.
  package func oldestWaiting() throws(AlertError) -> Int64? {
    let statement = try database.prepare(
      "SELECT min(created) FROM outbox WHERE outcome = 'waiting'")
    return try statement.step() ? statement.int(0) : nil
  }

  /// The end of a notice; `note` is what is to be known of it all the same.
  package func settle(
    _ entry: OutboxEntry, _ outcome: OutboxOutcome, note: String?
  ) throws(AlertError) {
    let statement = try database.prepare(
      "UPDATE outbox SET outcome = ?2, attempts = attempts + 1, error = ?3 WHERE id = ?1")
    try statement.run([.int(entry.id), .text(outcome.rawValue), .init(note)])
  }

  /// It stays in the outbox until `next`.
  package func postpone(
    _ entry: OutboxEntry, error: String, next: Int64
  ) throws(AlertError) {
    let statement = try database.prepare(
      "UPDATE outbox SET attempts = attempts + 1, error = ?2, next_try = ?3 WHERE id = ?1")
    try statement.run([.int(entry.id), .text(error), .int(next)])
  }
}

extension GroupNotice {
  var historyReason: String {
    guard let instead else { return reason.rawValue }
    return "\(reason.rawValue), instead of \(instead)"
  }
}
