import MxModel

/// A source with the samples of this run on top: what a query sees in the middle
/// of an evaluation.
///
/// What the run is going to write may be there already: a run before it committed its
/// samples and was killed before it could note that it had. Such samples are not seen,
/// so that the same run again gives the same.
final class OverlaySource: SeriesSource {
  private let base: any SeriesSource
  private let memory: RuleMemory
  private let future: RuleFuture

  init(_ base: any SeriesSource, _ memory: RuleMemory, _ future: RuleFuture) {
    self.base = base
    self.memory = memory
    self.future = future
  }

  /// The same with another view of what rules write.
  func seen(as future: RuleFuture) -> OverlaySource { OverlaySource(base, memory, future) }

  func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
    let below = try base.open(requests, report: report)
    return try zip(requests, below).map { request, selection in
      let above = memory.select(request.matchers, request.range).map(future.shown)
      let hides = future.mayConcern(request.matchers, request.range)
      if above.isEmpty, !hides { return selection }
      return try OverlaySelection(selection, above, hides ? future : nil)
    }
  }

  func labelNames(
    matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    let below = try base.labelNames(matching: matchers, range: range, report: report)
    let above = selected(matchers, range).flatMap { $0.labels.pairs.map(\.name) }
    return Set(below + above).sorted()
  }

  func labelValues(
    _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    let below = try base.labelValues(name, matching: matchers, range: range, report: report)
    return Set(below + selected(matchers, range).compactMap { $0.labels[name] }).sorted()
  }

  private func selected(_ matchers: [[Matcher]], _ range: TimeRange) -> [RuleMemory.Series] {
    (matchers.isEmpty ? [[]] : matchers).flatMap { memory.select($0, range) }
  }

  func metadata(of metric: String) throws -> MetricMetadata? { try base.metadata(of: metric) }

  func allMetadata() throws -> [MetricMetadata] { try base.allMetadata() }

  func fingerprint(_ requests: [SelectRequest]) throws -> UInt64 {
    var print = try base.fingerprint(requests)
    for request in requests {
      for series in memory.select(request.matchers, request.range) {
        series.labels.key.withUnsafeBytes { print ^= ByteHash.hash($0, seed: print) }
        series.times.withUnsafeBytes { print ^= ByteHash.hash($0, seed: print) }
        series.values.withUnsafeBytes { print ^= ByteHash.hash($0, seed: print) }
      }
    }
    return print
  }
}

/// The union of a selection and some series in memory, in label order. Where both
/// have a series and an instant, memory is the later word.
private final class OverlaySelection: Selection {
  private struct Entry: Sendable {
    var labels: LabelSet
    var below: Int?
    var above: Int?
    /// Samples of `below` from here on are not seen.
    var end = Int64.max

    func seen(_ range: TimeRange) -> TimeRange {
      end == .max ? range : TimeRange(from: range.from, to: min(range.to, end - 1))
    }
  }

  private let base: any Selection
  private let memory: [RuleMemory.Series]
  private let entries: [Entry]
  /// From here on samples are not those that the tiers below were computed of.
  private let changed: Int64
  let labelNames: [String]

  var count: Int { entries.count }

  init(_ base: any Selection, _ memory: [RuleMemory.Series], _ future: RuleFuture?) throws {
    self.base = base
    self.memory = memory
    var entries: [Entry] = []
    entries.reserveCapacity(base.count + memory.count)
    var above = 0
    for below in 0..<base.count {
      let labels = try base.labels(below)
      while above < memory.count, memory[above].labels < labels {
        entries.append(Entry(labels: memory[above].labels, above: above))
        above += 1
      }
      var entry = Entry(labels: labels, below: below)
      if let future { entry.end = future.end(of: labels) }
      if above < memory.count, memory[above].labels == labels {
        entry.above = above
        above += 1
      }
      entries.append(entry)
    }
    while above < memory.count {
      entries.append(Entry(labels: memory[above].labels, above: above))
      above += 1
    }
    self.entries = entries
    let hidden = entries.map(\.end).min() ?? .max
    changed = min(hidden, memory.compactMap(\.times.first).min() ?? .max)
    let own = memory.flatMap { $0.labels.pairs.map(\.name) }
    labelNames = Set(base.labelNames + own).sorted()
  }

  func column(_ name: String) throws -> LabelColumn {
    var column = LabelColumn(ids: [], values: [""])
    column.ids.reserveCapacity(count)
    var known = ["": UInt32(0)]
    for entry in entries {
      let value = entry.labels[name] ?? ""
      let next = UInt32(column.values.count)
      let id = known[value] ?? next
      if id == next {
        known[value] = id
        column.values.append(value)
      }
      column.ids.append(id)
    }
    return column
  }

  func labels(_ series: Int) throws -> LabelSet { entries[series].labels }

  func read(
    _ series: Range<Int>, _ range: TimeRange, worker: Int,
    _ body: (_ series: Int, _ samples: borrowing SampleColumns) throws -> Void
  ) throws {
    for position in series {
      let entry = entries[position]
      var times: [Int64] = []
      var values: [Double] = []
      if let below = entry.below {
        var isPassedOn = false
        let seen = entry.seen(range)
        let wanted = seen.isEmpty ? 0 : 1
        try base.read(below..<(below + wanted), seen, worker: worker) { _, samples in
          if entry.above == nil {
            isPassedOn = true
            try body(position, samples)
          } else {
            times = Array(samples.times)
            values = Array(samples.values)
          }
        }
        if isPassedOn || entry.above == nil { continue }
      }
      guard let above = entry.above else { continue }
      OverlaySelection.merge(memory[above], range, &times, &values)
      if times.isEmpty { continue }
      try times.withUnsafeBufferPointer { times in
        try values.withUnsafeBufferPointer { values in
          try body(position, SampleColumns(times: times, values: values))
        }
      }
    }
  }

  /// Adds the samples of `series` inside `range`, in time order.
  private static func merge(
    _ series: RuleMemory.Series, _ range: TimeRange, _ times: inout [Int64],
    _ values: inout [Double]
  ) {
    var mergedTimes: [Int64] = []
    var mergedValues: [Double] = []
    var below = 0
    for (index, time) in series.times.enumerated() where range.contains(time) {
      while below < times.count, times[below] < time {
        mergedTimes.append(times[below])
        mergedValues.append(values[below])
        below += 1
      }
      if below < times.count, times[below] == time { below += 1 }
      mergedTimes.append(time)
      mergedValues.append(series.values[index])
    }
    mergedTimes += times[below...]
    mergedValues += values[below...]
    times = mergedTimes
    values = mergedValues
  }

  func latest(
    _ series: Int, atOrBefore time: Int64, limit: Int, worker: Int
  ) throws -> [Sample] {
    let entry = entries[series]
    var samples: [Sample] = []
    if let below = entry.below {
      let seen = entry.end == .max ? time : min(time, entry.end - 1)
      samples = try base.latest(below, atOrBefore: seen, limit: limit, worker: worker)
    }
    if let above = entry.above {
      var times = samples.map(\.time)
      var values = samples.map(\.value)
      OverlaySelection.merge(
        memory[above], TimeRange(from: .min, to: time), &times, &values)
      samples = zip(times, values).map { Sample(time: $0, value: $1) }
    }
    return Array(samples.suffix(limit))
  }

  // MARK: Tiers: those below speak for what was before this run.

  func resolutions(in range: TimeRange) throws -> Resolutions {
    var offered = try base.resolutions(in: range)
    guard changed < .max, let widest = offered.tiers.last?.width else { return offered }
    // Who computes old times anew has what it wrote: only what is before counts as lost.
    let before = changed.subtractingReportingOverflow(widest + 1)
    offered.rawAfter = min(offered.rawAfter, before.overflow ? .min : before.partialValue)
    for index in offered.tiers.indices {
      offered.tiers[index].to = min(offered.tiers[index].to, changed - 1)
    }
    return offered
  }

  func holds(_ series: Int, tier: Int64) throws -> Bool {
    try entries[series].below.map { try base.holds($0, tier: tier) } ?? false
  }

  func isWhole(_ series: Range<Int>, _ range: TimeRange, worker: Int) throws -> Bool {
    try entries[series].allSatisfy { entry in
      let seen = entry.seen(range)
      guard let below = entry.below, !seen.isEmpty else { return true }
      return try base.isWhole(below..<below + 1, seen, worker: worker)
    }
  }

  func readWindows(
    _ series: Range<Int>, tier: Int64, _ range: TimeRange, fields: WindowFields, worker: Int,
    _ body: (_ series: Int, _ windows: borrowing WindowColumns) throws -> Void
  ) throws {
    for position in series {
      guard let below = entries[position].below else { continue }
      try base.readWindows(
        below..<below + 1, tier: tier, range, fields: fields, worker: worker
      ) { try body(position, $1) }
    }
  }

  func cost(_ range: TimeRange) throws -> ReadCost {
    var cost = try base.cost(range)
    cost.series = count
    cost.samples += memory.reduce(0) { $0 + $1.times.count }
    return cost
  }
}
