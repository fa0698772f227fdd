import MxModel
import MxTemplate

/// A notice as templates see it: Alertmanager's `Data`, and ours under `.Mx`.
struct NoticeData {
  let notice: GroupNotice
  /// Where pages are served; "" for nowhere.
  let siteURL: String
  let sparkline: String

  var value: TemplateValue {
    let alerts = notice.alerts
    return .object(
      TemplateObject(
        "*template.Data",
        [
          ("Receiver", .string(notice.receiver)),
          ("Status", .string(notice.isFiring ? "firing" : "resolved")),
          ("Alerts", list(alerts)),
          ("GroupLabels", KeyValues.value(notice.groupLabels.pairs)),
          ("CommonLabels", KeyValues.value(notice.commonLabels.pairs)),
          (
            "CommonAnnotations",
            KeyValues.value(notice.commonAnnotations.map { ($0.name, $0.value) })
          ),
          ("ExternalURL", .string(siteURL)),
          ("NotificationReason", .string(notice.reason.rawValue)),
          ("RouteLabels", KeyValues.value(notice.routeLabels.map { ($0.name, $0.value) })),
          (
            "Mx",
            .object(
              TemplateObject(
                "mx",
                [
                  ("Key", .string(notice.key)), ("Truncated", .int(Int64(notice.truncated))),
                  ("Sparkline", .string(sparkline)),
                  ("Instead", .string(notice.instead ?? "")),
                  ("DigestOf", .int(Int64(notice.digestOf))),
                ]))
          ),
        ]))
  }

  private func list(_ alerts: [NotifyAlert]) -> TemplateValue {
    let firing = alerts.filter(\.isFiring).map(value)
    let resolved = alerts.filter { !$0.isFiring }.map(value)
    return .object(
      TemplateObject(
        "template.Alerts", [("Firing", .list(firing)), ("Resolved", .list(resolved))],
        elements: alerts.map(value)))
  }

  private func value(_ alert: NotifyAlert) -> TemplateValue {
    // Go's zero time, as Alertmanager has it while an alert fires.
    let end =
      alert.endsAt.map { TemplateTime(milliseconds: $0) }
      ?? TemplateTime(seconds: -62_135_596_800)
    return .object(
      TemplateObject(
        "template.Alert",
        [
          ("Status", .string(alert.isFiring ? "firing" : "resolved")),
          ("Labels", KeyValues.value(alert.labels.pairs)),
          ("Annotations", KeyValues.value(alert.annotations.map { ($0.name, $0.value) })),
          ("StartsAt", .time(TemplateTime(milliseconds: alert.startsAt))),
          ("EndsAt", .time(end)), ("GeneratorURL", .string(siteURL)),
          ("Fingerprint", .string(alert.id)),
          (
            "Mx",
            .object(
              TemplateObject(
                "mx",
                [
                  ("Ack", .string(alert.isFiring ? AlertCommands.ack(alert) : "")),
                  ("Silence", .string(alert.isFiring ? AlertCommands.silence(alert) : "")),
                  ("Value", .float(alert.value)),
                ]))
          ),
        ]))
  }
}

/// Alertmanager's `KV`: a map of texts with methods.
enum KeyValues {
  static func value(_ pairs: [(name: String, value: String)]) -> TemplateValue {
    var map = TemplateMap(pairs.map { ($0.name, .string($0.value)) }, isText: true)
    let sorted = sorted(pairs)
    map.methods = [
      "SortedPairs": TemplateFunction(0) { _ in list(sorted) },
      "Names": TemplateFunction(0) { _ in .strings(sorted.map(\.name)) },
      "Values": TemplateFunction(0) { _ in .strings(sorted.map(\.value)) },
      "Remove": TemplateFunction(1) { arguments in
        guard case .list(let names) = arguments[0] else { return value(pairs) }
        let removed = names.compactMap { name -> String? in
          if case .string(let text) = name { text } else { nil }
        }
        return value(pairs.filter { !removed.contains($0.name) })
      },
    ]
    return .map(map)
  }

  /// `alertname` first, then by name.
  static func sorted(
    _ pairs: [(name: String, value: String)]
  ) -> [(name: String, value: String)] {
    pairs.sorted { left, right in
      let (one, two) = (left.name == "alertname" ? 0 : 1, right.name == "alertname" ? 0 : 1)
      return one != two ? one < two : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
  }

  private static func list(_ pairs: [(name: String, value: String)]) -> TemplateValue {
    let elements = pairs.map { pair in
      TemplateValue.object(
        TemplateObject(
          "template.Pair", [("Name", .string(pair.name)), ("Value", .string(pair.value))]))
    }
    let names = TemplateValue.strings(pairs.map(\.name))
    let values = TemplateValue.strings(pairs.map(\.value))
    return .object(
      TemplateObject(
        "template.Pairs", [],
        methods: [
          "Names": TemplateFunction(0) { _ in names },
          "Values": TemplateFunction(0) { _ in values },
          "String": TemplateFunction(0) { _ in
            .string(pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ", "))
          },
        ], elements: elements))
  }
}

/// What a reader of a notice may type to answer it.
package enum AlertCommands {
  package static func ack(_ alert: NotifyAlert) -> String {
    "mx-alert ack \(alert.id) --comment TEXT"
  }

  package static func silence(_ alert: NotifyAlert) -> String {
    let matchers = KeyValues.sorted(alert.labels.pairs).map {
      quoted("\($0.name)=\(word($0.value))")
    }
    return "mx-alert silence add \(matchers.joined(separator: " ")) --for 2h --comment TEXT"
  }

  /// In the matcher's own quotes where it needs them.
  private static func word(_ value: String) -> String {
    let isPlain = value.utf8.allSatisfy { byte in
      byte > 0x20 && byte != 0x7F && !"{}!=~,\\\"'`".utf8.contains(byte)
    }
    return isPlain && !value.isEmpty ? value : LabelKey.quoted(value)
  }

  /// In the shell's quotes where it needs them.
  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 <= 9 || "_-=:./@%+,".utf8.contains(byte)
        || byte >= 0x80
    }
    if isPlain { return text }
    let parts = text.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: "'\\''") + "'"
  }
}
