import Glibc

/// The process' clocks, read here and handed down as numbers: no module
/// below asks what time it is.
struct Clock {
  /// Milliseconds since 1970 when the tool started.
  let started: Int64
  private let startedTicks: Int64

  init() {
    started = Clock.milliseconds()
    startedTicks = Clock.read(CLOCK_MONOTONIC)
  }

  /// Milliseconds since the tool started, also where the wall clock jumped.
  var elapsed: Int64 { Clock.read(CLOCK_MONOTONIC) - startedTicks }

  /// Milliseconds since 1970, now.
  static func milliseconds() -> Int64 {
    read(CLOCK_REALTIME)
  }

  /// Sleeps, or as long as no signal comes.
  static func sleep(milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    var time = timespec(
      tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    nanosleep(&time, nil)
  }

  fileprivate static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // BUG if it fails: these two clocks exist on every Linux.
    let result = clock_gettime(clock, &time)
    precondition(result == 0, "BUG: clock \(clock) cannot be read")
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// Milliseconds since it was made, whatever is done to the wall clock.
struct MonotonicClock {
  private let started = Clock.read(CLOCK_MONOTONIC)

  var elapsed: Int64 { Clock.read(CLOCK_MONOTONIC) - started }
}
