import MxModel
import MxPromQL
import Synchronization

extension Evaluator {
  /// A function of a range vector.
  func rangeCall(_ node: Call, _ grid: Grid) throws -> VectorStream {
    if let problem = node.extendedRangeProblem { throw EngineError.query(problem) }
    let index = node.function == .quantileOverTime ? 1 : 0
    let argument = node.arguments[index]
    let keepsName = node.function == .lastOverTime || node.function == .firstOverTime
    if case .range(let range) = argument.unwrapped, let found = try tiered(node, range, grid) {
      if node.function == .absentOverTime { return try absentOverTime(node, found, grid) }
      return keepsName ? found : try droppingName(found)
    }
    var samples = try samples(argument, grid)
    if node.function == .absentOverTime { return try absentOverTime(node, samples, grid) }
    if readsStep(node), samples.windows.ends.count < grid.count {
      // Pinned samples, but a parameter or the line's origin that moves.
      samples.windows.ends = Grid(first: samples.windows.ends.first, step: 0, count: grid.count)
    }
    let kernel = try kernel(node, samples, grid)
    let note = try notePerSeries(node, samples, argument.unwrapped.position)
    let trusting = Evaluator.showsNaN(node.function)
    return try windowed(samples, keepsName: keepsName, trusting: trusting) { series, samples, row in
      try kernel(samples, row)
      try note?(series, samples, row)
    }
  }

  /// Whether a NaN in the window leaves no finite value, or does not change it.
  private static func showsNaN(_ function: FunctionID) -> Bool {
    switch function {
    case .sumOverTime, .avgOverTime, .minOverTime, .maxOverTime: true
    default: false
    }
  }

  private func readsStep(_ node: Call) -> Bool {
    switch node.function {
    case .predictLinear, .quantileOverTime, .doubleExponentialSmoothing: true
    default: false
    }
  }

  func kernel(_ node: Call, _ samples: SampleStream, _ grid: Grid) throws -> WindowKernel {
    let windows = samples.windows
    switch node.function {
    case .sumOverTime: return OverTime.sums(windows, isMean: false)
    case .avgOverTime: return OverTime.sums(windows, isMean: true)
    case .minOverTime: return Extremum(isMaximum: false, asTime: false).kernel(windows)
    case .maxOverTime: return Extremum(isMaximum: true, asTime: false).kernel(windows)
    case .tsOfMinOverTime: return Extremum(isMaximum: false, asTime: true).kernel(windows)
    case .tsOfMaxOverTime: return Extremum(isMaximum: true, asTime: true).kernel(windows)
    case .stddevOverTime: return WindowStatistics.spread(windows, isDeviation: true)
    case .stdvarOverTime: return WindowStatistics.spread(windows, isDeviation: false)
    case .madOverTime: return WindowStatistics.medianDeviation(windows)
    case .deriv: return WindowStatistics.slope(windows)
    case .irate: return InstantRate.kernel(windows, isRate: true)
    case .idelta: return InstantRate.kernel(windows, isRate: false)
    case .rate, .increase, .delta:
      let isCounter = node.function != .delta
      let isRate = node.function == .rate
      if samples.extent != .none {
        let window = ExtendedWindow(windows: windows, isSmoothed: samples.extent == .smoothed)
        return window.rate(isCounter: isCounter, isRate: isRate)
      }
      return ExtrapolatedRate(isCounter: isCounter, isRate: isRate, windows: windows).kernel
    case .changes, .resets: return neighbours(node.function, samples)
    case .predictLinear:
      let ahead = try scalar(node.arguments[1], grid)
      return WindowStatistics.prediction(windows) { ahead[$0] }
    case .quantileOverTime:
      let level = try scalar(node.arguments[0], grid)
      noteBadQuantiles(level, grid, node.arguments[0].position)
      return WindowStatistics.quantile(windows) { level[$0] }
    case .doubleExponentialSmoothing:
      let level = try scalar(node.arguments[1], grid)
      let trend = try scalar(node.arguments[2], grid)
      return WindowStatistics.smoothing(windows) { step in
        try Evaluator.check(factor: level[step], "smoothing")
        try Evaluator.check(factor: trend[step], "trend")
        return (level[step], trend[step])
      }
    default:
      guard let kernel = OverTime.pick(node.function, windows) else {
        preconditionFailure("BUG: \(node.function.name) is no function of ranges")
      }
      return kernel
    }
  }

  private func neighbours(_ function: FunctionID, _ samples: SampleStream) -> WindowKernel {
    if samples.extent == .none {
      return function == .changes
        ? OverTime.changes(samples.windows) : OverTime.resets(samples.windows)
    }
    let window = ExtendedWindow(windows: samples.windows, isSmoothed: false)
    return function == .changes
      ? window.neighbours { OverTime.isChange($0, $1) } : window.neighbours { $1 < $0 }
  }

  private static func check(factor: Double, _ name: String) throws {
    guard factor > 0, factor < 1 else {
      throw EngineError.query(
        "invalid \(name) factor. Expected: 0 < \(name == "smoothing" ? "sf" : "tf") < 1, got: "
          + NumberText.general(factor))
    }
  }

  /// What has to be said of a series once it gave a value: a counter without a
  /// counter's name, start times that contradict each other.
  func notePerSeries(
    _ node: Call, _ samples: SampleStream, _ place: SourceRange
  ) throws -> (@Sendable (Int, Samples?, Row) throws -> Void)? {
    guard node.function == .rate || node.function == .increase else { return nil }
    let roster = samples.roster
    let windows = samples.windows
    let names = try MetricNames(roster)
    let named = Mutex(Set<String>())
    let notes = notes
    return { series, samples, row in
      let overlaps = samples.map { samples in
        samples.startTimes != nil
          && (1..<max(1, samples.count)).contains {
            samples.overlapsStart($0) && windows.cover(samples.times[$0 - 1])
          }
      }
      if overlaps == true {
        let name = LabelKey.quoted(names.name(series))
        notes.warn(
          "sample has start time that overlaps with previous sample timestamp for metric \(name)",
          place)
      }
      guard row.hasValues, !names.isPlainCounter, case let name = names.name(series), !name.isEmpty,
        named.withLock({ $0.insert(name).inserted })
      else { return }
      if MetricNames.isCounterName(name) { return }
      notes.inform(
        "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
          + LabelKey.quoted(name), place)
    }
  }

  func noteBadQuantiles(_ level: ScalarColumn, _ grid: Grid, _ place: SourceRange) {
    for step in 0..<level.values.count where !(level[step] >= 0 && level[step] <= 1) {
      notes.warn(
        "quantile value should be between 0 and 1, got \(NumberText.general(level[step]))", place)
    }
  }
}

/// The metric names of a roster by series, from its columns.
struct MetricNames: Sendable {
  private let column: LabelColumn
  /// All names are those of counters: nothing to say of any.
  let isPlainCounter: Bool

  init(_ roster: Roster) throws {
    column = try roster.column(LabelName.metric)
    isPlainCounter = column.values.dropFirst().allSatisfy(MetricNames.isCounterName)
  }

  func name(_ series: Int) -> String { column.values[Int(column.ids[series])] }

  static func isCounterName(_ name: String) -> Bool {
    ["_total", "_sum", "_count", "_bucket"].contains { name.hasSuffix($0) }
  }
}
