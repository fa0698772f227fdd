/// What a relabelling rule does, by Prometheus' names.
package enum RelabelAction: String, CaseIterable, Sendable {
  case replace, keep, drop, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
  case keepequal, dropequal

  /// Reads the word of a configuration, in any case.
  package init(word: String) throws(ModelError) {
    guard let action = RelabelAction(rawValue: word.lowercased()) else {
      throw .badRelabelRule("unknown relabel action \(LabelKey.quoted(word))")
    }
    self = action
  }
}

/// The fields of a rule as a configuration writes them, with Prometheus' defaults.
package struct RelabelSettings: Hashable, Sendable {
  package static let defaultRegex = "(.*)"
  package static let defaultReplacement = "$1"
  package static let defaultSeparator = ";"

  package var action = RelabelAction.replace
  /// Nil where the field is not there at all.
  package var sourceLabels: [String]?
  package var separator = defaultSeparator
  package var targetLabel = ""
  package var regex = defaultRegex
  package var replacement = defaultReplacement
  package var modulus: UInt64 = 0

  package init() {}

  package init(_ action: RelabelAction) { self.action = action }
}

/// One relabelling rule, checked and compiled.
///
/// The source labels' values, joined by the separator, are matched whole; label
/// names may be any text, as in Prometheus 3.
package struct RelabelRule: Sendable {
  package let settings: RelabelSettings
  /// For the actions that only ask whether something matches.
  private let pattern: Pattern
  /// For those that take groups out of the match.
  private let replacer: Replacer?

  private struct Replacer: Sendable {
    let regex: Regex
    let replacement: RegexTemplate
    let target: RegexTemplate
  }

  package init(_ settings: RelabelSettings) throws(ModelError) {
    try settings.validate()
    self.settings = settings
    pattern = try Pattern(settings.regex)
    switch settings.action {
    case .replace, .labelmap:
      let regex = try Regex(settings.regex)
      replacer = Replacer(
        regex: regex, replacement: RegexTemplate(settings.replacement, for: regex),
        target: RegexTemplate(settings.targetLabel, for: regex))
    default: replacer = nil
    }
  }

  /// Changes `labels`; false where the series is to be dropped.
  func apply(_ labels: inout LabelTable) -> Bool {
    switch settings.action {
    case .keep: return pattern.matches(source(labels))
    case .drop: return !pattern.matches(source(labels))
    case .keepequal: return isEqual(labels)
    case .dropequal: return !isEqual(labels)
    case .replace: replace(&labels)
    case .lowercase: labels[settings.targetLabel] = LetterCase.lower(source(labels))
    case .uppercase: labels[settings.targetLabel] = LetterCase.upper(source(labels))
    case .hashmod:
      let hash = MD5.secondHalf(Array(source(labels).utf8))
      labels[settings.targetLabel] = String(hash % settings.modulus)
    case .labelmap: map(&labels)
    case .labeldrop: labels.remove { pattern.matches($0) }
    case .labelkeep: labels.remove { !pattern.matches($0) }
    }
    return true
  }

  private func source(_ labels: LabelTable) -> String {
    (settings.sourceLabels ?? []).map { labels[$0] }.joined(separator: settings.separator)
  }

  private func isEqual(_ labels: LabelTable) -> Bool {
    labels[settings.targetLabel].utf8.elementsEqual(source(labels).utf8)
  }

  private func replace(_ labels: inout LabelTable) {
    guard let replacer else { return }
    let text = source(labels)
    guard let target = replacer.regex.replaceWhole(text, with: replacer.target), !target.isEmpty,
      let value = replacer.regex.replaceWhole(text, with: replacer.replacement)
    else { return }
    labels[target] = value
  }

  /// Copies labels under new names; those it makes are not mapped again.
  private func map(_ labels: inout LabelTable) {
    guard let replacer else { return }
    for pair in labels.pairs {
      guard let name = replacer.regex.replaceWhole(pair.name, with: replacer.replacement) else {
        continue
      }
      labels[name] = pair.value
    }
  }
}

/// Rules applied one after the other.
package struct RelabelRules: Sendable {
  package let rules: [RelabelRule]

  package init(_ rules: [RelabelRule]) { self.rules = rules }

  package var isEmpty: Bool { rules.isEmpty }

  /// What became of a series.
  package enum Outcome: Hashable, Sendable {
    case kept(LabelSet)
    /// Dropped by the rule of that number, from 0: for counting drops by rule.
    case dropped(rule: Int)
  }

  package func outcome(_ labels: LabelSet) -> Outcome {
    if rules.isEmpty { return .kept(labels) }
    var table = LabelTable(pairs: labels.pairs)
    for (number, rule) in rules.enumerated() where !rule.apply(&table) {
      return .dropped(rule: number)
    }
    return .kept(LabelSet(table.pairs.map { ($0.name, $0.value) }))
  }

  /// The new labels, nil where the series is dropped.
  package func apply(_ labels: LabelSet) -> LabelSet? {
    if case .kept(let result) = outcome(labels) { result } else { nil }
  }
}

extension RelabelSettings {
  /// Throws what Prometheus says of such a rule.
  func validate() throws(ModelError) {
    let name = action.rawValue
    switch action {
    case .hashmod where modulus == 0:
      throw .badRelabelRule("relabel configuration for hashmod requires non-zero modulus")
    case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal:
      if targetLabel.isEmpty {
        throw .badRelabelRule(
          "relabel configuration for \(name) action requires 'target_label' value")
      }
    case .labelmap where replacement.isEmpty:
      throw .badRelabelRule("\"\" is invalid 'replacement' for labelmap action")
    default: break
    }
    try validateUnused()
  }

  /// Fields that the action does not read must be as if they were not there.
  private func validateUnused() throws(ModelError) {
    let name = action.rawValue
    let hasReplacement = replacement != Self.defaultReplacement
    let hasOthers = modulus != 0 || separator != Self.defaultSeparator || hasReplacement
    switch action {
    case .lowercase, .uppercase, .keepequal, .dropequal:
      if hasReplacement {
        throw .badRelabelRule("'replacement' can not be set for \(name) action")
      }
      let isComparison = action == .keepequal || action == .dropequal
      if isComparison && (hasOthers || regex != Self.defaultRegex) {
        throw .badRelabelRule(
          "\(name) action requires only 'source_labels' and 'target_label', and no other fields")
      }
    case .labeldrop, .labelkeep:
      if hasOthers || sourceLabels != nil || !targetLabel.isEmpty {
        throw .badRelabelRule("\(name) action requires only 'regex', and no other fields")
      }
    default: break
    }
  }
}

/// The labels of one series while rules change them; few, so searched in order.
struct LabelTable {
  private(set) var pairs: [(name: String, value: String)]

  /// A label's value; "" is the missing label, to read and to write.
  subscript(name: String) -> String {
    get { index(of: name).map { pairs[$0].value } ?? "" }
    set {
      let index = index(of: name)
      if newValue.isEmpty {
        if let index { pairs.remove(at: index) }
      } else if let index {
        pairs[index].value = newValue
      } else {
        pairs.append((name, newValue))
      }
    }
  }

  /// By bytes: two spellings of `é` are two names.
  private func index(of name: String) -> Int? {
    pairs.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
  }

  mutating func remove(_ isUnwanted: (String) -> Bool) {
    pairs.removeAll { isUnwanted($0.name) }
  }
}

/// Lower and upper case letter by letter, as Go does it: a letter whose other
/// case takes several (ß) stays.
enum LetterCase {
  static func lower(_ text: String) -> String { map(text) { $0.properties.lowercaseMapping } }

  static func upper(_ text: String) -> String { map(text) { $0.properties.uppercaseMapping } }

  private static func map(_ text: String, _ other: (Unicode.Scalar) -> String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let mapped = other(scalar).unicodeScalars
      if mapped.count == 1 { result += mapped } else { result.append(scalar) }
    }
    return String(result)
  }
}
