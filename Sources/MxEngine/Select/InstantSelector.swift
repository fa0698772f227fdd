import MxModel
import MxPromQL

/// What an instant selector yields of the sample that it finds.
enum SampleAspect: Sendable {
  case value
  /// When the sample was taken, in seconds.
  case time
  /// When its counter began, in seconds; samples that do not know are left out.
  case startTime
}

extension Evaluator {
  /// `up{job="node"} offset 5m` at every step.
  func selectorStream(
    _ node: Selector, _ grid: Grid, aspect: SampleAspect = .value
  ) throws -> VectorStream {
    let reference = try times.reference(grid, at: node.at, offset: node.offset)
    let range = try SelectionPlan.range(node, grid, times, options)
    let selection = try selection(node.matchers, range)
    if let found = try tieredNewest(selection, node, reference.grid, aspect) {
      return found.broadcast(to: grid.count)
    }
    let thinned = try thinned(
      selection, node,
      ResolutionQuery(ends: reference.grid, range: options.lookback.base, isInstant: true))
    let stream =
      node.extent == .smoothed
      ? smoothed(selection, reference.grid, node)
      : newest(selection, reference.grid, aspect, thinned)
    return stream.broadcast(to: grid.count)
  }

  /// Each series' newest sample at each time, where it is young enough.
  func newest(
    _ selection: any Selection, _ grid: Grid, _ aspect: SampleAspect,
    _ thinned: ThinnedSamples? = nil
  ) -> VectorStream {
    let lookback = options.lookback
    let range = TimeRange(from: grid.first - lookback.base + 1, to: grid.last)
    let cron = cronSeries
    return VectorStream(roster: Roster(selection), steps: grid.count) {
      [expiry] block, worker, body in
      let row = Row.allocate(capacity: grid.count)
      defer { row.deallocate() }
      var finder = NewestFinder(grid: grid, lookback: lookback.base, aspect: aspect)
      var next = block.lowerBound
      func older(_ series: Int) throws {
        try expiry.check(series, size: grid.count)
        // Nothing within five minutes somewhere: perhaps the series has a slower pace.
        let samples = try selection.latest(
          series, atOrBefore: range.from - 1, limit: PacedFinder.memory, worker: worker)
        guard !samples.isEmpty else { return }
        row.initialize(repeating: Absent.value)
        var paced = PacedFinder(grid: grid, base: lookback.base, aspect: aspect)
        paced.prepend(samples)
        if paced.fill(row) {
          try cron.note(selection, series)
          try body(series, row)
        }
      }
      try selection.read(block, range, thinned: thinned, worker: worker) { series, columns in
        if case .automatic = lookback {
          while next < series {
            try older(next)
            next += 1
          }
        }
        next = series + 1
        try expiry.check(series, size: grid.count &+ columns.count)
        let isComplete = try finder.fill(columns, row) { try selection.labels(series).description }
        if !isComplete, case .automatic = lookback {
          // The columns first: looking further back may take their memory.
          var paced = PacedFinder(grid: grid, base: lookback.base, aspect: aspect)
          paced.append(columns)
          paced.prepend(
            try selection.latest(
              series, atOrBefore: range.from - 1, limit: PacedFinder.memory, worker: worker))
          if paced.fill(row) { try cron.note(selection, series) }
        }
        if row.hasValues { try body(series, row) }
      }
      if case .automatic = lookback {
        while next < block.upperBound {
          try older(next)
          next += 1
        }
      }
    }
  }

  /// `metric smoothed`: on the line between the neighbours.
  private func smoothed(
    _ selection: any Selection, _ grid: Grid, _ node: Selector
  ) -> VectorStream {
    let reach = options.lookback.base
    let range = TimeRange(from: grid.first - reach + 1, to: grid.last + reach)
    return VectorStream(roster: Roster(selection), steps: grid.count) { block, worker, body in
      let row = Row.allocate(capacity: grid.count)
      defer { row.deallocate() }
      var cleaner = SampleCleaner()
      try selection.read(block, range, worker: worker) { series, columns in
        let covers = Windows(ends: grid, range: reach, evaluation: grid, reachAfter: reach)
        try cleaner.clean(columns, covers) {
          try selection.labels(series).description
        } body: { samples in
          var after = 0
          for step in 0..<grid.count {
            let time = grid.time(step)
            while after < samples.count, samples.times[after] <= time { after += 1 }
            row[step] = samples.interpolated(at: time, next: after, reach: reach)
          }
        }
        if row.hasValues { try body(series, row) }
      }
    }
  }
}

extension Samples {
  /// The value at `time`, `next` being the first sample after it.
  fileprivate func interpolated(at time: Int64, next: Int, reach: Int64) -> Double {
    guard next > 0, times[next - 1] > time - reach else { return Absent.value }
    let before = values[next - 1]
    if times[next - 1] == time || next == count || times[next] > time + reach { return before }
    return ExtendedWindow.interpolate(
      before, values[next],
      Double(time - times[next - 1])
        / Double(times[next] - times[next - 1]), isCounter: false)
  }
}

/// Finds the newest visible sample at each step, walking both lists once.
struct NewestFinder {
  let grid: Grid
  let lookback: Int64
  let aspect: SampleAspect

  /// Fills `row`; false where some step found no sample at all in its window (a
  /// stale marker is one).
  mutating func fill(
    _ columns: borrowing SampleColumns, _ row: Row, _ name: () throws -> String
  ) throws -> Bool {
    let times = columns.times
    let count = times.count
    var next = 0
    var stride = 1
    var isComplete = true
    for step in 0..<grid.count {
      let time = grid.time(step)
      let before = next
      next = Gallop.first(after: time, times.baseAddress, count, from: next, guess: stride)
      stride = max(1, next - before)
      guard next > 0, times[next - 1] > time - lookback else {
        row[step] = Absent.value
        isComplete = false
        continue
      }
      row[step] = try aspect.of(next - 1, columns, name)
    }
    return isComplete
  }
}

extension SampleAspect {
  /// What is asked of sample `index`; absent where it is a stale marker.
  @inline(__always)
  func of(
    _ index: Int, _ columns: borrowing SampleColumns, _ name: () throws -> String
  ) throws -> Double {
    if let histograms = columns.histograms, let histogram = histograms[index] {
      if StaleMarker.isStale(histogram.sum) { return Absent.value }
      throw EngineError.nativeHistogram(try name())
    }
    let value = columns.values[index]
    if Absent.isAbsent(value) { return value }
    switch self {
    case .value: return value
    case .time: return Double(columns.times[index]) / 1000
    case .startTime:
      guard let start = columns.startTimes?[index], start != .min else { return Absent.value }
      return Double(start) / 1000
    }
  }
}
