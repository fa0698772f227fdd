package import MxModel

/// When a group is due.
///
/// Evaluation times are the multiples of the interval since 1970, the same for
/// every run and every machine, so that a run that comes late, or a replay,
/// evaluates exactly the instants an undisturbed one would have.
package struct DueSteps: Hashable, Sendable {
  /// The first and last instant, ms; `count` 0 where nothing is due.
  package var first: Int64
  package var interval: Int64
  package var count: Int
  /// Due instants that lie too far back to be made up for.
  package var skipped: Int64 = 0

  package init(first: Int64, interval: Int64, count: Int, skipped: Int64 = 0) {
    self.first = first
    self.interval = interval
    self.count = count
    self.skipped = skipped
  }

  /// The multiples of `interval` in `range`.
  package init(in range: TimeRange, interval: Int64) {
    precondition(interval > 0, "BUG: a group without interval")
    let last = Self.floor(range.to, interval)
    let first = Self.floor(range.from - 1, interval) + interval
    self.init(
      first: first, interval: interval, count: first > last ? 0 : Int((last - first) / interval) + 1
    )
  }

  package var last: Int64 { first + Int64(max(0, count - 1)) * interval }

  package subscript(index: Int) -> Int64 { first + Int64(index) * interval }

  /// The instants after `lastRun` up to `now`, at most `maxCatchup` ms back. A group
  /// that never ran starts with the newest one.
  package static func plan(
    lastRun: Int64?, now: Int64, interval: Int64, maxCatchup: Int64
  ) -> DueSteps {
    precondition(interval > 0, "BUG: a group without interval")
    let newest = floor(now, interval)
    guard let lastRun else { return DueSteps(first: newest, interval: interval, count: 1) }
    // A clock that went back: nothing is due until it passes the last run again.
    guard lastRun < newest else { return DueSteps(first: newest, interval: interval, count: 0) }
    let next = floor(lastRun, interval) + interval
    let (back, overflow) = now.subtractingReportingOverflow(maxCatchup)
    let oldest = overflow ? next : floor(back, interval) + interval
    let first = min(max(next, oldest), newest)
    return DueSteps(
      first: first, interval: interval, count: Int((newest - first) / interval) + 1,
      skipped: (first - next) / interval)
  }

  /// The newest instant at or before `now`.
  package static func newest(_ now: Int64, _ interval: Int64) -> Int64 { floor(now, interval) }

  /// The largest multiple of `interval` that is not after `time`.
  static func floor(_ time: Int64, _ interval: Int64) -> Int64 {
    let rest = time % interval
    return time - (rest < 0 ? rest + interval : rest)
  }
}
