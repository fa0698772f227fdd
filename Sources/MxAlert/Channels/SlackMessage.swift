import MxJSON
import MxNet

/// A message for Slack: one attachment, by webhook or as a bot.
enum SlackMessage {
  private static let mostTitle = 1024

  static func build(
    _ notice: GroupNotice, _ settings: SlackSettings, _ context: MessageContext
  ) throws(MessageError) -> Message {
    var texts = MessageTexts(notice, context)
    let url = try context.secrets.url(settings.url)
    let body = body(settings, &texts)
    var request = try settings.http.request(
      url, body, timeout: settings.timeout, context.secrets)
    if let token = settings.token { request.auth = .bearer(try context.secrets.reveal(token)) }
    return Message(dispatch: .http(request, replies: .slack), problems: texts.problems)
  }

  private static func body(_ settings: SlackSettings, _ texts: inout MessageTexts) -> [UInt8] {
    func template(_ name: String, _ standard: String) -> String {
      settings.texts[name] ?? "{{ template \"slack.default.\(standard)\" . }}"
    }
    var writer = JSONWriter()
    writer.beginObject()
    writer.memberIfAny("channel", texts.text(settings.channel, "channel"))
    writer.memberIfAny(
      "username", texts.text(template("username", "username"), "username", plain: .words("mx")))
    writer.memberIfAny("icon_emoji", texts.text(template("icon_emoji", "iconemoji"), "icon_emoji"))
    writer.memberIfAny("icon_url", texts.text(template("icon_url", "iconurl"), "icon_url"))
    if settings.linkNames { writer.member("link_names", true) }
    if let message = settings.texts["message_text"] {
      writer.memberIfAny("text", texts.text(message, "message_text"))
    }
    writer.name("attachments")
    writer.beginArray()
    attachment(settings, template, &texts, &writer)
    writer.endArray()
    writer.endObject()
    return Array(writer.bytes)
  }

  private static func attachment(
    _ settings: SlackSettings, _ template: (String, String) -> String,
    _ texts: inout MessageTexts, _ writer: inout JSONWriter
  ) {
    let title = texts.text(template("title", "title"), "title", plain: .title)
    let link = texts.text(template("title_link", "titlelink"), "title_link")
    writer.beginObject()
    writer.memberIfAny("title", clipped(title, to: mostTitle))
    writer.memberIfAny("title_link", link)
    writer.memberIfAny("pretext", texts.text(template("pretext", "pretext"), "pretext"))
    writer.member(
      "text",
      texts.text(template("text", "text"), "text", plain: .message))
    // Without a link there is nothing to stand behind the bar.
    let fallback = settings.texts["fallback"] ?? (link.isEmpty ? title : nil)
    writer.member(
      "fallback",
      texts.text(fallback ?? template("fallback", "fallback"), "fallback", plain: .words(title)))
    writer.member("callback_id", texts.text(template("callback_id", "callbackid"), "callback_id"))
    fields(settings, &texts, &writer)
    actions(settings, &texts, &writer)
    for name in ["image_url", "thumb_url"] {
      writer.memberIfAny(name, texts.text(settings.texts[name] ?? "", name))
    }
    writer.member(
      "footer", settings.texts["footer"].map { texts.text($0, "footer") } ?? footer(texts))
    writer.memberIfAny("color", texts.text(template("color", "color"), "color"))
    writer.name("mrkdwn_in")
    writer.beginArray()
    for name in settings.markdownIn ?? ["fallback", "pretext", "text"] { writer.string(name) }
    writer.endArray()
    writer.endObject()
  }

  /// How the value went, and what to type.
  private static func footer(_ texts: MessageTexts) -> String {
    var parts: [String] = []
    if let line = texts.chart?.sparkline, !line.isEmpty { parts.append(line) }
    if let alert = texts.notice.firing.first {
      parts += [AlertCommands.ack(alert), AlertCommands.silence(alert)]
    }
    if texts.notice.truncated > 0 { parts.append("and \(texts.notice.truncated) more alerts") }
    return parts.joined(separator: " · ")
  }

  private static func fields(
    _ settings: SlackSettings, _ texts: inout MessageTexts, _ writer: inout JSONWriter
  ) {
    if settings.fields.isEmpty { return }
    writer.name("fields")
    writer.beginArray()
    for field in settings.fields {
      writer.beginObject()
      writer.member("title", texts.text(field.title, "field title"))
      writer.member("value", texts.text(field.value, "field value"))
      writer.member("short", field.isShort ?? settings.shortFields)
      writer.endObject()
    }
    writer.endArray()
  }

  private static func actions(
    _ settings: SlackSettings, _ texts: inout MessageTexts, _ writer: inout JSONWriter
  ) {
    if settings.actions.isEmpty { return }
    writer.name("actions")
    writer.beginArray()
    for action in settings.actions {
      writer.beginObject()
      writer.member("type", texts.text(action.type, "action type"))
      writer.member("text", texts.text(action.text, "action text"))
      for (name, text) in [
        ("url", action.url), ("style", action.style), ("name", action.name),
        ("value", action.value),
      ] {
        writer.memberIfAny(name, texts.text(text, "action \(name)"))
      }
      if let confirm = action.confirm {
        writer.name("confirm")
        writer.beginObject()
        writer.member("text", texts.text(confirm.text, "confirm text"))
        writer.memberIfAny("title", texts.text(confirm.title, "confirm title"))
        writer.memberIfAny("ok_text", texts.text(confirm.okText, "confirm ok_text"))
        writer.memberIfAny("dismiss_text", texts.text(confirm.dismissText, "confirm dismiss_text"))
        writer.endObject()
      }
      writer.endObject()
    }
    writer.endArray()
  }
}
