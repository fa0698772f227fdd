import MxCLI
import MxEngine
import MxPromQL

/// `mx-query --source URL EXPR...`: the same formats, a server's answers.
enum RemoteEvaluation {
  static func run(_ server: RemoteSource, _ run: Run) throws -> ExitCode {
    let window = try QueryTimes.window(run)
    let printer = try ResultPrinter(run)
    var answers: [QueryAnswer] = []
    var failure: (any Error)?
    for text in run.arguments.positionals {
      do {
        let result = try server.evaluate(text, window, run)
        for note in result.annotations.warnings + result.annotations.infos {
          run.output.warn(Diagnostic(.no, note))
        }
        answers.append(QueryAnswer(expression: text, result: result))
      } catch {
        // What was answered before is printed all the same.
        failure = error
        break
      }
    }
    try printer.print(answers) { try server.metadata(of: $0) }
    if let failure { throw failure }
    let isEmpty = answers.allSatisfy { $0.result.seriesCount == 0 }
    return try isFresh(server, run) && !isEmpty ? .success : .no
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
