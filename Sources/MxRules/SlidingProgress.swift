import MxModel

/// A condition on every window of one width, on its way through a group's instants.
///
/// What a window holds changes only where a sample enters (the window ends at the
/// sample) or leaves it (it ends one width later), so those ends are all there is to
/// try. At each instant the ends since the instant before are looked at.
final class SlidingProgress {
  private let condition: SlidingCondition
  private let short: ShortRule
  private let gate: RuleGate
  /// Whether samples of many instants may be read at once.
  private let allowsBlocks: Bool
  private var block: (range: TimeRange, series: [Series])?
  private var ofEvents: Bool?

  private struct Series {
    var labels: LabelSet
    var times: [Int64] = []
    var values: [Double] = []
  }

  /// So many instants are read at once, at most.
  private static let blockSteps: Int64 = 240

  init(_ condition: SlidingCondition, _ short: ShortRule, _ written: RuleWrites, _ gate: RuleGate) {
    self.gate = gate
    self.condition = condition
    self.short = short
    allowsBlocks = !written.contains(short.metric)
  }

  func vector(
    _ due: GroupDue, _ time: Int64, _ source: any SeriesSource, _ report: Report
  ) throws -> ExprVector {
    let end = time - due.group.queryOffset
    let start = end - due.steps.interval
    let series = try self.series(
      TimeRange(from: start - condition.window + 1, to: end), due, time, source, report)
    let events = try isOfEvents(source)
    return ExprVector(
      series.compactMap { series in
        worst(series, after: start, upTo: end, events).map { (series.labels, $0) }
      })
  }

  private func isOfEvents(_ source: any SeriesSource) throws -> Bool {
    if let ofEvents { return ofEvents }
    let found = try gate.pass { try source.metadata(of: short.metric)?.type == .event }
    ofEvents = found
    return found
  }

  // MARK: - Windows

  /// The worst value of a window that breaks the condition and ends in `(start, end]`.
  private func worst(
    _ series: Series, after start: Int64, upTo end: Int64, _ ofEvents: Bool
  ) -> Double? {
    var worst: Double?
    var low = series.times.partition { $0 > start - condition.window }
    var high = low
    var entering = series.times.partition { $0 > start }
    var leaving = low
    while true {
      let enters = entering < series.times.count ? series.times[entering] : .max
      let leaves = leaving < series.times.count ? series.times[leaving] + condition.window : .max
      let next = min(enters, leaves)
      if next > end { return worst }
      if enters == next { entering += 1 }
      while leaving < series.times.count, series.times[leaving] + condition.window <= next {
        leaving += 1
      }
      while high < series.times.count, series.times[high] <= next { high += 1 }
      while low < high, series.times[low] <= next - condition.window { low += 1 }
      guard let value = value(series.values[low..<high], ofEvents), condition.holds(value) else {
        continue
      }
      if worst.map({ condition.isWorse(value, than: $0) }) ?? true { worst = value }
    }
  }

  private func value(_ values: ArraySlice<Double>, _ ofEvents: Bool) -> Double? {
    // Without samples there is nothing to aggregate, but a count.
    if values.isEmpty { return condition.aggregation == .count ? 0 : nil }
    return condition.aggregation.value(values, ofEvents: ofEvents)
  }

  // MARK: - Samples

  private func series(
    _ range: TimeRange, _ due: GroupDue, _ time: Int64, _ source: any SeriesSource,
    _ report: Report
  ) throws -> [Series] {
    if let block, allowsBlocks, block.range.contains(range) { return block.series }
    var wanted = range
    if allowsBlocks {
      let last = min(due.steps.last, time + (Self.blockSteps - 1) * due.steps.interval)
      wanted.to = max(range.to, last - due.group.queryOffset)
    }
    let found = try gate.pass { try read(wanted, source, report) }
    block = (wanted, found)
    return found
  }

  private func read(
    _ range: TimeRange, _ source: any SeriesSource, _ report: Report
  ) throws -> [Series] {
    let own = Report()
    let counts = EventCount.name(of: short.metric)
    var matchers = condition.matchers
    if condition.aggregation == .count, try source.metadata(of: counts)?.type == .event {
      // Events are counted in a series of their own.
      matchers = matchers.map { $0.name == LabelName.metric ? Matcher(equal: $0.name, counts) : $0 }
    }
    let request = SelectRequest(matchers, range: range)
    let selection = try source.open([request], report: own)[0]
    var all: [Series] = []
    try selection.read(0..<selection.count, range, worker: 0) { number, samples in
      var series = Series(
        labels: try selection.labels(number).setting(LabelName.metric, to: short.metric))
      for index in 0..<samples.count where !StaleMarker.isStale(samples.values[index]) {
        series.times.append(samples.times[index])
        series.values.append(samples.values[index])
      }
      all.append(series)
    }
    if let damage = own.damage.first {
      for one in own.damage { report.damaged(one) }
      throw RuleTrouble("its data is damaged: \(damage)")
    }
    return condition.by.map { grouped(all, by: $0) } ?? all
  }

  /// The samples of each group, as if they were of one series.
  private func grouped(_ all: [Series], by labels: [String]) -> [Series] {
    var groups: [LabelSet: Series] = [:]
    for series in all {
      let key = series.labels.keeping(Set(labels))
      groups[key, default: Series(labels: key)].times += series.times
      groups[key]?.values += series.values
    }
    return groups.values.sorted { $0.labels < $1.labels }.map { group in
      let order = group.times.indices.sorted { (group.times[$0], $0) < (group.times[$1], $1) }
      return Series(
        labels: group.labels, times: order.map { group.times[$0] },
        values: order.map { group.values[$0] })
    }
  }
}

extension [Int64] {
  /// The first place at which `isLater` holds; it must hold for all behind it.
  fileprivate func partition(_ isLater: (Int64) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isLater(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
