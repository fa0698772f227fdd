package import MxConfig
package import MxModel

/// Reads `metric_relabel_configs` and their like, wherever they stand: mx.yml,
/// scrape configurations, the file of `mx-compact rewrite`.
package enum RelabelReader {
  /// The rules in the field `name`; those with a mistake are reported and left out.
  package static func rules(_ mapping: ConfigMapping, _ name: String) -> RelabelRules {
    RelabelRules((mapping.mappings(name) { rule($0) } ?? []).compactMap { $0 })
  }

  /// The rules of a file that is nothing but their list.
  package static func rules(listedIn node: YAMLNode, _ problems: ConfigProblems) -> RelabelRules {
    guard let nodes = node.sequence else {
      problems.add(node.place, "expected a list of relabel rules")
      return RelabelRules([])
    }
    return RelabelRules(
      nodes.compactMap { ConfigMapping.read($0, "a relabel rule", problems) { rule($0) } })
  }

  private static func rule(_ mapping: ConfigMapping) -> RelabelRule? {
    var settings = RelabelSettings()
    var isGood = true
    if let word = mapping.string("action") {
      do throws(ModelError) {
        settings.action = try RelabelAction(word: word)
      } catch {
        isGood = false
        mapping.report("action", "unknown relabel action '\(word)'", hint: actions)
      }
    }
    settings.sourceLabels = mapping.strings("source_labels")
    if let text = text(mapping, "separator") { settings.separator = text }
    if let text = mapping.string("target_label") { settings.targetLabel = text }
    if let text = text(mapping, "regex") { settings.regex = text }
    if let text = text(mapping, "replacement") { settings.replacement = text }
    if let number = mapping.int("modulus", in: 0...Int64.max) {
      settings.modulus = UInt64(number)
    }
    if !isGood { return nil }
    do throws(ModelError) {
      return try RelabelRule(settings)
    } catch {
      mapping.problems.add(mapping.place, message(error))
      return nil
    }
  }

  private static var actions: String {
    "one of \(RelabelAction.allCases.map(\.rawValue).joined(separator: ", "))"
  }

  /// The empty text is a value here, and not the same as no field.
  private static func text(_ mapping: ConfigMapping, _ name: String) -> String? {
    guard let field = mapping.field(name) else { return nil }
    return field.value.isNull ? "" : mapping.string(name)
  }

  private static func message(_ error: ModelError) -> String {
    switch error {
    case .badRegex(let text, let reason): "'\(text)' is no regular expression: \(reason)"
    case .badDuration(let text): "'\(text)' is no duration"
    case .badRelabelRule(let reason): reason
    }
  }
}
