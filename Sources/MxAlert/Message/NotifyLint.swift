package import MxConfig
import MxModel

/// Something about a notification file that is allowed and will not do what is meant.
package struct NotifyFinding: Hashable, Sendable {
  package var place: ConfigPlace
  /// The receiver that it is about.
  package var receiver: String
  package var message: String
  /// Notices of this receiver would not go out as the file says.
  package var isFailure = false
}

/// Looks for receivers that nobody uses and for templates that fail: each channel's
/// message is made of made-up notices, and sent to nobody.
package enum NotifyLint {
  /// `named`: the receivers that rules name themselves.
  package static func check(
    _ config: NotifyConfig, _ templates: NoticeTemplates, named: Set<String>, now: Int64
  ) -> [NotifyFinding] {
    var findings: [NotifyFinding] = []
    let reached = Set(config.reachableReceivers.map(\.name)).union(named)
    for receiver in config.receivers {
      func add(_ place: ConfigPlace, _ message: String, isFailure: Bool) {
        let finding = NotifyFinding(
          place: place, receiver: receiver.name, message: message, isFailure: isFailure)
        if !findings.contains(finding) { findings.append(finding) }
      }
      if !reached.contains(receiver.name) {
        add(
          receiver.place, "is never told anything: no route, fallback or rule leads to it",
          isFailure: false)
      }
      for integration in receiver.integrations {
        if let refusal = integration.channel.refusal {
          add(integration.place, refusal, isFailure: true)
        }
        for trouble in troubles(integration, templates, now) {
          add(integration.place, trouble, isFailure: true)
        }
      }
    }
    return findings
  }

  /// What templates of a channel fail at, for notices that fire and that end.
  private static func troubles(
    _ integration: Integration, _ templates: NoticeTemplates, _ now: Int64
  ) -> [String] {
    if integration.channel.refusal != nil { return [] }
    // Secrets need not be on the machine that lints.
    let secrets = SecretResolver(
      environment: { _ in "secret" }, read: { _ in Array("secret".utf8) })
    let context = MessageContext(templates: templates, now: now, secrets: secrets)
    return [nil, now].flatMap { end -> [String] in
      do throws(MessageError) {
        return try MessageBuilder.build(sample(integration, end: end, now), integration, context)
          .problems
      } catch {
        return ["no message can be made: \(error)"]
      }
    }
  }

  private static func sample(_ integration: Integration, end: Int64?, _ now: Int64) -> GroupNotice {
    let alerts = ["a", "b"].map { host in
      var alert = NotifyAlert(
        labels: LabelSet([
          ("alertname", "Sample"), ("instance", "\(host):9100"), ("severity", "page"),
        ]),
        annotations: [
          .init(name: "summary", value: "a sample"), .init(name: "description", value: "none"),
        ], value: 1, startsAt: now - 60_000, arrivedAt: now)
      alert.endsAt = end
      return alert
    }
    return GroupNotice(
      target: integration.target, receiver: integration.receiver, groupKey: "{}:{}",
      groupLabels: LabelSet([("alertname", "Sample")]), reason: .test, at: now, alerts: alerts)
  }
}
