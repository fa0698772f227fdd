import Glibc
import Synchronization

/// SIGTERM and SIGINT, as a tool has them that works in rounds: the round that is
/// under way is committed, and no other begins.
enum Termination {
  private static let wanted = Atomic<Bool>(false)

  /// From now on the signals are requests; a second one ends the tool at once.
  static func expect() {
    // Made before a handler may need it.
    wanted.store(false, ordering: .relaxed)
    for number in [SIGTERM, SIGINT] {
      signal(number) { number in
        Termination.wanted.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  static var isWanted: Bool { wanted.load(ordering: .relaxed) }

  /// Sleeps, or as long as no signal comes.
  static func sleep(milliseconds: Int64) {
    guard milliseconds > 0, !isWanted else { return }
    var time = timespec(
      tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    nanosleep(&time, nil)
  }
}
