/// When a target is fetched: pure functions of what is remembered and the time.
package enum ScrapeSchedule {
  /// Whether `interval` has gone by. Cron does not start on the millisecond, so a
  /// tenth of the interval, half a minute at most, counts as gone by; a last time
  /// that lies ahead is a clock that was set back.
  package static func isDue(_ interval: Int64?, last: Int64, now: Int64) -> Bool {
    guard let interval, last > 0, now >= last else { return true }
    return now - last >= interval - min(interval / 10, 30_000)
  }

  /// Where in a period a target's turn comes: the same in every run, and spread
  /// evenly over the targets. The last fifth stays free, so that answers are in
  /// before the next period begins.
  package static func offset(_ key: UInt64, in period: Int64) -> Int64 {
    let usable = UInt64(max(period * 4 / 5, 1))
    return Int64(key.multipliedFullWidth(by: usable).high)
  }

  // MARK: - Targets that fail

  /// After so many failures in a row a target is asked less often.
  package static let patience = 5
  /// And never less often than this.
  package static let longestPause: Int64 = 300_000

  /// Takes a failed scrape in.
  package static func failed(_ memory: inout TargetMemory, interval: Int64, now: Int64) {
    memory.failures += 1
    let over = memory.failures - patience
    guard over > 0 else { return }
    let pause = over > 20 ? longestPause : min(interval << Int64(over), longestPause)
    // Less than the pause by what cron may be early.
    memory.pausedUntil = now + pause - min(pause / 10, 30_000)
  }

  package static func succeeded(_ memory: inout TargetMemory) {
    memory.failures = 0
    memory.pausedUntil = 0
  }

  /// Not to be fetched now: it counts as down without being asked.
  package static func isPaused(_ memory: TargetMemory, now: Int64) -> Bool {
    memory.failures > patience && now < memory.pausedUntil
      && memory.pausedUntil - now <= longestPause
  }

  /// Whether a failure is worth a second try in the same run: only of a target
  /// that was well, so that one which is down costs its time once.
  package static func deservesRetry(_ memory: TargetMemory?) -> Bool {
    memory.map { $0.failures == 0 } ?? true
  }
}
