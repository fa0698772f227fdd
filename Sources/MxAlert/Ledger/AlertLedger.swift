import MxJSON
package import MxModel

/// What alerting remembers between runs.
///
/// A writer opens a transaction at its start (`begin`), so that of two runs one
/// waits; all it learnt becomes true at once (`commit`), before anything is sent.
package final class AlertLedger {
  let database: Database
  /// The run that writes; nil for who only reads.
  let run: String?
  private var isOpen = false

  /// For writing; made where it is missing. `wait` in ms. `run` is how the run that writes
  /// is called elsewhere.
  package static func open(
    _ path: String, wait: Int64, run: String? = nil
  ) throws(AlertError) -> AlertLedger {
    let database = try Database(path, .readWrite, wait: Int32(clamping: wait))
    try database.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")
    try LedgerSchema.upgrade(database)
    return AlertLedger(database, run)
  }

  package static func read(_ path: String, wait: Int64) throws(AlertError) -> AlertLedger {
    let database = try Database(path, .readOnly, wait: Int32(clamping: wait))
    if try LedgerSchema.isOld(database) {
      // Of an older mx: brought to this version first, as a run would.
      try LedgerSchema.upgrade(try Database(path, .readWrite, wait: Int32(clamping: wait)))
    }
    return AlertLedger(database, nil)
  }

  private init(_ database: Database, _ run: String?) {
    self.database = database
    self.run = run
  }

  deinit {
    // What was not committed is undone when the connection closes.
  }

  // MARK: - Transactions

  package func begin() throws(AlertError) {
    precondition(!isOpen, "BUG: a transaction in a transaction")
    try database.execute("BEGIN IMMEDIATE")
    isOpen = true
  }

  package func commit() throws(AlertError) {
    precondition(isOpen, "BUG: a commit without a transaction")
    try database.execute("COMMIT")
    isOpen = false
  }

  package func rollback() throws(AlertError) {
    guard isOpen else { return }
    isOpen = false
    try database.execute("ROLLBACK")
  }

  /// Keeps a copy beside the ledger.
  package func backup(to path: String) throws(AlertError) { try database.backup(to: path) }

  // MARK: - Groups

  package func lastRuns() throws(AlertError) -> [String: Int64] {
    let statement = try database.prepare("SELECT key, last_run FROM groups")
    var runs: [String: Int64] = [:]
    while try statement.step() {
      if let key = statement.text(0), let time = statement.int(1) { runs[key] = time }
    }
    return runs
  }

  package func setLastRun(_ key: String, _ time: Int64) throws(AlertError) {
    let statement = try database.prepare(
      "INSERT INTO groups (key, last_run) VALUES (?1, ?2) "
        + "ON CONFLICT (key) DO UPDATE SET last_run = ?2")
    try statement.run([.text(key), .int(time)])
  }

  // MARK: - Instances

  /// All alerts, by rule.
  package func instances() throws(AlertError) -> [String: [AlertInstance]] {
    let statement = try database.prepare(
      """
      SELECT rule, labels, state, active_at, fired_at, resolved_at, keep_firing_since, value,
        annotations, memory
      FROM instances ORDER BY rule, labels
      """)
    var all: [String: [AlertInstance]] = [:]
    while try statement.step() {
      guard let rule = statement.text(0), let state = AlertState(rawValue: statement.text(2) ?? ""),
        let labels = LedgerJSON.labels(statement.text(1) ?? "")
      else {
        throw .damaged(path: database.path, reason: "an alert that cannot be read")
      }
      var instance = AlertInstance(
        labels: labels, state: state, activeAt: statement.int(3) ?? 0,
        value: statement.double(7) ?? .nan)
      instance.firedAt = statement.int(4)
      instance.resolvedAt = statement.int(5)
      instance.keepFiringSince = statement.int(6)
      instance.annotations = LedgerJSON.annotations(statement.text(8) ?? "")
      LedgerMemory.restore(&instance, statement.text(9) ?? "")
      all[rule, default: []].append(instance)
    }
    return all
  }

  package func save(_ instance: AlertInstance, rule: String) throws(AlertError) {
    let statement = try database.prepare(
      """
      INSERT OR REPLACE INTO instances
        (rule, labels, state, active_at, fired_at, resolved_at, keep_firing_since, value,
         annotations, memory)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      """)
    try statement.run([
      .text(rule), .text(LedgerJSON.text(instance.labels)), .text(instance.state.rawValue),
      .int(instance.activeAt), .init(instance.firedAt), .init(instance.resolvedAt),
      .init(instance.keepFiringSince), .real(instance.value),
      .text(LedgerJSON.text(instance.annotations)), .text(LedgerMemory.text(instance)),
    ])
  }

  package func remove(_ labels: LabelSet, rule: String) throws(AlertError) {
    let statement = try database.prepare("DELETE FROM instances WHERE rule = ?1 AND labels = ?2")
    try statement.run([.text(rule), .text(LedgerJSON.text(labels))])
  }
}

/// Labels and annotations as JSON objects, names in order.
enum LedgerJSON {
  static func text(_ labels: LabelSet) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for pair in labels.pairs {
      writer.name(pair.name)
      writer.string(pair.value)
    }
    writer.endObject()
    return writer.text
  }

  static func text(_ annotations: [AlertInstance.Annotation]) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for annotation in annotations {
      writer.name(annotation.name)
      writer.string(annotation.value)
    }
    writer.endObject()
    return writer.text
  }

  static func members(_ text: String) -> [JSONMember]? {
    do {
      return try JSONValue.parse(text).members
    } catch {
      return nil
    }
  }

  /// Nil where the text is no object of texts.
  static func labels(_ text: String) -> LabelSet? {
    guard let members = members(text) else { return nil }
    var builder = LabelSetBuilder()
    for member in members {
      guard let value = member.value.string else { return nil }
      builder.add(member.name, value)
    }
    return builder.finish()
  }

  static func annotations(_ text: String) -> [AlertInstance.Annotation] {
    (members(text) ?? []).map { .init(name: $0.name, value: $0.value.string ?? "") }
  }
}
