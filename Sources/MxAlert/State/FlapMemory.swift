/// When an alert changes too often to tell everybody each time.
package struct FlapPolicy: Hashable, Sendable {
  /// So many changes within the window are flapping.
  package var changes: Int
  /// ms; as long must it be quiet until it counts as settled.
  package var window: Int64

  package init(changes: Int, window: Int64) {
    self.changes = changes
    self.window = window
  }
}

/// What an alert remembers of its changes.
///
///     changes within the window reach the limit  -> flapping, said once
///     every further change                       -> held back
///     window, 3·window, 7·window, … later        -> 'still flapping', ever more rarely
///     no change for a window                     -> settled, and what it settled at
package struct FlapMemory: Hashable, Sendable {
  /// When it fired or resolved, newest last; those of the last window.
  package var changes: [Int64] = []
  /// Since when it flaps.
  package var since: Int64?
  /// When 'still flapping' is due, and how long after the time before.
  package var nextReminder: Int64 = 0
  package var pause: Int64 = 0

  package init() {}

  /// Nothing happened of late, and nothing is to be said.
  var isQuiet: Bool { changes.isEmpty && since == nil }

  /// Reminders come at least once a day.
  private static let longestPause: Int64 = 86_400_000

  /// It fired or resolved at `time`.
  mutating func change(at time: Int64, _ policy: FlapPolicy) -> (begins: Bool, isHeldBack: Bool) {
    forget(at: time, policy)
    changes.append(time)
    if since != nil { return (false, true) }
    guard changes.count >= policy.changes else { return (false, false) }
    since = time
    pause = policy.window
    nextReminder = time + pause
    return (true, true)
  }

  /// What there is to say at `time` though nothing changed.
  mutating func pass(_ time: Int64, _ policy: FlapPolicy) -> AlertTransition.Kind? {
    forget(at: time, policy)
    if since == nil { return nil }
    if changes.isEmpty {
      self = FlapMemory()
      return .settled
    }
    guard time >= nextReminder else { return nil }
    pause = max(policy.window, min(pause * 2, Self.longestPause))
    nextReminder = time + pause
    return .stillFlapping
  }

  private mutating func forget(at time: Int64, _ policy: FlapPolicy) {
    // Newest last: most of the time there is nothing to forget.
    guard let first = changes.first, first <= time - policy.window else { return }
    changes.removeAll { $0 <= time - policy.window }
  }
}
