package import MxModel
import Synchronization

/// Several sources asked as one: of two samples of one series at one instant, that of
/// the later source counts.
///
/// Series of equal labels are one series. Tiers are offered where no series is in two
/// sources (of several sites, each has its own): a window of one source and a window of
/// another cannot be put together exactly.
package final class MergedSource: SeriesSource {
  private let sources: [any SeriesSource]

  package init(_ sources: [any SeriesSource]) {
    precondition(!sources.isEmpty, "BUG: a merge of no sources")
    self.sources = sources
  }

  package func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
    let plain = requests.map { request in
      var request = request
      // What one source may leave out for these hints another may need.
      let labelsOnly = request.hints.labelsOnly
      request.hints = SelectHints()
      request.hints.labelsOnly = labelsOnly
      return request
    }
    let found = try sources.map { try $0.open(plain, report: report) }
    return try requests.indices.map { index in
      try MergedSelection(found.map { $0[index] })
    }
  }

  package func labelNames(
    matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    try joined { try $0.labelNames(matching: matchers, range: range, report: report) }
  }

  package func labelValues(
    _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    try joined { try $0.labelValues(name, matching: matchers, range: range, report: report) }
  }

  private func joined(_ ask: (any SeriesSource) throws -> [String]) throws -> [String] {
    var all: Set<String> = []
    for source in sources { all.formUnion(try ask(source)) }
    return all.sorted()
  }

  package func metadata(of metric: String) throws -> MetricMetadata? {
    for source in sources.reversed() {
      if let found = try source.metadata(of: metric) { return found }
    }
    return nil
  }

  package func allMetadata() throws -> [MetricMetadata] {
    var all: [String: MetricMetadata] = [:]
    for source in sources {
      for entry in try source.allMetadata() { all[entry.family] = entry }
    }
    return all.values.sorted { $0.family < $1.family }
  }

  package func fingerprint(_ requests: [SelectRequest]) throws -> UInt64 {
    var print: UInt64 = 0
    for source in sources {
      print = (print ^ (try source.fingerprint(requests))) &* 0x9E37_79B9_7F4A_7C15
      print ^= print >> 29
    }
    return print
  }
}

/// The series of several selections, each once, in label order.
private final class MergedSelection: Selection {
  private let parts: [any Selection]
  /// Series -> its number in each part, -1 where that part lacks it.
  private let numbers: [[Int32]]
  private let names: [String]
  private let scratch = Mutex([Int: MergeScratch]())

  init(_ parts: [any Selection]) throws {
    self.parts = parts
    var places: [LabelSet: [Int32]] = [:]
    for (part, selection) in parts.enumerated() {
      for series in 0..<selection.count {
        let labels = try selection.labels(series)
        places[labels, default: [Int32](repeating: -1, count: parts.count)][part] = Int32(series)
      }
    }
    numbers = places.sorted { $0.key < $1.key }.map(\.value)
    names = Set(parts.flatMap(\.labelNames)).sorted()
  }

  var count: Int { numbers.count }
  var labelNames: [String] { names }

  func column(_ name: String) throws -> LabelColumn {
    var result = LabelColumn(ids: [UInt32](repeating: 0, count: count), values: [""])
    var known: [String: UInt32] = ["": 0]
    for (part, selection) in parts.enumerated() {
      let column = try selection.column(name)
      let map = column.values.map { value -> UInt32 in
        if let id = known[value] { return id }
        let id = UInt32(result.values.count)
        result.values.append(value)
        known[value] = id
        return id
      }
      for series in 0..<count where numbers[series][part] >= 0 {
        result.ids[series] = map[Int(column.ids[Int(numbers[series][part])])]
      }
    }
    return result
  }

  func labels(_ series: Int) throws -> LabelSet {
    guard let part = numbers[series].firstIndex(where: { $0 >= 0 }) else {
      preconditionFailure("BUG: series \(series) is in no part")
    }
    return try parts[part].labels(Int(numbers[series][part]))
  }

  func read(
    _ series: Range<Int>, _ range: TimeRange, worker: Int,
    _ body: (_ series: Int, _ samples: borrowing SampleColumns) throws -> Void
  ) throws {
    let scratch = self.scratch(worker)
    for position in series {
      let having = parts.indices.filter { numbers[position][$0] >= 0 }
      if having.count == 1 {
        let number = Int(numbers[position][having[0]])
        try parts[having[0]].read(number..<number + 1, range, worker: worker) {
          try body(position, $1)
        }
        continue
      }
      scratch.reset()
      for part in having {
        let number = Int(numbers[position][part])
        try parts[part].read(number..<number + 1, range, worker: worker) { scratch.add($1) }
      }
      try scratch.finish { try body(position, $0) }
    }
  }

  private func scratch(_ worker: Int) -> MergeScratch {
    scratch.withLock { all in
      if let known = all[worker] { return known }
      let made = MergeScratch()
      all[worker] = made
      return made
    }
  }

  func latest(
    _ series: Int, atOrBefore time: Int64, limit: Int, worker: Int
  ) throws -> [Sample] {
    var byTime: [Int64: Double] = [:]
    for (part, number) in numbers[series].enumerated() where number >= 0 {
      for sample in try parts[part].latest(
        Int(number), atOrBefore: time, limit: limit, worker: worker)
      {
        byTime[sample.time] = sample.value
      }
    }
    return byTime.sorted { $0.key < $1.key }.suffix(limit).map {
      Sample(time: $0.key, value: $0.value)
    }
  }

  /// What all sources that have any of the series offer. Where one has lost samples
  /// that no tier speaks for, the engine must hear of it: there is no silent gap.
  func resolutions(in range: TimeRange) throws -> Resolutions {
    let own = try parts.filter { $0.count > 0 }.map { try $0.resolutions(in: range) }
    guard var all = own.first else { return Resolutions() }
    for other in own.dropFirst() {
      all.rawAfter = max(all.rawAfter, other.rawAfter)
      all.oldest = min(all.oldest, other.oldest)
      all.tiers = all.tiers.compactMap { tier in
        guard let same = other.tiers.first(where: { $0.width == tier.width }) else { return nil }
        return TierSpan(
          width: tier.width, from: max(tier.from, same.from), to: min(tier.to, same.to),
          dirty: tier.dirty + same.dirty)
      }
    }
    let isShared = numbers.contains { $0.count { $0 >= 0 } > 1 }
    if isShared { all.tiers = [] }
    return all
  }

  func holds(_ series: Int, tier: Int64) throws -> Bool {
    for (part, number) in numbers[series].enumerated() where number >= 0 {
      return try parts[part].holds(Int(number), tier: tier)
    }
    return false
  }

  func isWhole(_ series: Range<Int>, _ range: TimeRange, worker: Int) throws -> Bool {
    for position in series {
      for (part, number) in numbers[position].enumerated() where number >= 0 {
        let one = Int(number)..<Int(number) + 1
        if try !parts[part].isWhole(one, range, worker: worker) { return false }
      }
    }
    return true
  }

  func readWindows(
    _ series: Range<Int>, tier: Int64, _ range: TimeRange, fields: WindowFields, worker: Int,
    _ body: (_ series: Int, _ windows: borrowing WindowColumns) throws -> Void
  ) throws {
    for position in series {
      for (part, number) in numbers[position].enumerated() where number >= 0 {
        let one = Int(number)..<Int(number) + 1
        try parts[part].readWindows(one, tier: tier, range, fields: fields, worker: worker) {
          try body(position, $1)
        }
      }
    }
  }

  func size(_ range: TimeRange) throws -> StoredSize {
    var total = StoredSize()
    for part in parts {
      let size = try part.size(range)
      total.samples += size.samples
      total.bytes += size.bytes
    }
    return total
  }

  func cost(_ range: TimeRange) throws -> ReadCost {
    var total = ReadCost()
    for part in parts {
      let cost = try part.cost(range)
      total.segments += cost.segments
      total.pages += cost.pages
      total.samples += cost.samples
      total.bytes += cost.bytes
    }
    total.series = count
    return total
  }
}

/// Joins the samples of one series from several parts; one thread's own.
private final class MergeScratch: @unchecked Sendable {
  // Used by one thread at a time: the caller's promise when it names a worker.
  private var times: [Int64] = []
  private var values: [Double] = []
  private var startTimes: [Int64] = []
  private var histograms: [NativeHistogram?] = []
  private var hasStarts = false
  private var hasHistograms = false

  func reset() {
    times.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    startTimes.removeAll(keepingCapacity: true)
    histograms.removeAll(keepingCapacity: true)
    hasStarts = false
    hasHistograms = false
  }

  func add(_ columns: borrowing SampleColumns) {
    times.append(contentsOf: columns.times)
    values.append(contentsOf: columns.values)
    if let starts = columns.startTimes {
      hasStarts = true
      startTimes.append(contentsOf: starts)
    } else {
      startTimes += [Int64](repeating: .min, count: columns.count)
    }
    if let own = columns.histograms {
      hasHistograms = true
      histograms += own
    } else {
      histograms += [NativeHistogram?](repeating: nil, count: columns.count)
    }
  }

  /// In time order; of equal instants the last that was added.
  func finish(_ body: (borrowing SampleColumns) throws -> Void) throws {
    if times.isEmpty { return }
    var order = Array(times.indices)
    let isSorted = zip(times, times.dropFirst()).allSatisfy { $0 < $1 }
    if !isSorted {
      order.sort { (times[$0], $0) < (times[$1], $1) }
      order = order.indices.filter {
        $0 + 1 == order.count || times[order[$0]] != times[order[$0 + 1]]
      }.map { order[$0] }
    }
    let sortedTimes = order.map { times[$0] }
    let sortedValues = order.map { values[$0] }
    let sortedStarts = order.map { startTimes[$0] }
    let sortedHistograms = hasHistograms ? order.map { histograms[$0] } : nil
    try sortedTimes.withUnsafeBufferPointer { times in
      try sortedValues.withUnsafeBufferPointer { values in
        try sortedStarts.withUnsafeBufferPointer { starts in
          try body(
            SampleColumns(
              times: times, values: values, startTimes: hasStarts ? starts : nil,
              histograms: sortedHistograms))
        }
      }
    }
  }
}
