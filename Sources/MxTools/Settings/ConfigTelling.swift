import MxCLI
import MxConfig
import MxFiles

/// Mistakes of configuration files, told as diagnostics.
enum ConfigTelling {
  /// The bytes of a configuration file that was named: one that is not there is bad
  /// configuration, not a machine that refuses.
  static func contents(
    of path: String, limit: Int, _ files: some FileSystem
  ) throws -> [UInt8] {
    do throws(FileError) {
      return try files.contents(of: path, limit: limit)
    } catch .notFound(let path) {
      throw Diagnostic(.input, subject: path, "no such file")
    }
  }

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
