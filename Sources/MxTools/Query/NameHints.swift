import MxCLI
import MxEngine
import MxModel
import MxPromQL

/// Why an answer may be empty: a name that the store does not have, and its nearest.
///
/// An answer that is empty because nothing fulfils its condition is told by the exit code
/// alone.
enum NameHints {
  /// So many names are suggested.
  private static let count = 3

  static func tell(_ expressions: [QueryExpression], _ input: QueryInput, _ run: Run) throws {
    var told: Set<String> = []
    for expression in expressions {
      for use in expression.tree.selectors {
        guard let found = try diagnostic(use.selector.matchers, input.source),
          told.insert(found.line).inserted
        else { continue }
        run.output.warn(found)
      }
    }
  }

  /// What is wrong with a selector that finds nothing; nil where it finds something, or
  /// where each of its matchers finds something by itself.
  static func diagnostic(
    _ matchers: [Matcher], _ source: any SeriesSource
  ) throws -> Diagnostic? {
    if try exists(matchers, source) { return nil }
    // What others say of the same damage is enough.
    let report = Report()
    let named = matchers.first { $0.name == LabelName.metric && $0.op == .equal }
    if let named {
      let metrics = try source.labelValues(
        LabelName.metric, matching: [], range: .all, report: report)
      if !metrics.contains(named.value) {
        return Diagnostic(
          .no, "no metric is called '\(named.value)'",
          hint: Suggestion.hint(for: named.value, among: metrics, count: count)
            ?? "mx-query metrics tells which there are")
      }
    }
    let scope = named.map { [[$0]] } ?? []
    let whose = named.map { " of '\($0.value)'" } ?? ""
    let labels = try source.labelNames(matching: scope, range: .all, report: report)
    for matcher in matchers where matcher.name != LabelName.metric && !matcher.matchesEmpty {
      if !labels.contains(matcher.name) {
        return Diagnostic(
          .no, "no series\(whose) has a label '\(matcher.name)'",
          hint: Suggestion.hint(for: matcher.name, among: labels, count: count)
            ?? known(labels.filter { $0 != LabelName.metric }, "labels"))
      }
      guard matcher.op == .equal else { continue }
      let values = try source.labelValues(
        matcher.name, matching: scope, range: .all, report: report)
      if !values.contains(matcher.value) {
        return Diagnostic(
          .no, "no series\(whose) has \(matcher)",
          hint: Suggestion.hint(for: matcher.value, among: values, count: count)
            ?? known(values, "values"))
      }
    }
    return nil
  }

  private static func exists(_ matchers: [Matcher], _ source: any SeriesSource) throws -> Bool {
    var hints = SelectHints()
    hints.labelsOnly = true
    let request = SelectRequest(matchers, range: .all, hints: hints)
    return try source.open([request], report: Report())[0].count > 0
  }

  private static func known(_ words: [String], _ what: String) -> String? {
    guard !words.isEmpty, words.count <= 8 else { return nil }
    return "its \(what) are \(words.joined(separator: ", "))"
  }
}
