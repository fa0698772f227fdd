import MxCLI
import MxEngine
import MxModel
import MxPromQL

/// The engine's answers, beside MxRender's type of the same name.
typealias EngineResult = MxEngine.QueryResult

/// One expression of the command line and what it came to.
struct QueryAnswer {
  var expression: String
  /// Which of the expressions it is.
  var number: Int
  var result: QueryResult
}

/// What a run's expressions came to.
struct QueryAnswers {
  private(set) var all: [QueryAnswer] = []
  /// Why others have no answer.
  private(set) var failures: [any Error] = []

  /// Asks for one after the other. One that fails does not end those behind it, unless
  /// nothing can be answered any more.
  init(_ expressions: [String], _ ask: (_ number: Int) throws -> QueryResult) {
    for (number, text) in expressions.enumerated() {
      do {
        all.append(QueryAnswer(expression: text, number: number, result: try ask(number)))
      } catch let error as PromQLError {
        failures.append(Explanation.promQL(error, text))
      } catch {
        failures.append(QueryAnswers.named(error, expressions.count > 1 ? text : nil))
        if QueryAnswers.endsAll(error) { return }
      }
    }
  }

  private static func endsAll(_ error: any Error) -> Bool {
    switch error {
    case EngineError.timeout: true
    case is EngineError: false
    case let error as Diagnostic: error.kind != .input
    default: true
    }
  }

  /// The error of one among several says which.
  private static func named(_ error: any Error, _ text: String?) -> any Error {
    guard let text, !endsAll(error) else { return error }
    let found = Explanation.diagnostic(of: error)
    return Diagnostic(
      found.kind, subject: found.subject ?? Output.printable(text), found.message,
      hint: found.hint, excerpt: found.excerpt)
  }

  /// The last failure ends the run; those before it are told here.
  func throwFailure(_ output: Output) throws {
    for error in failures.dropLast() { output.error(Explanation.diagnostic(of: error)) }
    if let last = failures.last { throw last }
  }
}

extension QueryResult {
  /// The result of a query at one instant that is no range vector.
  var isInstant: Bool {
    if case .samples = value { return false }
    return step == 0
  }

  /// How many samples at most.
  var pointCount: Int {
    switch value {
    case .string: 0
    case .scalar(let values): values.count
    case .series(let table): table.values.count
    case .samples(let table): table.values.count
    }
  }

  /// How many series (a scalar and a string count as one).
  var seriesCount: Int {
    switch value {
    case .scalar, .string: 1
    case .series(let table): table.labels.count
    case .samples(let table): table.labels.count
    }
  }

  /// Calls `body` for each series in order with its points in time order; a scalar
  /// is a series without labels, a string has no points. The columns are valid only
  /// during the call.
  func forEachSeries(
    _ body: (_ labels: LabelSet?, _ points: borrowing SampleColumns) throws -> Void
  ) throws {
    try forEachSeries(in: 0..<seriesCount, body)
  }

  /// The same for some of the series.
  func forEachSeries(
    in range: Range<Int>,
    _ body: (_ labels: LabelSet?, _ points: borrowing SampleColumns) throws -> Void
  ) throws {
    switch value {
    case .string: return
    case .scalar(let values):
      try QueryResult.withColumns(stepTimes, values[...]) { try body(nil, $0) }
    case .samples(let table):
      for series in range {
        let own = table.range(series)
        try QueryResult.withColumns(Array(table.times[own]), table.values[own]) {
          try body(table.labels[series], $0)
        }
      }
    case .series(let table): try forEach(table, range, body)
    }
  }

  private func forEach(
    _ table: SeriesTable, _ range: Range<Int>,
    _ body: (LabelSet?, borrowing SampleColumns) throws -> Void
  ) throws {
    let all = stepTimes
    var times: [Int64] = []
    var values: [Double] = []
    for series in range {
      let row = series * table.steps..<(series + 1) * table.steps
      if (0..<table.steps).allSatisfy({ table.isPresent(series, $0) }) {
        try QueryResult.withColumns(all, table.values[row]) { try body(table.labels[series], $0) }
        continue
      }
      times.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
      for step in 0..<table.steps where table.isPresent(series, step) {
        times.append(all[step])
        values.append(table.values[row.lowerBound + step])
      }
      try QueryResult.withColumns(times, values[...]) { try body(table.labels[series], $0) }
    }
  }

  private var stepTimes: [Int64] { (0..<max(1, stepCount)).map { time($0) } }

  private static func withColumns(
    _ times: [Int64], _ values: ArraySlice<Double>,
    _ body: (borrowing SampleColumns) throws -> Void
  ) throws {
    try times.withUnsafeBufferPointer { times in
      try values.withUnsafeBufferPointer { values in
        try body(SampleColumns(times: times, values: values))
      }
    }
  }
}
