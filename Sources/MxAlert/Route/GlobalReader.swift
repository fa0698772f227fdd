package import MxConfig

/// `global:`: what channels have where they say nothing themselves.
package struct GlobalNotifySettings: Sendable {
  /// Read, and without meaning here: an alert ends when its rule says so.
  package var resolveTimeout: Int64 = 300_000
  package var http = HTTPSettings()
  package var smarthost: String?
  package var from = ""
  package var hello = "localhost"
  package var user = ""
  package var password: SecretSource?
  package var secret: SecretSource?
  package var requiresTLS = true
  package var isImplicitTLS: Bool?
  package var tls = HTTPSettings()
  /// Keys and tokens by their name in the file.
  package var secrets: [String: SecretSource] = [:]
  /// Addresses of services by their name in the file.
  package var urls: [String: String] = [
    "pagerduty_url": "https://events.pagerduty.com/v2/enqueue",
    "opsgenie_api_url": "https://api.opsgenie.com/",
    "victorops_api_url": "https://alert.victorops.com/integrations/generic/20131114/alert/",
    "telegram_api_url": "https://api.telegram.org",
    "webex_api_url": "https://webexapis.com/v1/messages",
    "rocketchat_api_url": "https://open.rocket.chat/",
    "wechat_api_url": "https://qyapi.weixin.qq.com/cgi-bin/",
    "slack_app_url": "https://slack.com/api/chat.postMessage",
    "jira_api_url": "",
  ]

  package init() {}
}

struct GlobalReader {
  let problems: ConfigProblems

  private static let secrets = [
    "slack_app_token", "opsgenie_api_key", "wechat_api_secret", "victorops_api_key",
    "telegram_bot_token", "rocketchat_token", "rocketchat_token_id",
  ]

  func read(_ mapping: ConfigMapping) -> GlobalNotifySettings {
    mapping.mapping("global") { settings($0) } ?? GlobalNotifySettings()
  }

  private func settings(_ mapping: ConfigMapping) -> GlobalNotifySettings {
    var global = GlobalNotifySettings()
    if let timeout = mapping.duration("resolve_timeout") { global.resolveTimeout = timeout }
    global.http = HTTPReader.read(mapping, "http_config") ?? HTTPSettings()
    for name in Self.secrets { global.secrets[name] = mapping.secretSource(name) }
    for name in ["slack_api_url", "mattermost_webhook_url"] {
      global.secrets[name] = mapping.secretURL(name)
    }
    for name in global.urls.keys.sorted() {
      if let url = mapping.url(name) { global.urls[name] = url }
    }
    if let corp = mapping.string("wechat_api_corp_id") {
      global.secrets["wechat_api_corp_id"] = .written(Secret(corp))
    }
    checkSlack(mapping, global)
    smtp(mapping, &global)
    return global
  }

  /// A webhook's URL and a bot's token exclude each other, unless the URL is the one
  /// that bots use, as one had to write it before there were tokens.
  private func checkSlack(_ mapping: ConfigMapping, _ global: GlobalNotifySettings) {
    guard let url = global.secrets["slack_api_url"], global.secrets["slack_app_token"] != nil else {
      return
    }
    if case .written(let text) = url, text.reveal() == global.urls["slack_app_url"] { return }
    mapping.report("slack_app_token", "at most one of slack_app_token and slack_api_url allowed")
  }

  private func smtp(_ mapping: ConfigMapping, _ global: inout GlobalNotifySettings) {
    global.smarthost = mapping.string("smtp_smarthost").flatMap { $0.isEmpty ? nil : $0 }
    if let host = global.smarthost { HostPort.check(host, mapping, "smtp_smarthost") }
    global.from = mapping.string("smtp_from") ?? ""
    if let hello = mapping.string("smtp_hello"), !hello.isEmpty { global.hello = hello }
    global.user = mapping.string("smtp_auth_username") ?? ""
    global.password = mapping.secretSource("smtp_auth_password")
    global.secret = mapping.secretSource("smtp_auth_secret")
    mapping.ignore("smtp_auth_identity")
    global.requiresTLS = mapping.bool("smtp_require_tls") ?? true
    global.isImplicitTLS = mapping.bool("smtp_force_implicit_tls")
    global.tls = mapping.mapping("smtp_tls_config") { HTTPReader.tls($0) } ?? HTTPSettings()
  }
}

/// `host:port`.
enum HostPort {
  static func split(_ text: String) -> (host: String, port: String)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let port = text[text.index(after: colon)...]
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return port.isEmpty ? nil : (String(host), String(port))
  }

  static func check(_ text: String, _ mapping: ConfigMapping, _ name: String) {
    if split(text) == nil {
      mapping.report(name, "address '\(text)': port cannot be empty", hint: "such as mail:587")
    }
  }
}

/// `http_config:` and `tls_config:` as Prometheus has them.
enum HTTPReader {
  static func read(_ mapping: ConfigMapping, _ name: String) -> HTTPSettings? {
    mapping.mapping(name) { settings($0) }
  }

  private static func settings(_ mapping: ConfigMapping) -> HTTPSettings {
    var http = mapping.mapping("tls_config") { tls($0) } ?? HTTPSettings()
    http.followsRedirects = mapping.bool("follow_redirects") ?? true
    mapping.ignore("enable_http2", "proxy_connect_header")
    http.proxy = mapping.string("proxy_url") ?? ""
    if mapping.bool("proxy_from_environment") ?? false {
      http.refusal = "'proxy_from_environment' is not supported: name the proxy in 'proxy_url'"
    }
    if !(mapping.string("no_proxy") ?? "").isEmpty, http.proxy.isEmpty {
      mapping.report("no_proxy", "if no_proxy is configured, proxy_url must also be configured")
    }
    auth(mapping, &http)
    headers(mapping, &http)
    return http
  }

  static func tls(_ mapping: ConfigMapping) -> HTTPSettings {
    var http = HTTPSettings()
    http.caFile = mapping.string("ca_file") ?? ""
    http.certificateFile = mapping.string("cert_file") ?? ""
    http.keyFile = mapping.string("key_file") ?? ""
    http.serverName = mapping.string("server_name") ?? ""
    http.isInsecure = mapping.bool("insecure_skip_verify") ?? false
    mapping.ignore("min_version", "max_version")
    for name in ["ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"]
    where mapping.string(name) != nil {
      http.refusal = "'\(name)' inside the file is not supported: use '\(name)_file'"
    }
    if http.certificateFile.isEmpty != http.keyFile.isEmpty, http.refusal == nil {
      mapping.problems.add(
        mapping.place, "exactly one of cert_file and key_file is set, both or none expected")
    }
    return http
  }

  private static func auth(_ mapping: ConfigMapping, _ http: inout HTTPSettings) {
    var ways = 0
    if let basic = mapping.mapping("basic_auth", basic) {
      ways += 1
      http.auth = basic
    }
    if let found = mapping.mapping("authorization", { authorization($0) }) {
      ways += 1
      http.auth = found
    }
    if let token = mapping.secretSource("bearer_token") {
      ways += 1
      http.auth = .header(type: "Bearer", credentials: token)
    }
    if mapping.node("oauth2") != nil {
      ways += 1
      http.refusal = "'oauth2' is not supported"
    }
    if ways > 1 {
      mapping.problems.add(
        mapping.place,
        "at most one of basic_auth, authorization, oauth2 and bearer_token must be configured")
    }
  }

  private static func basic(_ mapping: ConfigMapping) -> HTTPSettings.Auth {
    mapping.ignore("username_ref", "password_ref")
    return .basic(
      user: mapping.secret("username") ?? .written(Secret("")),
      password: mapping.secret("password") ?? .written(Secret("")))
  }

  private static func authorization(_ mapping: ConfigMapping) -> HTTPSettings.Auth {
    mapping.ignore("credentials_ref")
    let type = mapping.string("type") ?? "Bearer"
    if type.lowercased() == "basic" {
      mapping.report("type", "authorization type cannot be set to 'basic', use 'basic_auth'")
    }
    return .header(
      type: type, credentials: mapping.secret("credentials") ?? .written(Secret("")))
  }

  private static func headers(_ mapping: ConfigMapping, _ http: inout HTTPSettings) {
    guard let fields = mapping.node("http_headers")?.fields else { return }
    for field in fields {
      ConfigMapping.read(field.value, "'\(field.name)'", mapping.problems) { header in
        for value in (header.strings("values") ?? []) + (header.strings("secrets") ?? []) {
          http.headers.append((field.name, .written(Secret(value))))
        }
        for file in header.strings("files") ?? [] {
          http.headers.append((field.name, .file(file)))
        }
      }
    }
  }
}
