package import MxModel
package import MxTime

/// Silences and acknowledgements in the ledger.
extension AlertLedger {
  /// All that are not forgotten, oldest first. `zone` gives a time zone by its name.
  package func silences(
    zone: (String) throws -> Zone = { try Zone.named($0) }
  ) throws(AlertError) -> [Silence] {
    let statement = try database.prepare(
      """
      SELECT id, matchers, starts_at, ends_at, cron, zone, length, receiver, author, comment,
        created_at, reminded_for
      FROM silences ORDER BY created_at, id
      """)
    var all: [Silence] = []
    while try statement.step() {
      let id = statement.text(0) ?? ""
      do {
        let matchers = try MatcherText.parse(statement.text(1) ?? "")
        var recurrence: Silence.Recurrence?
        if let cron = statement.text(4) {
          recurrence = Silence.Recurrence(
            schedule: try Cron(cron), zone: try zone(statement.text(5) ?? "UTC"),
            length: statement.int(6) ?? 0)
        }
        all.append(
          Silence(
            id: id, matchers: matchers, startsAt: statement.int(2) ?? 0,
            endsAt: statement.int(3) ?? 0, recurrence: recurrence, receiver: statement.text(7),
            author: statement.text(8) ?? "", comment: statement.text(9) ?? "",
            createdAt: statement.int(10) ?? 0, remindedFor: statement.int(11)))
      } catch {
        throw .damaged(path: database.path, reason: "silence \(id): \(error)")
      }
    }
    return all
  }

  package func save(_ silence: Silence) throws(AlertError) {
    let statement = try database.prepare(
      """
      INSERT OR REPLACE INTO silences (id, matchers, starts_at, ends_at, cron, zone, length,
        receiver, author, comment, created_at, reminded_for)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      """)
    try statement.run([
      .text(silence.id), .text(silence.matcherText), .int(silence.startsAt),
      .int(silence.endsAt), .init(silence.recurrence?.schedule.text),
      .init(silence.recurrence?.zone.name), .init(silence.recurrence?.length),
      .init(silence.receiver), .text(silence.author), .text(silence.comment),
      .int(silence.createdAt), .init(silence.remindedFor),
    ])
  }

  /// Silences that ended so long ago that nobody asks for them.
  package func pruneSilences(at now: Int64) throws(AlertError) {
    let statement = try database.prepare("DELETE FROM silences WHERE ends_at < ?1")
    try statement.run([.int(now - Silence.kept)])
  }

  package func acknowledgements() throws(AlertError) -> [LabelSet: Acknowledgement] {
    let statement = try database.prepare(
      "SELECT labels, starts_at, at, until, author, comment FROM acks")
    var all: [LabelSet: Acknowledgement] = [:]
    while try statement.step() {
      guard let labels = LedgerJSON.labels(statement.text(0) ?? "") else {
        throw .damaged(path: database.path, reason: "an acknowledgement cannot be read")
      }
      all[labels] = Acknowledgement(
        labels: labels, startsAt: statement.int(1) ?? 0, at: statement.int(2) ?? 0,
        until: statement.int(3), author: statement.text(4) ?? "",
        comment: statement.text(5) ?? "")
    }
    return all
  }

  package func save(_ ack: Acknowledgement) throws(AlertError) {
    let statement = try database.prepare(
      "INSERT OR REPLACE INTO acks (labels, starts_at, at, until, author, comment) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    try statement.run([
      .text(LedgerJSON.text(ack.labels)), .int(ack.startsAt), .int(ack.at), .init(ack.until),
      .text(ack.author), .text(ack.comment),
    ])
  }

  /// Of alerts that fire no more.
  package func pruneAcknowledgements() throws(AlertError) {
    try database.execute(
      """
      DELETE FROM acks WHERE NOT EXISTS (SELECT 1 FROM instances i
        WHERE i.labels = acks.labels AND i.state = 'firing' AND i.fired_at = acks.starts_at)
      """)
  }

  /// What a person did, for history.
  package func record(
    _ kind: HistoryEntry.Kind, at time: Int64, alert: String = "", labels: LabelSet = .empty,
    rule: String = "", receiver: String? = nil, reason: String, author: String?
  ) throws(AlertError) {
    let statement = try database.prepare(
      """
      INSERT INTO history (at, rule, alert, labels, kind, receiver, reason, author, run)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """)
    try statement.run([
      .int(time), .text(rule), .text(alert), .text(LedgerJSON.text(labels)),
      .text(kind.rawValue), .init(receiver), .text(reason), .init(author), .init(run),
    ])
  }
}
