/// A way to tell somebody. Throws where nobody was told.
package protocol Notifier {
  /// Some notices for one receiver, oldest first.
  func send(_ notices: [Notice]) throws
}

/// Notices as text for people: stdout, a file, a pipe.
package struct TextNotifier: Notifier {
  private let write: (String) throws -> Void

  package init(_ write: @escaping (String) throws -> Void) { self.write = write }

  package func send(_ notices: [Notice]) throws {
    try write(notices.map(\.text).joined())
  }
}

/// What came of sending.
package struct DeliveryReport: Sendable {
  package var sent = 0
  /// Receivers that could not be told, and why; their notices stay in the outbox.
  package var failures: [(receiver: String, error: String)] = []
}

/// Empties the outbox.
///
/// A notice is sent after it was written down, and is marked as sent after it was:
/// a kill in between sends it once more, with the same key.
package enum Delivery {
  /// The first pause after a failure, ms; it doubles up to the longest.
  private static let firstPause: Int64 = 30_000
  private static let longestPause: Int64 = 3_600_000

  package static func deliver(
    _ ledger: AlertLedger, now: Int64, _ notifiers: [String: any Notifier]
  ) throws -> DeliveryReport {
    var report = DeliveryReport()
    var batches: [String: [OutboxEntry]] = [:]
    for entry in try ledger.waiting(at: now) {
      batches[entry.receiver, default: []].append(entry)
    }
    for (receiver, entries) in batches.sorted(by: { $0.key < $1.key }) {
      // Of another run's configuration: that run will send it.
      guard let notifier = notifiers[receiver] else { continue }
      do {
        try notifier.send(entries.map(\.notice))
      } catch {
        report.failures.append((receiver, "\(error)"))
        try mark(entries, ledger) { entry in
          try ledger.notSent(entry, error: "\(error)", next: now + pause(entry.attempts))
        }
        continue
      }
      report.sent += entries.count
      try mark(entries, ledger) { try ledger.sent($0) }
    }
    return report
  }

  private static func pause(_ attempts: Int64) -> Int64 {
    attempts >= 7 ? longestPause : min(longestPause, firstPause << max(0, attempts))
  }

  private static func mark(
    _ entries: [OutboxEntry], _ ledger: AlertLedger, _ body: (OutboxEntry) throws -> Void
  ) throws {
    try ledger.begin()
    do {
      for entry in entries { try body(entry) }
      try ledger.commit()
    } catch {
      try ledger.rollback()
      throw error
    }
  }
}
