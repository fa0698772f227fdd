import MxModel
import MxRules
package import MxTemplate
package import MxTime

/// The templates of a configuration: mx' own, and over them those of its files.
package struct NoticeTemplates: Sendable {
  private static let name = "notice"
  private static let functions = NotificationFunctions.names.union(["routeLabels"])

  let base: Template

  /// `files` by name and text, in order; a later definition of a name wins.
  package init(_ files: [(name: String, text: String)] = []) throws(TemplateError) {
    var base = try Template("", name: Self.name, functions: Self.functions)
    try base.add(DefaultTemplates.text, name: "default.tmpl")
    for file in files { try base.add(file.text, name: file.name) }
    self.base = base
  }

  /// Whether a text of the configuration is a template that can be read.
  package func check(_ text: String) throws(TemplateError) {
    if text.contains("{{") { _ = try base.replacingText(text) }
  }

  /// The templates that may be called.
  package var definedNames: Set<String> { base.definedNames }
}

/// What messages are made with besides their notice.
package struct MessageContext {
  package var templates: NoticeTemplates
  /// Where pages are served, without a slash at its end; "" for nowhere: no links then.
  package var siteURL = ""
  /// ms.
  package var now: Int64
  package var zone: @Sendable (String) throws -> Zone
  package var secrets: SecretResolver
  /// How the value of an alert went lately; nil where nobody knows.
  package var chart: (NotifyAlert) -> NoticeChart?

  package init(
    templates: NoticeTemplates, now: Int64, secrets: SecretResolver,
    zone: @escaping @Sendable (String) throws -> Zone = { try Zone.named($0) },
    chart: @escaping (NotifyAlert) -> NoticeChart? = { _ in nil }
  ) {
    self.templates = templates
    self.now = now
    self.secrets = secrets
    self.zone = zone
    self.chart = chart
  }
}

/// The texts of one message. A template that fails does not lose the notice: its place
/// is taken by words of ours, and `problems` says so.
struct MessageTexts {
  let notice: GroupNotice
  let context: MessageContext
  let chart: NoticeChart?
  private let data: TemplateValue
  private let functions: [String: TemplateFunction]
  private(set) var problems: [String] = []

  init(_ notice: GroupNotice, _ context: MessageContext, drawsChart: Bool = true) {
    self.notice = notice
    self.context = context
    chart = drawsChart ? notice.alerts.first.flatMap { context.chart($0) } : nil
    let data = NoticeData(
      notice: notice, siteURL: context.siteURL, sparkline: chart?.sparkline ?? ""
    ).value
    self.data = data
    var functions = NotificationFunctions.make(
      NotificationContext(now: context.now, regex: .re2, zone: context.zone))
    functions["routeLabels"] = Self.routeLabels(
      notice, context.templates.base, data, depth: 8, functions)
    self.functions = functions
  }

  /// `routeLabels "name"`: that label of the route, itself a template.
  private static func routeLabels(
    _ notice: GroupNotice, _ base: Template, _ data: TemplateValue, depth: Int,
    _ functions: [String: TemplateFunction]
  ) -> TemplateFunction {
    TemplateFunction(1) { arguments in
      guard case .string(let name) = arguments[0],
        let text = notice.routeLabels.first(where: { $0.name == name })?.value
      else { return .string("") }
      guard depth > 0 else { throw TemplateFailure("route labels that call each other") }
      var inner = functions
      inner["routeLabels"] = routeLabels(notice, base, data, depth: depth - 1, functions)
      return .string(
        try base.replacingText(text).render(data, functions: inner))
    }
  }

  /// What stands in the place of a template that fails.
  enum Plain {
    case nothing, title, message
    case words(String)
  }

  /// The text that `template` gives; `plain` where it fails.
  mutating func text(
    _ template: String, _ what: String, html: Bool = false, plain: Plain = .nothing
  ) -> String {
    guard template.contains("{{") else { return template }
    do throws(TemplateError) {
      return try context.templates.base.replacingText(template)
        .render(data, functions: functions, escapesHTML: html)
    } catch {
      problems.append("\(what): \(error)")
      switch plain {
      case .nothing: return ""
      case .title: return PlainText.title(notice)
      case .message: return PlainText.message(notice, chart: chart)
      case .words(let words): return words
      }
    }
  }

  /// The route's labels, expanded.
  mutating func routeLabels() -> [(name: String, value: String)] {
    notice.routeLabels.map { label in
      (label.name, text(label.value, "route label '\(label.name)'"))
    }
  }
}

/// Messages as mx words them without any template.
package enum PlainText {
  /// `[FIRING:2] Down db`.
  package static func title(_ notice: GroupNotice) -> String {
    let firing = notice.firing.count
    let mark = firing > 0 ? "[FIRING:\(firing)]" : "[RESOLVED]"
    let values = KeyValues.sorted(notice.groupLabels.pairs).map(\.value)
    let words =
      values.isEmpty ? Array(Set(notice.alerts.map(\.name))).sorted().prefix(5) : values[...]
    return ([mark] + words).joined(separator: " ")
  }

  package static func message(_ notice: GroupNotice, chart: NoticeChart? = nil) -> String {
    var text = ""
    if notice.digestOf > 0 {
      text += "\(notice.digestOf) notices in one: \(notice.firing.count) firing, "
      text += "\(notice.resolved.count) resolved\n"
    }
    if let instead = notice.instead { text += "told instead of '\(instead)'\n" }
    for alert in notice.alerts { text += self.alert(alert, showsCommands: true) }
    if let line = chart?.sparkline, !line.isEmpty { text += "  \(line)\n" }
    if notice.truncated > 0 {
      text += "and \(notice.truncated) more: mx-alert status lists them all\n"
    }
    return text
  }

  /// `FIRING Down{host="a"} since …, value 1`.
  package static func line(_ alert: NotifyAlert) -> String {
    String(self.alert(alert).prefix { $0 != "\n" })
  }

  /// One line, and one more for each annotation.
  package static func alert(_ alert: NotifyAlert, showsCommands: Bool = false) -> String {
    var rest = alert.labels.removing(["alertname"]).description
    if rest == "{}" { rest = "" }
    var line = "\(alert.isFiring ? "FIRING" : "RESOLVED") \(alert.name)\(rest)"
    line += " since \(time(alert.startsAt))"
    if let endsAt = alert.endsAt { line += " until \(time(endsAt))" }
    if !alert.value.isNaN { line += ", value \(ValueText.text(alert.value))" }
    if let reason = alert.reason { line += " (\(reason))" }
    for annotation in alert.annotations {
      let shown = annotation.value.split(separator: "\n").joined(separator: "\n    ")
      line += "\n  \(annotation.name): \(shown)"
    }
    if showsCommands, alert.isFiring {
      line += "\n  \(AlertCommands.ack(alert))\n  \(AlertCommands.silence(alert))"
    }
    return line + "\n"
  }

  static func time(_ milliseconds: Int64) -> String { Zone.utc.text(milliseconds: milliseconds) }
}
