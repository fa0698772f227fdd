import MxModel
import MxPromQL

/// What `info(v, {…})` reads besides `v`.
struct InfoSelector {
  /// All conditions on info series.
  var matchers: [Matcher]
  /// The conditions on names, as written.
  var names: [Matcher]
  /// The conditions on what is to be added.
  var labels: [Matcher]
  /// When info series are looked up: as the base samples are.
  var reference: Reference

  init(_ node: Call, _ grid: Grid, _ times: QueryTimes) throws {
    var written: [Matcher] = []
    if node.arguments.count > 1, case .selector(let selector) = node.arguments[1].unwrapped {
      written = selector.matchers
    }
    names = written.filter { $0.name == LabelName.metric }
    labels = written.filter { $0.name != LabelName.metric }
    if names.isEmpty { names = [Matcher(equal: LabelName.metric, "target_info")] }
    matchers = names + labels
    if names.allSatisfy(\.op.isNegative) {
      // Everything but a name: of what is named as info.
      matchers.append(try Matcher(LabelName.metric, .regex, ".+_info"))
    }
    reference = try InfoSelector.reference(node.arguments[0], grid, times)
  }

  /// The times at which the first selector of `expr` looks.
  private static func reference(
    _ expr: Expr, _ grid: Grid, _ times: QueryTimes
  ) throws -> Reference {
    var grid = grid
    var isPinned = false
    for frame in expr.selectors.first?.subqueries ?? [] {
      let inner = try times.reference(grid, at: frame.at, offset: frame.offset)
      grid = inner.grid
      isPinned = isPinned || inner.isPinned
    }
    guard let selector = expr.selectors.first?.selector else {
      return Reference(grid: grid, isPinned: false)
    }
    let last = try times.reference(grid, at: selector.at, offset: selector.offset)
    return Reference(grid: last.grid, isPinned: isPinned || last.isPinned)
  }

  func range(_ times: QueryTimes, _ options: EngineOptions) throws -> TimeRange {
    TimeRange(
      from: reference.grid.first - options.lookback.longest + 1, to: reference.grid.last)
  }
}

/// The labels by which series and their info series find each other.
private enum Identity {
  static let labels = ["instance", "job"]
}

extension Evaluator {
  /// `info(v)`: each element with the labels of the info series of its target.
  func info(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let request = try InfoSelector(node, grid, times)
    let base = try table(vector(node.arguments[0], grid))
    var join = InfoJoin(request, base: base, info: try infoSeries(request, grid), steps: grid.count)
    return try merged(join.joined(budget)).stream
  }

  /// The info series with the time of each step's sample as the value.
  private func infoSeries(_ request: InfoSelector, _ grid: Grid) throws -> Table {
    let selection = try selection(
      request.matchers, try request.range(times, options))
    return try table(
      newest(selection, request.reference.grid, .time).broadcast(to: grid.count))
  }
}

/// Puts the labels of info series onto others, step by step as series change.
private struct InfoJoin {
  let request: InfoSelector
  let base: Table
  let info: Table
  let steps: Int
  /// Results so far: the label set of each row, and where it is.
  private var rows: [LabelSet] = []
  private var marks: [Bool] = []
  private var values: [[Double]] = []
  private var places: [Key: Int] = [:]

  private struct Key: Hashable {
    var labels: LabelSet
    var isMarked: Bool
  }

  init(_ request: InfoSelector, base: Table, info: Table, steps: Int) {
    self.request = request
    self.base = base
    self.info = info
    self.steps = steps
  }

  mutating func joined(_ budget: Budget) throws -> Table {
    let signatures = try Signatures.joint([base.roster, info.roster], .on(Identity.labels))
    let names = try info.roster.column(LabelName.metric)
    var infoMembers = [[Int32]](repeating: [], count: signatures.count)
    for (series, group) in signatures.groups[1].enumerated() {
      infoMembers[Int(group)].append(Int32(series))
    }
    let infoLabels = try info.roster.allLabels()
    for series in 0..<base.count {
      let labels = try base.roster.labels(series)
      let candidates = infoMembers[Int(signatures.groups[0][series])]
      let hasIdentity = Identity.labels.contains { labels[$0] != nil }
      let isPassed = !hasIdentity || isInfo(labels)
      // Labels are put together once for each set of info series that is met.
      var known: [[Int32]: LabelSet] = [:]
      let row = base.row(series)
      for step in 0..<steps where Absent.isPresent(row[step]) {
        var result = labels
        if !isPassed {
          let chosen = try choose(candidates, names, infoLabels, step)
          if chosen.isEmpty {
            if request.labels.contains(where: { !$0.matchesEmpty }) { continue }
          } else {
            result = try known[chosen] ?? enriched(labels, chosen, infoLabels)
            known[chosen] = result
          }
        }
        try put(row[step], at: step, result, isMarked: base.marks[series], budget)
      }
    }
    return table()
  }

  private mutating func put(
    _ value: Double, at step: Int, _ labels: LabelSet, isMarked: Bool, _ budget: Budget
  ) throws {
    let key = Key(labels: labels, isMarked: isMarked)
    if places[key] == nil {
      try budget.take(steps)
      places[key] = rows.count
      rows.append(labels)
      marks.append(isMarked)
      values.append([Double](repeating: Absent.value, count: steps))
    }
    guard let place = places[key] else { return }
    guard Absent.isAbsent(values[place][step]) else {
      throw EngineError.query(Evaluator.duplicates)
    }
    values[place][step] = value
  }

  private func table() -> Table {
    let table = Table(roster: Roster(rows), marks: .some(marks), steps: steps)
    for (place, row) in values.enumerated() {
      for step in row.indices { table.row(place)[step] = row[step] }
    }
    return table
  }

  /// Info series are not enriched themselves. Conditions that only exclude names make
  /// nothing an info series.
  private func isInfo(_ labels: LabelSet) -> Bool {
    let name = labels.metricName ?? ""
    return request.names.contains { !$0.op.isNegative }
      && request.names.allSatisfy { $0.matches(name) }
  }

  /// Of each info metric the series with the newest sample at one step.
  private func choose(
    _ candidates: [Int32], _ names: LabelColumn, _ labels: [LabelSet], _ step: Int
  ) throws -> [Int32] {
    var chosen: [(name: UInt32, series: Int32)] = []
    for series in candidates {
      let time = info.row(Int(series))[step]
      guard Absent.isPresent(time) else { continue }
      let name = names.ids[Int(series)]
      guard let known = chosen.firstIndex(where: { $0.name == name }) else {
        chosen.append((name, series))
        continue
      }
      let other = info.row(Int(chosen[known].series))[step]
      if time == other {
        throw EngineError.query(
          "found duplicate series for info metric: existing \(labels[Int(chosen[known].series)]), "
            + "new \(labels[Int(series)])")
      }
      if time > other { chosen[known].series = series }
    }
    return chosen.map(\.series)
  }

  private func enriched(
    _ labels: LabelSet, _ chosen: [Int32], _ infoLabels: [LabelSet]
  ) throws -> LabelSet {
    let wanted = Set(request.labels.map(\.name))
    var added: [String: String] = [:]
    for series in chosen {
      for pair in infoLabels[Int(series)].pairs {
        if pair.name == LabelName.metric || Identity.labels.contains(pair.name) { continue }
        if !wanted.isEmpty, !wanted.contains(pair.name) { continue }
        if labels[pair.name] != nil { continue }
        if let other = added[pair.name], other != pair.value {
          throw EngineError.query("conflicting label: \(pair.name)")
        }
        added[pair.name] = pair.value
      }
    }
    guard !added.isEmpty else { return labels }
    return LabelSet(labels.pairs.map { ($0.name, $0.value) } + added.map { ($0.key, $0.value) })
  }
}
