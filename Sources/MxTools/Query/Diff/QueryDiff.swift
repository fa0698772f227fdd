import MxCLI
import MxEngine
import MxModel
import MxPromQL
import MxStatistics

/// `mx-query diff --baseline SPEC EXPR...`: the gate of a CI job.
enum QueryDiff {
  static let formats = ["table", "csv", "json", "junit", "github", "markdown"]

  static let options: [OptionSpec] = [
    .value("baseline", "SPEC", "-7d, FROM..TO, a file, a store, or expr:EXPR"),
    .choice(
      "stat", Comparison.Statistic.allCases.map(\.rawValue), "how to compare",
      default: "median"),
    .value("tolerance", "P", "percent of change that is no regression", default: "5"),
    .choice(
      "better", Comparison.Better.allCases.map(\.rawValue), "which way is an improvement",
      default: "lower"),
    .value("by", "LABEL,...", "pool the samples of series that have these labels alike"),
    .value("min-samples", "N", "judge nothing with fewer on a side", default: "8"),
    .flag("strict", "series that cannot be judged or are gone are a failure too"),
    .choice("format", formats, "how the comparison is printed", default: "table"),
    .value("junit", "FILE", "write JUnit XML there as well"),
    .value("markdown", "FILE", "write a Markdown summary there as well"),
    .value("save", "FILE", "keep the samples of now as a baseline for later"),
    SharedOptions.from, SharedOptions.to,
    .value("step", "DURATION", "distance of points", default: "that of the samples"),
  ]

  static func run(_ run: Run) throws -> ExitCode {
    let arguments = run.arguments
    let spec = arguments.string("baseline")
    guard spec != nil || arguments.has("save") else {
      throw Diagnostic(
        .usage, "option '--baseline SPEC' is required", hint: "see: mx-query diff --help")
    }
    guard !arguments.has("source") else {
      throw Diagnostic(.usage, "'diff' compares samples of stores and files, not of a server")
    }
    let expressions = try QueryExpression.all(run)
    let rule = try rule(arguments)
    let range = try range(run)
    let input = try QueryInput.open(run)
    let sampler = DiffSampler(
      engine: Engine(try QueryOptions.engine(run, input.settings)), input: input,
      grouping: arguments.string("by").map { text in
        Set(text.split(separator: ",").map(String.init))
      }, step: try arguments.duration("step"))
    let current = try expressions.map {
      (expression: $0.text, groups: try sampler.samples($0, range, input.source))
    }
    let isEmpty = current.allSatisfy { $0.groups.isEmpty }
    if let file = arguments.string("save"), !isEmpty {
      try AtomicFile.replace(file, with: SavedBaseline.text(current, range))
    }
    var code = ExitCode.success
    if let spec {
      let baseline = try DiffBaseline.read(spec, run, input.report)
      let before = try zip(expressions, current).map { expression, now in
        let before = try baseline.samples(expression, range, sampler)
        return baseline.isAnotherExpression ? before.namedAs(now.groups) : before
      }
      let report = DiffReport(
        DiffRow.all(before, current, rule), rule, isStrict: run.arguments.has("strict"))
      try write(report, run)
      code = report.verdict(run.output)
    } else if isEmpty {
      run.output.error(Diagnostic(.no, "nothing was saved: the expressions have no samples"))
      code = .no
    }
    return input.ending(isNo: code == .no, run)
  }

  private static func rule(_ arguments: Arguments) throws -> Comparison.Rule {
    var rule = Comparison.Rule()
    rule.statistic =
      arguments.string("stat").flatMap(Comparison.Statistic.init) ?? rule.statistic
    rule.better = arguments.string("better").flatMap(Comparison.Better.init) ?? rule.better
    rule.tolerance = try tolerance(arguments)
    if let least = try arguments.integer("min-samples", in: 1...1_000_000) {
      rule.minimumSamples = Int(least)
    }
    return rule
  }

  /// `5`, `5%` and `2.5` are percents.
  private static func tolerance(_ arguments: Arguments) throws(Diagnostic) -> Double {
    guard let text = arguments.string("tolerance") else { return Comparison.Rule().tolerance }
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard let percent = Double(digits), percent.isFinite, percent >= 0 else {
      throw Diagnostic(
        .usage, subject: "--tolerance", "'\(text)' is not a percentage; expected one like 5 or 2.5%"
      )
    }
    return percent / 100
  }

  /// `--from` to `--to`; the last hour where neither is given.
  private static func range(_ run: Run) throws(Diagnostic) -> TimeRange {
    let now = run.common.now
    let to = try run.arguments.time("to", now: now) ?? now
    let from = try run.arguments.time("from", now: now) ?? to - 3_600_000
    guard from < to else {
      throw Diagnostic(
        .usage,
        "the range ends at \(TimeText.rfc3339(to)), before it begins at \(TimeText.rfc3339(from))")
    }
    return TimeRange(from: from, to: to)
  }

  private static func write(_ report: DiffReport, _ run: Run) throws {
    let output = run.output
    switch run.arguments.string("format") ?? "table" {
    case "csv": try report.csv(hasHeader: !run.arguments.has("no-header"), to: output)
    case "json": try output.write(report.json)
    case "junit": try output.write(report.cases.junit)
    case "github": try output.write(report.cases.github)
    case "markdown": try output.write(report.markdown)
    default: try report.table(hasHeader: !run.arguments.has("no-header"), to: output)
    }
    if let file = run.arguments.string("junit") {
      try AtomicFile.replace(file, with: report.cases.junit)
    }
    if let file = run.arguments.string("markdown") {
      try AtomicFile.replace(file, with: report.markdown)
    }
  }
}

extension [LabelSet: SampleGroup] {
  /// With the metric names that groups of the same other labels have in `current`: another
  /// metric is to be compared.
  fileprivate func namedAs(_ current: [LabelSet: SampleGroup]) -> [LabelSet: SampleGroup] {
    func others(_ labels: LabelSet) -> LabelSet { labels.removing([LabelName.metric]) }
    let new = [LabelSet: [LabelSet]](grouping: current.keys, by: others)
    let old = [LabelSet: [LabelSet]](grouping: keys, by: others)
    var named: [LabelSet: SampleGroup] = [:]
    for (labels, group) in self {
      let rest = others(labels)
      let isClear = current[labels] == nil && old[rest]?.count == 1 && new[rest]?.count == 1
      named[isClear ? new[rest]?.first ?? labels : labels] = group
    }
    return named
  }
}

/// One group of series, then and now.
struct DiffRow {
  var expression: String
  var labels: LabelSet
  var before: SampleGroup
  var now: SampleGroup
  var comparison: Comparison

  /// Groups of either side, expression by expression in label order.
  static func all(
    _ before: [[LabelSet: SampleGroup]],
    _ current: [(expression: String, groups: [LabelSet: SampleGroup])], _ rule: Comparison.Rule
  ) -> [DiffRow] {
    var places: [(expression: String, labels: LabelSet, before: SampleGroup, now: SampleGroup)] = []
    for (then, now) in zip(before, current) {
      for labels in Set(then.keys).union(now.groups.keys).sorted() {
        places.append(
          (
            now.expression, labels, then[labels] ?? SampleGroup(),
            now.groups[labels] ?? SampleGroup()
          ))
      }
    }
    let compared = Comparison.all(
      places.map { (OrderedSamples($0.before.values), OrderedSamples($0.now.values)) }, rule)
    return zip(places, compared).map { place, comparison in
      DiffRow(
        expression: place.expression, labels: place.labels, before: place.before, now: place.now,
        comparison: comparison)
    }
  }

  /// What it is called where its expression is not beside it.
  var name: String {
    labels.metricName == nil ? "\(expression) \(labels)" : labels.description
  }

  /// What the table calls it.
  var verdict: String {
    let comparison = comparison
    switch comparison.verdict {
    case .same: return "same"
    case .better: return "better"
    case .worse: return "WORSE"
    case .unclear:
      if comparison.baseline.count == 0 { return "new" }
      if comparison.current.count == 0 { return "gone" }
      return "too few"
    }
  }
}
