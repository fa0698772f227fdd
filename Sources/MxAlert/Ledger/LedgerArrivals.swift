import MxModel

/// News of alerts that came while nobody knew whom to tell: the notification file could not
/// be read. They wait here, in the order in which they happened, for a run that can.
extension AlertLedger {
  func hasArrivals() throws(AlertError) -> Bool {
    try database.prepare("SELECT 1 FROM arrivals LIMIT 1").step()
  }

  func keep(_ arrivals: [NotifyAlert]) throws(AlertError) {
    if arrivals.isEmpty { return }
    let statement = try database.prepare(
      """
      INSERT INTO arrivals (labels, rule, annotations, value, starts_at, ends_at, arrived, reason,
        announced)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """)
    for alert in arrivals {
      try statement.run([
        .text(LedgerJSON.text(alert.labels)), .text(alert.rule),
        .text(LedgerJSON.text(alert.annotations)), .real(alert.value), .int(alert.startsAt),
        .init(alert.endsAt), .int(alert.arrivedAt), .init(alert.reason),
        .int(alert.isAnnounced ? 1 : 0),
      ])
    }
  }

  /// All that waits; it waits no more.
  func takeArrivals() throws(AlertError) -> [NotifyAlert] {
    let statement = try database.prepare(
      """
      SELECT labels, rule, annotations, value, starts_at, ends_at, arrived, reason, announced
      FROM arrivals ORDER BY id
      """)
    var arrivals: [NotifyAlert] = []
    while try statement.step() {
      guard let labels = LedgerJSON.labels(statement.text(0) ?? "") else {
        throw .damaged(path: database.path, reason: "an alert to be told of cannot be read")
      }
      var alert = NotifyAlert(
        labels: labels, annotations: LedgerJSON.annotations(statement.text(2) ?? ""),
        value: statement.double(3) ?? .nan, startsAt: statement.int(4) ?? 0,
        endsAt: statement.int(5), arrivedAt: statement.int(6) ?? 0, rule: statement.text(1) ?? "",
        reason: statement.text(7))
      alert.isAnnounced = statement.int(8) == 1
      arrivals.append(alert)
    }
    try database.execute("DELETE FROM arrivals")
    return arrivals
  }
}
