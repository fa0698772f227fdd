import MxCLI
import MxEngine
import MxFiles
import MxModel
import MxPromQL
import MxStore

/// `mx-query EXPR...`: parse, evaluate, print.
enum QueryEvaluation {
  static func run(_ run: Run) throws -> ExitCode {
    let expressions = try run.arguments.positionals.map { text in
      do throws(PromQLError) {
        return (text: text, tree: try PromQL.parse(text))
      } catch {
        throw Explanation.promQL(error, text)
      }
    }
    let report = Report()
    let source = try QuerySource.open(run, report)
    let window = try window(run)
    let printer = try ResultPrinter(run)
    let engine = Engine(try options(run))
    var isEmpty = true
    for expression in expressions {
      let result = try engine.evaluate(
        expression.tree, text: expression.text, window, source: source, report: report)
      for text in result.annotations.warnings + result.annotations.infos {
        run.output.warn(Diagnostic(.no, text))
      }
      isEmpty = try printer.print(result) == 0 && isEmpty
    }
    let damage = StoreDamage.tell(report, run)
    if damage != .success { return damage }
    return isEmpty ? .no : .success
  }

  private static func options(_ run: Run) throws -> EngineOptions {
    var options = EngineOptions()
    options.threads = run.common.threads
    if let lookback = run.arguments.string("lookback"), lookback != "auto" {
      options.lookback = .fixed(try run.arguments.duration("lookback") ?? Lookback.standard)
    }
    return options
  }

  /// `--at`, or `--from … --to … --step`, by which a query becomes a range.
  private static func window(_ run: Run) throws -> QueryWindow {
    let now = run.common.now
    guard let from = try run.arguments.time("from", now: now) else {
      return .instant(try run.arguments.time("at", now: now) ?? now)
    }
    let to = try run.arguments.time("to", now: now) ?? now
    let step = try run.arguments.duration("step") ?? RoundStep.of(to - from)
    return .range(start: from, end: to, step: step)
  }
}

/// The step of a range that was given none: (to - from) / 250, rounded up to a
/// round duration.
enum RoundStep {
  private static let round: [Int64] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000,
    120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000,
    43_200_000, 86_400_000,
  ]

  static func of(_ width: Int64) -> Int64 {
    let wanted = max(1, (width + 249) / 250)
    if let step = round.first(where: { $0 >= wanted }) { return step }
    return (wanted + 86_399_999) / 86_400_000 * 86_400_000
  }
}

/// Where a query reads from.
enum QuerySource {
  static func open(_ run: Run, _ report: Report) throws -> any SeriesSource {
    for option in ["file", "source"] where run.arguments.has(option) {
      throw Diagnostic(.system, "'--\(option)' does not work yet in this version")
    }
    guard run.common.stores.count <= 1 else {
      throw Diagnostic(.system, "several '--store' do not work yet in this version")
    }
    return try Snapshot(Store(path: run.common.store, files: DiskFileSystem()), report)
  }
}

/// `mx-query series|labels|values|metrics`.
enum QueryListing {
  static func series(_ run: Run) throws -> ExitCode {
    try list(run) { source, matchers, range, report in
      var hints = SelectHints()
      hints.labelsOnly = true
      var found: Set<LabelSet> = []
      for one in matchers.isEmpty ? [[]] : matchers {
        let selection = try source.open(
          [SelectRequest(one, range: range, hints: hints)], report: report)[0]
        for series in 0..<selection.count { found.insert(try selection.labels(series)) }
      }
      return found.sorted().map(\.description)
    }
  }

  static func labels(_ run: Run) throws -> ExitCode {
    try list(run) { try $0.labelNames(matching: $1, range: $2, report: $3) }
  }

  static func values(_ run: Run) throws -> ExitCode {
    let label = run.arguments.positionals.first ?? ""
    return try list(run) { try $0.labelValues(label, matching: $1, range: $2, report: $3) }
  }

  static func metrics(_ run: Run) throws -> ExitCode {
    try list(run) {
      try $0.labelValues(LabelName.metric, matching: $1, range: $2, report: $3)
    }
  }

  private static func list(
    _ run: Run,
    _ lines: (any SeriesSource, [[Matcher]], TimeRange, Report) throws -> [String]
  ) throws -> ExitCode {
    let report = Report()
    let source = try QuerySource.open(run, report)
    let matchers = try run.arguments.strings("match").map { text in
      do throws(PromQLError) {
        return try PromQL.parseSelector(text)
      } catch {
        throw Explanation.promQL(error, text)
      }
    }
    let range = TimeRange(
      from: try run.arguments.time("from", now: run.common.now) ?? .min,
      to: try run.arguments.time("to", now: run.common.now) ?? .max)
    let found = try lines(source, matchers, range, report)
    for line in found { try run.output.write(line + "\n") }
    let damage = StoreDamage.tell(report, run)
    return damage != .success ? damage : found.isEmpty ? .no : .success
  }
}
