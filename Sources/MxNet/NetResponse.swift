/// What became of one request.
package struct NetResponse: Equatable, Sendable {
  /// Nil if the server answered, with whatever status.
  package var failure: NetFailure?
  /// The HTTP status, or the last SMTP reply; 0 where there was none.
  package var status: Int
  /// One sentence about the failure; without secrets.
  package var message = ""
  /// Of the last response, in its order.
  package var headers: [NetHeader] = []
  package var body: [UInt8] = []
  /// Where redirects led.
  package var url = ""
  package var timings = NetTimings()

  package init(failure: NetFailure? = nil, status: Int = 0, message: String = "") {
    self.failure = failure
    self.status = status
    self.message = message
  }

  /// Answered with 2xx.
  package var isSuccess: Bool { failure == nil && (200..<300).contains(status) }

  /// The first header of a name, in letters of any case.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// Microseconds since the start of the request; 0 where it did not come to that.
package struct NetTimings: Equatable, Sendable {
  package var resolved: UInt64 = 0
  package var connected: UInt64 = 0
  package var secured: UInt64 = 0
  package var firstByte: UInt64 = 0
  package var total: UInt64 = 0

  package init() {}
}

/// Why there is no answer: the cases a caller treats differently.
package enum NetFailure: UInt8, Sendable {
  /// The request itself cannot be sent: a bad URL, header or file of a key.
  case badRequest = 1
  case resolve = 2
  case connect = 3
  /// No agreement, or a certificate that proves nothing.
  case tls = 4
  case timeout = 5
  /// The connection ended in the middle.
  case reset = 6
  /// The body has more bytes than allowed.
  case tooLarge = 7
  case redirects = 8
  /// What came is not the protocol.
  case garbled = 9
  /// The mail server said no; `status` is its reply.
  case refused = 10
  /// User or password were not accepted by the mail server or proxy.
  case login = 11
  case other = 12
  /// The time for all requests together was up.
  case deadline = 13
  /// The helper ended before this answer.
  case helperEnded = 14

  /// Whether the same request may succeed later.
  package var isTransient: Bool {
    switch self {
    case .resolve, .connect, .timeout, .reset, .deadline, .helperEnded: true
    case .badRequest, .tls, .tooLarge, .redirects, .garbled, .refused, .login, .other: false
    }
  }
}

extension NetFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badRequest: "the request cannot be sent"
    case .resolve: "the host is not known"
    case .connect: "no connection"
    case .tls: "no agreement on TLS, or a certificate that proves nothing"
    case .timeout: "no answer in time"
    case .reset: "the connection ended in the middle"
    case .tooLarge: "the answer has more bytes than allowed"
    case .redirects: "too many redirects"
    case .garbled: "what came is not the protocol"
    case .refused: "the mail server refused"
    case .login: "user or password were not accepted"
    case .other: "the request failed"
    case .deadline: "the time for all requests was up"
    case .helperEnded: "mx-net ended before the answer"
    }
  }
}
