import Glibc
import MxEngine
import MxModel
import MxPromQL
import MxTestSupport
import Testing

/// The engine against the naive evaluator, on random queries over random data.
@Suite struct ReferenceTests {
  /// `MX_RANDOM_QUERIES=100000 swift test --filter ReferenceTests` for a long night.
  private static var queries: Int {
    getenv("MX_RANDOM_QUERIES").flatMap { Int(String(cString: $0)) } ?? 3000
  }

  @Test func randomQueriesGiveTheSameBits() throws {
    let total = Self.queries
    var compared = 0
    var failures = 0
    for seed in 0..<UInt64(max(1, total / 100)) {
      let data = RandomData(seed: seed)
      let source = data.source
      for number in 0..<100 {
        var random = RandomQuery(seed: seed * 1000 + UInt64(number))
        let text = random.query()
        let problem = try Comparison(data, source, text, seed: seed &+ UInt64(number)).problem()
        compared += 1
        if let problem {
          failures += 1
          Issue.record("data \(seed), query \(number): \(text): \(problem)")
          if failures > 20 { return }
        }
      }
    }
    print("reference: \(compared) random queries agree")
  }
}

/// One query in one window, both ways.
struct Comparison {
  let data: RandomData
  let source: MemorySource
  let text: String
  let window: QueryWindow
  let delaysNames: Bool
  let isAutomatic: Bool

  init(_ data: RandomData, _ source: MemorySource, _ text: String, seed: UInt64) {
    self.data = data
    self.source = source
    self.text = text
    var generator = SeededGenerator(seed: seed)
    delaysNames = Bool.random(using: &generator)
    isAutomatic = Int.random(in: 0..<4, using: &generator) == 0
    let start = Int64.random(in: 0...1200, using: &generator) * 1000
    if Int.random(in: 0..<4, using: &generator) == 0 {
      window = .instant(start)
    } else {
      let paces: [Int64] = [1000, 15_000, 60_000, 77_000]
      let step = paces[Int.random(in: 0..<paces.count, using: &generator)]
      let count = Int64.random(in: 0...12, using: &generator)
      window = .range(start: start, end: start + count * step, step: step)
    }
  }

  /// What differs, nil where nothing does.
  func problem() throws -> String? {
    let expr = try PromQL.parse(text)
    let times: [Int64] = steps()
    var naive = NaiveEvaluator(
      data: data.series, lookback: isAutomatic ? nil : 300_000, start: start, end: end, step: step)
    naive.delaysNames = delaysNames
    var options = EngineOptions()
    options.lookback = isAutomatic ? .automatic : .fixed(300_000)
    options.delaysNameRemoval = delaysNames
    let fast: QueryResult
    do {
      fast = try Engine(options).evaluate(
        expr, text: text, window, source: source, report: Report())
    } catch {
      return failsNaively(naive, expr, times) ? nil : "\(window): only the engine fails: \(error)"
    }
    for (index, time) in times.enumerated() {
      let expected: [NaiveEvaluator.Element]
      do {
        expected = try naive.result(expr, time)
      } catch {
        return "\(window) at \(time): only the reference fails: \(error)"
      }
      if let problem = compare(expected, fast, index) {
        return "\(window) \(delaysNames ? "delayed " : "")at \(time): \(problem)"
      }
    }
    return nil
  }

  private var step: Int64 {
    if case .range(_, _, let step) = window { return step }
    return 0
  }

  private var start: Int64 {
    switch window {
    case .instant(let time): time
    case .range(let start, _, _): start
    }
  }

  private var end: Int64 {
    switch window {
    case .instant(let time): time
    case .range(_, let end, _): end
    }
  }

  private func steps() -> [Int64] {
    switch window {
    case .instant(let time): return [time]
    case .range(let start, let end, let step):
      return Array(stride(from: start, through: end, by: Int(step)))
    }
  }

  /// An error must be one both ways, at whatever step.
  private func failsNaively(_ naive: NaiveEvaluator, _ expr: Expr, _ times: [Int64]) -> Bool {
    do {
      for time in times { _ = try naive.result(expr, time) }
      return false
    } catch {
      return true
    }
  }

  private func compare(
    _ expected: [NaiveEvaluator.Element], _ fast: QueryResult, _ step: Int
  ) -> String? {
    var found: [LabelSet: Double] = [:]
    switch fast.value {
    case .scalar(let values): found[.empty] = values[step]
    case .series(let table):
      for (series, labels) in table.labels.enumerated() {
        if let value = table.value(series, step) { found[labels] = value }
      }
    default: return "no vector"
    }
    for element in expected {
      guard let value = found.removeValue(forKey: element.labels) else {
        return "\(element.labels) is missing, expected \(element.value)"
      }
      if !Comparison.agree(element.value, value) {
        return "\(element.labels): expected \(element.value), found \(value)"
      }
    }
    return found.first.map { "\($0.key) \($0.value) is not expected" }
  }

  /// The same bits, or a last digit where sums were folded in another order.
  static func agree(_ a: Double, _ b: Double) -> Bool {
    if a.isNaN && b.isNaN || a == b { return true }
    return abs(a - b) <= 1e-12 * max(abs(a), abs(b))
  }
}
