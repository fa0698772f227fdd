package import MxConfig

/// Somebody who is told, by one or more channels.
package struct Receiver: Sendable {
  package var name: String
  package var place: ConfigPlace
  package var integrations: [Integration]
  package var policy = ReceiverPolicy()
}

/// `x-mx:` of a receiver.
package struct ReceiverPolicy: Sendable {
  /// Who is told where this receiver's channels fail.
  package var fallback: String?
  /// Alerts that fire so long without acknowledgement are told to `escalateTo`; ms.
  package var escalateAfter: Int64?
  package var escalateTo: String?
  package var rate: RateLimit?
  /// Nil: as the file's options say.
  package var maxPerRun: Int?

  package init() {}
}

/// A token bucket: `burst` notices at once, then one each `per / burst`.
package struct RateLimit: Hashable, Sendable {
  package var burst: Int
  /// ms.
  package var per: Int64
}

/// One channel of a receiver: one element of its `*_configs`.
package struct Integration: Sendable {
  package var receiver: String
  /// `email`, `slack`, …: the name of its list without `_configs`.
  package var kind: String
  package var index: Int
  package var sendResolved: Bool
  package var place: ConfigPlace
  package var channel: Channel

  /// What the ledger knows it by; an index, as with Alertmanager.
  package var target: String { "\(receiver)/\(kind)/\(index)" }
}

/// How a notice is sent.
package enum Channel: Sendable {
  case email(EmailSettings)
  case slack(SlackSettings)
  case pagerDuty(PagerDutySettings)
  case webhook(WebhookSettings)
  /// Services that take one JSON object by POST.
  case post(PostSettings)
  case exec(ExecSettings)
  /// A file that notices are added to.
  case file(path: String, format: TextFormat)
  case stdout(TextFormat)
  /// Known, and not built: why.
  case unsupported(String)

  /// Why nothing can be sent this way.
  package var refusal: String? {
    if case .unsupported(let why) = self { return why }
    return nil
  }
}

package enum TextFormat: String, Sendable {
  case plain = "text"
  case json
}

package struct ExecSettings: Sendable {
  /// Program and arguments; no shell.
  package var command: [String]
  /// ms.
  package var timeout: Int64
}

/// How to reach a server over HTTP.
package struct HTTPSettings: Sendable {
  package enum Auth: Sendable {
    case none
    case basic(user: SecretSource, password: SecretSource)
    /// `Authorization: TYPE CREDENTIALS`.
    case header(type: String, credentials: SecretSource)
  }

  package var auth = Auth.none
  package var headers: [(name: String, value: SecretSource)] = []
  package var proxy = ""
  package var followsRedirects = true
  package var caFile = ""
  package var certificateFile = ""
  package var keyFile = ""
  package var serverName = ""
  package var isInsecure = false
  /// A setting that mx cannot honour, so that a request must not go out without it.
  package var refusal: String?

  package init() {}
}

package struct WebhookSettings: Sendable {
  package var url: SecretSource
  package var http: HTTPSettings
  /// Alerts beyond so many are left out; 0: none are.
  package var maxAlerts: Int
  /// ms; nil: as all requests.
  package var timeout: Int64?
}

package struct EmailSettings: Sendable {
  package enum Way: Sendable {
    /// host and port.
    case smtp(host: String, port: String)
    /// A program that takes the message on stdin and reads recipients from it.
    case sendmail(String)
  }

  package var way: Way
  package var to: String
  package var from: String
  package var hello: String
  package var user: String
  package var password: SecretSource?
  /// For CRAM-MD5.
  package var secret: SecretSource?
  package var headers: [(name: String, value: String)]
  package var html: String
  package var text: String
  package var requiresTLS: Bool
  package var isImplicitTLS: Bool
  package var tls: HTTPSettings
  /// Messages of one group belong together.
  package var isThreaded: Bool
  /// Whether a chart is attached.
  package var hasChart: Bool
}

package struct SlackSettings: Sendable {
  package struct Field: Sendable {
    package var title: String
    package var value: String
    package var isShort: Bool?
  }

  package struct Action: Sendable {
    package struct Confirmation: Sendable {
      package var text: String
      package var title: String
      package var okText: String
      package var dismissText: String
    }

    package var type: String
    package var text: String
    package var url: String
    package var style: String
    package var name: String
    package var value: String
    package var confirm: Confirmation?
  }

  package var url: SecretSource
  /// A bot's token, for `chat.postMessage`.
  package var token: SecretSource?
  package var http: HTTPSettings
  package var channel: String
  /// Templates by their name in the file; what is missing has its default.
  package var texts: [String: String]
  package var shortFields: Bool
  package var linkNames: Bool
  package var fields: [Field]
  package var actions: [Action]
  package var markdownIn: [String]?
  package var timeout: Int64?
}

package struct PagerDutySettings: Sendable {
  package var url: String
  package var routingKey: SecretSource
  /// The key is a `service_key` of Events v1, whose events have another shape.
  package var isVersion1: Bool
  package var http: HTTPSettings
  package var texts: [String: String]
  package var details: [(name: String, value: String)]
  package var images: [[String: String]]
  package var links: [[String: String]]
  package var timeout: Int64?
}

/// A service with one shape of request.
package struct PostSettings: Sendable {
  package enum Service: String, Sendable {
    case telegram, discord, msteams, msteamsv2, pushover, opsgenie, mattermost, rocketchat
    case victorops, webex
  }

  package var service: Service
  package var url: SecretSource
  package var http: HTTPSettings
  package var secrets: [String: SecretSource]
  package var texts: [String: String]
  package var flags: [String: Bool] = [:]
  package var numbers: [String: Int64] = [:]
  package var pairs: [(name: String, value: String)] = []
}
