package import MxModel

/// One line of what happened.
package struct HistoryEntry: Hashable, Sendable {
  package enum Kind: String, Sendable {
    /// An alert went from one state to another.
    case transition
    /// A notice was made for a receiver.
    case notice
    /// A notice was kept back: the reason says why.
    case held
    /// Somebody acknowledged an alert.
    case ack
    /// Somebody made, changed or ended a silence.
    case silence
  }

  package var at: Int64
  package var rule: String
  package var alert: String
  package var labels: LabelSet
  package var kind: Kind
  package var from: AlertState?
  package var to: AlertState?
  package var value: Double
  package var receiver: String?
  /// As the outbox has it.
  package var outcome: String?
  package var attempts: Int64?
  package var error: String?
  package var reason: String?
  package var author: String?
  /// The time of the sample that the value is of.
  package var sampleAt: Int64?
  /// What the rule compares with, and over how many ms.
  package var threshold: Double?
  package var window: Int64?
  /// The run that wrote it; nil where that was before ledgers had it.
  package var run: String?

  /// `sent`, `waiting`, `retrying`, `failed`.
  package var outcomeText: String? {
    switch outcome {
    case "waiting"? where attempts ?? 0 > 0: "retrying"
    case "dead"?: "failed"
    default: outcome
    }
  }
}

extension AlertLedger {
  package func record(
    _ transition: AlertTransition, rule: String, _ detail: HistoryDetail
  ) throws(AlertError) {
    let statement = try database.prepare(
      """
      INSERT INTO history (at, rule, alert, labels, kind, from_state, to_state, value, reason,
        sample_at, threshold, window, run)
      VALUES (?1, ?2, ?3, ?4, 'transition', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      """)
    try statement.run([
      .int(transition.at), .text(rule), .text(transition.labels["alertname"] ?? ""),
      .text(LedgerJSON.text(transition.labels)), .text(transition.from.rawValue),
      .text(transition.to.rawValue), .real(transition.value), .init(transition.reasonText),
      .init(detail.sampleAt), .init(detail.threshold), .init(detail.window), .init(run),
    ])
  }

  /// What happened between the times, oldest first; at most the newest `limit` of it.
  package func history(_ range: TimeRange, limit: Int) throws(AlertError) -> [HistoryEntry] {
    let statement = try database.prepare(
      """
      SELECT h.at, h.rule, h.alert, h.labels, h.kind, h.from_state, h.to_state, h.value,
        h.receiver, coalesce(o.outcome, h.outcome), coalesce(o.attempts, h.attempts),
        coalesce(o.error, h.error), h.reason, h.author, h.sample_at, h.threshold, h.window,
        h.run
      FROM history h LEFT JOIN outbox o ON o.id = h.notice
      WHERE h.at BETWEEN ?1 AND ?2 ORDER BY h.at DESC, h.id DESC LIMIT ?3
      """)
    try statement.bind([.int(range.from), .int(range.to), .int(Int64(limit))])
    var entries: [HistoryEntry] = []
    while try statement.step() {
      guard let labels = LedgerJSON.labels(statement.text(3) ?? ""),
        let kind = HistoryEntry.Kind(rawValue: statement.text(4) ?? "")
      else { throw .damaged(path: database.path, reason: "a line of history cannot be read") }
      entries.append(
        HistoryEntry(
          at: statement.int(0) ?? 0, rule: statement.text(1) ?? "",
          alert: statement.text(2) ?? "", labels: labels, kind: kind,
          from: statement.text(5).flatMap(AlertState.init),
          to: statement.text(6).flatMap(AlertState.init),
          value: statement.double(7) ?? .nan, receiver: statement.text(8),
          outcome: statement.text(9), attempts: statement.int(10), error: statement.text(11),
          reason: statement.text(12), author: statement.text(13), sampleAt: statement.int(14),
          threshold: statement.double(15), window: statement.int(16), run: statement.text(17)))
    }
    return entries.reversed()
  }

  /// Forgets what is older than `time`, but not of alerts that still fire, nor notices
  /// that still wait.
  package func prune(before time: Int64) throws(AlertError) {
    let history = try database.prepare(
      """
      DELETE FROM history WHERE at < ?1
        AND NOT EXISTS (SELECT 1 FROM instances i
          WHERE i.rule = history.rule AND i.labels = history.labels AND i.state = 'firing')
        AND NOT EXISTS (SELECT 1 FROM outbox o
          WHERE o.id = history.notice AND o.outcome = 'waiting')
      """)
    try history.run([.int(time)])
    let outbox = try database.prepare(
      "DELETE FROM outbox WHERE created < ?1 AND outcome <> 'waiting'")
    try outbox.run([.int(time)])
  }
}
