import MxCLI
import MxFiles

/// `mx-query … --check`: everything that was written is read, and nothing is asked; so no
/// connection is opened either.
enum QueryCheck {
  static func run(_ run: Run) throws -> ExitCode {
    _ = try SettingsReader.load(run)
    if try RemoteSource.open(run) == nil { try checkInputs(run) }
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

  /// What was named is there; a store that nobody named need not be.
  private static func checkInputs(_ run: Run) throws {
    let files = DiskFileSystem()
    for path in run.arguments.has("store") ? run.common.stores : []
    where try files.status(path) == nil {
      throw Diagnostic(
        .input, subject: path, "there is no store", hint: "mx-ingest makes it")
    }
    for path in run.arguments.strings("file") where path != "-" {
      if try files.status(path) == nil { throw Diagnostic(.input, subject: path, "no such file") }
    }
  }
}
