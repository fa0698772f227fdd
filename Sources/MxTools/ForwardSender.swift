import MxCLI
import MxIngest
import MxNet

/// Sends remote write requests until they are taken, refused, or patience ends.
final class ForwardSender {
  /// A signal came; what was taken is remembered.
  struct Interrupted: Error {}

  private let request: HTTPRequest
  private let patience: Int64
  private let run: Run
  private var random = SystemRandomNumberGenerator()
  private var sieve = ForwardSieve()
  private var said: Set<String> = []
  private(set) var sent = 0
  private(set) var refused = 0
  private(set) var retries = 0

  /// Milliseconds of one request.
  private static let timeout: UInt32 = 30_000

  init(_ request: HTTPRequest, patience: Int64?, _ run: Run) {
    var request = request
    request.method = "POST"
    request.limits.total = Self.timeout
    request.limits.body = 1 << 16
    request.headers += [
      NetHeader("Content-Encoding", "snappy"),
      NetHeader("Content-Type", "application/x-protobuf"),
      NetHeader("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ]
    self.request = request
    self.patience = patience ?? 60_000
    self.run = run
  }

  /// Sends what the receiver takes of `body`; the rest is counted and said.
  func send(_ body: ForwardBodies.Body) throws {
    var refusal = NetResponse(failure: .deadline)
    try sieve.pass(body) { part in
      guard let response = try deliver(part) else { return true }
      refusal = response
      return false
    } refuse: { part in
      refused += part.samples
      say(refusal, part)
    }
  }

  /// Sends one request until it is taken; nil, or with what words it was refused.
  private func deliver(_ body: ForwardBodies.Body) throws -> NetResponse? {
    var request = request
    request.body = body.bytes()
    let clock = MonotonicClock()
    var attempt = 0
    while true {
      if Interruption.isAsked { throw Interrupted() }
      let response = try perform(request)
      switch ForwardRetry.answer(
        status: response.status, isTransient: response.failure?.isTransient ?? false,
        retryAfter: response.header("Retry-After"))
      {
      case .taken:
        sent += body.samples
        return nil
      case .refused:
        return response
      case .stop:
        throw stop(response)
      case .again(let after):
        let pause = after ?? ForwardRetry.pause(attempt: attempt, using: &random)
        if clock.elapsed + pause > patience { throw stop(response) }
        attempt += 1
        retries += 1
        Clock.sleep(milliseconds: pause)
      }
    }
  }

  private func perform(_ request: HTTPRequest) throws -> NetResponse {
    var found = NetResponse(failure: .deadline)
    let stops = { Interruption.isAsked }
    let milliseconds = Int(Self.timeout) + 1000
    try NetClient().perform([.http(request)], within: milliseconds, stops: stops) { found = $1 }
    if Interruption.isAsked, !found.isSuccess { throw Interrupted() }
    return found
  }

  private func stop(_ response: NetResponse) -> Diagnostic {
    Diagnostic(
      .system, subject: ShownURL.text(request.url), Self.reason(response),
      hint: "what was not taken is sent by the next run")
  }

  /// What the receiver says of data that it will never take, once.
  private func say(_ response: NetResponse, _ body: ForwardBodies.Body) {
    let reason = Self.reason(response)
    guard said.count < 10, said.insert(reason).inserted else { return }
    let such = body.first.map { ", such as \($0.series) at \(TimeText.rfc3339($0.time))" } ?? ""
    run.output.warn(
      Diagnostic(
        .no, subject: ShownURL.text(request.url), "samples were refused: \(reason)\(such)"))
  }

  private static func reason(_ response: NetResponse) -> String {
    let problem = FetchProblem.sentence(response) ?? ""
    let words =
      String(decoding: response.body.prefix(300), as: UTF8.self)
      .split(separator: "\n").first.map { ": \($0)" } ?? ""
    return problem + words
  }
}
