import MxCLI
import MxCodec
import MxFormats
import MxIngest
import MxModel
import MxNet
import MxStore

/// `mx-ingest cgi`: one POST of samples, under a web server or on a socket.
enum IngestServer {
  /// A client has so long to send its request, ms.
  private static let patience = 60_000

  static func run(_ run: Run) throws -> ExitCode {
    let settings = try SettingsReader.load(run)
    if run.common.checksOnly { return .success }
    var limits = ServerLimits()
    limits.body = Int(settings.limits.bodyBytes ?? Int64(Int32.max))
    let streams = StandardStreams(milliseconds: patience)
    let conversation = Conversation(
      environment: environmentVariable, limits: limits, read: streams.read, write: streams.write)
    var failure: (any Error)?
    let status = try conversation.serve { request in
      do {
        return try answer(request, run)
      } catch {
        failure = error
        return refusal(error)
      }
    }
    // Said in the log too, where whoever runs the server looks; a client's mistake
    // is the client's to read.
    if let failure, (status ?? 0) >= 500 { throw failure }
    run.report.set("status", Double(status ?? 0), help: "The HTTP status of the answer.")
    return .success
  }

  private static func answer(_ request: ServerRequest, _ run: Run) throws -> ServerResponse {
    guard request.method == "POST" || request.method == "PUT" else {
      var response = ServerResponse.text(405, "samples are sent by POST")
      response.set("Allow", "POST, PUT")
      return response
    }
    if request.body.isEmpty { return .json(400, ServerAnswer.error("the body is empty")) }
    var options = try IngestFiles.options(run)
    let unknown = try read(request, into: &options)
    let session = try IngestSession(run, options: options)
    try session.intake.checkSpace()
    var rest = request.body[...]
    try session.intake.take(name: "body", .unique, modified: nil) { buffer in
      let count = min(buffer.count, rest.count)
      buffer.copyBytes(from: rest.prefix(count))
      rest = rest.dropFirst(count)
      return count
    }
    try session.intake.finish()
    session.figures()
    let result = session.intake.result
    var response = ServerResponse.json(
      ServerAnswer.status(result), ServerAnswer.counts(result, unknown + session.report.warnings))
    if response.status == 429 { response.set("Retry-After", "60") }
    return response
  }

  /// What the request says of its body: the query as the options of the command
  /// line, then its content type. Returns what is to be said of it: clients of other
  /// receivers name databases and the like, which must not cost them their samples.
  private static func read(
    _ request: ServerRequest, into options: inout IntakeOptions
  ) throws -> [String] {
    var warnings: [String] = []
    for (name, value) in FormText.pairs(request.query) ?? [] {
      switch name {
      case "format" where value != "auto":
        guard let format = Format(rawValue: value) else {
          throw Diagnostic(.usage, "unknown format '\(value)'")
        }
        options.format = format
      case "precision":
        guard let precision = TimePrecision(rawValue: value) else {
          throw Diagnostic(.usage, "unknown precision '\(value)'", hint: "one of s, ms, us, ns")
        }
        options.decoding.precision = precision
      case "batch-id", "batch_id": options.batchID = value
      case "events": options.decoding.events = value != "false" && value != "0"
      default: warnings.append("the parameter '\(name)' is not known and was passed over")
      }
    }
    if let id = request.header("Idempotency-Key") { options.batchID = options.batchID ?? id }
    if options.format == nil, request.contentType == "application/x-protobuf" {
      options.format = .remoteWrite
    }
    return warnings
  }

  /// The status that says whose turn it is: 4xx the client's, 503 to try again.
  private static func refusal(_ error: any Error) -> ServerResponse {
    let diagnostic = Explanation.diagnostic(of: error)
    let text = ServerAnswer.error(diagnostic.line)
    switch error {
    case FormatError.bodyTooLarge, CodecError.tooLarge: return .json(413, text)
    case let error as Diagnostic where error.kind == .usage: return .json(400, text)
    default: break
    }
    switch diagnostic.kind {
    case .input, .usage: return .json(400, text)
    case .no: return .json(422, text)
    case .locked, .system:
      // A full disk and a lock pass; the client keeps its samples and comes again.
      var response = ServerResponse.json(503, text)
      response.set("Retry-After", diagnostic.kind == .locked ? "1" : "30")
      return response
    case .damage: return .json(500, text)
    }
  }
}

/// The JSON that clients get.
enum ServerAnswer {
  /// 202 taken, 422 nothing or not all of it, 429 where only a limit of series refused.
  static func status(_ result: IntakeResult) -> Int {
    let refused = result.refused
    if refused == 0 {
      let tally = result.tally
      // Prometheus sends types and helps in requests of their own.
      let taken = result.samples + result.repeated + tally.droppedRows + tally.declared
      return taken > 0 ? 202 : 400
    }
    if result.tally.limited == refused { return 429 }
    // Not one line could be read: this is none of the formats.
    return result.samples == 0 && result.tally.problems == refused ? 400 : 422
  }

  static func counts(_ result: IntakeResult, _ warnings: [String]) -> String {
    let errors = result.refusals.prefix(20).map { refusal in
      var members: [(String, JSONText)] = []
      if refusal.line > 0 { members.append(("line", .integer(Int64(refusal.line)))) }
      if refusal.column > 0 { members.append(("column", .integer(Int64(refusal.column)))) }
      members.append(("error", .string(refusal.reason)))
      return JSONText.object(members)
    }
    return JSONText.object([
      ("accepted", .integer(Int64(result.samples))),
      ("refused", .integer(Int64(result.refused))),
      ("dropped", .integer(Int64(result.tally.droppedRows))),
      ("repeated", .bool(result.repeated > 0)),
      ("errors", .array(errors)),
      ("warnings", .array(warnings.prefix(20).map { .string($0) })),
    ]).text + "\n"
  }

  static func error(_ text: String) -> String {
    JSONText.object([
      ("accepted", .integer(0)), ("errors", .array([.object([("error", .string(text))])])),
    ]).text + "\n"
  }
}
