/// One thing to be done over the network.
package enum NetRequest: Equatable, Sendable {
  case http(HTTPRequest)
  case mail(MailRequest)
}

/// An HTTP or HTTPS request. Nothing is taken from the environment: no proxy, no
/// user, no certificate that is not named here.
package struct HTTPRequest: Equatable, Sendable {
  package var method = "GET"
  package var url: String
  /// A header named here replaces the one which would be sent otherwise.
  package var headers: [NetHeader] = []
  package var body: [UInt8] = []
  package var limits = NetLimits()
  /// Milliseconds to wait before it is sent; `limits` count from then.
  package var delay: UInt32 = 0
  /// How many redirects to follow, only from HTTP(S) to HTTP(S).
  package var redirects = 0
  /// Asks for gzip and unpacks it; `limits.body` is of the unpacked body.
  package var acceptsGzip = true
  package var tls = NetTLS()
  package var auth = NetAuth.none
  /// `http://proxy:3128`; empty for none.
  package var proxy = ""
  /// Hosts that are asked without it: names, `.domains`, networks, by commas.
  package var noProxy = ""

  package init(_ url: String) { self.url = url }
}

/// A message to be given to an SMTP server.
package struct MailRequest: Equatable, Sendable {
  package enum StartTLS: UInt8, Sendable {
    case never, ifOffered, required
  }

  /// `smtp://host:25` or `smtps://host:465`.
  package var url: String
  package var from: String
  package var recipients: [String]
  /// Headers and body. Bare line feeds are sent as CR LF.
  package var message: [UInt8]
  /// What to say in EHLO; empty for this machine's name.
  package var hello = ""
  package var startTLS = StartTLS.required
  package var limits = NetLimits()
  package var tls = NetTLS()
  /// `basic` means any way of logging in that the server offers.
  package var auth = NetAuth.none

  package init(_ url: String, from: String, recipients: [String], message: [UInt8]) {
    self.url = url
    self.from = from
    self.recipients = recipients
    self.message = message
  }
}

package struct NetHeader: Equatable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

package struct NetLimits: Equatable, Sendable {
  /// Milliseconds until there is a connection, TLS included.
  package var connect: UInt32 = 10_000
  /// Milliseconds for the whole request.
  package var total: UInt32 = 30_000
  /// Bytes of the response's body.
  package var body: UInt32 = 64 << 20

  package init() {}
}

package struct NetTLS: Equatable, Sendable {
  /// Paths of PEM files; empty for the system's and for none.
  package var caFile = ""
  package var certificateFile = ""
  package var keyFile = ""
  /// The name the server must prove to have; empty for the one in the URL.
  package var serverName = ""
  /// Takes any certificate.
  package var insecure = false
  /// 10 to 13 for TLS 1.0 to 1.3; 0 leaves it to libcurl.
  package var minimum: UInt8 = 0
  package var maximum: UInt8 = 0

  package init() {}
}

package enum NetAuth: Equatable, Sendable {
  case none
  case basic(user: String, password: String)
  case bearer(String)
  /// SMTP only: the one mechanism to use.
  case plain(user: String, password: String)
  case login(user: String, password: String)
}

/// Never shows what is secret.
extension NetAuth: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String {
    switch self {
    case .none: "no authentication"
    case .basic, .bearer, .plain, .login: "<secret>"
    }
  }

  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
