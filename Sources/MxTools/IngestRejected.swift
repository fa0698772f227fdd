import MxCLI
import MxFiles
import MxFormats
import MxIngest
import MxStore

/// `mx-ingest rejected [list|retry|purge]`: what was refused, and kept.
enum IngestRejected {
  static func run(_ run: Run) throws -> ExitCode {
    switch run.arguments.positionals.first ?? "list" {
    case "retry": return try retry(run)
    case "purge": return try purge(run)
    default: return try list(run)
    }
  }

  private static func rejected(_ run: Run) throws -> Rejected {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    guard try store.files.status(store.path) != nil else {
      throw StoreError.missing(path: store.path)
    }
    return Rejected(store)
  }

  /// One line a refusal: when, where, why. Exit 1 where there is none.
  private static func list(_ run: Run) throws -> ExitCode {
    let rejected = try rejected(run)
    var count = 0
    for batch in try rejected.batches() {
      let time = TimeText.rfc3339(batch.time)
      for refusal in try rejected.refusals(of: batch) {
        count += 1
        let source = refusal.source.isEmpty ? "" : "\(refusal.source):"
        try run.output.write("\(time)\t\(Output.printable("\(source)\(refusal.description)"))\n")
      }
    }
    return count == 0 ? .no : .success
  }

  private static func purge(_ run: Run) throws -> ExitCode {
    let rejected = try rejected(run)
    let batches = try rejected.batches()
    for batch in batches { try rejected.remove(batch) }
    run.output.summary("\(batches.count) files of refused input removed")
    return .success
  }

  /// Feeds it all through the gate again, with what was said beside it then; what is
  /// refused again is kept again.
  private static func retry(_ run: Run) throws -> ExitCode {
    let rejected = try rejected(run)
    let batches = try rejected.batches()
    // What was said beside an input -> the session of all such inputs.
    var sessions: [RefusalContext: IngestSession] = [:]
    var order: [IngestSession] = []
    for batch in batches {
      for (number, input) in inputs(try rejected.refusals(of: batch)).enumerated() {
        var context = input.refusals.first?.context ?? RefusalContext()
        let time = context.time ?? batch.time
        context.time = nil
        let session = try sessions[context] ?? begin(context, run)
        if sessions.updateValue(session, forKey: context) == nil { order.append(session) }
        try take(input, "\(batch.name) \(number)", session, time: time)
      }
    }
    var code = ExitCode.success
    for session in order {
      let found = try session.finish()
      if found != .success { code = found }
    }
    for batch in batches { try rejected.remove(batch) }
    return code
  }

  private static func begin(_ context: RefusalContext, _ run: Run) throws -> IngestSession {
    let session = try IngestSession(run, options: context.options(now: run.common.now))
    try session.intake.checkSpace()
    return session
  }

  /// `name` is the same where a run that died is repeated. `time`: of samples without one.
  private static func take(
    _ input: Input, _ name: String, _ session: IngestSession, time: Int64
  ) throws {
    guard let format = input.format, !input.text.isEmpty else {
      return try session.intake.keep(input.refusals)
    }
    var rest = input.text[...]
    do {
      try session.intake.take(
        name: input.source, .named(name), format: format, modified: time, lines: input.lines
      ) {
        let count = min($0.count, rest.count)
        $0.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
      }
    } catch is FormatError {
      try session.intake.keep(input.refusals)
    }
  }

  private struct Input {
    var source: String
    var format: Format?
    var text: [UInt8] = []
    /// The numbers of the text's lines where they came from.
    var lines: [Int] = []
    var refusals: [Refusal] = []
  }

  /// Lines of one source and format are one input; rows of CSV each bring their header.
  private static func inputs(_ refusals: [Refusal]) -> [Input] {
    var result: [Input] = []
    for refusal in refusals {
      let isSame =
        result.last.map {
          $0.refusals.first?.context == refusal.context && $0.source == refusal.source
            && $0.format == refusal.format
            && $0.text.isEmpty == refusal.text.isEmpty
        } ?? false
      if !isSame || refusal.format == .csv {
        result.append(Input(source: refusal.source, format: refusal.format))
      }
      if !refusal.text.isEmpty {
        result[result.count - 1].text += refusal.text + [UInt8(ascii: "\n")]
        let lines = refusal.text.count { $0 == UInt8(ascii: "\n") } + 1
        result[result.count - 1].lines += [Int](repeating: refusal.line, count: lines)
      }
      result[result.count - 1].refusals.append(refusal)
    }
    return result
  }
}
