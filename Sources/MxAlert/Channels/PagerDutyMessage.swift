import MxJSON
import MxModel
import MxNet

/// An event for PagerDuty: Events v2, or v1 where all one has is a `service_key`.
enum PagerDutyMessage {
  private static let mostBytes = 512_000
  private static let version1 =
    "https://events.pagerduty.com/generic/2010-04-15/create_event.json"

  static func build(
    _ notice: GroupNotice, _ settings: PagerDutySettings, _ context: MessageContext
  ) throws(MessageError) -> Message {
    var texts = MessageTexts(notice, context)
    let key = try context.secrets.reveal(settings.routingKey)
    var event = event(settings, &texts)
    event.key = key
    var body = event.json(withDetails: true)
    if body.count > mostBytes { body = event.json(withDetails: false) }
    let isPublic = settings.url == "https://events.pagerduty.com/v2/enqueue"
    let request = try settings.http.request(
      settings.isVersion1 && isPublic ? version1 : settings.url, body,
      timeout: settings.timeout, context.secrets)
    return Message(
      dispatch: .http(request, replies: settings.isVersion1 ? .pagerDuty1 : .status),
      problems: texts.problems)
  }

  fileprivate struct Event {
    var key = ""
    var isVersion1: Bool
    var dedupKey: String
    var isFiring: Bool
    var summary: String
    var texts: [String: String] = [:]
    var details: [(name: String, value: String)]
    var images: [[String: String]] = []
    var links: [[String: String]] = []
  }

  private static func event(
    _ settings: PagerDutySettings, _ texts: inout MessageTexts
  ) -> Event {
    let notice = texts.notice
    let defaults = [
      "client": "{{ template \"pagerduty.default.client\" . }}",
      "client_url": "{{ template \"pagerduty.default.clientURL\" . }}",
      "severity": "error",
    ]
    let summary = texts.text(
      settings.texts["description"] ?? "{{ template \"pagerduty.default.description\" . }}",
      "description", plain: .title)
    var event = Event(
      isVersion1: settings.isVersion1, dedupKey: notice.groupKey.sha256, isFiring: notice.isFiring,
      summary: clipped(summary, to: 1024), details: details(settings, &texts))
    for name in ["client", "client_url", "source", "severity", "class", "component", "group"] {
      event.texts[name] = texts.text(settings.texts[name] ?? defaults[name] ?? "", name)
    }
    if event.texts["source"]?.isEmpty ?? true { event.texts["source"] = event.texts["client"] }
    if event.texts["severity"]?.isEmpty ?? true { event.texts["severity"] = "error" }
    func expanded(_ entries: [[String: String]]) -> [[String: String]] {
      entries.map { entry in
        var all: [String: String] = [:]
        for (name, text) in entry { all[name] = texts.text(text, name) }
        return all
      }
    }
    event.images = expanded(settings.images).filter { !($0["src"] ?? "").isEmpty }
    event.links = expanded(settings.links).filter { !($0["href"] ?? "").isEmpty }
    return event
  }

  private static func details(
    _ settings: PagerDutySettings, _ texts: inout MessageTexts
  ) -> [(name: String, value: String)] {
    var templates = [
      "firing": "{{ template \"pagerduty.default.instances\" .Alerts.Firing }}",
      "resolved": "{{ template \"pagerduty.default.instances\" .Alerts.Resolved }}",
      "num_firing": "{{ .Alerts.Firing | len }}", "num_resolved": "{{ .Alerts.Resolved | len }}",
    ]
    for detail in settings.details { templates[detail.name] = detail.value }
    var all = templates.sorted { $0.key < $1.key }.map { name, text in
      (name: name, value: texts.text(text, "detail '\(name)'", plain: .message))
    }
    if let alert = texts.notice.firing.first, templates["commands"] == nil {
      all.append(
        ("commands", "\(AlertCommands.ack(alert))\n\(AlertCommands.silence(alert))"))
    }
    if let line = texts.chart?.sparkline, !line.isEmpty { all.append(("values", line)) }
    return all
  }
}

extension PagerDutyMessage.Event {
  fileprivate func json(withDetails: Bool) -> [UInt8] {
    let details =
      withDetails
      ? details
      : [
        (
          name: "error",
          value: "Custom details have been removed because the original event exceeds the maximum "
            + "size of 512KB"
        )
      ]
    var writer = JSONWriter()
    writer.beginObject()
    if isVersion1 {
      writer.member("service_key", key)
      writer.member("incident_key", dedupKey)
      writer.member("event_type", isFiring ? "trigger" : "resolve")
      writer.member("description", summary)
      writer.memberIfAny("client", texts["client"] ?? "")
      writer.memberIfAny("client_url", texts["client_url"] ?? "")
      writer.member("details", pairs: details)
    } else {
      writer.member("routing_key", key)
      writer.member("dedup_key", dedupKey)
      writer.member("event_action", isFiring ? "trigger" : "resolve")
      writer.name("payload")
      writer.beginObject()
      writer.member("summary", summary)
      for name in ["source", "severity", "class", "component", "group"] {
        writer.memberIfAny(name, texts[name] ?? "")
      }
      writer.member("custom_details", pairs: details)
      writer.endObject()
      writer.memberIfAny("client", texts["client"] ?? "")
      writer.memberIfAny("client_url", texts["client_url"] ?? "")
      list("images", images, ["src", "alt", "href"], &writer)
      list("links", links, ["href", "text"], &writer)
    }
    writer.endObject()
    return Array(writer.bytes)
  }

  private func list(
    _ name: String, _ entries: [[String: String]], _ fields: [String],
    _ writer: inout JSONWriter
  ) {
    if entries.isEmpty { return }
    writer.name(name)
    writer.beginArray()
    for entry in entries {
      writer.beginObject()
      for field in fields { writer.memberIfAny(field, entry[field] ?? "") }
      writer.endObject()
    }
    writer.endArray()
  }
}
