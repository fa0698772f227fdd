import MxJSON
import MxModel
import MxNet

/// Services that take one JSON object by POST: what Alertmanager sends them.
enum PostMessage {
  static func build(
    _ notice: GroupNotice, _ settings: PostSettings, _ context: MessageContext
  ) throws(MessageError) -> Message {
    var maker = PostMaker(settings: settings, texts: MessageTexts(notice, context))
    let (url, body) = try maker.make()
    var request = try settings.http.request(url, body, timeout: nil, context.secrets)
    if settings.service == .opsgenie {
      let key = try maker.secret("api_key")
      request.headers.append(NetHeader("Authorization", "GenieKey \(key)"))
    }
    if settings.service == .rocketchat {
      request.headers.append(NetHeader("X-Auth-Token", try maker.secret("token")))
      request.headers.append(NetHeader("X-User-Id", try maker.secret("token_id")))
    }
    return Message(dispatch: .http(request, replies: .status), problems: maker.texts.problems)
  }
}

private struct PostMaker {
  let settings: PostSettings
  var texts: MessageTexts

  private var notice: GroupNotice { texts.notice }
  private var color: Int64 { notice.isFiring ? 0x8F1402 : 0x2DC72D }

  func secret(_ name: String) throws(MessageError) -> String {
    guard let source = settings.secrets[name] else { throw MessageError("no \(name)") }
    return try texts.context.secrets.reveal(source)
  }

  /// The text of a field of the file, or of the default template of that name.
  private mutating func text(_ name: String, _ standard: String? = nil) -> String {
    let template =
      settings.texts[name] ?? standard.map { "{{ template \"\($0)\" . }}" } ?? ""
    return texts.text(template, name, plain: .message)
  }

  mutating func make() throws(MessageError) -> (url: String, body: [UInt8]) {
    let url = try texts.context.secrets.url(settings.url)
    var writer = JSONWriter()
    writer.beginObject()
    var full = url
    switch settings.service {
    case .telegram:
      full = "\(url)/bot\(try secret("bot_token"))/sendMessage"
      try telegram(&writer)
    case .discord: discord(&writer)
    case .msteams: teams(&writer)
    case .msteamsv2: adaptiveCard(&writer)
    case .pushover: try pushover(&writer)
    case .opsgenie: full = opsgenie(url, &writer)
    case .mattermost: mattermost(&writer)
    case .rocketchat:
      full = url + (url.hasSuffix("/") ? "" : "/") + "api/v1/chat.postMessage"
      rocketchat(&writer)
    case .victorops:
      let key = try secret("api_key")
      full = url + "\(key)/" + text("routing_key")
      victorops(&writer)
    case .webex:
      writer.member("markdown", clipped(text("message", "webex.default.message"), to: 7439))
      writer.member("roomId", text("room_id"))
    }
    writer.endObject()
    return (full, Array(writer.bytes))
  }

  private mutating func telegram(_ writer: inout JSONWriter) throws(MessageError) {
    if settings.secrets["chat_id"] != nil {
      writer.member("chat_id", try secret("chat_id"))
    } else {
      writer.name("chat_id")
      writer.int(settings.numbers["chat_id"] ?? 0)
    }
    if let thread = settings.numbers["message_thread_id"] {
      writer.name("message_thread_id")
      writer.int(thread)
    }
    let mode = settings.texts["parse_mode"] ?? ""
    let template = settings.texts["message"] ?? "{{ template \"telegram.default.message\" . }}"
    let message = texts.text(template, "message", html: mode == "HTML", plain: .message)
    writer.member("text", clipped(message, to: 4096))
    writer.memberIfAny("parse_mode", mode)
    writer.member("disable_web_page_preview", true)
    writer.member("disable_notification", settings.flags["disable_notifications"] ?? false)
  }

  private mutating func discord(_ writer: inout JSONWriter) {
    writer.member("content", clipped(text("content", "discord.default.content"), to: 2000))
    writer.memberIfAny("username", text("username"))
    writer.memberIfAny("avatar_url", text("avatar_url"))
    writer.name("embeds")
    writer.beginArray()
    writer.beginObject()
    writer.member("title", clipped(text("title", "discord.default.title"), to: 256))
    writer.member("description", clipped(text("message", "discord.default.message"), to: 4096))
    writer.name("color")
    writer.int(color)
    writer.endObject()
    writer.endArray()
  }

  private mutating func teams(_ writer: inout JSONWriter) {
    writer.member("@context", "http://schema.org/extensions")
    writer.member("@type", "MessageCard")
    writer.member("title", text("title", "msteams.default.title"))
    writer.member("summary", text("summary", "msteams.default.summary"))
    writer.member("text", text("text", "msteams.default.text"))
    writer.member("themeColor", notice.isFiring ? "8C1A1A" : "2DC72D")
  }

  private mutating func adaptiveCard(_ writer: inout JSONWriter) {
    let title = text("title", "msteamsv2.default.title")
    let body = text("text", "msteamsv2.default.text")
    writer.member("type", "message")
    writer.name("attachments")
    writer.beginArray()
    writer.beginObject()
    writer.member("contentType", "application/vnd.microsoft.card.adaptive")
    writer.name("content")
    writer.beginObject()
    writer.member("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
    writer.member("type", "AdaptiveCard")
    writer.member("version", "1.4")
    writer.name("body")
    writer.beginArray()
    for (text, isTitle) in [(title, true), (body, false)] {
      writer.beginObject()
      writer.member("type", "TextBlock")
      writer.member("text", text)
      if isTitle {
        writer.member("weight", "Bolder")
        writer.member("size", "Medium")
        writer.member("style", "heading")
        writer.member("color", notice.isFiring ? "Attention" : "Good")
      }
      writer.member("wrap", true)
      writer.endObject()
    }
    writer.endArray()
    writer.member("msteams", pairs: [("width", "full")])
    writer.endObject()
    writer.endObject()
    writer.endArray()
  }

  private mutating func pushover(_ writer: inout JSONWriter) throws(MessageError) {
    writer.member("token", try secret("token"))
    writer.member("user", try secret("user_key"))
    writer.member("title", clipped(text("title", "pushover.default.title"), to: 250))
    let isHTML = settings.flags["html"] ?? false
    let template = settings.texts["message"] ?? "{{ template \"pushover.default.message\" . }}"
    let message = texts.text(template, "message", html: isHTML, plain: .message)
    // An empty message is refused.
    writer.member("message", message.isEmpty ? "(no details)" : clipped(message, to: 1024))
    writer.memberIfAny("url", clipped(text("url", "pushover.default.url"), to: 512))
    for name in ["url_title", "device", "sound"] { writer.memberIfAny(name, text(name)) }
    let priority =
      settings.texts["priority"] ?? "{{ if eq .Status \"firing\" }}2{{ else }}0{{ end }}"
    writer.member("priority", texts.text(priority, "priority", plain: .words("0")))
    for name in ["retry", "expire", "ttl"] {
      if let number = settings.numbers[name] { writer.member(name, String(number)) }
    }
    for name in ["html", "monospace"] where settings.flags[name] ?? false {
      writer.member(name, "1")
    }
  }

  private mutating func opsgenie(_ url: String, _ writer: inout JSONWriter) -> String {
    let alias = notice.groupKey.sha256
    let source = text("source", "opsgenie.default.source")
    let base = (url.hasSuffix("/") ? url : url + "/") + "v2/alerts"
    writer.memberIfAny("source", source)
    if !notice.isFiring { return "\(base)/\(alias)/close?identifierType=alias" }
    writer.member("alias", alias)
    writer.member("message", clipped(text("message", "opsgenie.default.message"), to: 130))
    writer.member("description", text("description", "opsgenie.default.description"))
    var details = notice.commonLabels.pairs
    for pair in settings.pairs where pair.name.hasPrefix("detail.") {
      details.append((String(pair.name.dropFirst(7)), texts.text(pair.value, pair.name)))
    }
    writer.member("details", pairs: details)
    for name in ["note", "priority", "entity"] { writer.memberIfAny(name, text(name)) }
    for name in ["tags", "actions"] {
      let words = text(name).split(separator: ",").map { $0.filter { $0 != " " } }
      if words.isEmpty { continue }
      writer.name(name)
      writer.beginArray()
      for word in words { writer.string(word) }
      writer.endArray()
    }
    responders(&writer)
    return base
  }

  private mutating func responders(_ writer: inout JSONWriter) {
    let pairs = settings.pairs.filter { $0.name.hasPrefix("responder.") }
    if pairs.isEmpty { return }
    writer.name("responders")
    writer.beginArray()
    var isOpen = false
    for pair in pairs {
      if !isOpen { writer.beginObject() }
      isOpen = pair.name != "responder."
      if isOpen {
        writer.memberIfAny(String(pair.name.dropFirst(10)), texts.text(pair.value, "responder"))
      } else {
        writer.endObject()
      }
    }
    writer.endArray()
  }

  private mutating func mattermost(_ writer: inout JSONWriter) {
    writer.memberIfAny("channel", text("channel"))
    writer.memberIfAny("username", text("username", "mattermost.default.username"))
    for name in ["icon_url", "icon_emoji"] { writer.memberIfAny(name, text(name)) }
    writer.name("attachments")
    writer.beginArray()
    writer.beginObject()
    writer.member("fallback", text("fallback", "mattermost.default.fallback"))
    writer.memberIfAny("color", text("color", "mattermost.default.color"))
    writer.memberIfAny("pretext", text("pretext"))
    writer.member("text", text("text", "mattermost.default.text"))
    writer.member("title", text("title", "mattermost.default.title"))
    writer.memberIfAny("title_link", text("title_link", "mattermost.default.titlelink"))
    for name in ["image_url", "thumb_url", "footer"] { writer.memberIfAny(name, text(name)) }
    writer.endObject()
    writer.endArray()
  }

  private mutating func rocketchat(_ writer: inout JSONWriter) {
    writer.memberIfAny("channel", text("channel"))
    writer.memberIfAny("alias", text("alias", "rocketchat.default.alias"))
    writer.memberIfAny("emoji", text("emoji", "rocketchat.default.emoji"))
    writer.memberIfAny("avatar", text("icon_url", "rocketchat.default.iconurl"))
    writer.name("attachments")
    writer.beginArray()
    writer.beginObject()
    writer.member("title", text("title", "rocketchat.default.title"))
    writer.memberIfAny("title_link", text("title_link", "rocketchat.default.titlelink"))
    writer.member("text", text("text", "rocketchat.default.text"))
    for name in ["image_url", "thumb_url"] { writer.memberIfAny(name, text(name)) }
    let standard = notice.isFiring ? "#a30000" : "#2eb886"
    let color = text("color")
    writer.member("color", color.isEmpty ? standard : color)
    writer.endObject()
    writer.endArray()
  }

  private mutating func victorops(_ writer: inout JSONWriter) {
    let type = text("message_type")
    writer.member(
      "message_type", notice.isFiring ? (type.isEmpty ? "CRITICAL" : type) : "RECOVERY")
    writer.member("entity_id", notice.groupKey.sha256)
    writer.member(
      "entity_display_name",
      text("entity_display_name", "victorops.default.entity_display_name"))
    writer.member(
      "state_message",
      clipped(text("state_message", "victorops.default.state_message"), to: 20_480))
    writer.member(
      "monitoring_tool", text("monitoring_tool", "victorops.default.monitoring_tool"))
    for pair in settings.pairs { writer.member(pair.name, texts.text(pair.value, pair.name)) }
  }
}
