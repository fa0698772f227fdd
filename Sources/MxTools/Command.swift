package import MxCLI

/// One of the six tools: a table that says what it understands, and a recipe
/// that carries it out with the modules below.
package protocol Command {
  static var table: CommandTable { get }

  /// Does what was asked. Data goes to `run.output`; whatever is thrown becomes
  /// a diagnostic and an exit code.
  static func run(_ run: Run) throws -> ExitCode
}

/// What a command is given: the command line, read, and where to put what.
package struct Run {
  package let arguments: Arguments
  package let common: CommonOptions
  package let output: Output
  package let report: RunReport

  /// The verb, empty for the bare tool.
  package var verb: String { arguments.verbName }
}
