import Glibc
import MxAlert
import MxCLI
import MxFiles
import MxNet

/// Carries notices out of the process: over the network by mx-net, to programs, into
/// files and to stdout.
struct NoticeCourier: Courier {
  let output: Output
  let now: Int64
  /// False where stdout has the same news as data.
  var saysNotices = true
  /// The most that one round of messages may take, ms.
  private static let longest = 60_000

  func carry(_ dispatches: [Dispatch]) -> [DispatchOutcome] {
    var outcomes = [DispatchOutcome?](repeating: nil, count: dispatches.count)
    var requests: [(index: Int, request: NetRequest, replies: ReplyKind)] = []
    for (index, dispatch) in dispatches.enumerated() {
      switch dispatch {
      case .http(let request, let replies): requests.append((index, .http(request), replies))
      case .mail(let request): requests.append((index, .mail(request), .status))
      case .program(let command, let input, let timeout):
        outcomes[index] = run(command, input, timeout)
      case .append(let path, let bytes): outcomes[index] = append(path, bytes)
      case .say(let text): outcomes[index] = say(text)
      }
    }
    for (index, outcome) in send(requests) { outcomes[index] = outcome }
    return outcomes.map { outcome in
      guard let outcome else { preconditionFailure("BUG: a dispatch without an outcome") }
      return outcome
    }
  }

  private func send(
    _ requests: [(index: Int, request: NetRequest, replies: ReplyKind)]
  ) -> [(Int, DispatchOutcome)] {
    if requests.isEmpty { return [] }
    do throws(NetError) {
      let responses = try NetClient().perform(
        requests.map(\.request), within: Self.longest)
      return zip(requests, responses).map { sent, response in
        (sent.index, Reply.outcome(response, sent.replies, at: now))
      }
    } catch {
      return requests.map { ($0.index, .failed("\(error)", retryAfter: nil)) }
    }
  }

  private func run(_ command: [String], _ input: [UInt8], _ timeout: Int64) -> DispatchOutcome {
    switch ChildProcess.run(command, input: input, timeout: timeout) {
    case .exited(0): .sent
    // sysexits: a temporary failure.
    case .exited(let code): .failed("'\(command[0])' ended with exit code \(code)", retryAfter: nil)
    case .killed(let signal):
      .failed("'\(command[0])' was ended by signal \(signal)", retryAfter: nil)
    case .timedOut:
      .failed("'\(command[0])' took over \(timeout / 1000) s and was ended", retryAfter: nil)
    case .notStarted(let reason):
      .failed("'\(command[0])' cannot be started: \(reason)", retryAfter: nil)
    }
  }

  private func append(_ path: String, _ bytes: [UInt8]) -> DispatchOutcome {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return failure("'\(path)'") }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let start = written
      let count = bytes.withUnsafeBytes { raw in
        write(descriptor, raw.baseAddress.map { $0 + start }, raw.count - start)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return failure("'\(path)'") }
      written += count
    }
    return .sent
  }

  private func failure(_ what: String) -> DispatchOutcome {
    .failed("\(what): \(String(cString: strerror(errno)))", retryAfter: nil)
  }

  /// Told only once it is out of our hands.
  private func say(_ text: String) -> DispatchOutcome {
    if !saysNotices { return .sent }
    do {
      try output.write(text)
      try output.flush()
      return .sent
    } catch is OutputClosed {
      return .failed("nobody reads stdout any more", retryAfter: nil)
    } catch {
      return .failed("stdout: \(error)", retryAfter: nil)
    }
  }
}
