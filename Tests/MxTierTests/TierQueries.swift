import MxEngine
import MxModel
import MxPromQL
import MxStore
import MxTestSupport

/// Questions of every class of function, over ranges that fit windows and that do not.
struct TierQuery: CustomStringConvertible {
  var text: String
  var window: QueryWindow

  /// What windows answer exactly.
  static let exact = [
    "count_over_time", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time",
    "first_over_time", "last_over_time", "present_over_time", "absent_over_time",
    "ts_of_first_over_time", "ts_of_last_over_time", "rate", "increase", "delta", "resets",
  ]
  /// What needs samples.
  private static let others = [
    "quantile_over_time(0.9, %)", "stddev_over_time(%)", "changes(%)", "irate(%)", "idelta(%)",
    "deriv(%)", "predict_linear(%, 60)", "mad_over_time(%)", "ts_of_max_over_time(%)",
    "double_exponential_smoothing(%, 0.5, 0.5)",
  ]
  private static let selectors = [
    "c_total", "c_total{job=\"a\"}", "g", "s", "w", "x", "{job=\"a\"}", "{__name__=~\"g|w\"}",
  ]

  var description: String { "\(text) \(window)" }

  init(_ random: inout SeededGenerator) {
    func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }
    let range = pick(["5m", "15m", "1h", "7m", "17m30s", "10s", "1m", "2h"])
    let modifier = pick(["", "", "", "", " offset 5m", " offset 1m10s", " offset -5m", " @ end()"])
    let selector = pick(TierQuery.selectors)
    let samples = "\(selector)[\(range)]\(modifier)"
    switch Int.random(in: 0..<10, using: &random) {
    case 0: text = pick(TierQuery.others).replacing("%", with: samples)
    case 1: text = "\(selector)\(modifier)"
    case 2: text = "timestamp(\(selector)\(modifier))"
    case 3: text = "max_over_time(rate(c_total[5m])[30m:\(pick(["1m", "5m"]))])"
    case 4: text = "sum by (job) (\(pick(TierQuery.exact))(\(samples)))"
    default: text = "\(pick(TierQuery.exact))(\(samples))"
    }
    let step: Int64 = pick([300_000, 900_000, 3_600_000, 420_000, 60_000, 10_000])
    let from = TierWork.start + pick([0, 3_600_000, 900_000, 425_000, 1_000])
    let count = Int64.random(in: 1...40, using: &random)
    window =
      Bool.random(using: &random)
      ? .range(start: from, end: from + count * step, step: step)
      : .range(start: from, end: TierWork.start + TierWork.minutes * 60_000, step: step)
  }

  init(_ text: String, from: Int64, to: Int64, step: Int64) {
    self.text = text
    window = .range(
      start: TierWork.start + from * 60_000, end: TierWork.start + to * 60_000,
      step: step * 60_000)
  }

  init(_ text: String, start: Int64, step: Int64, count: Int) {
    self.text = text
    window = .range(start: start, end: start + Int64(count - 1) * step, step: step)
  }

  func time(_ step: Int) -> Int64 {
    guard case .range(let start, _, let width) = window else { return 0 }
    return start + Int64(step) * width
  }

  func answer(
    _ source: any SeriesSource, _ change: (inout EngineOptions) -> Void = { _ in }
  ) throws -> TierAnswer {
    var options = EngineOptions()
    change(&options)
    do {
      return TierAnswer(
        try Engine(options).evaluate(
          PromQL.parse(text), text: text, window, source: source, report: Report()))
    } catch EngineError.query(let message) {
      return TierAnswer(refused: message)
    }
  }
}

extension String {
  fileprivate func replacing(_ mark: Character, with text: String) -> String {
    split(separator: mark, omittingEmptySubsequences: false).joined(separator: text)
  }
}

/// An answer as bits; all NaN are one.
struct TierAnswer: Equatable {
  var rows: [LabelSet: [UInt64?]] = [:]
  var resolution: Int64
  var warnings: [String]

  /// Series that are one without their names: an error either way.
  init(refused message: String) {
    resolution = 0
    warnings = [message]
  }

  init(_ result: QueryResult) {
    resolution = result.resolution
    warnings = result.annotations.warnings
    guard case .series(let table) = result.value else { return }
    for (series, labels) in table.labels.enumerated() {
      rows[labels] = (0..<table.steps).map { step in
        table.value(series, step).map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }
      }
    }
  }

  func value(_ labels: LabelSet, _ step: Int) -> Double? {
    rows[labels]?[step].map { Double(bitPattern: $0) }
  }

  /// Where the first difference is.
  func difference(from other: TierAnswer) -> String? {
    for (labels, row) in rows {
      guard let others = other.rows[labels] else { return "\(labels) is too much" }
      for step in row.indices where row[step] != others[step] {
        let values = [row[step], others[step]].map { bits in
          bits.map { "\(Double(bitPattern: $0))" } ?? "nothing"
        }
        return "\(labels) at step \(step): \(values[0]), not \(values[1])"
      }
    }
    return other.rows.keys.first { rows[$0] == nil }.map { "\($0) is missing" }
  }
}
