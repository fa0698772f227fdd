package import MxConfig
import MxModel
import MxPromQL
import MxTemplate

/// Reads rule files.
///
/// Everything wrong is reported with its line, and what is good is returned: one
/// broken rule must not keep the others from being evaluated.
package struct RuleReader {
  /// Prometheus' `global.evaluation_interval`, for groups that name none; ms.
  package static let defaultInterval: Int64 = 60_000

  private let problems: ConfigProblems
  private let values: RuleValues
  private let interval: Int64

  private init(_ problems: ConfigProblems, _ interval: Int64) {
    self.problems = problems
    values = RuleValues(problems: problems)
    self.interval = interval
  }

  /// The groups of one file; only its first YAML document counts.
  package static func read(
    _ bytes: [UInt8], file: String, problems: ConfigProblems,
    defaultInterval: Int64 = RuleReader.defaultInterval
  ) -> RuleFile {
    let before = problems.all.count
    let root = YAML.document(bytes, file: file, problems: problems)
    guard problems.all.count == before else { return RuleFile(path: file, groups: []) }
    let reader = RuleReader(problems, defaultInterval)
    return RuleFile(path: file, groups: reader.groups(root, file))
  }

  private func groups(_ root: YAMLNode, _ file: String) -> [RuleGroup] {
    ConfigMapping.read(root, "the file", problems) { mapping in
      var names: Set<String> = []
      let groups = (mapping.list("groups") ?? []).compactMap { group(file, $0, &names) }
      // Our own additions to Prometheus' format live under this key.
      let short = mapping.mapping("x-mx") { own in
        ShortRuleReader(values: values, interval: interval).groups(own, file, &names)
      }
      return groups + (short ?? [])
    }
  }

  // MARK: - Groups

  /// Nil where the group itself is wrong; a wrong rule is only left out of it.
  private func group(_ file: String, _ node: YAMLNode, _ names: inout Set<String>) -> RuleGroup? {
    let before = problems.all.count
    var inRules = 0
    let group = ConfigMapping.read(node, "a group", problems) { mapping -> RuleGroup? in
      // Thanos' word about several stores: nothing to a single one.
      mapping.ignore("partial_response_strategy")
      let name = mapping.string("name") ?? ""
      let interval = values.duration(mapping, "interval") ?? 0
      let offset = values.duration(mapping, "query_offset") ?? 0
      let limit = mapping.int("limit", in: Int64(Int32.min)...Int64(Int32.max)) ?? 0
      let shared = labels(mapping)
      let nodes = mapping.list("rules") ?? []
      let start = problems.all.count
      let rules = nodes.compactMap { rule($0, shared) }
      inRules = problems.all.count - start
      if name.isEmpty {
        problems.add(mapping.place, "the group has no name")
      } else if !names.insert(name).inserted {
        mapping.report("name", "groupname: \"\(name)\" is repeated in the same file")
      }
      return RuleGroup(
        file: file, name: name, place: mapping.place,
        interval: interval > 0 ? interval : self.interval, limit: max(0, Int(limit)),
        queryOffset: offset, rules: rules)
    }
    return problems.all.count - before == inRules ? group : nil
  }

  private func labels(_ mapping: ConfigMapping) -> [(
    name: String, value: String, place: ConfigPlace
  )] {
    (mapping.stringMap("labels") ?? []).filter { label in
      if !label.name.isEmpty, label.name != LabelName.metric { return true }
      problems.add(label.place, "invalid label name: \(label.name)")
      return false
    }
  }

  // MARK: - Rules

  private typealias Labels = [(name: String, value: String, place: ConfigPlace)]

  /// Nil where anything is wrong with it: without the field that was misspelt it would
  /// be another rule.
  private func rule(_ node: YAMLNode, _ shared: Labels) -> Rule? {
    let before = problems.all.count
    let rule = ConfigMapping.read(node, "a rule", problems) { mapping -> Rule? in
      self.rule(mapping, shared)
    }
    return problems.all.count == before ? rule : nil
  }

  private func rule(_ mapping: ConfigMapping, _ shared: Labels) -> Rule? {
    let kind = kind(mapping)
    let expression = expression(mapping)
    let additions = mapping.mapping("x-mx") {
      AdditionsReader(values: values).additions($0, expression?.tree)
    }
    let holdFor = values.duration(mapping, "for") ?? 0
    let keepFiringFor = values.duration(mapping, "keep_firing_for") ?? 0
    let own = labels(mapping)
    let annotations = (mapping.stringMap("annotations") ?? []).filter { annotation in
      if !annotation.name.isEmpty { return true }
      problems.add(annotation.place, "invalid annotation name: \(annotation.name)")
      return false
    }
    if case .record? = kind { checkRecord(mapping) }
    let shape = RuleTemplates(problems: problems)
    // The group's labels first: the rule's own win.
    let merged = (shared.filter { label in !own.contains { $0.name == label.name } } + own)
      .sorted { $0.name < $1.name }
    let alert: String? = if case .alert(let name)? = kind { name } else { nil }
    let labelTemplates = shape.read(merged, "label", alert: alert)
    let annotationTemplates = shape.read(annotations, "annotation", alert: alert)
    guard let kind, let expression else { return nil }
    return Rule(
      kind: kind, expr: expression.tree, text: expression.text, place: mapping.place,
      labels: labelTemplates, annotations: annotationTemplates, holdFor: holdFor,
      keepFiringFor: keepFiringFor, additions: additions ?? AlertAdditions())
  }

  private func kind(_ mapping: ConfigMapping) -> Rule.Kind? {
    let record = mapping.string("record") ?? ""
    let alert = mapping.string("alert") ?? ""
    if !record.isEmpty, !alert.isEmpty {
      problems.add(mapping.place, "only one of 'record' and 'alert' must be set")
      return nil
    }
    if record.isEmpty, alert.isEmpty {
      problems.add(mapping.place, "one of 'record' or 'alert' must be set")
      return nil
    }
    if record.isEmpty { return .alert(alert) }
    if record.contains("{") || record.contains("}") {
      mapping.report(
        "record",
        "braces present in the recording rule name; should it be in expr?: \(record)")
      return nil
    }
    return .record(record)
  }

  private func expression(_ mapping: ConfigMapping) -> (tree: Expr, text: String)? {
    if let found = values.expression(mapping, "expr") { return found }
    let node = mapping.node("expr")
    if node == nil || node?.string?.isEmpty ?? false {
      problems.add(mapping.place, "field 'expr' must be set in rule")
    }
    return nil
  }

  private func checkRecord(_ mapping: ConfigMapping) {
    if let list = mapping.stringMap("annotations"), !list.isEmpty {
      mapping.report("annotations", "invalid field 'annotations' in recording rule")
    }
    for name in ["for", "keep_firing_for"] where (values.duration(mapping, name) ?? 0) != 0 {
      mapping.report(name, "invalid field '\(name)' in recording rule")
    }
    if mapping.has("x-mx") { mapping.report("x-mx", "invalid field 'x-mx' in recording rule") }
  }
}

/// The templates in the labels and annotations of rules.
struct RuleTemplates {
  let problems: ConfigProblems

  func read(
    _ texts: [(name: String, value: String, place: ConfigPlace)], _ what: String, alert: String?
  ) -> [(name: String, template: AlertTemplate)] {
    texts.compactMap { entry in
      do throws(TemplateError) {
        // Recording rules do not expand templates: braces are text there.
        let template =
          try alert.map { name throws(TemplateError) in
            try AlertTemplate(entry.value, alert: name)
          } ?? AlertTemplate(plain: entry.value)
        return (entry.name, template)
      } catch {
        problems.add(entry.place, "\(what) '\(entry.name)': \(error)")
        return nil
      }
    }
  }
}
