package import MxConfig
package import MxModel
import MxPromQL
import MxTemplate

/// Something about a rule that is allowed and most likely not meant.
package struct RuleFinding: Hashable, Sendable {
  package var place: ConfigPlace
  package var rule: String
  package var message: String
  package var hint: String?
}

/// Looks for rules that are right and do not do what their author thinks: conditions
/// that cannot hold, labels that are not there, receivers that nobody is.
package struct RuleLint {
  private(set) package var findings: [RuleFinding] = []

  package init() {}

  private mutating func add(_ rule: Rule, _ message: String, hint: String? = nil) {
    findings.append(
      RuleFinding(place: rule.place, rule: rule.name, message: message, hint: hint))
  }

  /// What the rules alone tell. `receivers`: the names in the notification files, nil
  /// where there are none to hold rules against.
  package mutating func check(_ groups: [RuleGroup], receivers: Set<String>?) {
    for group in groups {
      for rule in group.rules {
        condition(rule)
        intervals(rule, group)
        templates(rule)
        if let receivers { self.receivers(rule, receivers) }
      }
    }
    twins(groups)
  }

  // MARK: - Conditions

  private mutating func condition(_ rule: Rule) {
    guard rule.isAlert, rule.short == nil else { return }
    switch ConditionLint.verdict(rule.expr) {
    case .sometimes: break
    case .never(let why): add(rule, "never fires: \(why)")
    case .always(let why):
      add(rule, "fires for every series that its expression finds: \(why)")
    }
  }

  // MARK: - Intervals

  private mutating func intervals(_ rule: Rule, _ group: RuleGroup) {
    let interval = DurationText.print(group.interval)
    if rule.holdFor > 0, rule.holdFor < group.interval {
      add(
        rule,
        "'for' is \(DurationText.print(rule.holdFor)), shorter than the group's interval of "
          + "\(interval): it takes a second evaluation all the same")
    }
    if rule.keepFiringFor > 0, rule.keepFiringFor < group.interval {
      add(
        rule,
        "'keep_firing_for' is \(DurationText.print(rule.keepFiringFor)), shorter than the "
          + "group's interval of \(interval): it never has an effect")
    }
    guard rule.short == nil else { return }
    for use in rule.expr.selectors where use.subqueries.isEmpty {
      guard let range = use.range?.fixedMilliseconds, range < group.interval else { continue }
      add(
        rule,
        "looks at \(DurationText.print(range)) every \(interval): what happens between the "
          + "ranges is never seen",
        hint: "a range of at least the group's interval, or a shorter interval")
      return
    }
  }

  // MARK: - Templates

  private mutating func templates(_ rule: Rule) {
    let scope = rule.short == nil ? LabelScope(rule.expr) : .any
    for (what, list) in [("label", rule.labels), ("annotation", rule.annotations)] {
      for (name, template) in list where !template.isPlain {
        for label in TemplateLabels.used(in: template.text) where !scope.mayHave(label) {
          add(
            rule, "\(what) '\(name)' uses '$labels.\(label)', which its expression never has",
            hint: scope.hint)
        }
        if let problem = TemplateLabels.unknownField(template) {
          add(rule, "\(what) '\(name)': \(problem)")
        }
      }
    }
  }

  // MARK: - Others

  private mutating func receivers(_ rule: Rule, _ known: Set<String>) {
    for name in rule.additions.receivers where !known.contains(name) {
      let nearest = Suggestion.nearest(to: name, among: known.sorted())
      add(
        rule, "'notify' names '\(name)', which is no receiver",
        hint: nearest.map { "did you mean '\($0)'?" })
    }
  }

  private mutating func twins(_ groups: [RuleGroup]) {
    var seen: [String: Rule] = [:]
    for group in groups {
      for rule in group.rules {
        let labels = rule.labels.map { "\($0.name)=\($0.template.text)" }.joined(separator: "\0")
        let key =
          "\(group.file)\0\(rule.isAlert)\0\(rule.name)\0\(labels)\0\(rule.expr.fingerprintText)"
        if let first = seen[key] {
          add(rule, "is the same as the rule at \(first.place)")
        } else {
          seen[key] = rule
        }
      }
    }
  }

  // MARK: - Against a store

  /// What the rules ask for and the source does not hold in `range`. What the rules
  /// write themselves counts as there.
  package mutating func check(
    _ groups: [RuleGroup], against source: any SeriesSource, _ range: TimeRange
  ) throws {
    let written = RuleWrites(groups)
    let report = Report()
    var names: [String]?
    for rule in groups.flatMap(\.rules) {
      var seen: Set<[Matcher]> = []
      for selector in rule.expr.selectors.map(\.selector) {
        guard seen.insert(selector.matchers).inserted, !written.mayBeRead(by: .selector(selector)),
          try !exists(selector.matchers, source, range, report)
        else { continue }
        let all =
          try names
          ?? source.labelValues(LabelName.metric, matching: [], range: range, report: report)
        names = all
        try missing(selector, rule, source, range, report, among: all)
      }
    }
  }

  private func exists(
    _ matchers: [Matcher], _ source: any SeriesSource, _ range: TimeRange, _ report: Report
  ) throws -> Bool {
    var hints = SelectHints()
    hints.labelsOnly = true
    let request = SelectRequest(matchers, range: range, hints: hints)
    return try source.open([request], report: report)[0].count > 0
  }

  private mutating func missing(
    _ selector: Selector, _ rule: Rule, _ source: any SeriesSource, _ range: TimeRange,
    _ report: Report, among names: [String]
  ) throws {
    let text = Expr.selector(selector).description
    guard let metric = selector.metricName, let named = selector.matchers.first else {
      return add(rule, "no series match '\(text)'")
    }
    guard names.contains(metric) else {
      let nearest = Suggestion.nearest(to: metric, among: names)
      return add(
        rule, "no series of the metric '\(metric)'", hint: nearest.map { "did you mean '\($0)'?" })
    }
    for matcher in selector.matchers.dropFirst()
    where try !exists([named, matcher], source, range, report) {
      let values = try source.labelValues(
        matcher.name, matching: [[named]], range: range, report: report)
      let known = values.isEmpty ? "none has this label" : "there is \(Self.some(values))"
      return add(rule, "no series of '\(metric)' has \(matcher)", hint: known)
    }
    add(rule, "no series match '\(text)' with all of its labels at once")
  }

  private static func some(_ values: [String]) -> String {
    let shown = values.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    return values.count > 5 ? "\(shown) and \(values.count - 5) more" : shown
  }
}
