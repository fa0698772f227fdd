import MxCLI
import MxEngine
import MxPromQL

/// `mx-query --source URL EXPR...`: the same formats, a server's answers.
enum RemoteEvaluation {
  static func run(_ server: RemoteSource, _ run: Run) throws -> ExitCode {
    let window = try QueryTimes.window(run)
    let printer = try ResultPrinter(run)
    let expressions = run.arguments.positionals
    let asked = QueryAnswers(expressions) { try server.evaluate(expressions[$0], window, run) }
    for answer in asked.all {
      let annotations = answer.result.annotations
      for note in annotations.warnings + annotations.infos {
        run.output.warn(Diagnostic(.no, note))
      }
    }
    try printer.print(asked.all) { try server.metadata(of: $0) }
    try asked.throwFailure(run.output)
    let isEmpty = asked.all.allSatisfy { $0.result.seriesCount == 0 }
    let isFresh = try isFresh(server, run)
    return isFresh && !isEmpty && !server.isPartial ? .success : .no
  }

  private static func isFresh(_ server: RemoteSource, _ run: Run) throws -> Bool {
    guard let age = try run.arguments.duration("require-fresh") else { return true }
    var isFresh = true
    for text in run.arguments.positionals {
      for use in try QueryExpression(text).tree.selectors {
        let selector = "\(Selector(use.selector.matchers))"
        if try server.isFresh(selector, age: age, run) { continue }
        isFresh = false
        run.output.error(
          Diagnostic(.no, "'\(selector)' has no sample of the last \(DurationText.format(age))"))
      }
    }
    return isFresh
  }
}
