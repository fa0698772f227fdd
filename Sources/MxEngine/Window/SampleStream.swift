import MxModel
import MxPromQL

/// A range vector: each series' samples over all windows, read when asked.
///
/// `runs` calls its last argument once a series. Where it is `trusting`, samples come
/// as they are read, stale markers and all, and an answer of false asks for the same
/// series again without them: most sums see no marker, and one that did shows.
struct SampleStream: Sendable {
  typealias Body = (_ series: Int, _ samples: Samples) throws -> Bool

  var roster: Roster
  var marks: NameMarks
  var windows: Windows
  var extent: RangeExtension
  let runs:
    @Sendable (_ series: Range<Int>, _ worker: Int, _ trusting: Bool, _ body: Body) throws -> Void
}

extension SampleStream {
  /// The series of a range vector and its windows, for who does not read samples.
  init(roster: Roster, windows: Windows) {
    self.init(roster: roster, marks: .none, windows: windows, extent: .none) { _, _, _, _ in }
  }
}

extension Evaluator {
  /// The samples of a range selector or subquery, whatever parentheses are around.
  func samples(_ expr: Expr, _ grid: Grid) throws -> SampleStream {
    switch expr.unwrapped {
    case .range(let node): return try rangeSamples(node, grid)
    case .subquery(let node): return try subquerySamples(node, grid)
    default: preconditionFailure("BUG: a range vector of unknown kind passed the type check")
    }
  }

  private func rangeSamples(_ node: RangeSelector, _ grid: Grid) throws -> SampleStream {
    let selector = node.selector
    let reference = try times.reference(grid, at: selector.at, offset: selector.offset)
    var windows = Windows(
      ends: reference.grid, range: try times.milliseconds(node.range), evaluation: grid)
    windows.expiry = expiry
    if selector.extent != .none { windows.reachBefore = options.lookback.base }
    if selector.extent == .smoothed { windows.reachAfter = options.lookback.base }
    let selection = try selection(
      selector.matchers, try SelectionPlan.range(node, grid, times, options))
    let thinned = try thinned(
      selection, selector, ResolutionQuery(ends: windows.ends, range: windows.reach))
    let usesStartTimes = options.usesStartTimes
    let covered = windows
    return SampleStream(
      roster: Roster(selection), marks: .none, windows: windows, extent: selector.extent
    ) { block, worker, trusting, body in
      var cleaner = SampleCleaner()
      try selection.read(block, covered.span, thinned: thinned, worker: worker) {
        series, columns in
        if trusting, columns.histograms == nil, let times = columns.times.baseAddress,
          let values = columns.values.baseAddress,
          try body(
            series,
            Samples(times: times, values: values, count: columns.count, startTimes: nil))
        {
          return
        }
        try cleaner.clean(columns, covered) {
          try selection.labels(series).description
        } body: { samples in
          var samples = samples
          if !usesStartTimes { samples.startTimes = nil }
          _ = try body(series, samples)
        }
      }
    }
  }

  private func subquerySamples(_ node: Subquery, _ grid: Grid) throws -> SampleStream {
    let subquery = try SubqueryTimes(node, grid, times, options)
    let inner = subquery.inner
    var windows = Windows(
      ends: subquery.windows.grid, range: subquery.range, evaluation: grid)
    windows.expiry = expiry
    if inner.count == 0 {
      return SampleStream(roster: .empty, marks: .none, windows: windows, extent: .none) {
        _, _, _, _ in
      }
    }
    let stream = try unique(vector(node.inner, inner))
    return SampleStream(
      roster: stream.roster, marks: stream.marks, windows: windows, extent: .none
    ) { block, worker, _, body in
      let instants = UnsafeMutablePointer<Int64>.allocate(capacity: inner.count)
      defer { instants.deallocate() }
      try stream.rows(block, worker) { series, row in
        var count = 0
        for step in 0..<inner.count where Absent.isPresent(row[step]) {
          instants[count] = inner.time(step)
          row[count] = row[step]
          count += 1
        }
        guard count > 0, let values = row.baseAddress else { return }
        // There are no markers here, so that who asks again gets the same.
        let samples = Samples(times: instants, values: values, count: count, startTimes: nil)
        if try !body(series, samples) { _ = try body(series, samples) }
      }
    }
  }

  /// One row a series from `body`, which sees the samples and fills a row over the
  /// windows' ends. `trusting`: a NaN among the samples makes a value that is not
  /// finite, or none.
  func windowed(
    _ samples: SampleStream, keepsName: Bool = false, trusting: Bool = false,
    _ body: @escaping @Sendable (_ series: Int, _ samples: Samples, _ row: Row) throws -> Void
  ) throws -> VectorStream {
    let steps = samples.windows.ends.count
    let runs = samples.runs
    let stream = VectorStream(roster: samples.roster, steps: steps, marks: samples.marks) {
      [expiry] block, worker, sink in
      let row = Row.allocate(capacity: steps)
      defer { row.deallocate() }
      var doubted = -1
      try runs(block, worker, trusting) { series, samples in
        try body(series, samples, row)
        try expiry.check(series, size: steps &+ samples.count)
        if trusting, series != doubted, !row.allSatisfy(\.isFinite) {
          doubted = series
          return false
        }
        if row.hasValues { try sink(series, row) }
        return true
      }
    }
    let wide = stream.broadcast(to: samples.windows.evaluation.count)
    return keepsName ? wide : try droppingName(wide)
  }
}
