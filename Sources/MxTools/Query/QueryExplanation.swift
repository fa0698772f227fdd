import MxCLI
import MxEngine
import MxModel
import MxPromQL

/// `mx-query explain EXPR`: what answering reads, and from where.
///
/// Costs come from indexes alone. The query is evaluated too, because only that tells
/// which series were seen by the lookback of their own pace; where it cannot be (a limit),
/// the costs stand all the same, and why.
enum QueryExplanation {
  /// What one selector reads.
  private struct Part {
    var selector: String
    var function: String
    var range: TimeRange
    var cost: ReadCost
    var tiers: [Int64]
  }

  private struct Facts {
    var expression: QueryExpression
    var window: QueryWindow
    var lookback: Lookback
    var parts: [Part]
    var result: EngineResult?
    var failure: Diagnostic?
  }

  static func run(_ run: Run) throws -> ExitCode {
    let format = run.arguments.string("format") ?? "table"
    guard ["table", "json"].contains(format) else {
      throw Diagnostic(
        .usage, subject: "--format", "'\(format)' has no words for an explanation",
        hint: "one of table, json")
    }
    guard !run.arguments.has("source") else {
      throw Diagnostic(.usage, "'explain' looks into stores and files, not into a server")
    }
    let expression = try QueryExpression(run.arguments.positionals[0])
    let window = try QueryTimes.window(run)
    let times = try TimePrinter(run, standard: .rfc3339)
    let input = try QueryInput.open(run)
    let facts = try gather(expression, window, input, run)
    if format == "json" {
      try run.output.write(json(facts, times).text + "\n")
    } else {
      try tell(facts, times, run)
    }
    if facts.parts.allSatisfy({ $0.cost.series == 0 }), !facts.parts.isEmpty {
      try NameHints.tell([expression], input, run)
    }
    if let failure = facts.failure { throw failure }
    return input.ending(isNo: facts.result?.seriesCount == 0, run)
  }

  private static func gather(
    _ expression: QueryExpression, _ window: QueryWindow, _ input: QueryInput, _ run: Run
  ) throws -> Facts {
    let options = try QueryOptions.engine(run, input.settings)
    let engine = Engine(options)
    var facts = Facts(
      expression: expression, window: window, lookback: options.lookback, parts: [])
    for request in try engine.requests(expression.tree, window) {
      var range = request.range
      // Beyond the plain lookback only the newest samples of some series are looked up.
      if request.hints.window == 0, options.lookback == .automatic {
        range.from += options.lookback.longest - options.lookback.base
      }
      let selection = try input.source.open([request], report: input.report)[0]
      facts.parts.append(
        Part(
          selector: text(request), function: request.hints.function, range: range,
          cost: try selection.cost(range),
          tiers: try selection.resolutions(in: range).tiers.map(\.width)))
    }
    do {
      facts.result = try engine.evaluate(
        expression.tree, text: expression.text, window, source: input.source,
        report: input.report)
    } catch let error as EngineError {
      facts.failure = Explanation.diagnostic(of: error)
    }
    return facts
  }

  private static func text(_ request: SelectRequest) -> String {
    let selector = "\(Selector(request.matchers))"
    if request.hints.window == 0 { return selector }
    return "\(selector)[\(MxCLI.DurationText.format(request.hints.window))]"
  }

  // MARK: text

  private static func tell(_ facts: Facts, _ times: TimePrinter, _ run: Run) throws {
    var lines: [(String, String)] = [
      ("expression", Output.printable(facts.expression.text)),
      ("type", facts.expression.tree.type.documentedName),
      ("time", text(facts.window, times)), ("lookback", text(facts.lookback)),
    ]
    if let result = facts.result {
      lines.append(("resolution", Resolution.text(result)))
      if result.pacedSeriesCount > 0 {
        let shown = result.pacedSeries.prefix(5).joined(separator: ", ")
        let more = result.pacedSeriesCount > 5 ? ", …" : ""
        lines.append(("own pace", "\(result.pacedSeriesCount) series: \(shown)\(more)"))
      }
      lines.append(("answer", "\(result.seriesCount) series"))
    }
    var sheet = TableWriter([("what", .left), ("value", .left)])
    for (name, value) in lines { sheet.append([run.output.paint(name, .bold), value]) }
    try sheet.write(to: run.output, header: false)
    if facts.parts.isEmpty { return }
    try run.output.write("\n")
    try costs(facts.parts, times, run)
  }

  private static func costs(_ parts: [Part], _ times: TimePrinter, _ run: Run) throws {
    var table = TableWriter([
      ("selector", .left), ("function", .left), ("from", .left), ("to", .left),
      ("series", .right), ("segments", .right), ("pages", .right), ("samples", .right),
      ("bytes", .right), ("tiers", .left),
    ])
    for part in parts {
      let cost = part.cost
      table.append(
        [part.selector, part.function, times.text(part.range.from), times.text(part.range.to)]
          + [cost.series, cost.segments, cost.pages, cost.samples, cost.bytes].map { String($0) }
          + [part.tiers.map { MxCLI.DurationText.format($0) }.joined(separator: " ")])
    }
    try table.write(to: run.output, header: !run.arguments.has("no-header"))
  }

  private static func text(_ window: QueryWindow, _ times: TimePrinter) -> String {
    switch window {
    case .instant(let time): return times.text(time)
    case .range(let from, let to, let step):
      let count = (to - from) / step + 1
      return "\(times.text(from)) to \(times.text(to)) by \(MxCLI.DurationText.format(step)), "
        + "\(count) \(count == 1 ? "step" : "steps")"
    }
  }

  private static func text(_ lookback: Lookback) -> String {
    switch lookback {
    case .fixed(let width): MxCLI.DurationText.format(width)
    case .automatic: "auto: 5m; a series without a sample there 2.5 times its own pace"
    }
  }

  // MARK: JSON

  private static func json(_ facts: Facts, _ times: TimePrinter) -> MxCLI.JSONText {
    var members: [(String, MxCLI.JSONText)] = [
      ("expr", .string(facts.expression.text)),
      ("type", .string(facts.expression.tree.type.documentedName)),
    ]
    switch facts.window {
    case .instant(let time): members.append(("at", .string(times.text(time))))
    case .range(let from, let to, let step):
      members += [
        ("from", .string(times.text(from))), ("to", .string(times.text(to))),
        ("step", .string(MxCLI.DurationText.format(step))),
      ]
    }
    switch facts.lookback {
    case .automatic: members.append(("lookback", .string("auto")))
    case .fixed(let width):
      members.append(("lookback", .string(MxCLI.DurationText.format(width))))
    }
    if let result = facts.result {
      members += [
        ("resolution", .string(Resolution.text(result))),
        ("series", .integer(Int64(result.seriesCount))),
        ("paced_count", .integer(Int64(result.pacedSeriesCount))),
        ("paced", .array(result.pacedSeries.map { .string($0) })),
      ]
    }
    if let failure = facts.failure { members.append(("error", .string(failure.line))) }
    members.append(("reads", .array(facts.parts.map { json($0, times) })))
    return .object(members)
  }

  private static func json(_ part: Part, _ times: TimePrinter) -> MxCLI.JSONText {
    let cost = part.cost
    return .object([
      ("selector", .string(part.selector)), ("function", .string(part.function)),
      ("from", .string(times.text(part.range.from))), ("to", .string(times.text(part.range.to))),
      ("series", .integer(Int64(cost.series))), ("segments", .integer(Int64(cost.segments))),
      ("pages", .integer(Int64(cost.pages))), ("samples", .integer(Int64(cost.samples))),
      ("bytes", .integer(Int64(cost.bytes))),
      ("tiers", .array(part.tiers.map { .string(MxCLI.DurationText.format($0)) })),
    ])
  }
}
