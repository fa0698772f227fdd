/// What the notification side remembers between runs.
package struct NotifyState: Sendable {
  /// When a group of a route is told of next.
  package struct Group: Hashable, Sendable {
    package var nextFlush: Int64
    package var lastFlush: Int64?
    package var nextEscalation: Int64?

    package init(nextFlush: Int64, lastFlush: Int64? = nil, nextEscalation: Int64? = nil) {
      self.nextFlush = nextFlush
      self.lastFlush = lastFlush
      self.nextEscalation = nextEscalation
    }
  }

  package struct LogKey: Hashable, Sendable {
    package var target: String
    package var groupKey: String

    package init(target: String, groupKey: String) {
      self.target = target
      self.groupKey = groupKey
    }
  }

  /// What a channel was told of a group last.
  package struct LogEntry: Hashable, Sendable {
    package var at: Int64
    package var firing: Set<UInt64>
    package var resolved: Set<UInt64>
    /// What was kept back, and why, as history was told last.
    package var held: [UInt64: String] = [:]
    /// Notices since something of it fires.
    package var count = 0

    package init(
      at: Int64, firing: Set<UInt64>, resolved: Set<UInt64>, held: [UInt64: String] = [:]
    ) {
      self.at = at
      self.firing = firing
      self.resolved = resolved
      self.held = held
    }
  }

  package var alerts: [UInt64: NotifyAlert] = [:]
  package var groups: [String: Group] = [:]
  package var log: [LogKey: LogEntry] = [:]

  package init() {}
}

/// Why a channel is told of a group.
package enum NotifyReason: String, Hashable, Sendable {
  case first = "first notification"
  case newAlerts = "new alerts in group"
  case newResolved = "new resolved alerts"
  case allResolved = "all alerts resolved"
  case repeated = "repeat interval elapsed"
  case digest = "digest of many notices"
  case test = "test"
}

extension NotifyState.LogEntry? {
  /// Whether a channel is to be told, as Alertmanager decides it.
  func reason(
    firing: Set<UInt64>, resolved: Set<UInt64>, sendResolved: Bool, now: Int64,
    repeatInterval: Int64?
  ) -> NotifyReason? {
    guard let entry = self else { return firing.isEmpty ? nil : .first }
    if !firing.isSubset(of: entry.firing) { return entry.firing.isEmpty ? .first : .newAlerts }
    // Also without send_resolved: the log must forget what fired.
    if firing.isEmpty { return entry.firing.isEmpty ? nil : .allResolved }
    if sendResolved, !resolved.isSubset(of: entry.resolved) { return .newResolved }
    guard let repeatInterval, entry.at < now - repeatInterval else { return nil }
    return .repeated
  }
}
