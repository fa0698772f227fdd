import MxEngine
package import MxModel
import MxPromQL

/// A world for rule unit tests: samples as test files write them, rules evaluated
/// over them from a start, and questions about what came of it.
package struct RuleTestWorld {
  private var input = SampleBatch()
  private var written = SampleBatch()
  private let options: RuleOptions

  /// `interval`: the evaluation interval, ms, which is also the default step of subqueries.
  package init(
    interval: Int64, externalLabels: [(name: String, value: String)], externalURL: String
  ) {
    var options = RuleOptions()
    options.engine.lookback = .fixed(Lookback.standard)
    options.engine.subqueryStep = interval
    options.externalLabels = externalLabels
    options.externalURL = externalURL
    self.options = options
  }

  package mutating func load(
    series: String, values: String, start: Int64, interval: Int64, line: Int
  ) throws {
    try ScriptSeries.append(
      series: series, values: values, start: start, interval: interval, line: line, to: &input)
  }

  package static func labels(_ text: String, line: Int) throws -> LabelSet {
    try ScriptSeries.labels(text, line: line)
  }

  package static func histogram(_ text: String, line: Int) throws -> NativeHistogram? {
    try ScriptSeries.histogram(text, line: line)
  }

  /// Evaluates all groups at `steps`, whatever their own intervals are.
  package mutating func run(
    _ groups: [RuleGroup], steps: DueSteps, alerts: @escaping RuleRun.AlertHandler
  ) throws -> RuleRunResult {
    let sink = BatchSink()
    let due = groups.map { group in
      var group = group
      group.interval = steps.interval
      return GroupDue(group, steps, previous: nil)
    }
    let result = try RuleRun.execute(
      due, source: MemorySource(input), sink: sink, options: options, report: Report(),
      alerts: alerts)
    written = sink.batch
    return result
  }

  /// What `text` gives at the times, over what was loaded and what rules wrote.
  package func evaluate(
    _ questions: [(text: String, time: Int64)]
  ) throws -> [Result<[RuleTestSample], RuleTestProblem>] {
    if questions.isEmpty { return [] }
    var all = input
    all.append(rowsOf: written)
    let source = MemorySource(all)
    let engine = Engine(options.engine)
    let histograms = SelectedHistograms(all)
    return questions.map { question in
      do {
        let expr = try PromQL.parse(question.text)
        if case .selector = expr.unwrapped,
          let request = try engine.requests(expr, .instant(question.time)).first,
          let samples = histograms.samples(request)
        {
          return .success(samples)
        }
        let found = try ExprProgress.instant(
          engine, expr, question.text, question.time, source, Report())
        return .success(found.map { RuleTestSample($0.labels, .float($0.value)) })
      } catch {
        return .failure(RuleTestProblem(message: "\(error)"))
      }
    }
  }
}

package struct RuleTestProblem: Error, Sendable {
  package var message: String

  package init(message: String) { self.message = message }
}

private final class BatchSink: SampleSink {
  private(set) var batch = SampleBatch()

  func append(_ batch: borrowing SampleBatch) throws {
    self.batch.append(rowsOf: batch)
  }

  func commit() throws {}
}

extension SampleBatch {
  /// Adds the floats of another batch, which has nothing else; its series are looked up once each.
  fileprivate mutating func append(rowsOf other: borrowing SampleBatch) {
    var refs = [UInt32?](repeating: nil, count: other.series.count)
    for row in 0..<other.count {
      let old = Int(other.refs[row])
      let ref = refs[old] ?? series.intern(other.series.labels(UInt32(old)))
      refs[old] = ref
      append(ref, other.times[row], other.values[row])
    }
  }
}
