import MxModel
import MxPromQL

/// Runs test scripts of PromQL: load samples, evaluate, compare.
///
/// The scripts are those of Prometheus' own engine tests, and run as there: every
/// instant query also with its selectors fixed by `@` at other times, and as the
/// middle of a range query.
package struct PromQLTestScript {
  package enum Outcome: Hashable, Sendable {
    case passed
    /// It met a native histogram while it ran.
    case skipped(String)
    case failed(String)
  }

  package struct Result: Sendable {
    package var line: Int
    package var query: String
    package var outcome: Outcome
  }

  private var options: EngineOptions
  private var parserOptions = ParserOptions()

  /// The engine's settings of Prometheus' suite; `threads` from `options`.
  package init(_ options: EngineOptions = EngineOptions()) {
    self.options = options
    self.options.lookback = .fixed(Lookback.standard)
    self.options.subqueryStep = 60_000
    self.options.delaysNameRemoval = true
    self.options.usesStartTimes = true
  }

  /// The evaluations of a script in order. Throws where it cannot be read.
  package func run(_ text: String) throws -> [Result] {
    var parser = ScriptParser(text)
    var data = ScriptData()
    var source: MemorySource?
    var results: [Result] = []
    for command in try parser.commands() {
      switch command {
      case .clear:
        data.clear()
        source = nil
      case .load(let load):
        try data.load(load)
        source = nil
      case .evaluate(let evaluation):
        let current = source ?? data.source
        source = current
        results.append(
          Result(
            line: evaluation.line, query: evaluation.query, outcome: outcome(evaluation, current)))
      }
    }
    return results
  }

  private func outcome(_ evaluation: ScriptEvaluation, _ source: MemorySource) -> Outcome {
    let expr: Expr
    do {
      expr = try PromQL.parse(evaluation.query, options: parserOptions)
    } catch {
      return failed(evaluation, "\(error)")
    }
    do {
      let result = try evaluate(expr, evaluation.query, evaluation.window, source)
      if evaluation.failure != nil { return .failed("must fail, but did not") }
      let check = ResultCheck(evaluation)
      if let problem = check.annotations(result.annotations) ?? check.problem(result) {
        return .failed(problem)
      }
    } catch EngineError.nativeHistogram(let series) {
      return .skipped("native histogram '\(series)'")
    } catch {
      return failed(evaluation, "\(error)")
    }
    return variations(expr, evaluation, source) ?? .passed
  }

  /// An evaluation that threw `message`.
  private func failed(_ evaluation: ScriptEvaluation, _ message: String) -> Outcome {
    guard let wanted = evaluation.failure else { return .failed("failed: \(message)") }
    if wanted.matches(message) { return .passed }
    return .failed("failed with another message: \(message)")
  }

  private func evaluate(
    _ expr: Expr, _ text: String, _ window: QueryWindow, _ source: MemorySource
  ) throws -> QueryResult {
    try Engine(options).evaluate(expr, text: text, window, source: source, report: Report())
  }

  /// The same query in other guises; nil where all agree.
  private func variations(
    _ expr: Expr, _ evaluation: ScriptEvaluation, _ source: MemorySource
  ) -> Outcome? {
    guard case .instant(let time) = evaluation.window, evaluation.failure == nil else { return nil }
    var guises: [(expr: Expr, time: Int64)] = [(expr, time)]
    if !AtPinning.dependsOnTime(expr) {
      let pinned = AtPinning.pin(expr, at: time)
      let others = time == 0 ? [-1000, 0, 1000] : [-10 * time, 0, time / 5, time, 10 * time]
      guises += others.map { (pinned, $0) }
    }
    let check = ResultCheck(evaluation)
    for (index, guise) in guises.enumerated() {
      do {
        if index > 0 {
          let result = try evaluate(
            guise.expr, guise.expr.description, .instant(guise.time), source)
          if let problem = check.problem(result) {
            return .failed("as '\(guise.expr)' at \(guise.time) ms: \(problem)")
          }
        }
        if check.canBeRange, !AtPinning.dependsOnQuery(expr) {
          let window = QueryWindow.range(
            start: guise.time - 60_000, end: guise.time + 60_000, step: 60_000)
          let result = try evaluate(guise.expr, guise.expr.description, window, source)
          if let problem = check.problem(result, atStep: 1) {
            return .failed("as a range of '\(guise.expr)' at \(guise.time) ms: \(problem)")
          }
        }
      } catch EngineError.nativeHistogram {
        // Only the times around it met one.
        continue
      } catch {
        return .failed("as '\(guise.expr)' at \(guise.time) ms: failed: \(error)")
      }
    }
    return nil
  }
}

/// Fixes all times of a query by `@`.
enum AtPinning {
  /// Functions whose result is another at another time, whatever is fixed.
  static func dependsOnTime(_ expr: Expr) -> Bool {
    expr.contains { expr in
      guard case .call(let node) = expr else { return false }
      switch node.function {
      case .daysInMonth, .dayOfMonth, .dayOfWeek, .dayOfYear, .hour, .minute, .month, .year,
        .predictLinear, .time, .timestamp, .start, .end, .range, .step:
        return true
      default: return false
      }
    }
  }

  /// Whether the query's own start, end or step count.
  static func dependsOnQuery(_ expr: Expr) -> Bool { expr.dependsOnQueryTimes }

  static func pin(_ expr: Expr, at time: Int64) -> Expr {
    func recurse(_ expr: Expr) -> Expr { pin(expr, at: time) }
    switch expr {
    case .number, .string: return expr
    case .selector(var node):
      node.at = node.at ?? .time(time)
      return .selector(node)
    case .range(var node):
      node.selector.at = node.selector.at ?? .time(time)
      return .range(node)
    case .subquery(var node):
      node.at = node.at ?? .time(time)
      return .subquery(node)
    case .unary(let node): return .unary(UnaryExpr(node.op, recurse(node.operand)))
    case .binary(let node):
      return .binary(
        BinaryExpr(
          node.op, recurse(node.left), recurse(node.right), returnsBool: node.returnsBool,
          matching: node.matching))
    case .call(let node): return .call(Call(node.function, node.arguments.map(recurse)))
    case .aggregate(let node):
      return .aggregate(
        Aggregation(
          node.op, parameter: node.parameter.map(recurse), recurse(node.argument),
          grouping: node.grouping))
    case .parentheses(let node): return .parentheses(Parentheses(recurse(node.inner)))
    }
  }
}
