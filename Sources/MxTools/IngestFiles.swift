import MxCLI
import MxFiles
import MxFormats
import MxIngest
import MxStore

/// `mx-ingest [FILE|-]...`: files and pipes into the store, one commit.
enum IngestFiles {
  static func run(_ run: Run) throws -> ExitCode {
    let files = DiskFileSystem()
    let intake = Intake(Store(path: run.common.store, files: files), try options(run))
    let inputs = run.arguments.positionals.isEmpty ? ["-"] : run.arguments.positionals
    for input in inputs {
      do {
        try take(input, intake, files)
      } catch let error as FileError {
        throw error
      } catch {
        let found = Explanation.diagnostic(of: error)
        throw Diagnostic(
          found.kind, subject: found.subject ?? input, found.message, hint: found.hint)
      }
    }
    try intake.commit()
    return try tell(intake.result, run)
  }

  private static func take(_ input: String, _ intake: Intake, _ files: DiskFileSystem) throws {
    if input == "-" {
      return try intake.take(name: "-", modified: nil) { try StandardInput.read(into: $0) }
    }
    let file = try files.openForReading(input)
    let modified = try files.status(input)?.modified
    var offset = 0
    try intake.take(name: input, modified: modified) { buffer in
      let count = try file.read(into: buffer, at: offset)
      offset += count
      return count
    }
  }

  private static func options(_ run: Run) throws -> IntakeOptions {
    var options = IntakeOptions(now: run.common.now)
    let format = run.arguments.string("format") ?? "auto"
    options.format = Format(rawValue: format)
    guard format == "auto" || options.format != nil else {
      throw Diagnostic(
        .usage, "unknown format '\(format)'",
        hint: "one of \(IngestCommand.formats.joined(separator: ", "))")
    }
    if let time = try run.arguments.time("timestamp", now: run.common.now) {
      options.decoding.defaultTime = time
    }
    options.decoding.precision = run.arguments.string("precision").flatMap(TimePrecision.init)
    options.decoding.scale = try run.arguments.number("scale") ?? 1
    options.decoding.events = run.arguments.has("events")
    options.decoding.csv = csv(run.arguments)
    options.labels = try run.arguments.pairs("label")
    options.lockWait = run.common.lock.seconds
    return options
  }

  private static func csv(_ arguments: Arguments) -> CSVOptions {
    var options = CSVOptions()
    options.time = arguments.string("csv-time") ?? ""
    options.name = arguments.string("csv-name") ?? ""
    options.values = columns(arguments.strings("csv-value"))
    options.labels = columns(arguments.strings("csv-label"))
    return options
  }

  /// `a,b` and the option repeated say the same.
  private static func columns(_ words: [String]) -> [String] {
    words.flatMap { $0.split(separator: ",").map(String.init) }
  }

  private static func tell(_ result: IntakeResult, _ run: Run) throws -> ExitCode {
    for (input, problem) in result.problems.prefix(20) {
      run.output.warn(Diagnostic(.input, subject: input, problem.description))
    }
    if result.refused > 20 {
      run.output.warn(Diagnostic(.input, "\(result.refused - 20) more lines were refused"))
    }
    run.report.set("samples", Double(result.samples), help: "Samples committed.")
    run.report.set("refused", Double(result.refused), help: "Lines refused.")
    run.output.summary(
      "\(result.samples) samples of \(result.series) series from \(result.inputs) inputs, "
        + "\(result.refused) lines refused")
    if result.samples == 0, result.bytes > 0 {
      run.output.error(Diagnostic(.no, "no sample in \(result.bytes) bytes of input"))
      return .no
    }
    return result.refused > 0 ? .no : .success
  }
}

extension CommonOptions.LockPolicy {
  /// How long a lock is waited for.
  var seconds: Double {
    switch self {
    case .wait(let milliseconds): Double(milliseconds) / 1000
    case .skip, .fail: 0
    }
  }
}
