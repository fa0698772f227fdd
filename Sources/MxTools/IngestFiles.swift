import MxCLI
import MxFiles
import MxFormats
import MxIngest
import MxJSON
import MxModel
import MxStore

/// `mx-ingest [FILE|-]...`: files and pipes into the store, one commit.
enum IngestFiles {
  static func run(_ run: Run) throws -> ExitCode {
    var options = try options(run)
    let isDry = run.arguments.has("dry-run")
    options.stores = !isDry && !run.common.checksOnly
    let session = try IngestSession(run, options: options)
    if options.stores { try session.intake.checkSpace() }
    var inputs = run.arguments.positionals
    // To check the settings alone must not wait for someone to type.
    if inputs.isEmpty, !run.common.checksOnly { inputs = ["-"] }
    // Asked to stop, what was read until then is committed.
    Interruption.expect()
    for input in inputs where !Interruption.isAsked {
      do {
        try take(input, session)
      } catch let error as Diagnostic where error.kind == .input || error.kind == .system {
        // The others can be taken all the same.
        session.refuse(error)
      }
    }
    let code = try session.finish()
    if Interruption.isAsked { return Interruption.exitCode }
    if isDry { try IngestPreview.print(session.intake.result, to: run.output) }
    return run.common.checksOnly && code == .no ? .input : code
  }

  private static func take(_ input: String, _ session: IngestSession) throws {
    if input == "-" {
      return try session.take("-", .unique, modified: nil) {
        try StandardInput.read(into: $0) { Interruption.isAsked }
      }
    }
    do {
      let status = try session.store.files.status(input)
      if status?.isStream ?? false {
        let stream = try NamedStream(input)
        return try session.take(input, .unique, modified: nil) {
          try stream.read(into: $0) { Interruption.isAsked }
        }
      }
      try session.take(path: input, name: input, .content, modified: status?.modified)
    } catch let error as FileError where error.path == input {
      let told = Explanation.diagnostic(of: error)
      guard case .notFound = error else { throw told }
      throw Diagnostic(told.kind, subject: told.subject, told.message, hint: hint(input))
    }
  }

  /// What somebody may have meant who named a file that is not there.
  private static func hint(_ input: String) -> String? {
    if input.hasPrefix("http://") || input.hasPrefix("https://") {
      return "'mx-ingest scrape \(Output.printable(input))' fetches it"
    }
    return Suggestion.hint(for: input, among: IngestCommand.table.verbs.map(\.name))
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
      options.hasTimestamp = true
    }
    options.decoding.precision = run.arguments.string("precision").flatMap(TimePrecision.init)
    options.decoding.scale = try run.arguments.number("scale") ?? 1
    options.decoding.events = run.arguments.has("events")
    options.decoding.csv = csv(run.arguments)
    options.batchID = run.arguments.string("batch-id")
    options.isParallel = run.common.threads > 1
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

/// `--dry-run`: the first rows as the series they would be.
enum IngestPreview {
  static func print(_ result: IntakeResult, to output: Output) throws {
    var table = TableWriter([("series", .left), ("time", .left), ("value", .right)])
    for row in result.preview {
      table.append([
        "\(row.labels)", TimeText.rfc3339(row.sample.time),
        MxJSON.NumberText.prometheusJSON(row.sample.value),
      ])
    }
    try table.write(to: output)
    output.summary("\(result.tally.passed) samples would be stored")
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
