import MxCLI

/// Turns any module's error into what a person reads: the one place that
/// knows all of them.
enum Explanation {
  static func diagnostic(of error: any Error) -> Diagnostic {
    switch error {
    case let diagnostic as Diagnostic: diagnostic
    case let usage as UsageError: usage.diagnostic
    default:
      // Reached where a module's error has no case above: the run failed all
      // the same, and the error's own words are better than none.
      Diagnostic(.system, "\(error)")
    }
  }
}
