import MxCLI
import MxEngine
import MxFiles

/// `mx-query test FILE.test...`: Prometheus' own kind of engine tests.
///
/// Prints failures, with -v also what was skipped, then one line that counts.
enum QueryTesting {
  /// Larger files are no scripts.
  private static let limit = 64 << 20

  private struct Count {
    var passed = 0
    var failed = 0
    var skipped = 0

    var line: String {
      "\(passed) passed, \(failed) failed" + (skipped > 0 ? ", \(skipped) skipped" : "")
    }
  }

  static func run(_ run: Run) throws -> ExitCode {
    var count = Count()
    var isUnreadable = false
    var options = EngineOptions()
    options.threads = run.common.threads
    for path in run.arguments.positionals {
      let bytes = try DiskFileSystem().contents(of: path, limit: limit)
      do {
        let results = try PromQLTestScript(options).run(String(decoding: bytes, as: UTF8.self))
        for result in results { try tell(result, path, &count, run) }
      } catch let error as ScriptError {
        isUnreadable = true
        run.output.error(Diagnostic(.input, subject: "\(path):\(error.line)", error.message))
      }
    }
    try run.output.write(count.line + "\n")
    run.report.set("passed", Double(count.passed), help: "Evaluations that passed.")
    run.report.set("failed", Double(count.failed), help: "Evaluations that failed.")
    run.report.set("skipped", Double(count.skipped), help: "Evaluations that were skipped.")
    if isUnreadable { return .input }
    return count.failed == 0 ? .success : .no
  }

  private static func tell(
    _ result: PromQLTestScript.Result, _ path: String, _ count: inout Count, _ run: Run
  ) throws {
    let place = "\(path):\(result.line): \(result.query)"
    switch result.outcome {
    case .passed: count.passed += 1
    case .skipped(let reason):
      count.skipped += 1
      guard run.output.settings.isVerbose else { return }
      try run.output.write("\(Output.printable(place)): skipped: \(Output.printable(reason))\n")
    case .failed(let reason):
      count.failed += 1
      let word = run.output.paint("FAILED", .red)
      try run.output.write("\(Output.printable(place)): \(word)\n  \(Output.printable(reason))\n")
    }
  }
}
