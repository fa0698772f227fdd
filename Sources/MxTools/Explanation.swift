import MxAlert
import MxCLI
import MxCodec
import MxEngine
import MxFiles
import MxFormats
import MxIngest
import MxModel
import MxPromQL
import MxStore

/// Turns any module's error into what a person reads: the one place that
/// knows all of them.
enum Explanation {
  static func diagnostic(of error: any Error) -> Diagnostic {
    switch error {
    case let diagnostic as Diagnostic: diagnostic
    case let usage as UsageError: usage.diagnostic
    case let error as StoreError: store(error)
    case let error as FileError: file(error)
    case let error as FormatError: format(error)
    case let error as CodecError: codec(error)
    case let error as IntakeError: intake(error)
    case let error as ModelError: model(error)
    case let error as EngineError: engine(error)
    case let error as PromQLError: Diagnostic(.input, "\(error)", hint: error.hint)
    case let error as AlertError: alert(error)
    default:
      // Reached where a module's error has no case above: the run failed all
      // the same, and the error's own words are better than none.
      Diagnostic(.system, "\(error)")
    }
  }

  static func damage(_ damage: Damage) -> Diagnostic {
    let place = damage.part.isEmpty ? "" : "\(damage.part): "
    return Diagnostic(.damage, subject: damage.path, "damaged: \(place)\(damage.reason)")
  }

  private static func store(_ error: StoreError) -> Diagnostic {
    switch error {
    case .damaged(let found):
      let found = damage(found)
      return Diagnostic(
        found.kind, subject: found.subject, found.message,
        hint: "mx-compact verify names all damage, mx-compact repair keeps what is good")
    case .foreign(let path):
      return Diagnostic(
        .input, subject: path, "is no file of an mx store",
        hint: "files of a store end in .seg or .set, or begin with MANIFEST-")
    case .newer(let path, let needs, let have):
      return Diagnostic(
        .input, subject: path, "needs format version \(needs), this program reads up to \(have)",
        hint: "install a newer mx")
    case .missing(let path):
      return Diagnostic(
        .system, subject: path, "there is no store",
        hint: "name one with --store or MX_STORE; mx-ingest makes it")
    case .locked(let path):
      return Diagnostic(
        .locked, subject: path, "is held by another run",
        hint: "--lock wait=5m waits longer, --lock skip gives up quietly")
    case .file(let found): return file(found)
    case .uncertain(let found):
      let found = file(found)
      return Diagnostic(
        .system, subject: found.subject,
        "\(found.message): whether this commit will outlive a power cut is not certain",
        hint: "run it again: what is in the store is not taken twice")
    case .vanished(let path):
      return Diagnostic(.damage, subject: path, "is missing", hint: "mx-compact verify")
    case .conflict(let series, let time):
      return Diagnostic(
        .input, subject: series, "has another value at \(TimeText.rfc3339(time)) already",
        hint: "on_conflict: error is set in mx.yml")
    case .held:
      return Diagnostic(.locked, "another run has just taken the same input")
    }
  }

  private static func file(_ error: FileError) -> Diagnostic {
    switch error {
    case .notFound(let path): Diagnostic(.system, subject: path, "no such file")
    case .exists(let path): Diagnostic(.system, subject: path, "exists already")
    case .full(let path):
      Diagnostic(
        .system, subject: path, "the disk is full",
        hint: "mx-compact retention --now frees space first")
    case .denied(let path, _): Diagnostic(.system, subject: path, "permission denied")
    case .failed: Diagnostic(.system, error.description)
    }
  }

  private static func format(_ error: FormatError) -> Diagnostic {
    switch error {
    case .lineTooLong(let line, let limit):
      Diagnostic(.input, "line \(line) is longer than \(limit) bytes")
    case .bodyTooLarge(let limit):
      Diagnostic(.input, "is more than \(limit) bytes", hint: "--limit body_bytes=SIZE")
    case .refused(let problem): Diagnostic(.input, problem.description)
    }
  }

  private static func codec(_ error: CodecError) -> Diagnostic {
    switch error {
    case .tooDense(let ratio):
      Diagnostic(.input, "unpacks to over \(ratio) times its size: refused")
    case .tooLarge(let limit): Diagnostic(.input, "unpacks to over \(limit) bytes")
    case .truncated: Diagnostic(.input, "the compressed input is cut short")
    default: Diagnostic(.input, "the compressed input is broken: \(error)")
    }
  }

  private static func intake(_ error: IntakeError) -> Diagnostic {
    switch error {
    case .unknownFormat:
      Diagnostic(.input, "the format is not recognised", hint: "name it with --format")
    case .packed(let kind, let program):
      Diagnostic(
        .input, "is packed with \(kind), which is not unpacked (gzip and zstd are)",
        hint: "such as: \(program) FILE | mx-ingest")
    case .lowSpace(let free, let needed):
      Diagnostic(
        .system,
        "only \(ByteSize.format(Int64(free))) are free, storage.min_free keeps "
          + "\(ByteSize.format(Int64(needed))): nothing was taken",
        hint: "mx-compact retention --now frees space")
    }
  }

  /// A query that does not parse, with its text to point into.
  static func promQL(_ error: PromQLError, _ source: String) -> Diagnostic {
    var error = error
    let hint = error.hint
    error.hint = nil
    let lines = error.render(source: source).split(separator: "\n").map(String.init)
    return Diagnostic(.input, lines[0], hint: hint, excerpt: Array(lines.dropFirst()))
  }

  private static func engine(_ error: EngineError) -> Diagnostic {
    switch error {
    case .timeout:
      Diagnostic(
        .system, "the query was given up when its time was over",
        hint: "narrow the selectors or the range, or give it more: --timeout 5m")
    case .coarse(let message, let hint): Diagnostic(.input, message, hint: hint)
    case .query, .limit, .nativeHistogram, .badTime: Diagnostic(.input, "\(error)")
    }
  }

  private static func alert(_ error: AlertError) -> Diagnostic {
    switch error {
    case .locked(let path):
      Diagnostic(
        .locked, subject: path, "is held by another run",
        hint: "--lock wait=5m waits longer, --lock skip gives up quietly")
    case .newer(let path, let version, let known):
      Diagnostic(
        .input, subject: path, "is of version \(version), this program knows up to \(known)",
        hint: "install a newer mx")
    case .damaged(let path, let reason):
      Diagnostic(
        .damage, subject: path, "is damaged: \(reason)",
        hint: "alerts-copy.db beside it is a copy of the last run that changed something")
    case .failed(let path, let reason): Diagnostic(.system, subject: path, reason)
    case .missing(let path):
      Diagnostic(
        .no, subject: path, "there is no alert ledger: no rules were run on this store yet",
        hint: "mx-alert run makes it")
    }
  }

  private static func model(_ error: ModelError) -> Diagnostic {
    switch error {
    case .badRegex(let text, let reason):
      Diagnostic(.input, subject: text, "is no regular expression: \(reason)")
    case .badDuration(let text):
      Diagnostic(.input, subject: text, "is no duration", hint: "such as 1h30m, 15s, 7d")
    case .badRelabelRule(let reason): Diagnostic(.input, reason)
    }
  }
}
