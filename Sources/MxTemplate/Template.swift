/// A template that was read: Go's text/template language over `TemplateValue`.
///
///     let template = try Template("{{ .Name | toUpper }}", name: "greeting", functions: ["toUpper"])
///     let text = try template.render(data, functions: functions)
///
/// What it says, also where it fails, is what Go says. Everything is bounded by
/// `TemplateLimits`, since templates come from people.
package struct Template: Sendable {
  /// One body with the text it came from, for places in messages.
  struct Definition: Sendable {
    var nodes: [TemplateNode]
    var name: String
    var source: String
  }

  let name: String
  let limits: TemplateLimits
  private(set) var definitions: [String: Definition] = [:]
  /// Names that may be called; `render` gets the functions themselves.
  private let functions: Set<String>

  /// Reads `text`; `functions` are the names that may be called besides Go's own.
  package init(
    _ text: String, name: String, functions: Set<String>,
    limits: TemplateLimits = TemplateLimits()
  ) throws(TemplateError) {
    self.name = name
    self.limits = limits
    self.functions = functions.union(GoBuiltins.names)
    try add(text, name: name)
  }

  /// Reads more definitions (`{{define}}`) that this template may call; a later one
  /// of the same name wins.
  package mutating func add(_ text: String, name: String) throws(TemplateError) {
    let parsed = try TemplateParser.parse(
      text, name: name, functions: functions, limits: limits)
    definitions[name] = Definition(nodes: parsed.root, name: name, source: text)
    for (inner, nodes) in parsed.templates {
      definitions[inner] = Definition(nodes: nodes, name: name, source: text)
    }
  }

  /// This template with another text of its own; the definitions stay.
  package func replacingText(_ text: String) throws(TemplateError) -> Template {
    var copy = self
    try copy.add(text, name: name)
    return copy
  }

  package var definedNames: Set<String> { Set(definitions.keys) }

  /// The text for `data`. `functions` are those whose names were given to `init`.
  /// `escapesHTML`: what actions print cannot become markup, unless their last word is
  /// `safeHtml`.
  package func render(
    _ data: TemplateValue, functions: [String: TemplateFunction], escapesHTML: Bool = false
  ) throws(TemplateError) -> String {
    var run = TemplateRun(self, functions, escapesHTML: escapesHTML)
    return try run.execute(data)
  }
}
