import Glibc

/// SIGPIPE, as a tool in a pipeline has it.
///
/// While the tool works the signal is caught, so that a pipe to a helper
/// program that died is an error to report and not our end. A handler, and not
/// "ignore": programs we start get the default back by themselves.
enum BrokenPipe {
  static func expect() {
    signal(SIGPIPE) { _ in }
  }

  /// Ends the process as if the signal had never been caught: quietly, with
  /// the status a shell expects of a writer whose reader left (141).
  static func end() {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
  }
}
