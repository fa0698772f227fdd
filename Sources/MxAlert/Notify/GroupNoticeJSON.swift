import MxJSON
import MxModel

/// Notices as the outbox keeps them.
extension GroupNotice {
  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("receiver", receiver)
    writer.member("groupKey", groupKey)
    writer.member("groupLabels", pairs: groupLabels.pairs)
    writer.member("routeLabels", pairs: routeLabels.map { ($0.name, $0.value) })
    writer.member("reason", reason.rawValue)
    writer.name("at")
    writer.int(at)
    if truncated > 0 {
      writer.name("truncated")
      writer.int(truncated)
    }
    if let instead { writer.member("instead", instead) }
    writer.name("alerts")
    writer.beginArray()
    for alert in alerts { write(alert, &writer) }
    writer.endArray()
    writer.endObject()
    return writer.text
  }

  private func write(_ alert: NotifyAlert, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("labels", pairs: alert.labels.pairs)
    writer.member("annotations", pairs: alert.annotations.map { ($0.name, $0.value) })
    writer.name("value")
    writer.quotedDouble(alert.value)
    writer.name("startsAt")
    writer.int(alert.startsAt)
    if let endsAt = alert.endsAt {
      writer.name("endsAt")
      writer.int(endsAt)
    }
    writer.name("arrivedAt")
    writer.int(alert.arrivedAt)
    writer.member("rule", alert.rule)
    if let reason = alert.reason { writer.member("reason", reason) }
    writer.endObject()
  }

  /// Nil where the text is no notice. The first version of the ledger kept one alert
  /// a notice, and nothing around it.
  init?(json: String, target: String) {
    let root: JSONValue
    do {
      root = try JSONValue.parse(json)
    } catch {
      return nil
    }
    let isOld = root["alerts"] == nil
    let values = isOld ? [root] : root["alerts"]?.array ?? []
    var alerts: [NotifyAlert] = []
    for value in values {
      guard let alert = NotifyAlert(value) else { return nil }
      alerts.append(alert)
    }
    guard let first = alerts.first,
      let reason = isOld ? .first : NotifyReason(rawValue: root["reason"]?.string ?? "")
    else { return nil }
    self.init(
      target: target, receiver: root["receiver"]?.string ?? target,
      groupKey: root["groupKey"]?.string ?? "",
      groupLabels: isOld ? first.labels : Self.labels(root["groupLabels"]), reason: reason,
      at: root["at"]?.int ?? first.arrivedAt, alerts: alerts)
    routeLabels = Self.annotations(root["routeLabels"])
    truncated = Int(clamping: root["truncated"]?.int ?? 0)
    instead = root["instead"]?.string
  }

  fileprivate static func labels(_ value: JSONValue?) -> LabelSet {
    LabelSet((value?.members ?? []).map { ($0.name, $0.value.string ?? "") })
  }

  fileprivate static func annotations(_ value: JSONValue?) -> [AlertInstance.Annotation] {
    (value?.members ?? []).map { .init(name: $0.name, value: $0.value.string ?? "") }
  }
}

extension NotifyAlert {
  fileprivate init?(_ value: JSONValue) {
    guard value["labels"]?.members != nil, let startsAt = value["startsAt"]?.int else {
      return nil
    }
    self.init(
      labels: GroupNotice.labels(value["labels"]),
      annotations: GroupNotice.annotations(value["annotations"]),
      value: value["value"]?.string.flatMap { FloatParser.parseWithSpecials($0) } ?? .nan,
      startsAt: startsAt, endsAt: value["endsAt"]?.int,
      arrivedAt: value["arrivedAt"]?.int ?? startsAt, rule: value["rule"]?.string ?? "",
      reason: value["reason"]?.string)
  }
}
