import MxJSON
import MxModel
import MxNet
import MxTime

/// Alertmanager's webhook, version 4.
enum WebhookMessage {
  static func build(
    _ notice: GroupNotice, _ settings: WebhookSettings, _ context: MessageContext
  ) throws(MessageError) -> Message {
    var texts = MessageTexts(notice, context, drawsChart: false)
    let url = try context.secrets.url(settings.url)
    let body = body(notice, maxAlerts: settings.maxAlerts, context, &texts)
    var request = try settings.http.request(
      url, body, timeout: settings.timeout, context.secrets)
    // The same news sent twice have the same key.
    request.headers.append(NetHeader("Idempotency-Key", notice.key))
    return Message(dispatch: .http(request, replies: .status), problems: texts.problems)
  }

  static func body(
    _ notice: GroupNotice, maxAlerts: Int, _ context: MessageContext, _ texts: inout MessageTexts
  ) -> [UInt8] {
    let shown = maxAlerts > 0 ? Array(notice.alerts.prefix(maxAlerts)) : notice.alerts
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("receiver", quoted(notice.receiver))
    writer.member("status", notice.isFiring ? "firing" : "resolved")
    writer.name("alerts")
    writer.beginArray()
    for alert in shown { write(alert, context.siteURL, &writer) }
    writer.endArray()
    writer.member("notification_reason", notice.reason.rawValue)
    writer.member("groupLabels", pairs: notice.groupLabels.pairs)
    writer.member("commonLabels", pairs: notice.commonLabels.pairs)
    writer.member(
      "commonAnnotations", pairs: notice.commonAnnotations.map { ($0.name, $0.value) })
    writer.member("routeLabels", pairs: texts.routeLabels())
    writer.member("externalURL", context.siteURL)
    writer.member("version", "4")
    writer.member("groupKey", notice.groupKey)
    writer.name("truncatedAlerts")
    writer.int(notice.alerts.count - shown.count + notice.truncated)
    writer.endObject()
    return Array(writer.bytes)
  }

  private static func write(
    _ alert: NotifyAlert, _ siteURL: String, _ writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.member("status", alert.isFiring ? "firing" : "resolved")
    writer.member("labels", pairs: alert.labels.pairs)
    writer.member("annotations", pairs: alert.annotations.map { ($0.name, $0.value) })
    writer.member("startsAt", PlainText.time(alert.startsAt))
    writer.member("endsAt", alert.endsAt.map(PlainText.time) ?? "0001-01-01T00:00:00Z")
    writer.member("generatorURL", siteURL)
    writer.member("fingerprint", alert.id)
    writer.endObject()
  }

  /// As Go's `regexp.QuoteMeta`: what Alertmanager does with a receiver's name.
  private static func quoted(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      if "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar) { out += "\\" }
      out.unicodeScalars.append(scalar)
    }
    return out
  }
}
