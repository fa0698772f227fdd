/// The tables of the ledger, by version (`PRAGMA user_version`).
///
///     groups     when each rule group was last evaluated
///     instances  alerts that are pending, firing, or resolved a short while ago
///     history    what happened: states, notices, and why
///     outbox     notices that are to be sent, or were
///
/// Times are ms since 1970; labels and annotations are JSON objects.
enum LedgerSchema {
  static let version: Int64 = 1

  private static let steps = [
    """
    CREATE TABLE groups (
      key TEXT PRIMARY KEY, last_run INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE instances (
      rule TEXT NOT NULL, labels TEXT NOT NULL, state TEXT NOT NULL, active_at INTEGER NOT NULL,
      fired_at INTEGER, resolved_at INTEGER, keep_firing_since INTEGER, value REAL,
      annotations TEXT NOT NULL,
      PRIMARY KEY (rule, labels)
    ) WITHOUT ROWID;
    CREATE TABLE history (
      id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, rule TEXT NOT NULL,
      alert TEXT NOT NULL, labels TEXT NOT NULL, kind TEXT NOT NULL, from_state TEXT,
      to_state TEXT, value REAL, receiver TEXT, outcome TEXT, attempts INTEGER, error TEXT,
      reason TEXT, author TEXT, notice INTEGER
    );
    CREATE INDEX history_at ON history (at);
    CREATE INDEX history_notice ON history (notice) WHERE notice IS NOT NULL;
    CREATE TABLE outbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, receiver TEXT NOT NULL,
      created INTEGER NOT NULL, payload TEXT NOT NULL, outcome TEXT NOT NULL,
      attempts INTEGER NOT NULL, next_try INTEGER NOT NULL, error TEXT,
      UNIQUE (receiver, key)
    );
    CREATE INDEX outbox_due ON outbox (next_try) WHERE outcome = 'waiting';
    """
  ]

  /// Brings an older ledger, or an empty file, to this version.
  static func upgrade(_ database: Database) throws(AlertError) {
    var found = try database.number("PRAGMA user_version")
    guard found <= version else {
      throw .newer(path: database.path, version: Int(clamping: found), known: Int(version))
    }
    while found < version {
      // Another process may have been faster: look again under the lock.
      try database.execute("BEGIN IMMEDIATE")
      do throws(AlertError) {
        found = try database.number("PRAGMA user_version")
        if found < version {
          try database.execute(steps[Int(found)])
          found += 1
          try database.execute("PRAGMA user_version = \(found)")
        }
        try database.execute("COMMIT")
      } catch {
        try database.execute("ROLLBACK")
        throw error
      }
    }
  }

  /// For those who only read.
  static func check(_ database: Database) throws(AlertError) {
    let found = try database.number("PRAGMA user_version")
    guard found <= version else {
      throw .newer(path: database.path, version: Int(clamping: found), known: Int(version))
    }
    if found < version { throw .missing(path: database.path) }
  }
}
