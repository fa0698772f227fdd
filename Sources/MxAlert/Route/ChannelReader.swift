import MxConfig

/// Reads the elements of a receiver's lists of channels.
struct ChannelReader {
  let mapping: ConfigMapping
  let global: GlobalNotifySettings
  let http: HTTPSettings

  private func problem(_ message: String, hint: String? = nil) {
    mapping.problems.add(mapping.place, message, hint: hint)
  }

  private func texts(_ names: String...) -> [String: String] {
    var texts: [String: String] = [:]
    for name in names { texts[name] = mapping.string(name) }
    return texts
  }

  private static let nothing = SecretSource.written(Secret(""))

  /// A secret of this channel or of `global:`; a problem where there is neither.
  private func needed(_ name: String, _ globalName: String?, _ message: String) -> SecretSource {
    if let own = mapping.secretSource(name) { return own }
    if let shared = globalName.flatMap({ global.secrets[$0] }) { return shared }
    problem(message)
    return Self.nothing
  }

  // MARK: - Webhook and PagerDuty

  var webhook: Channel {
    let url = mapping.secretURL("url")
    if url == nil, mapping.string("url") == nil || mapping.string("url") == "",
      mapping.string("url_file") == nil
    {
      problem("one of url or url_file must be configured")
    }
    if let payload = mapping.node("payload"), !payload.isNull {
      mapping.report("payload", "a webhook's 'payload' is not supported: its body is version 4")
    }
    return .webhook(
      WebhookSettings(
        url: url ?? Self.nothing, http: http,
        maxAlerts: Int(mapping.int("max_alerts", in: 0...1_000_000) ?? 0),
        timeout: mapping.duration("timeout")))
  }

  var pagerDuty: Channel {
    let service = mapping.secretSource("service_key")
    let routing = mapping.secretSource("routing_key")
    if service == nil, routing == nil {
      problem("missing service or routing key in PagerDuty config")
    }
    if service != nil, routing != nil {
      problem("at most one of routing_key and service_key allowed in PagerDuty config")
    }
    func entries(_ list: String, _ fields: [String]) -> [[String: String]] {
      mapping.mappings(list) { entry in
        var all: [String: String] = [:]
        for field in fields { all[field] = entry.string(field) }
        return all
      } ?? []
    }
    return .pagerDuty(
      PagerDutySettings(
        url: mapping.url("url") ?? global.urls["pagerduty_url"] ?? "",
        routingKey: routing ?? service ?? Self.nothing, isVersion1: routing == nil, http: http,
        texts: texts(
          "client", "client_url", "description", "source", "severity", "class", "component",
          "group"),
        details: (mapping.stringMap("details") ?? []).map { ($0.name, $0.value) },
        images: entries("images", ["href", "src", "alt"]),
        links: entries("links", ["href", "text"]), timeout: mapping.duration("timeout")))
  }

  // MARK: - Services

  private func post(
    _ service: PostSettings.Service, _ url: SecretSource, _ secrets: [String: SecretSource],
    _ texts: [String: String], flags: [String: Bool] = [:], numbers: [String: Int64] = [:],
    pairs: [(name: String, value: String)] = []
  ) -> Channel {
    .post(
      PostSettings(
        service: service, url: url, http: http, secrets: secrets, texts: texts, flags: flags,
        numbers: numbers, pairs: pairs))
  }

  private func written(_ text: String?) -> SecretSource { .written(Secret(text ?? "")) }

  var telegram: Channel {
    let token = needed("bot_token", "telegram_bot_token", "missing bot_token on telegram_config")
    let chat = mapping.int("chat_id")
    let chatFile = mapping.string("chat_id_file")
    if chat ?? 0 == 0, chatFile == nil { problem("missing chat_id on telegram_config") }
    var secrets = ["bot_token": token]
    if let chatFile { secrets["chat_id"] = .file(chatFile) }
    let mode = mapping.string("parse_mode") ?? "HTML"
    if !["", "Markdown", "MarkdownV2", "HTML"].contains(mode) {
      mapping.report(
        "parse_mode",
        "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty")
    }
    var found = texts("message")
    found["parse_mode"] = mode
    var numbers = ["chat_id": chat ?? 0]
    numbers["message_thread_id"] = mapping.int("message_thread_id")
    return post(
      .telegram, written(mapping.url("api_url") ?? global.urls["telegram_api_url"]), secrets, found,
      flags: ["disable_notifications": mapping.bool("disable_notifications") ?? false],
      numbers: numbers)
  }

  func chat(_ kind: String) -> Channel? {
    let url = mapping.secretURL("webhook_url")
    if url == nil { problem("one of webhook_url or webhook_url_file must be configured") }
    guard let service = PostSettings.Service(rawValue: kind) else { return nil }
    return post(
      service, url ?? Self.nothing, [:],
      kind == "discord"
        ? texts("content", "title", "message", "username", "avatar_url")
        : kind == "msteams" ? texts("title", "summary", "text") : texts("title", "text"))
  }

  var pushover: Channel {
    let user = needed("user_key", nil, "one of user_key or user_key_file must be configured")
    let token = needed("token", nil, "one of token or token_file must be configured")
    let found = texts("title", "message", "url", "url_title", "device", "sound", "priority")
    var numbers: [String: Int64] = [:]
    for (name, standard) in [("retry", Int64(60_000)), ("expire", 3_600_000)] {
      numbers[name] = (mapping.duration(name) ?? standard) / 1000
    }
    numbers["ttl"] = mapping.duration("ttl").map { $0 / 1000 }
    let html = mapping.bool("html") ?? false
    let monospace = mapping.bool("monospace") ?? false
    if html, monospace { problem("at most one of html and monospace must be configured") }
    return post(
      .pushover, written("https://api.pushover.net/1/messages.json"),
      ["user_key": user, "token": token], found, flags: ["html": html, "monospace": monospace],
      numbers: numbers)
  }

  var opsgenie: Channel {
    let key = needed(
      "api_key", "opsgenie_api_key",
      "no global OpsGenie API Key set either inline or in a file")
    let found = texts(
      "message", "description", "source", "entity", "actions", "tags", "note", "priority")
    var responders: [(name: String, value: String)] = []
    _ = mapping.mappings("responders") { responder -> Int? in
      for name in ["id", "name", "username", "type"] {
        if let value = responder.string(name) { responders.append(("responder." + name, value)) }
      }
      responders.append(("responder.", ""))
      if ["id", "name", "username"].allSatisfy({ (responder.string($0) ?? "").isEmpty }) {
        mapping.problems.add(
          responder.place, "an OpsGenie responder needs at least one of id, username or name")
      }
      let type = responder.string("type") ?? ""
      if !type.contains("{{"),
        !["team", "teams", "user", "escalation", "schedule"].contains(type)
      {
        mapping.problems.add(
          responder.place,
          "OpsGenie responder type '\(type)' is none of team, teams, user, escalation, schedule")
      }
      return 0
    }
    let details = (mapping.stringMap("details") ?? []).map {
      (name: "detail." + $0.name, value: $0.value)
    }
    return post(
      .opsgenie, written(mapping.url("api_url") ?? global.urls["opsgenie_api_url"]),
      ["api_key": key], found,
      flags: ["update_alerts": mapping.bool("update_alerts") ?? false],
      pairs: responders + details)
  }

  var victorops: Channel {
    let key = needed(
      "api_key", "victorops_api_key", "no global VictorOps API Key set either inline or in a file")
    let found = texts(
      "routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool")
    if (found["routing_key"] ?? "").isEmpty {
      problem("missing Routing key in VictorOps config")
    }
    let fields = (mapping.stringMap("custom_fields") ?? []).map {
      (name: $0.name, value: $0.value)
    }
    let fixed = [
      "routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool",
      "entity_id", "entity_state",
    ]
    for field in fields where fixed.contains(field.name) {
      mapping.report(
        "custom_fields", "custom field '\(field.name)' conflicts with a field VictorOps has itself")
    }
    return post(
      .victorops, written(mapping.url("api_url") ?? global.urls["victorops_api_url"]),
      ["api_key": key], found, pairs: fields)
  }

  var webex: Channel {
    let found = texts("message", "room_id")
    if (found["room_id"] ?? "").isEmpty { problem("missing room_id on webex_config") }
    if case .header = http.auth {
    } else {
      problem("missing webex_configs.http_config.authorization")
    }
    return post(
      .webex, written(mapping.url("api_url") ?? global.urls["webex_api_url"]), [:], found)
  }

  var rocketchat: Channel {
    let missing = "no global Rocketchat Token set either inline or in a file"
    let token = needed("token", "rocketchat_token", missing)
    let id = needed(
      "token_id", "rocketchat_token_id",
      "no global Rocketchat TokenID set either inline or in a file")
    mapping.ignore("fields", "actions", "short_fields", "link_names")
    return post(
      .rocketchat, written(mapping.url("api_url") ?? global.urls["rocketchat_api_url"]),
      ["token": token, "token_id": id],
      texts(
        "channel", "color", "title", "title_link", "text", "emoji", "icon_url", "image_url",
        "thumb_url"))
  }

  var mattermost: Channel {
    let url = mapping.secretURL("webhook_url") ?? global.secrets["mattermost_webhook_url"]
    if url == nil {
      problem("no global Mattermost Webhook URL set either inline or in a file")
    }
    mapping.ignoreRest()
    return post(
      .mattermost, url ?? Self.nothing, [:],
      texts(
        "channel", "username", "icon_url", "icon_emoji", "fallback", "color", "pretext", "text",
        "title", "title_link", "thumb_url", "footer", "image_url"))
  }

  // MARK: - Not built

  /// Checked as far as Alertmanager checks it when it loads.
  func unbuilt(_ kind: String) -> Channel {
    switch kind {
    case "wechat":
      _ = needed(
        "api_secret", "wechat_api_secret",
        "no global Wechat Api Secret set either inline or in a file")
      if (mapping.string("corp_id") ?? "").isEmpty, global.secrets["wechat_api_corp_id"] == nil {
        problem("no global Wechat CorpID set")
      }
    case "sns":
      let goals = ["target_arn", "topic_arn", "phone_number"].filter {
        !(mapping.string($0) ?? "").isEmpty
      }
      if goals.count != 1 {
        problem("must provide one of target_arn, topic_arn or phone_number for SNS config")
      }
    case "jira":
      for name in ["project", "issue_type"] where (mapping.string(name) ?? "").isEmpty {
        problem("missing \(name) in jira_config")
      }
      if mapping.url("api_url") == nil, (global.urls["jira_api_url"] ?? "").isEmpty {
        problem("no global Jira Cloud URL set")
      }
    case "incidentio":
      if mapping.secretURL("url") == nil { problem("one of url or url_file must be configured") }
      if mapping.secretSource("alert_source_token") == nil, !http.auth.isSet {
        problem("one of alert_source_token or alert_source_token_file must be configured")
      }
    default: break
    }
    mapping.ignoreRest()
    return .unsupported(
      "\(kind)_configs are known and not built: a webhook or exec channel can do it")
  }
}
