import MxConfig
import MxModel
package import MxNet

/// One message on its way: what a courier carries, without knowing what it says.
package enum Dispatch: Sendable {
  case http(HTTPRequest, replies: ReplyKind)
  case mail(MailRequest)
  /// `environment`: nothing of ours but a few harmless variables.
  case program(command: [String], input: [UInt8], timeout: Int64)
  case append(path: String, bytes: [UInt8])
  case say(String)
}

/// How a service says what it did beyond the status.
package enum ReplyKind: Sendable {
  case status
  /// Slack: a JSON object with `ok`, or a word.
  case slack
  /// PagerDuty's Events v1 says 403 where it means 429.
  case pagerDuty1
}

/// What became of a dispatch.
package enum DispatchOutcome: Hashable, Sendable {
  case sent
  /// It may succeed later; `retryAfter`: not before so many ms.
  case failed(String, retryAfter: Int64?)
  /// It never will. `credentials`: nor will any other of this channel.
  case rejected(String, credentials: Bool)
}

/// Who carries messages out of the process; each dispatch gets one outcome.
package protocol Courier {
  func carry(_ dispatches: [Dispatch]) -> [DispatchOutcome]
}

/// A message, or why there is none; `problems` are templates that failed.
package struct Message: Sendable {
  package var dispatch: Dispatch
  package var problems: [String]
}

/// Why a message cannot be made: a secret that is not there, a channel that is not built.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// How secrets are had, when a message is made and not before.
package struct SecretResolver: Sendable {
  package var environment: @Sendable (String) -> String?
  package var read: @Sendable (String) -> [UInt8]?

  package init(
    environment: @escaping @Sendable (String) -> String?,
    read: @escaping @Sendable (String) -> [UInt8]?
  ) {
    self.environment = environment
    self.read = read
  }

  func reveal(_ source: SecretSource) throws(MessageError) -> String {
    do throws(SecretSource.Failure) {
      return try source.resolve(environment: environment, read: read).reveal()
    } catch {
      throw MessageError("\(error)")
    }
  }

  /// A URL's blanks at its ends come from editors.
  func url(_ source: SecretSource) throws(MessageError) -> String {
    let text = try reveal(source)
    let bytes = text.utf8.drop { $0 <= 0x20 }
    let end = bytes.lastIndex { $0 > 0x20 }.map(bytes.index(after:)) ?? bytes.startIndex
    return String(Substring(bytes[bytes.startIndex..<end]))
  }
}

extension HTTPSettings {
  /// A POST by these settings.
  func request(
    _ url: String, type: String = "application/json", _ body: [UInt8], timeout: Int64?,
    _ secrets: SecretResolver
  ) throws(MessageError) -> HTTPRequest {
    if let refusal { throw MessageError(refusal) }
    var request = HTTPRequest(url)
    request.method = "POST"
    request.body = body
    request.headers = [
      NetHeader("Content-Type", type), NetHeader("User-Agent", "mx-alert"),
    ]
    for header in headers {
      let name = header.name.lowercased()
      request.headers.removeAll { $0.name.lowercased() == name }
      request.headers.append(NetHeader(header.name, try secrets.reveal(header.value)))
    }
    request.proxy = proxy
    request.redirects = followsRedirects ? 10 : 0
    request.tls = tls
    request.limits.body = 1 << 20
    if let timeout { request.limits.total = UInt32(clamping: timeout) }
    switch auth {
    case .none: break
    case .basic(let user, let password):
      request.auth = .basic(
        user: try secrets.reveal(user), password: try secrets.reveal(password))
    case .header(let type, let credentials):
      let secret = try secrets.reveal(credentials)
      if type == "Bearer" {
        request.auth = .bearer(secret)
      } else {
        request.headers.append(NetHeader("Authorization", "\(type) \(secret)"))
      }
    }
    return request
  }

  var tls: NetTLS {
    var tls = NetTLS()
    tls.caFile = caFile
    tls.certificateFile = certificateFile
    tls.keyFile = keyFile
    tls.serverName = serverName
    tls.insecure = isInsecure
    return tls
  }
}

extension String {
  /// Its hash in hex digits: what pagers know a group by.
  var sha256: String {
    SHA256.hash(Array(utf8)).map { byte in
      let digits = String(byte, radix: 16)
      return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
