/// A notice in the outbox.
package struct OutboxEntry: Sendable {
  package var id: Int64
  package var receiver: String
  package var notice: Notice
  package var attempts: Int64
}

extension AlertLedger {
  /// Puts a notice into the outbox and into history; nothing where the receiver has one
  /// of the same key. Part of the transaction that made it.
  package func post(
    _ notice: Notice, receiver: String, rule: String, at time: Int64
  ) throws(AlertError) {
    let outbox = try database.prepare(
      """
      INSERT OR IGNORE INTO outbox (key, receiver, created, payload, outcome, attempts, next_try)
      VALUES (?1, ?2, ?3, ?4, 'waiting', 0, ?3)
      """)
    let before = database.lastRow
    try outbox.run([.text(notice.key), .text(receiver), .int(time), .text(notice.json)])
    if database.lastRow == before, before != 0 { return }
    let history = try database.prepare(
      """
      INSERT INTO history (at, rule, alert, labels, kind, to_state, value, receiver, notice, reason)
      VALUES (?1, ?2, ?3, ?4, 'notice', ?5, ?6, ?7, ?8, ?9)
      """)
    try history.run([
      .int(time), .text(rule), .text(notice.alert), .text(LedgerJSON.text(notice.labels)),
      .text(notice.isFiring ? AlertState.firing.rawValue : AlertState.inactive.rawValue),
      .real(notice.value), .text(receiver), .int(database.lastRow), .init(notice.reason),
    ])
  }

  /// The notices that are due to be sent, oldest first.
  package func waiting(at time: Int64) throws(AlertError) -> [OutboxEntry] {
    let statement = try database.prepare(
      """
      SELECT id, receiver, payload, attempts FROM outbox
      WHERE outcome = 'waiting' AND next_try <= ?1 ORDER BY id
      """)
    try statement.bind([.int(time)])
    var entries: [OutboxEntry] = []
    while try statement.step() {
      guard let id = statement.int(0), let notice = Notice(json: statement.text(2) ?? "") else {
        throw .damaged(path: database.path, reason: "a notice that cannot be read")
      }
      entries.append(
        OutboxEntry(
          id: id, receiver: statement.text(1) ?? "", notice: notice,
          attempts: statement.int(3) ?? 0))
    }
    return entries
  }

  package func sent(_ entry: OutboxEntry) throws(AlertError) {
    let statement = try database.prepare(
      "UPDATE outbox SET outcome = 'sent', attempts = attempts + 1, error = NULL WHERE id = ?1")
    try statement.run([.int(entry.id)])
  }

  /// It stays in the outbox until `next`.
  package func notSent(
    _ entry: OutboxEntry, error: String, next: Int64
  ) throws(AlertError) {
    let statement = try database.prepare(
      "UPDATE outbox SET attempts = attempts + 1, error = ?2, next_try = ?3 WHERE id = ?1")
    try statement.run([.int(entry.id), .text(error), .int(next)])
  }
}
