import MxAlert
import MxCLI
import MxModel

/// `mx-alert notify-test --receiver NAME`: one notice by every channel of a receiver,
/// past silences, limits and outbox.
enum AlertNotifyTest {
  static func check(_ run: Run) throws -> ExitCode {
    _ = try receiver(try NotifyFiles.load(run), run)
    return .success
  }

  static func run(_ run: Run) throws -> ExitCode {
    let notify = try NotifyFiles.load(run)
    let receiver = try receiver(notify, run)
    let context = try notify.context(run, try SettingsReader.load(run))
    let courier = NoticeCourier(output: run.output, now: run.common.now)
    var code = ExitCode.success
    for integration in receiver.integrations {
      let notice = notice(integration, at: run.common.now)
      do throws(MessageError) {
        let message = try MessageBuilder.build(notice, integration, context)
        for problem in message.problems {
          code = .no
          run.output.error(
            Diagnostic(.no, subject: integration.target, "template failed: \(problem)"))
        }
        switch courier.carry([message.dispatch])[0] {
        case .sent: try tell(integration, run)
        case .failed(let error, _), .rejected(let error, _):
          code = .no
          run.output.error(Diagnostic(.no, subject: integration.target, error))
        }
      } catch {
        code = .no
        run.output.error(Diagnostic(.no, subject: integration.target, "\(error)"))
      }
    }
    return code
  }

  private static func receiver(_ notify: NotifyFiles, _ run: Run) throws -> Receiver {
    let name = run.arguments.string("receiver") ?? ""
    guard let receiver = notify.config.receiver(name) else {
      let names = notify.config.receivers.map(\.name)
      throw Diagnostic(
        .input, "there is no receiver '\(name)'",
        hint: Suggestion.hint(for: name, among: names)
          ?? "one of \(names.joined(separator: ", "))")
    }
    if receiver.integrations.isEmpty {
      throw Diagnostic(.input, "receiver '\(name)' has no channel: it tells nobody")
    }
    return receiver
  }

  private static func tell(_ integration: Integration, _ run: Run) throws(MessageError) {
    do {
      try run.output.write("\(integration.target): sent\n")
    } catch {
      throw MessageError("\(error)")
    }
  }

  private static func notice(_ integration: Integration, at now: Int64) -> GroupNotice {
    let labels = LabelSet([("alertname", "MxTest"), ("severity", "info")])
    let alert = NotifyAlert(
      labels: labels,
      annotations: [.init(name: "summary", value: "a test by mx-alert notify-test")], value: 1,
      startsAt: now, arrivedAt: now)
    return GroupNotice(
      target: integration.target, receiver: integration.receiver,
      groupKey: "{}/x-mx/test:{alertname=\"MxTest\"}",
      groupLabels: LabelSet([("alertname", "MxTest")]), reason: .test, at: now, alerts: [alert])
  }
}
