import Glibc
import MxCLI
import MxStore
import Synchronization

/// SIGTERM and SIGINT as long work has them: what is finished is committed, what is
/// under way is dropped, and the tool ends with the status a shell expects.
enum Interruption {
  private static let asked = Atomic<Int32>(0)

  /// From here on the signals ask instead of ending the process at once; a second
  /// one ends it.
  static func expect() {
    _ = asked.load(ordering: .relaxed)
    for number in [SIGTERM, SIGINT] {
      signal(number) { number in
        if Interruption.asked.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
  }

  static var isAsked: Bool { asked.load(ordering: .relaxed) != 0 }

  static var exitCode: ExitCode { ExitCode(rawValue: 128 + asked.load(ordering: .relaxed)) }

  /// What long work of a run looks at and reports to.
  static func oversight(_ run: Run) -> Oversight {
    expect()
    return Oversight(
      progress: { what, done, total in
        run.output.progress.update(what, done: Int64(done), of: Int64(total))
      },
      isStopped: { isAsked })
  }
}
