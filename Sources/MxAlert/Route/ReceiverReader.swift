import MxConfig
import MxModel

/// Reads `receivers:`: channels by the names that Alertmanager has for them, and ours
/// under `x-mx:`.
struct ReceiverReader {
  let problems: ConfigProblems
  let global: GlobalNotifySettings

  init(_ problems: ConfigProblems, _ global: GlobalNotifySettings) {
    self.problems = problems
    self.global = global
  }

  /// Every list of channels, whether one is told of resolved alerts by default.
  private static let kinds: [(kind: String, sendResolved: Bool)] = [
    ("email", false), ("slack", false), ("pagerduty", true), ("webhook", true),
    ("telegram", true), ("discord", true), ("msteams", true), ("msteamsv2", true),
    ("pushover", true), ("opsgenie", true), ("victorops", true), ("webex", true),
    ("rocketchat", false), ("mattermost", true), ("sns", true), ("wechat", false),
    ("jira", true), ("incidentio", true), ("hipchat", false),
  ]

  func read(_ mapping: ConfigMapping) -> Receiver {
    let name = mapping.string("name") ?? ""
    if name.isEmpty { problems.add(mapping.place, "missing name in receiver") }
    var receiver = Receiver(name: name, place: mapping.place, integrations: [])
    mapping.ignore("labels")
    for (kind, sendResolved) in Self.kinds {
      receiver.integrations += integrations(mapping, kind, sendResolved, name)
    }
    _ = mapping.mapping("x-mx") { ours($0, &receiver) }
    return receiver
  }

  private func integrations(
    _ mapping: ConfigMapping, _ kind: String, _ sendResolved: Bool, _ name: String
  ) -> [Integration] {
    var index = 0
    return mapping.mappings(kind + "_configs") { element -> Integration? in
      defer { index += 1 }
      let sends = element.bool("send_resolved") ?? sendResolved
      guard let channel = channel(kind, element) else { return nil }
      return Integration(
        receiver: name, kind: kind, index: index, sendResolved: sends, place: element.place,
        channel: channel)
    } ?? []
  }

  private func channel(_ kind: String, _ mapping: ConfigMapping) -> Channel? {
    let http = HTTPReader.read(mapping, "http_config") ?? global.http
    let reader = ChannelReader(mapping: mapping, global: global, http: http)
    switch kind {
    case "email": return EmailReader(mapping: mapping, global: global).channel
    case "slack": return SlackReader(mapping: mapping, global: global, http: http).channel
    case "pagerduty": return reader.pagerDuty
    case "webhook": return reader.webhook
    case "telegram": return reader.telegram
    case "discord", "msteams", "msteamsv2": return reader.chat(kind)
    case "pushover": return reader.pushover
    case "opsgenie": return reader.opsgenie
    case "victorops": return reader.victorops
    case "webex": return reader.webex
    case "rocketchat": return reader.rocketchat
    case "mattermost": return reader.mattermost
    default: return reader.unbuilt(kind)
    }
  }

  // MARK: - x-mx

  private func ours(_ mapping: ConfigMapping, _ receiver: inout Receiver) {
    receiver.policy.fallback = mapping.string("fallback")
    receiver.policy.escalateAfter = mapping.duration("escalate_after")
    receiver.policy.escalateTo = mapping.string("escalate_to")
    if (receiver.policy.escalateAfter == nil) != (receiver.policy.escalateTo == nil) {
      problems.add(mapping.place, "escalate_after and escalate_to need each other")
    }
    if receiver.policy.fallback == receiver.name, !receiver.name.isEmpty {
      mapping.report("fallback", "a receiver cannot be its own fallback")
    }
    receiver.policy.rate = rate(mapping)
    receiver.policy.maxPerRun = mapping.int("max_per_run", in: 1...100_000).map { Int($0) }
    let name = receiver.name
    for kind in ["exec", "file", "stdout"] {
      var index = 0
      receiver.integrations +=
        mapping.mappings(kind + "_configs") { element -> Integration? in
          defer { index += 1 }
          let sends = element.bool("send_resolved") ?? true
          guard let channel = local(kind, element) else { return nil }
          return Integration(
            receiver: name, kind: kind, index: index, sendResolved: sends, place: element.place,
            channel: channel)
        } ?? []
    }
  }

  private func local(_ kind: String, _ mapping: ConfigMapping) -> Channel? {
    switch kind {
    case "exec":
      guard let command = mapping.require("command", mapping.strings("command")) else {
        return nil
      }
      let timeout = mapping.duration("timeout") ?? 30_000
      guard let program = command.first, program.hasPrefix("/") else {
        mapping.report(
          "command", "'command' begins with '\(command.first ?? "")', no path of a program",
          hint: "command: [/usr/local/bin/notify, ARGUMENT]; there is no shell and no PATH")
        return nil
      }
      return .exec(ExecSettings(command: command, timeout: timeout))
    case "file":
      let format = format(mapping, .json)
      return mapping.require("path", mapping.string("path")).map { .file(path: $0, format: format) }
    default: return .stdout(format(mapping, .plain))
    }
  }

  private func format(_ mapping: ConfigMapping, _ standard: TextFormat) -> TextFormat {
    mapping.choice("format", [("text", .plain), ("json", .json)]) ?? standard
  }

  /// `rate_limit: 10/1m`.
  private func rate(_ mapping: ConfigMapping) -> RateLimit? {
    guard let text = mapping.string("rate_limit") else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let burst = Int(parts[0]), (1...10_000).contains(burst),
      let per = DurationText.parse(String(parts[1])), per > 0
    {
      return RateLimit(burst: burst, per: per)
    }
    mapping.report(
      "rate_limit", "'rate_limit' is '\(text)', expected notices per time", hint: "such as 10/1m")
    return nil
  }
}

/// Reads `email_configs`.
struct EmailReader {
  let mapping: ConfigMapping
  let global: GlobalNotifySettings

  var channel: Channel? {
    let to = mapping.string("to") ?? ""
    if to.isEmpty { mapping.problems.add(mapping.place, "missing to address in email config") }
    let ours = mapping.mapping("x-mx") { (mail: $0.string("sendmail"), chart: $0.bool("chart")) }
    let own = mapping.string("smarthost").flatMap { $0.isEmpty ? nil : $0 }
    if let own { HostPort.check(own, mapping, "smarthost") }
    let host = own ?? global.smarthost
    var from = mapping.string("from") ?? ""
    if from.isEmpty { from = global.from }
    if host == nil, ours?.mail == nil {
      mapping.problems.add(
        mapping.place, "no global SMTP smarthost set",
        hint: "smarthost: HOST:PORT, or x-mx: {sendmail: /usr/sbin/sendmail}")
    }
    if from.isEmpty { mapping.problems.add(mapping.place, "no global SMTP from set") }
    let split = host.flatMap(HostPort.split)
    let way: EmailSettings.Way =
      if let program = ours?.mail {
        .sendmail(program)
      } else {
        .smtp(host: split?.host ?? "localhost", port: split?.port ?? "25")
      }
    var user = mapping.string("auth_username") ?? ""
    if user.isEmpty { user = global.user }
    mapping.ignore("auth_identity", "http_config")
    let password = mapping.secretSource("auth_password") ?? global.password
    let secret = mapping.secretSource("auth_secret") ?? global.secret
    let hello = mapping.string("hello") ?? ""
    return .email(
      EmailSettings(
        way: way, to: to, from: from, hello: hello.isEmpty ? global.hello : hello,
        user: user, password: password, secret: secret, headers: headers,
        html: mapping.string("html") ?? "{{ template \"email.default.html\" . }}",
        text: mapping.string("text") ?? "",
        requiresTLS: mapping.bool("require_tls") ?? global.requiresTLS,
        isImplicitTLS: mapping.bool("force_implicit_tls") ?? global.isImplicitTLS
          ?? (split?.port == "465"),
        tls: mapping.mapping("tls_config") { HTTPReader.tls($0) } ?? global.tls,
        isThreaded: mapping.mapping("threading") { threading in
          threading.ignore("thread_by_date")
          return threading.bool("enabled") ?? false
        } ?? false,
        hasChart: ours?.chart ?? true))
  }

  /// Names as mail has them (`Subject`, `Reply-To`), each once.
  private var headers: [(name: String, value: String)] {
    var all: [(name: String, value: String)] = []
    for header in mapping.stringMap("headers") ?? [] {
      let name = header.name.split(separator: "-", omittingEmptySubsequences: false)
        .map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }.joined(separator: "-")
      if all.contains(where: { $0.name == name }) {
        mapping.problems.add(header.place, "duplicate header '\(name)' in email config")
      }
      all.append((name, header.value))
    }
    return all
  }
}

/// Reads `slack_configs`.
struct SlackReader {
  let mapping: ConfigMapping
  let global: GlobalNotifySettings
  let http: HTTPSettings

  private static let texts = [
    "username", "color", "title", "title_link", "pretext", "text", "message_text", "fallback",
    "callback_id", "icon_emoji", "icon_url", "image_url", "thumb_url", "footer",
  ]

  var channel: Channel? {
    let ownURL = mapping.secretURL("api_url")
    let ownToken = mapping.secretSource("app_token")
    let appURL = mapping.url("app_url") ?? global.urls["slack_app_url"] ?? ""
    if ownURL != nil, ownToken != nil {
      mapping.problems.add(mapping.place, "at most one of api_url and app_token allowed")
    }
    var url = ownURL
    var token: SecretSource?
    if url == nil {
      token = ownToken ?? global.secrets["slack_app_token"]
      url = token == nil ? global.secrets["slack_api_url"] : .written(Secret(appURL))
    }
    if url == nil {
      mapping.problems.add(
        mapping.place, "no Slack API URL nor App token set either inline or in a file",
        hint: "api_url, api_url_file, or slack_api_url under global")
    }
    if let ours = http.auth.isSet ? mapping.node("http_config") : nil, token != nil, !ours.isNull {
      // A token in http_config is what people wrote before there was app_token.
      token = nil
    }
    checkUpdate(url, appURL)
    var texts: [String: String] = [:]
    for name in Self.texts { texts[name] = mapping.string(name) }
    return .slack(
      SlackSettings(
        url: url ?? .written(Secret("")), token: token, http: http,
        channel: mapping.string("channel") ?? "", texts: texts,
        shortFields: mapping.bool("short_fields") ?? false,
        linkNames: mapping.bool("link_names") ?? false, fields: fields, actions: actions,
        markdownIn: mapping.strings("mrkdwn_in"), timeout: mapping.duration("timeout")))
  }

  /// A webhook cannot change a message that was sent.
  private func checkUpdate(_ url: SecretSource?, _ appURL: String) {
    guard mapping.bool("update_message") ?? false, case .written(let text)? = url,
      text.reveal() != appURL
    else { return }
    mapping.report(
      "update_message", "update_message works with an app_token only, not with a webhook URL")
  }

  private var fields: [SlackSettings.Field] {
    mapping.mappings("fields") { field -> SlackSettings.Field? in
      let short = field.node("short").map { _ in field.bool("short") ?? false }
      let title = field.string("title") ?? ""
      let value = field.string("value") ?? ""
      if title.isEmpty { mapping.problems.add(field.place, "missing title in Slack field") }
      if value.isEmpty { mapping.problems.add(field.place, "missing value in Slack field") }
      return .init(title: title, value: value, isShort: short)
    } ?? []
  }

  private var actions: [SlackSettings.Action] {
    mapping.mappings("actions") { action -> SlackSettings.Action? in
      func text(_ name: String) -> String { action.string(name) ?? "" }
      let confirm = action.mapping("confirm") { confirm in
        SlackSettings.Action.Confirmation(
          text: confirm.string("text") ?? "", title: confirm.string("title") ?? "",
          okText: confirm.string("ok_text") ?? "",
          dismissText: confirm.string("dismiss_text") ?? "")
      }
      if let confirm, confirm.text.isEmpty {
        mapping.problems.add(action.place, "missing text in Slack confirmation")
      }
      let found = SlackSettings.Action(
        type: text("type"), text: text("text"), url: text("url"), style: text("style"),
        name: text("name"), value: text("value"), confirm: confirm)
      if found.type.isEmpty { mapping.problems.add(action.place, "missing type in Slack action") }
      if found.text.isEmpty { mapping.problems.add(action.place, "missing text in Slack action") }
      if found.url.isEmpty, found.name.isEmpty {
        mapping.problems.add(action.place, "missing name or url in Slack action")
      }
      return found
    } ?? []
  }
}

extension HTTPSettings.Auth {
  var isSet: Bool { if case .none = self { false } else { true } }
}
