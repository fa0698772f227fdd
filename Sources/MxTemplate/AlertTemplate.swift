/// The templates in labels and annotations of Prometheus rules.
///
/// Prometheus puts definitions of `$labels`, `$value` and so on before the text;
/// columns in messages count them.
package struct AlertTemplate: Sendable {
  static let definitions =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    + "{{$externalURL := .ExternalURL}}{{$value := .Value}}"

  /// What a template sees of its alert.
  package struct Data: Sendable {
    package var labels: [(name: String, value: String)]
    package var externalLabels: [(name: String, value: String)]
    package var externalURL: String
    package var value: Double

    package init(
      labels: [(name: String, value: String)],
      externalLabels: [(name: String, value: String)] = [], externalURL: String = "",
      value: Double
    ) {
      self.labels = labels
      self.externalLabels = externalLabels
      self.externalURL = externalURL
      self.value = value
    }
  }

  private let template: Template?
  /// As written.
  package let text: String

  /// Reads the template of one label or annotation of the alert `name`.
  package init(_ text: String, alert name: String) throws(TemplateError) {
    self.text = text
    // Without braces there is nothing to expand.
    template =
      text.contains("{{")
      ? try Template(
        Self.definitions + text, name: "__alert_" + name, functions: PrometheusFunctions.names)
      : nil
  }

  /// A text without templates, whatever braces it has.
  package init(plain text: String) {
    self.text = text
    template = nil
  }

  package var isPlain: Bool { template == nil }

  /// Whether it may ask for more than its own alert: text that says `query`.
  package var usesQuery: Bool { template != nil && text.contains("query") }

  /// The text, or what Prometheus puts in its place where the template fails.
  package func expand(_ data: Data, functions: [String: TemplateFunction]) -> String {
    guard let template else { return text }
    do {
      return try render(template, data, functions)
    } catch {
      return "<error expanding template: \(error)>"
    }
  }

  private func render(
    _ template: Template, _ data: Data, _ functions: [String: TemplateFunction]
  ) throws(TemplateError) -> String {
    let dot = TemplateValue.object(
      TemplateObject(
        "struct { Labels map[string]string; ExternalLabels map[string]string; "
          + "ExternalURL string; Value interface {} }",
        [
          ("Labels", .labels(data.labels)),
          ("ExternalLabels", .labels(data.externalLabels)),
          ("ExternalURL", .string(data.externalURL)),
          ("Value", .float(data.value)),
        ]))
    do {
      return try template.render(dot, functions: functions)
    } catch {
      throw .failed("error executing template \(template.name): \(error)")
    }
  }
}
