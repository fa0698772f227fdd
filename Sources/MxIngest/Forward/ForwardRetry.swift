/// What to do about a request that was not taken: pure functions of how it went.
package enum ForwardRetry {
  /// How a request went.
  package enum Answer: Equatable, Sendable {
    case taken
    /// The receiver will never take these samples.
    case refused
    /// It takes nothing from us as we are: another password or URL is needed, and
    /// no sample is lost by waiting for it.
    case stop
    /// Again after so many milliseconds, where the receiver names them.
    case again(after: Int64?)
  }

  /// `isTransient` counts where there was no answer at all (`status` 0).
  package static func answer(
    status: Int, isTransient: Bool, retryAfter: String?
  ) -> Answer {
    if (200..<300).contains(status) { return .taken }
    let seconds = retryAfter.flatMap { Int64($0) }.map { max(0, min($0, 300)) * 1000 }
    if status == 429 || status >= 500 { return .again(after: seconds) }
    if status == 0 { return isTransient ? .again(after: nil) : .stop }
    return [400, 409, 413, 422].contains(status) ? .refused : .stop
  }

  /// Milliseconds before try number `attempt` + 1: twice as long each time, up to
  /// half a minute, give or take a quarter, so that many senders do not come back
  /// at once.
  package static func pause(attempt: Int, using random: inout some RandomNumberGenerator) -> Int64 {
    let base = min(Int64(500) << Int64(min(attempt, 10)), 30_000)
    return base * Int64.random(in: 75...125, using: &random) / 100
  }
}
