/// How a tool ended, for the shell, cron and CI.
///
/// The numbers are a contract with scripts: they are only ever added to.
package struct ExitCode: Equatable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Yes, done.
  package static let success = ExitCode(rawValue: 0)
  /// The answer is no, or only partly.
  package static let no = ExitCode(rawValue: 1)
  /// The command line makes no sense.
  package static let usage = ExitCode(rawValue: 2)
  /// Bad input or configuration; nothing of it was used.
  package static let input = ExitCode(rawValue: 3)
  /// Damage in the store; what is good was answered or kept.
  package static let damage = ExitCode(rawValue: 4)
  /// The system refused: disk full, permission, network, clock.
  package static let system = ExitCode(rawValue: 5)
  /// `mx-alert run --exit-code`: something fires.
  package static let firing = ExitCode(rawValue: 10)
  /// Another run holds a lock (EX_TEMPFAIL of sysexits: try again later).
  package static let locked = ExitCode(rawValue: 75)

  /// UNKNOWN of the Nagios plugin rules, where 2 would mean CRITICAL.
  package static let nagiosUnknown = ExitCode(rawValue: 3)
}
