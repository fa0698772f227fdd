import MxCLI

/// `mx-query … --check`: everything that was written is read, and nothing is asked; so no
/// connection is opened either.
enum QueryCheck {
  static func run(_ run: Run) throws -> ExitCode {
    _ = try SettingsReader.load(run)
    _ = try RemoteSource.open(run)
    switch run.verb {
    case "", "explain":
      _ = try QueryExpression.all(run)
      _ = try QueryTimes.window(run)
    case "diff":
      _ = try QueryExpression.all(run)
    case "why":
      for text in run.arguments.positionals { _ = try QueryExpression.matchers(text) }
    case "series", "labels", "values", "metrics", "cardinality":
      _ = try QueryExpression.selectors("match", run)
    default: break
    }
    return .success
  }
}
