/// The tables of the ledger, by version (`PRAGMA user_version`).
///
///     groups     when each rule group was last evaluated
///     instances  alerts that are pending, firing, or resolved a short while ago
///     history    what happened: states, notices, and why
///     outbox     notices that are to be sent, or were
///     notify_alerts, notify_groups, notify_log
///                what receivers are to know, when they are told next, what they were told
///     silences, acks, channels
///                what people keep back, and how each channel fares
///
///     series     what rules with `no_data: alert` watch over
///     switches   rules that were switched off
///     arrivals   news that nobody could be told of, the notification file being broken
///     runs       up to when was evaluated, and the store's newest commit by then
///
/// Times are ms since 1970; labels and annotations are JSON objects. `memory` of an
/// instance is a JSON object of what its rule's policies remember. `run` names the run
/// that wrote a line, as its log and its report do; NULL in lines of ledgers before version 6.
enum LedgerSchema {
  static let version: Int64 = 6

  static let steps = [
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
    """,
    """
    ALTER TABLE instances ADD COLUMN memory TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE history ADD COLUMN sample_at INTEGER;
    ALTER TABLE history ADD COLUMN threshold REAL;
    ALTER TABLE history ADD COLUMN window INTEGER;
    ALTER TABLE outbox ADD COLUMN target TEXT NOT NULL DEFAULT 'stdout/stdout/0';
    ALTER TABLE outbox ADD COLUMN group_key TEXT NOT NULL DEFAULT '';
    CREATE INDEX outbox_created ON outbox (created);
    CREATE TABLE notify_alerts (
      labels TEXT PRIMARY KEY, rule TEXT NOT NULL, annotations TEXT NOT NULL, value REAL,
      starts_at INTEGER NOT NULL, ends_at INTEGER, arrived INTEGER NOT NULL, reason TEXT
    ) WITHOUT ROWID;
    CREATE TABLE notify_groups (
      id TEXT PRIMARY KEY, next_flush INTEGER NOT NULL, last_flush INTEGER,
      next_escalation INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE notify_log (
      target TEXT NOT NULL, group_key TEXT NOT NULL, at INTEGER NOT NULL, firing TEXT NOT NULL,
      resolved TEXT NOT NULL, held TEXT,
      PRIMARY KEY (target, group_key)
    ) WITHOUT ROWID;
    CREATE TABLE silences (
      id TEXT PRIMARY KEY, matchers TEXT NOT NULL, starts_at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL, cron TEXT, zone TEXT, length INTEGER, receiver TEXT,
      author TEXT NOT NULL, comment TEXT NOT NULL, created_at INTEGER NOT NULL,
      reminded_for INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE acks (
      labels TEXT PRIMARY KEY, starts_at INTEGER NOT NULL, at INTEGER NOT NULL, until INTEGER,
      author TEXT NOT NULL, comment TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE channels (
      target TEXT PRIMARY KEY, tokens REAL, tokens_at INTEGER, failures INTEGER NOT NULL,
      open_until INTEGER, failing_since INTEGER, error TEXT, digest TEXT
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE series (
      rule TEXT NOT NULL, labels TEXT NOT NULL, alert TEXT NOT NULL, missing_since INTEGER,
      PRIMARY KEY (rule, labels)
    ) WITHOUT ROWID;
    CREATE TABLE switches (
      name TEXT PRIMARY KEY, at INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE runs (
      upto INTEGER PRIMARY KEY, sequence INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    "ALTER TABLE notify_log ADD COLUMN count INTEGER NOT NULL DEFAULT 0",
    """
    ALTER TABLE history ADD COLUMN run TEXT;
    ALTER TABLE runs ADD COLUMN run TEXT;
    CREATE INDEX outbox_dead ON outbox (id) WHERE outcome = 'dead';
    CREATE TABLE arrivals (
      id INTEGER PRIMARY KEY, labels TEXT NOT NULL, rule TEXT NOT NULL, annotations TEXT NOT NULL,
      value REAL, starts_at INTEGER NOT NULL, ends_at INTEGER, arrived INTEGER NOT NULL,
      reason TEXT, announced INTEGER NOT NULL
    );
    """,
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

  /// For those who only read: whether it is to be upgraded first.
  static func isOld(_ database: Database) throws(AlertError) -> Bool {
    let found = try database.number("PRAGMA user_version")
    guard found <= version else {
      throw .newer(path: database.path, version: Int(clamping: found), known: Int(version))
    }
    // An empty file: somebody began to make one.
    if found == 0 { throw .missing(path: database.path) }
    return found < version
  }
}
