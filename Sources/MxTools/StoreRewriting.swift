import MxCLI
import MxConfig
import MxFiles
import MxIngest
import MxModel
import MxStore

/// `mx-compact rewrite --relabel FILE`: other labels for what is stored.
enum StoreRewriting {
  /// Larger files are no rules.
  private static let limit = 1 << 20

  static func run(_ run: Run) throws -> ExitCode {
    let store = StoreAccess.store(run)
    let path = run.arguments.string("relabel") ?? ""
    let problems = ConfigProblems()
    let node = YAML.document(
      try store.files.contents(of: path, limit: limit), file: path, problems: problems)
    let rules = RelabelReader.rules(listedIn: node, problems)
    try ConfigTelling.check(problems, run)
    if run.common.checksOnly { return .success }
    return try StoreAccess.maintaining(store, run) {
      let report = Report()
      let result = try store.rewrite(
        rules, now: run.common.now, lockWait: run.common.lock.seconds, report,
        Interruption.oversight(run))
      run.report.set("rewritten", Double(result.segments), help: "Segments written again.")
      run.output.summary(
        "\(result.segments) segments written again, \(result.renamed) series renamed, "
          + "\(result.dropped) dropped")
      if result.duplicates.conflicting > 0 {
        run.output.warn(
          Diagnostic(
            .no, "\(result.duplicates.conflicting) samples met another of their new series' instant"
          ))
      }
      return StoreDamage.tell(report, run)
    }
  }
}
