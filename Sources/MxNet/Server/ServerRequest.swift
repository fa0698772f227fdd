/// One HTTP request to a tool: from a web server by way of CGI/1.1, or raw from
/// a socket.
package struct ServerRequest {
  package enum Transport: Sendable {
    case cgi, http
  }

  package var transport: Transport
  package var method: String
  /// Without escapes, and under CGI without the name of the script where the web
  /// server tells them apart.
  package var path: String
  /// As it was sent: `FormText.pairs` reads it.
  package var query: String
  /// What the server or the client says of itself; empty under HTTP.
  package var remoteAddress = ""
  package var body: [UInt8] = []
  private let lookUp: (String) -> String?

  init(
    transport: Transport, method: String, path: String, query: String,
    header: @escaping (String) -> String?
  ) {
    self.transport = transport
    self.method = method
    self.path = path
    self.query = query
    lookUp = header
  }

  /// The first header of a name, in letters of any case; nil where it is not
  /// there or empty.
  package func header(_ name: String) -> String? {
    lookUp(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The value of `Content-Type` without its parameters, in small letters.
  package var contentType: String {
    let value = header("Content-Type") ?? ""
    let type = value.prefix { $0 != ";" }
    return String(type.filter { $0 != " " && $0 != "\t" }).lowercased()
  }
}

/// What a client may send at most.
package struct ServerLimits: Equatable, Sendable {
  /// Bytes of the request line and of all headers together. A query of PromQL is
  /// long, and so is a cookie; servers of the field take 8 to 64 KiB.
  package var head = 64 << 10
  package var headers = 100
  /// Bytes of the body as sent: who unpacks it bounds what comes out.
  package var body = 64 << 20

  package init() {}
}

/// Why a request is not one.
package enum RequestError: Error, Equatable, Sendable {
  /// The client went away before it had said anything.
  case closed
  /// It ended or broke off in the middle, or is not HTTP.
  case malformed(String)
  case headTooLarge(limit: Int)
  case bodyTooLarge(limit: Int)
  /// A way of sending the body that is not known here.
  case unknownEncoding(String)
  case unknownVersion(String)
  /// The client took longer than it was given.
  case tooSlow

  package var status: Int {
    switch self {
    case .closed, .malformed: 400
    case .headTooLarge: 431
    case .bodyTooLarge: 413
    case .unknownEncoding: 501
    case .unknownVersion: 505
    case .tooSlow: 408
    }
  }
}

extension RequestError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .closed: "the connection was closed before a request came"
    case .malformed(let what): what
    case .headTooLarge(let limit): "the headers have more than \(limit) bytes or are too many"
    case .bodyTooLarge(let limit): "the body has more than \(limit) bytes"
    case .unknownEncoding(let name): "the transfer encoding '\(name)' is not known here"
    case .unknownVersion(let text): "'\(text)' is not HTTP/1.0 or HTTP/1.1"
    case .tooSlow: "the request did not come in time"
    }
  }
}
