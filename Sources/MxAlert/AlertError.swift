/// Why alerting itself fails: never the state of an alert.
package enum AlertError: Error, Hashable, Sendable {
  /// Another process holds the ledger; exit code 75.
  case locked(path: String)
  /// The ledger was written by a newer mx.
  case newer(path: String, version: Int, known: Int)
  /// The file is no ledger, or a damaged one.
  case damaged(path: String, reason: String)
  /// The disk, permissions, memory.
  case failed(path: String, reason: String)
  /// There is no ledger yet: nothing ever ran here.
  case missing(path: String)
}

extension AlertError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .locked(let path): "'\(path)' is held by another process"
    case .newer(let path, let version, let known):
      "'\(path)' has version \(version), at most \(known) is understood"
    case .damaged(let path, let reason): "'\(path)' is damaged: \(reason)"
    case .failed(let path, let reason): "'\(path)': \(reason)"
    case .missing(let path): "'\(path)' does not exist: no alert rules were run here"
    }
  }
}
