import MxModel
import MxPromQL

extension Evaluator {
  /// A function of a range selector from windows of tiers; nil where samples are to be
  /// read.
  func tiered(
    _ node: Call, _ range: RangeSelector, _ grid: Grid
  ) throws -> VectorStream? {
    let selector = range.selector
    guard selector.extent == .none, options.resolution != .raw else { return nil }
    let reference = try times.reference(grid, at: selector.at, offset: selector.offset)
    let windows = Windows(
      ends: reference.grid, range: try times.milliseconds(range.range), evaluation: grid,
      expiry: expiry)
    let counts = node.function == .absentOverTime ? .presentOverTime : node.function
    guard CellFunction.answers(counts) else { return nil }
    let selection = try selection(
      selector.matchers, try SelectionPlan.range(range, grid, times, options))
    let hasSamples = try selection.resolutions(in: windows.span).rawAfter < windows.span.from
    guard let function = CellFunction(counts, windows, hasSamples: hasSamples) else { return nil }
    if let stream = try narrow(node, range, selection, windows, counts) {
      return stream.broadcast(to: grid.count)
    }
    guard let plan = try plan(selection, selector, windows.query) else { return nil }
    let cells = CellReader(
      selection: selection, plan: plan, fields: function.fields,
      standIn: try standIn(selection, selector, windows.span))
    let again = try hasSamples ? fallback(node, range, grid) : noFallback(selector)
    let note = try notePerSeries(
      node, SampleStream(roster: Roster(selection), windows: windows), range.position)
    let steps = windows.ends.count
    var stream = VectorStream(roster: Roster(selection), steps: steps) {
      [expiry] block, worker, sink in
      let row = Row.allocate(capacity: steps)
      defer { row.deallocate() }
      try cells.read(block, worker: worker) { series, columns in
        try expiry.check(series, size: steps &+ columns.ends.count)
        if try !function.kernel(columns, row) { try again(series, worker, row) }
        try note?(series, .none, row)
        if row.hasValues { try sink(series, row) }
      }
    }
    stream.weight = plan.windowCount
    return stream.broadcast(to: grid.count)
  }

  typealias Fallback =
    @Sendable (_ series: Int, _ worker: Int, _ row: Row) throws -> Void

  /// There are no samples to ask.
  func noFallback(_ selector: Selector) -> Fallback {
    let isRefused = !options.approximates
    return { _, _, row in
      row.initialize(repeating: Absent.value)
      guard isRefused else { return }
      throw EngineError.coarse(
        "'\(selector)' falls too often for a counter, and the windows that are left of it "
          + "keep no resets",
        hint: "take delta(), or begin where samples are still there")
    }
  }

  /// Fills a row from samples, where windows did not say enough.
  private func fallback(
    _ node: Call, _ range: RangeSelector, _ grid: Grid
  ) throws -> Fallback {
    let samples = try samples(.range(range), grid)
    let kernel = try kernel(node, samples, grid)
    return { series, worker, row in
      row.initialize(repeating: Absent.value)
      try samples.runs(series..<series + 1, worker, false) { _, samples in
        try kernel(samples, row)
        return true
      }
    }
  }

  /// An instant selector from windows of tiers, where all its times are ends of windows;
  /// nil where samples are to be read.
  func tieredNewest(
    _ selection: any Selection, _ node: Selector, _ grid: Grid, _ aspect: SampleAspect
  ) throws -> VectorStream? {
    guard node.extent == .none, options.resolution != .raw, aspect != .startTime else {
      return nil
    }
    let base = options.lookback.base
    let plain = ResolutionQuery(ends: grid, range: base, isInstant: true)
    let offered = try selection.resolutions(in: plain.span)
    let isWhole = offered.rawAfter < plain.span.from
    let fitting = offered.tiers.filter { plain.isAligned($0.width) }
    guard let widest = (isWhole ? fitting : offered.tiers).last?.width,
      !isWhole || grid.count >= NewestCells.minimumSteps
    else { return nil }
    // The window that ends with a step is wanted whole, however short the lookback is.
    let query = ResolutionQuery(ends: grid, range: max(base, widest), isInstant: true)
    guard let plan = try plan(selection, node, query) else { return nil }
    let finder = NewestCells(
      windows: Windows(ends: grid, range: query.range, evaluation: grid),
      lookback: plan.movesBorders ? base + plan.coarsest : base, aspect: aspect)
    let cells = CellReader(
      selection: selection, plan: plan, fields: [.lasts, .lastTimes],
      standIn: try standIn(selection, node, query.span))
    let isPaced = options.lookback == .automatic
    let cron = cronSeries
    return VectorStream(roster: Roster(selection), steps: grid.count) {
      [expiry] block, worker, body in
      let row = Row.allocate(capacity: grid.count)
      defer { row.deallocate() }
      try cells.readAll(block, worker: worker) { series, columns in
        try expiry.check(series, size: grid.count &+ columns.ends.count)
        let gaps = finder.fill(columns, row)
        if isPaced {
          for gap in gaps {
            let samples = try selection.latest(
              series, atOrBefore: grid.time(gap.lowerBound), limit: PacedFinder.memory,
              worker: worker)
            var paced = PacedFinder(grid: grid.part(gap), base: base, aspect: aspect)
            paced.prepend(samples)
            if paced.fill(Row(rebasing: row[gap])) { try cron.note(selection, series) }
          }
        }
        if row.hasValues { try body(series, row) }
      }
    }
  }
}

/// Reads the stretches of a plan, series by series.
struct CellReader: Sendable {
  let selection: any Selection
  let plan: ResolutionPlan
  let fields: WindowFields
  /// What stands in for windows that a tier does not store, where samples are gone too.
  let standIn: StandIn

  typealias Body = (_ series: Int, _ cells: borrowing WindowColumns) throws -> Void

  /// Calls `body` for each series that has anything.
  func read(_ block: Range<Int>, worker: Int, _ body: Body) throws {
    if plan.stretches.count == 1, let only = plan.stretches.first, only.tier > 0,
      !standIn.isNeeded(only)
    {
      return try selection.readWindows(
        block, tier: only.tier, only.range, fields: fields, worker: worker, body)
    }
    try readAll(block, worker: worker) { series, cells in
      if !cells.ends.isEmpty { try body(series, cells) }
    }
  }

  /// The same, also for series that have nothing.
  func readAll(_ block: Range<Int>, worker: Int, _ body: Body) throws {
    var cells = CellBuffer()
    for series in block {
      cells.removeAll()
      let one = series..<series + 1
      for stretch in plan.stretches {
        if stretch.tier == 0 {
          try selection.read(one, stretch.range, worker: worker) { _, samples in
            cells.append(samples, fields)
          }
        } else {
          let tier = try standIn.tier(for: series, selection, stretch, worker: worker)
          try selection.readWindows(
            one, tier: tier, stretch.range, fields: fields, worker: worker
          ) { _, windows in
            cells.append(windows)
          }
        }
      }
      try cells.withColumns { try body(series, $0) }
    }
  }
}

/// Which tier speaks for a series where samples are gone: a fine one does not store what
/// has few samples, for it counts on those.
struct StandIn: Sendable {
  /// Samples up to here are gone.
  let rawAfter: Int64
  /// Ascending.
  let tiers: [Int64]
  /// Whether windows wider than the plan's may do.
  let approximates: Bool
  let refusal: @Sendable () -> EngineError

  func isNeeded(_ stretch: ResolutionPlan.Stretch) -> Bool {
    stretch.range.from <= rawAfter
  }

  func tier(
    for series: Int, _ selection: any Selection, _ stretch: ResolutionPlan.Stretch, worker: Int
  ) throws -> Int64 {
    if !isNeeded(stretch) { return stretch.tier }
    let found = try tiers.first {
      try $0 >= stretch.tier && selection.holds(series, tier: $0)
    }
    // Where no tier has anything the samples were left, and windows are made of them.
    guard let found, found != stretch.tier,
      try !selection.isWhole(series..<series + 1, stretch.range, worker: worker)
    else { return stretch.tier }
    if !approximates { throw refusal() }
    return found
  }
}

extension Windows {
  var query: ResolutionQuery { ResolutionQuery(ends: ends, range: range) }
}

extension Grid {
  /// The steps `steps` alone.
  func part(_ steps: Range<Int>) -> Grid {
    Grid(first: time(steps.lowerBound), step: step, count: steps.count)
  }
}

/// Finds the newest visible sample at each step among windows that end with the steps.
struct NewestCells: Sendable {
  let windows: Windows
  let lookback: Int64
  let aspect: SampleAspect

  /// For fewer steps the pages of samples are as near as those of windows.
  static let minimumSteps = 16

  /// Fills `row`; returns the steps where there was no sample at all, in runs.
  func fill(_ cells: borrowing WindowColumns, _ row: Row) -> [Range<Int>] {
    row.initialize(repeating: Absent.value)
    let all = 0..<row.count
    guard let times = cells.ends.baseAddress else { return [all] }
    var gaps: [Range<Int>] = []
    let columns = copy cells
    Slide.each(times, columns.ends.count, windows, row) { low, high, step in
      newest(columns, low, high, step) ?? Absent.value
    }
    // Where steps are further apart than the lookback is long, a sample may come between
    // two that see none.
    let areJoined = windows.ends.step < lookback
    for step in all where Absent.isAbsent(row[step]) && !endsStale(columns, step) {
      if areJoined, let last = gaps.last, last.upperBound == step {
        gaps[gaps.count - 1] = last.lowerBound..<step + 1
      } else {
        gaps.append(step..<step + 1)
      }
    }
    return gaps
  }

  private func newest(
    _ cells: WindowColumns, _ low: Int, _ high: Int, _ step: Int
  ) -> Double? {
    for index in (low..<high).reversed() {
      if cells.flags[index] & WindowFlags.endsStale.rawValue != 0 { return nil }
      if cells.counts[index] == 0 { continue }
      guard cells.lastTimes[index] > windows.ends.time(step) - lookback else { return nil }
      return aspect == .value ? cells.lasts[index] : Double(cells.lastTimes[index]) / 1000
    }
    return nil
  }

  /// Whether a stale marker is the newest thing that the windows of a step have.
  private func endsStale(_ cells: WindowColumns, _ step: Int) -> Bool {
    let end = windows.ends.time(step)
    let after = Gallop.first(
      after: end, cells.ends.baseAddress, cells.ends.count, from: 0, guess: max(1, step))
    for index in (0..<after).reversed() {
      if cells.ends[index] <= end - windows.range { return false }
      if cells.flags[index] & WindowFlags.endsStale.rawValue != 0 { return true }
      if cells.counts[index] > 0 { return false }
    }
    return false
  }
}
