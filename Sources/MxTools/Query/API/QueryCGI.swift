import Glibc
import MxCLI
import MxNet

/// `mx-query cgi`: one request of Prometheus' HTTP API, as CGI/1.1 under a web server, or
/// as plain HTTP on a socket that systemd accepted.
enum QueryCGI {
  /// A query in a form; nothing larger is a question.
  private static let bodyLimit = 4 << 20
  /// How long a client may take to ask, ms.
  private static let patience = 30_000

  static func run(_ run: Run) throws -> ExitCode {
    guard !run.arguments.has("source") else {
      throw Diagnostic(.usage, "'cgi' answers from stores and files, not from another server")
    }
    let streams = StandardStreams(milliseconds: patience)
    var limits = ServerLimits()
    limits.body = bodyLimit
    let conversation = Conversation(
      environment: { name in getenv(name).map { String(cString: $0) } }, limits: limits,
      read: { try streams.read($0) }, write: { try streams.write($0) })
    let status = try conversation.serve { request in
      do {
        return PrometheusAPI(try QueryInput.open(run), run).answer(request)
      } catch {
        // The client gets the reason, and so does the log.
        let found = Explanation.diagnostic(of: error)
        run.output.error(found)
        return APIError(.unavailable, found.message).response
      }
    }
    run.output.summary("answered \(status.map { String($0) } ?? "nobody")")
    // A refused request is an answer.
    return .success
  }
}
