import MxModel
import MxPromQL

/// With `--approximate`: ranges that are narrower than all windows that are left.
///
/// `rate(x[5m])` where only hours are left is that of the hour that ended last, and what
/// adds up over time is taken in proportion. Steps whose samples or finer windows are
/// there are answered by those.
extension Evaluator {
  /// Nil where no range is too narrow.
  func narrow(
    _ node: Call, _ range: RangeSelector, _ selection: any Selection, _ windows: Windows,
    _ function: FunctionID
  ) throws -> VectorStream? {
    guard options.approximates else { return nil }
    let (query, ends) = (windows.query, windows.ends)
    let offered = try selection.resolutions(in: query.span)
    let plan = ResolutionPlan.choose(query, offered, options.resolution, approximates: true)
    guard let missing = plan?.missing,
      let width = offered.tiers.first(where: { isWide($0, query) })?.width,
      try !isWhole(selection, query.span)
    else { return nil }
    let old = (0..<ends.count).prefix { ends.time($0) - windows.range < missing }.endIndex
    readings.note(range.selector, [width], isApproximate: true)
    warnOfApproximation(range.selector, width)
    guard
      let wide = try wide(range.selector, selection, windows, ends.part(0..<old), width, function),
      let rest = try rest(range.selector, selection, windows, ends.part(old..<ends.count), function)
    else { return nil }
    let note = try notePerSeries(
      node, SampleStream(roster: Roster(selection), windows: windows), range.position)
    return VectorStream(roster: Roster(selection), steps: ends.count) {
      [expiry] block, worker, sink in
      let row = Row.allocate(capacity: ends.count)
      defer { row.deallocate() }
      for series in block {
        try expiry.check(series, size: ends.count)
        row.initialize(repeating: Absent.value)
        try wide(series, worker, Row(rebasing: row[..<old]))
        try rest(series, worker, Row(rebasing: row[old...]))
        try note?(series, .none, row)
        if row.hasValues { try sink(series, row) }
      }
    }
  }

  private func isWide(_ tier: TierSpan, _ query: ResolutionQuery) -> Bool {
    if case .tier(let width) = options.resolution, width != tier.width { return false }
    return tier.width > query.range && tier.from < query.span.from
  }

  /// The steps `ends` from the window that ended last before each.
  private func wide(
    _ selector: Selector, _ selection: any Selection, _ windows: Windows, _ ends: Grid,
    _ width: Int64, _ function: FunctionID
  ) throws -> Fallback? {
    let first = TierGrid.floor(ends.first, width)
    let last = TierGrid.floor(ends.last, width)
    let grid = Grid(first: first, step: width, count: Int((last - first) / width) + 1)
    let own = Windows(ends: grid, range: width, evaluation: grid)
    let plan = ResolutionPlan.only(width, own.span)
    guard let read = try reading(selector, selection, plan, own, function) else { return nil }
    let share = function.addsUp ? Double(windows.range) / Double(width) : 1
    return { series, worker, row in
      let all = Row.allocate(capacity: grid.count)
      defer { all.deallocate() }
      all.initialize(repeating: Absent.value)
      try read(series, worker, all)
      for step in row.indices {
        let value = all[Int((TierGrid.floor(ends.time(step), width) - first) / width)]
        row[step] = Absent.isPresent(value) ? value * share : value
      }
    }
  }

  /// The steps `ends` from all that is there.
  private func rest(
    _ selector: Selector, _ selection: any Selection, _ windows: Windows, _ ends: Grid,
    _ function: FunctionID
  ) throws -> Fallback? {
    if ends.count == 0 { return { _, _, _ in } }
    let own = Windows(ends: ends, range: windows.range, evaluation: ends)
    let plan = try plan(selection, selector, own.query) ?? .only(0, own.span)
    return try reading(selector, selection, plan, own, function)
  }

  private func reading(
    _ selector: Selector, _ selection: any Selection, _ plan: ResolutionPlan,
    _ windows: Windows, _ function: FunctionID
  ) throws -> Fallback? {
    guard let function = CellFunction(function, windows, hasSamples: false) else { return nil }
    let cells = CellReader(
      selection: selection, plan: plan, fields: function.fields,
      standIn: try standIn(selection, selector, windows.span))
    return { series, worker, row in
      try cells.read(series..<series + 1, worker: worker) { _, columns in
        // Steps of which windows say too little have no value.
        _ = try function.kernel(columns, row)
      }
    }
  }
}

extension FunctionID {
  /// Whether it is twice as much over twice the time.
  fileprivate var addsUp: Bool {
    switch self {
    case .countOverTime, .sumOverTime, .increase, .delta, .resets: true
    default: false
    }
  }
}
