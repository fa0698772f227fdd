package import MxConfig
package import MxModel

/// What a scrape configuration says: the jobs, in its order.
package struct ScrapeConfig: Sendable {
  package var jobs: [ScrapeJob] = []
  /// Patterns of files with more jobs, from the directory of this one.
  package var files: [String] = []
  /// What `global` says, as a job without a name.
  package var defaults = ScrapeJob(name: "")

  package init() {}
}

/// One `scrape_configs` entry, with what `global` says where it says nothing.
package struct ScrapeJob: Sendable {
  package var name: String
  /// Milliseconds; nil where nothing is written: every run fetches.
  package var interval: Int64?
  /// Milliseconds.
  package var timeout: Int64 = 10_000
  package var scheme = "http"
  package var metricsPath = "/metrics"
  package var params: [(name: String, values: [String])] = []
  package var honorLabels = false
  package var honorTimestamps = true
  package var tracksTimestampsStaleness = false
  package var acceptsGzip = true
  package var protocols = ScrapeProtocol.defaults
  /// For answers that do not say what they are.
  package var fallback: ScrapeProtocol?
  package var client = ClientSettings()
  package var limits = ScrapeLimits()
  package var relabel = RelabelRules([])
  package var metricRelabel = RelabelRules([])
  /// Writes how many samples and bytes there were, and the limits, as series.
  package var hasExtraMetrics = false
  package var groups: [TargetGroup] = []
  package var fileDiscovery: [FileDiscovery] = []
  package var httpDiscovery: [HTTPDiscovery] = []

  package init(name: String) { self.name = name }
}

/// Zero is no limit, as in Prometheus.
package struct ScrapeLimits: Equatable, Sendable {
  package var bodyBytes: Int64 = 0
  package var samples: Int64 = 0
  package var labels: Int64 = 0
  package var labelNameBytes: Int64 = 0
  package var labelValueBytes: Int64 = 0
  package var targets: Int64 = 0

  package init() {}
}

/// The formats a target is asked for, by Prometheus' names, most wanted first.
package enum ScrapeProtocol: String, CaseIterable, Sendable {
  case protobuf = "PrometheusProto"
  case openMetrics1 = "OpenMetricsText1.0.0"
  case openMetrics0 = "OpenMetricsText0.0.1"
  case text1 = "PrometheusText1.0.0"
  case text0 = "PrometheusText0.0.4"

  package static let defaults: [ScrapeProtocol] = [.openMetrics1, .openMetrics0, .text1, .text0]

  private var mediaType: String {
    switch self {
    case .protobuf:
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    case .openMetrics1: "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
    case .openMetrics0: "application/openmetrics-text;version=0.0.1"
    case .text1: "text/plain;version=1.0.0;escaping=allow-utf-8"
    case .text0: "text/plain;version=0.0.4"
    }
  }

  /// The value of `Accept`: each a little less wanted than the one before.
  package static func accept(_ protocols: [ScrapeProtocol]) -> String {
    var weight = protocols.count + 1
    var types: [String] = []
    for wanted in protocols {
      types.append("\(wanted.mediaType);q=0.\(weight)")
      weight -= 1
    }
    return (types + ["*/*;q=0.\(weight)"]).joined(separator: ",")
  }
}

/// Targets that share labels: `static_configs`, and what discovery finds.
package struct TargetGroup: Equatable, Sendable {
  package var targets: [String]
  package var labels: [String: String]

  package init(targets: [String], labels: [String: String] = [:]) {
    self.targets = targets
    self.labels = labels
  }
}

package struct FileDiscovery: Sendable {
  /// Paths; the last part may have `*` and `?`.
  package var patterns: [String]
  package var place: ConfigPlace
}

package struct HTTPDiscovery: Sendable {
  package var url: String
  /// Milliseconds that a list is good for.
  package var refresh: Int64 = 60_000
  package var client = ClientSettings()
  package var place: ConfigPlace
}

/// How requests are sent, but for their URL: `http_config` of the field.
///
/// Secrets stay sources: who sends them resolves them.
package struct ClientSettings: Equatable, Sendable {
  package enum Authorization: Equatable, Sendable {
    case none
    case basic(user: SecretSource, password: SecretSource)
    /// `Bearer` or another word, and what stands behind it.
    case token(type: String, SecretSource)
  }

  package struct Header: Equatable, Sendable {
    package var name: String
    package var values: [SecretSource]
  }

  package struct TLS: Equatable, Sendable {
    package var caFile = ""
    package var certificateFile = ""
    package var keyFile = ""
    package var serverName = ""
    package var insecure = false
    /// 10 to 13 for TLS 1.0 to 1.3; 0 where nothing is written.
    package var minimum: UInt8 = 0
    package var maximum: UInt8 = 0

    package init() {}
  }

  /// Where paths of secrets begin.
  package var directory = "."
  package var authorization = Authorization.none
  package var headers: [Header] = []
  package var tls = TLS()
  package var followsRedirects = true
  package var proxy = ""
  /// Hosts without the proxy, as curl's `--noproxy` takes them.
  package var noProxy = ""
  package var takesProxyFromEnvironment = false

  package init() {}
}
