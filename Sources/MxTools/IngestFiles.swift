import MxCLI
import MxFiles
import MxFormats
import MxIngest
import MxStore

/// `mx-ingest [FILE|-]...`: files and pipes into the store, one commit.
enum IngestFiles {
  static func run(_ run: Run) throws -> ExitCode {
    let session = try IngestSession(run, options: options(run))
    try session.intake.checkSpace()
    let inputs = run.arguments.positionals.isEmpty ? ["-"] : run.arguments.positionals
    for input in inputs {
      do {
        try take(input, session.intake, session.store.files)
      } catch let error as FileError {
        throw error
      } catch {
        let found = Explanation.diagnostic(of: error)
        throw Diagnostic(
          found.kind, subject: found.subject ?? input, found.message, hint: found.hint)
      }
    }
    return try session.finish()
  }

  private static func take(_ input: String, _ intake: Intake, _ files: any FileSystem) throws {
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

  /// What the options of formats say.
  static func options(_ run: Run) throws -> IntakeOptions {
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
    options.batchID = run.arguments.string("batch-id")
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
