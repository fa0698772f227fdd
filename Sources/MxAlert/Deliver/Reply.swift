import MxJSON
package import MxNet
import MxTime

/// What a server's answer means for a notice.
package enum Reply {
  /// `secrets` never appear in it: the words are ours, or the server's first line.
  package static func outcome(
    _ response: NetResponse, _ kind: ReplyKind, at now: Int64
  ) -> DispatchOutcome {
    if let failure = response.failure { return outcome(failure, response) }
    let status = response.status
    if (200..<300).contains(status) { return accepted(response, kind) }
    let words = "HTTP \(status)" + detail(response)
    switch status {
    case 403 where kind == .pagerDuty1: return .failed(words, retryAfter: nil)
    case 401, 403, 407: return .rejected(words, credentials: true)
    case 408, 425, 429, 500...:
      return .failed(words, retryAfter: retryAfter(response, now))
    default: return .rejected(words, credentials: false)
    }
  }

  private static func outcome(_ failure: NetFailure, _ response: NetResponse) -> DispatchOutcome {
    let words = response.message.isEmpty ? "\(failure)" : response.message
    switch failure {
    case .login: return .rejected(words, credentials: true)
    // A mail server's 4xx is 'later'.
    case .refused:
      return (400..<500).contains(response.status)
        ? .failed(words, retryAfter: nil) : .rejected(words, credentials: response.status == 535)
    case .badRequest: return .rejected(words, credentials: false)
    default: return .failed(words, retryAfter: nil)
    }
  }

  private static let badTokens: Set<String> = [
    "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive",
    "no_permission", "invalid_token", "missing_scope",
  ]

  /// Slack answers 200 to what it refuses.
  private static func accepted(_ response: NetResponse, _ kind: ReplyKind) -> DispatchOutcome {
    guard kind == .slack else { return .sent }
    guard case .object? = parsed(response)?.content, let reply = parsed(response) else {
      return .sent
    }
    if reply["ok"]?.bool ?? true { return .sent }
    let error = reply["error"]?.string ?? "no reason given"
    if error == "ratelimited" { return .failed("Slack: \(error)", retryAfter: 30_000) }
    return .rejected("Slack: \(clipped(error, to: 100))", credentials: badTokens.contains(error))
  }

  private static func parsed(_ response: NetResponse) -> JSONValue? {
    do {
      return try JSONValue.parse(response.body)
    } catch {
      return nil
    }
  }

  /// The first line of what the server says.
  private static func detail(_ response: NetResponse) -> String {
    let line = response.body.prefix(200).prefix { $0 >= 0x20 }
    let text = String(decoding: line, as: UTF8.self)
    return text.isEmpty || text.hasPrefix("<") ? "" : ": " + clipped(text, to: 120)
  }

  /// `Retry-After`: seconds or a date; in ms from now.
  static func retryAfter(_ response: NetResponse, _ now: Int64) -> Int64? {
    guard let text = response.header("Retry-After") else { return nil }
    if let seconds = Int64(text), seconds >= 0 { return min(seconds, 86_400) * 1000 }
    return HTTPDate.parse(text).map { min(max(0, $0 - now), 86_400_000) }
  }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func parse(_ text: String) -> Int64? {
    let words = text.split { $0 == " " || $0 == ":" }
    guard words.count == 8, words[7] == "GMT", let day = Int(words[1]),
      let month = months.firstIndex(where: { $0 == words[2] }), let year = Int(words[3]),
      let hour = Int(words[4]), let minute = Int(words[5]), let second = Int(words[6]),
      let seconds = Civil(year, month + 1, day, hour, minute, second).secondsSince1970
    else { return nil }
    return seconds * 1000
  }
}
