import CSQLite

/// A connection to one SQLite file.
///
/// journal_mode=DELETE: a tool that opens, writes once and ends gains nothing from
/// a write-ahead log, which costs it a sync more and two files.
final class Database {
  private let handle: OpaquePointer
  let path: String

  enum Mode { case readOnly, readWrite }

  /// `wait` in ms: how long to wait for another process' lock.
  init(_ path: String, _ mode: Mode, wait: Int32) throws(AlertError) {
    var opened: OpaquePointer?
    let flags =
      mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard let opened else { throw .failed(path: path, reason: "out of memory") }
    guard code == SQLITE_OK else {
      let reason = String(cString: sqlite3_errmsg(opened))
      sqlite3_close_v2(opened)
      if code & 0xff == SQLITE_CANTOPEN, mode == .readOnly { throw .missing(path: path) }
      throw .failed(path: path, reason: reason)
    }
    handle = opened
    self.path = path
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, wait)
  }

  deinit { sqlite3_close_v2(handle) }

  func error(_ code: Int32) -> AlertError {
    let reason = String(cString: sqlite3_errmsg(handle))
    switch code & 0xff {
    case SQLITE_BUSY, SQLITE_LOCKED: return .locked(path: path)
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .damaged(path: path, reason: reason)
    default: return .failed(path: path, reason: reason)
    }
  }

  func execute(_ sql: String) throws(AlertError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw error(code) }
  }

  func prepare(_ sql: String) throws(AlertError) -> Statement {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard code == SQLITE_OK, let statement else { throw error(code) }
    return Statement(statement, self)
  }

  /// One number that a query gives; 0 where it gives none.
  func number(_ sql: String) throws(AlertError) -> Int64 {
    let statement = try prepare(sql)
    return try statement.step() ? statement.int(0) ?? 0 : 0
  }

  /// Rows that the last statement changed.
  var changes: Int32 { sqlite3_changes(handle) }

  var lastRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// Writes a copy of everything to another file, in one transaction of it.
  func backup(to target: String) throws(AlertError) {
    let copy = try Database(target, .readWrite, wait: 1000)
    guard let backup = sqlite3_backup_init(copy.handle, "main", handle, "main") else {
      throw copy.error(sqlite3_errcode(copy.handle))
    }
    let code = sqlite3_backup_step(backup, -1)
    sqlite3_backup_finish(backup)
    if code != SQLITE_DONE { throw copy.error(code) }
  }
}

/// One prepared statement.
final class Statement {
  private let handle: OpaquePointer
  private let database: Database

  init(_ handle: OpaquePointer, _ database: Database) {
    self.handle = handle
    self.database = database
  }

  deinit { sqlite3_finalize(handle) }

  /// A value to bind.
  enum Value {
    case null
    case int(Int64)
    case real(Double)
    case text(String)
  }

  /// Starts over with these values for `?1`, `?2`, ….
  func bind(_ values: [Value]) throws(AlertError) {
    sqlite3_reset(handle)
    for (index, value) in values.enumerated() {
      let place = Int32(index + 1)
      let code: Int32
      switch value {
      case .null: code = sqlite3_bind_null(handle, place)
      case .int(let number): code = sqlite3_bind_int64(handle, place, number)
      // NaN becomes NULL in SQLite, and is read back as NaN.
      case .real(let number): code = sqlite3_bind_double(handle, place, number)
      case .text(var text):
        code = text.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) { chars in
            withUnsafePointer(to: CChar(0)) { nothing in
              sqlite3_bind_text(
                handle, place, chars.baseAddress ?? nothing, Int32(clamping: chars.count),
                Statement.transient)
            }
          }
        }
      }
      if code != SQLITE_OK { throw database.error(code) }
    }
  }

  /// SQLite's word for 'copy the bytes now'.
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  /// Goes on to the next row; false where there is none.
  func step() throws(AlertError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw database.error(code)
    }
  }

  func run(_ values: [Value]) throws(AlertError) {
    try bind(values)
    while try step() {}
  }

  // MARK: - Columns

  func int(_ column: Int32) -> Int64? {
    sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
  }

  func double(_ column: Int32) -> Double? {
    sqlite3_column_type(handle, column) == SQLITE_NULL
      ? nil : sqlite3_column_double(handle, column)
  }

  func text(_ column: Int32) -> String? {
    guard let bytes = sqlite3_column_text(handle, column) else { return nil }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}

extension Statement.Value {
  init(_ number: Int64?) { self = number.map { .int($0) } ?? .null }

  init(_ number: Double?) { self = number.map { .real($0) } ?? .null }

  init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}
