import Glibc
import MxCLI

/// The whole life of a tool: reads the command line, runs the command, turns
/// whatever happened into messages and an exit code. Mains do nothing else.
package func runTool<C: Command>(_ command: C.Type) -> Int32 {
  BrokenPipe.expect()
  let clock = Clock()
  let output = Output(
    tool: C.table.name, runId: RunId.make(clock.started), environment: environmentVariable,
    clock: Clock.milliseconds)
  let words = Array(CommandLine.arguments.dropFirst())
  var life = ToolRun(table: C.table, output: output, clock: clock)
  let code = life.carryOut(words) { run in try C.run(run) }
  if life.outputWasClosed { BrokenPipe.end() }
  return code.rawValue
}

/// The same inside a program that lives through many runs, as a simulation of cron does:
/// `words` in place of its own command line, all that is printed into `descriptor`.
package func runTool<C: Command>(
  _ command: C.Type, words: [String], printingTo descriptor: Int32
) -> Int32 {
  let clock = Clock()
  let output = Output(
    tool: C.table.name, runId: RunId.make(clock.started), data: descriptor, log: descriptor,
    environment: environmentVariable, clock: Clock.milliseconds)
  var life = ToolRun(table: C.table, output: output, clock: clock)
  return life.carryOut(words) { run in try C.run(run) }.rawValue
}

/// Names one run among all: its start and its process, short, in order of time.
enum RunId {
  static func make(_ started: Int64) -> String {
    "\(String(started, radix: 36))-\(String(getpid(), radix: 36))"
  }
}

func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// One run, from words to exit code; `runTool` without the process around it.
struct ToolRun {
  let table: CommandTable
  let output: Output
  let clock: Clock
  private(set) var outputWasClosed = false

  init(table: CommandTable, output: Output, clock: Clock) {
    self.table = table
    self.output = output
    self.clock = clock
  }

  mutating func carryOut(_ words: [String], _ body: (Run) throws -> ExitCode) -> ExitCode {
    let arguments: Arguments
    do throws(UsageError) {
      arguments = try OptionParser.parse(
        words, table: table, environment: environmentVariable)
    } catch {
      return fail(error.diagnostic, verb: error.verb)
    }
    do {
      if try Introduction.tell(arguments, output: output) { return .success }
    } catch {
      return fail(error, verb: arguments.verb)
    }
    let common: CommonOptions
    do throws(Diagnostic) {
      common = try CommonOptions(
        arguments, clock: clock.started, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    } catch {
      return fail(error, verb: arguments.verb)
    }
    output.configure(common.settings)
    if common.report == "-" { output.reserveForReport() }
    let run = Run(arguments: arguments, common: common, output: output, report: RunReport())
    let ping: Ping?
    do throws(Diagnostic) {
      ping = try Ping(common.ping, output)
    } catch {
      return fail(error, verb: arguments.verb)
    }
    ping?.start()
    let code = leaveTraces(run, perform(run, body))
    ping?.end(code)
    return code
  }

  private mutating func perform(_ run: Run, _ body: (Run) throws -> ExitCode) -> ExitCode {
    do {
      let code = try body(run)
      try output.flush()
      output.progress.finish()
      return code
    } catch {
      output.progress.finish()
      // What was printed before the failure stays printed.
      if !(error is OutputClosed) {
        do { try output.flush() } catch { output.discard() }
      }
      let diagnostic = Explanation.diagnostic(of: error)
      if run.common.lock == .skip, diagnostic.kind == .locked {
        output.summary("\(diagnostic.line): skipped")
        return .success
      }
      return fail(error, verb: run.arguments.verb)
    }
  }

  /// Writes `--report` and `--stats-file`; a run that cannot is not a success.
  private mutating func leaveTraces(_ run: Run, _ code: ExitCode) -> ExitCode {
    let ending = RunReport.Ending(
      tool: table.name, verb: run.verb, runId: output.runId, exitCode: code,
      started: clock.started, elapsed: clock.elapsed)
    var code = code
    do {
      if let file = run.common.statsFile {
        try RunFigures.makePlace(of: file, run.common.store)
        try AtomicFile.replace(file, with: run.report.prometheus(ending))
      }
      if let file = run.common.report {
        let text = run.report.json(ending, told: output.told)
        if file == "-" {
          try output.writeReport(text)
        } else {
          try AtomicFile.replace(file, with: text)
        }
      }
    } catch {
      let failure = fail(error, verb: run.arguments.verb)
      if code == .success { code = failure }
    }
    return code
  }

  private mutating func fail(_ error: any Error, verb: Verb?) -> ExitCode {
    if error is OutputClosed {
      outputWasClosed = true
      output.discard()
      return ExitCode(rawValue: 128 + SIGPIPE)
    }
    let diagnostic = Explanation.diagnostic(of: error)
    if verb?.failure == .nagios {
      // A plugin's answer is its first line of stdout, more may follow; where
      // even that cannot be written the exit code alone tells.
      do {
        try output.write("UNKNOWN - \(Output.printable(diagnostic.line))\n")
        if let hint = diagnostic.hint { try output.write("hint: \(Output.printable(hint))\n") }
        try output.flush()
      } catch { output.discard() }
      return .nagiosUnknown
    }
    output.error(diagnostic)
    return diagnostic.exitCode
  }
}

/// `--help` and its like: the tool telling about itself.
enum Introduction {
  /// True where that was asked for, and done.
  static func tell(_ arguments: Arguments, output: Output) throws -> Bool {
    let table = arguments.table
    if arguments.has("help") {
      try output.write(HelpText.text(table, verb: arguments.verb))
    } else if arguments.has("version") {
      try output.write("\(table.name) \(Version.text)\n")
    } else if arguments.has("man") {
      try output.write(ManualPage.text(table))
    } else if let shell = arguments.string("completions") {
      try output.write(Completions.text(table, shell: shell))
    } else {
      return false
    }
    try output.flush()
    return true
  }
}
