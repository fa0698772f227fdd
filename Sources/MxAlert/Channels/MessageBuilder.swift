import MxJSON
import MxModel
import MxNet

/// Notices as the messages of their channels: no I/O but the secrets that a message
/// needs.
package enum MessageBuilder {
  /// Templates see so many alerts; more would be no message but a list.
  package static let mostAlerts = 200

  package static func build(
    _ notice: GroupNotice, _ integration: Integration, _ context: MessageContext
  ) throws(MessageError) -> Message {
    switch integration.channel {
    case .webhook(let settings):
      return try WebhookMessage.build(notice, settings, context)
    case .exec(let settings):
      var texts = MessageTexts(notice, context, drawsChart: false)
      let body = WebhookMessage.body(notice, maxAlerts: 0, context, &texts)
      return Message(
        dispatch: .program(
          command: settings.command, input: body + [0x0A], timeout: settings.timeout),
        problems: texts.problems)
    case .file(let path, let format):
      let (bytes, problems) = text(notice, format, context)
      return Message(dispatch: .append(path: path, bytes: bytes), problems: problems)
    case .stdout(let format):
      let (bytes, problems) = text(notice, format, context)
      return Message(
        dispatch: .say(String(decoding: bytes, as: UTF8.self)), problems: problems)
    case .unsupported(let why): throw MessageError(why)
    case .slack(let settings):
      return try SlackMessage.build(shortened(notice), settings, context)
    case .pagerDuty(let settings):
      return try PagerDutyMessage.build(shortened(notice), settings, context)
    case .email(let settings):
      return try MailMessage.build(shortened(notice), settings, context)
    case .post(let settings):
      return try PostMessage.build(shortened(notice), settings, context)
    }
  }

  private static func text(
    _ notice: GroupNotice, _ format: TextFormat, _ context: MessageContext
  ) -> (bytes: [UInt8], problems: [String]) {
    switch format {
    case .plain:
      let notice = shortened(notice)
      let chart = notice.alerts.first.flatMap { context.chart($0) }
      return (Array(PlainText.message(notice, chart: chart).utf8), [])
    case .json:
      var texts = MessageTexts(notice, context, drawsChart: false)
      let body = WebhookMessage.body(notice, maxAlerts: 0, context, &texts)
      return (body + [0x0A], texts.problems)
    }
  }

  /// The first alerts of many, and how many more there are.
  static func shortened(_ notice: GroupNotice) -> GroupNotice {
    guard notice.alerts.count > mostAlerts else { return notice }
    var short = notice
    short.alerts = Array(notice.alerts.prefix(mostAlerts))
    short.truncated = notice.truncated + notice.alerts.count - mostAlerts
    return short
  }
}

/// The first characters of a text, with a mark where there were more.
func clipped(_ text: String, to count: Int) -> String {
  guard text.unicodeScalars.count > count else { return text }
  var view = String.UnicodeScalarView()
  view.append(contentsOf: text.unicodeScalars.prefix(max(0, count - 1)))
  return String(view) + "…"
}

extension JSONWriter {
  mutating func member(_ name: String, _ value: String) {
    self.name(name)
    string(value)
  }

  /// Left out where there is nothing to say.
  mutating func memberIfAny(_ name: String, _ value: String) {
    if !value.isEmpty { member(name, value) }
  }

  mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    bool(value)
  }

  mutating func member(_ name: String, pairs: [(name: String, value: String)]) {
    self.name(name)
    beginObject()
    for pair in pairs { member(pair.name, pair.value) }
    endObject()
  }
}
