import MxCLI
import MxConfig

/// Mistakes of configuration files, told as diagnostics.
enum ConfigTelling {
  /// Says everything that was found.
  static func say(_ problems: ConfigProblems, _ run: Run) {
    problems.sort()
    for problem in problems.all { run.output.error(diagnostic(problem)) }
  }

  /// Says everything but the last, which it throws.
  static func check(_ problems: ConfigProblems, _ run: Run) throws {
    problems.sort()
    guard let last = problems.all.last else { return }
    for problem in problems.all.dropLast() { run.output.error(diagnostic(problem)) }
    throw diagnostic(last)
  }

  private static func diagnostic(_ problem: ConfigProblem) -> Diagnostic {
    Diagnostic(.input, subject: problem.place.description, problem.message, hint: problem.hint)
  }
}
