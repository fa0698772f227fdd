import MxCLI
import MxEngine
import MxModel
import MxPromQL
import MxStore

/// `mx-query EXPR...`: parse, evaluate, print.
enum QueryEvaluation {
  static func run(_ run: Run) throws -> ExitCode {
    if let server = try RemoteSource.open(run) { return try RemoteEvaluation.run(server, run) }
    let expressions = try QueryExpression.all(run)
    let window = try QueryTimes.window(run)
    let printer = try ResultPrinter(run)
    var input = try QueryInput.open(run)
    var asked = try evaluate(expressions, window, input, run)
    if case StoreError.vanished? = asked.failures.last {
      // Slower than the grace of removed files: once more from what is there now.
      input = try QueryInput.open(run)
      asked = try evaluate(expressions, window, input, run)
    }
    let answers = asked.all
    for answer in answers { tell(answer.result, run) }
    run.report.set("queries", Double(answers.count), help: "Expressions answered.")
    run.report.set(
      "series", Double(answers.reduce(0) { $0 + $1.result.seriesCount }),
      help: "Series of the answers.")
    run.report.set(
      "warnings",
      Double(answers.reduce(0) { $0 + $1.result.annotations.warnings.count }),
      help: "Warnings of the engine.")
    try printer.print(answers) { [source = input.source] in try source.metadata(of: $0) }
    try asked.throwFailure(run.output)
    return try ending(expressions, answers, input, run)
  }

  private static func evaluate(
    _ expressions: [QueryExpression], _ window: QueryWindow, _ input: QueryInput, _ run: Run
  ) throws -> QueryAnswers {
    let engine = Engine(try QueryOptions.engine(run, input.settings))
    return QueryAnswers(expressions.map(\.text)) { number in
      let expression = expressions[number]
      return try engine.evaluate(
        expression.tree, text: expression.text, window, source: input.source,
        report: input.report)
    }
  }

  private static func tell(_ result: QueryResult, _ run: Run) {
    for text in result.annotations.warnings + result.annotations.infos {
      run.output.warn(Diagnostic(.no, text))
    }
    run.output.summary(
      "\(result.seriesCount) series at \(result.stepCount) steps, from \(Resolution.text(result))"
        + " samples"
        + (result.pacedSeriesCount > 0
          ? ", \(result.pacedSeriesCount) series by the lookback of their own pace" : ""))
  }

  private static func ending(
    _ expressions: [QueryExpression], _ answers: [QueryAnswer], _ input: QueryInput, _ run: Run
  ) throws -> ExitCode {
    let isEmpty = answers.allSatisfy { $0.result.seriesCount == 0 }
    if isEmpty { try NameHints.tell(expressions, input, run) }
    let isFresh = try Freshness.check(expressions, input, run)
    return input.ending(isNo: isEmpty || !isFresh, run)
  }
}

/// An expression of the command line, parsed.
struct QueryExpression {
  var text: String
  var tree: Expr

  init(text: String, tree: Expr) {
    self.text = text
    self.tree = tree
  }

  init(_ text: String) throws(Diagnostic) {
    self.text = text
    do throws(PromQLError) {
      tree = try PromQL.parse(text)
    } catch {
      throw Explanation.promQL(error, text)
    }
  }

  static func all(_ run: Run) throws(Diagnostic) -> [QueryExpression] {
    var all: [QueryExpression] = []
    for text in run.arguments.positionals { all.append(try QueryExpression(text)) }
    return all
  }

  /// Every selector of an option that may be given several times.
  static func selectors(_ option: String, _ run: Run) throws(Diagnostic) -> [[Matcher]] {
    var all: [[Matcher]] = []
    for text in run.arguments.strings(option) { all.append(try matchers(text)) }
    return all
  }

  static func matchers(_ text: String) throws(Diagnostic) -> [Matcher] {
    do throws(PromQLError) {
      return try PromQL.parseSelector(text)
    } catch {
      throw Explanation.promQL(error, text)
    }
  }
}

/// When a query is evaluated.
enum QueryTimes {
  /// `--at`, or `--from … --to … --step`, by which a query becomes a range.
  static func window(_ run: Run) throws(Diagnostic) -> QueryWindow {
    let now = run.common.now
    let arguments = run.arguments
    guard let from = try arguments.time("from", now: now) else {
      for option in ["to", "step"] where arguments.has(option) {
        throw Diagnostic(
          .usage, "'--\(option)' belongs to a range, which begins with '--from'",
          hint: "one instant is '--at TIME'")
      }
      return .instant(try arguments.time("at", now: now) ?? now)
    }
    if arguments.has("at") {
      throw Diagnostic(.usage, "'--at' is one instant, '--from' begins a range: only one of them")
    }
    let to = try arguments.time("to", now: now) ?? now
    guard from <= to else {
      throw Diagnostic(
        .usage,
        "the range ends at \(TimeText.rfc3339(to)), before it begins at \(TimeText.rfc3339(from))")
    }
    let step = try arguments.duration("step") ?? RoundStep.of(to - from)
    guard step > 0 else { throw Diagnostic(.usage, subject: "--step", "0 is not more than 0") }
    return .range(start: from, end: to, step: step)
  }
}

/// What the options and settings of a run mean for the engine.
enum QueryOptions {
  static func engine(_ run: Run, _ settings: Settings) throws(Diagnostic) -> EngineOptions {
    var options = EngineOptions()
    options.threads = run.common.threads
    if let text = run.arguments.string("lookback"), text != "auto" {
      options.lookback = .fixed(try run.arguments.duration("lookback") ?? Lookback.standard)
    }
    options.resolution = try resolution(run)
    options.approximates = run.arguments.has("approximate")
    options.maximumSeries = settings.limits.querySeries.map { Int(clamping: $0) } ?? .max
    options.maximumSamples = settings.limits.querySamples.map { Int(clamping: $0) } ?? .max
    if let patience = try run.arguments.duration("timeout") ?? settings.limits.queryTimeout {
      let clock = Clock()
      options.hasExpired = { clock.elapsed > patience }
    }
    return options
  }
}

extension QueryOptions {
  /// `--resolution auto|raw|D`.
  private static func resolution(_ run: Run) throws(Diagnostic) -> ResolutionChoice {
    switch run.arguments.string("resolution") {
    case nil, "auto": return .automatic
    case "raw": return .raw
    default:
      guard let width = try run.arguments.duration("resolution"), width > 0 else { return .raw }
      return .tier(width)
    }
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
