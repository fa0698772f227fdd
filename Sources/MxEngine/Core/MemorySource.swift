package import MxModel

/// A batch of samples as a source: what `--file` reads, what test scripts load.
///
/// Samples are sorted once, at the start; where a series has one instant twice,
/// the later row counts. Everything stays in memory.
package final class MemorySource: SeriesSource {
  /// One series' samples: `starts[i]..<starts[i + 1]` of the columns, i being the
  /// place of the series in label order.
  fileprivate struct Columns: Sendable {
    var labels: [LabelSet] = []
    var starts: [Int] = [0]
    var times: [Int64] = []
    var values: [Double] = []
    var startTimes: [Int64]?
    var histograms: [NativeHistogram?]?

    func range(_ series: Int) -> Range<Int> { starts[series]..<starts[series + 1] }

    /// The samples of `series` between the ends of `range`, both included.
    func range(_ series: Int, _ range: TimeRange) -> Range<Int> {
      let all = self.range(series)
      let low = first(atOrAfter: range.from, in: all)
      let high =
        range.to == .max ? all.upperBound : first(atOrAfter: range.to + 1, in: all)
      return low..<max(low, high)
    }

    private func first(atOrAfter time: Int64, in all: Range<Int>) -> Int {
      var low = all.lowerBound
      var high = all.upperBound
      while low < high {
        let middle = (low + high) / 2
        if times[middle] < time { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private let columns: Columns
  private let families: [MetricMetadata]

  package init(_ batch: SampleBatch) {
    columns = MemorySource.sorted(batch)
    families = batch.metadata.sorted { $0.family < $1.family }
  }

  private static func sorted(_ batch: SampleBatch) -> Columns {
    var columns = Columns()
    let refs = batch.series.sortedRefs()
    var rank = [Int](repeating: 0, count: refs.count)
    for (place, ref) in refs.enumerated() { rank[Int(ref)] = place }
    columns.labels = refs.map { batch.series.labels($0) }
    if batch.startTimes != nil { columns.startTimes = [] }
    if batch.histograms != nil { columns.histograms = [] }
    columns.times.reserveCapacity(batch.count)
    columns.values.reserveCapacity(batch.count)
    columns.starts.reserveCapacity(refs.count + 1)
    let (rows, ends) = bySeries(batch, rank)
    for place in refs.indices {
      var own = rows[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
      append(&own, of: batch, to: &columns)
      columns.starts.append(columns.times.count)
    }
    return columns
  }

  /// All rows, those of one series together in order of arrival, and where each
  /// series' rows end.
  private static func bySeries(_ batch: SampleBatch, _ rank: [Int]) -> ([Int], ends: [Int]) {
    var ends = [Int](repeating: 0, count: rank.count + 1)
    for ref in batch.refs { ends[rank[Int(ref)] + 1] += 1 }
    for place in 0..<rank.count { ends[place + 1] += ends[place] }
    var rows = [Int](repeating: 0, count: batch.count)
    for row in 0..<batch.count {
      let place = rank[Int(batch.refs[row])]
      rows[ends[place]] = row
      ends[place] += 1
    }
    return (rows, ends)
  }

  /// Appends one series' rows in time order; of equal times the last to arrive wins.
  private static func append(
    _ rows: inout ArraySlice<Int>, of batch: SampleBatch, to columns: inout Columns
  ) {
    let isSorted = zip(rows, rows.dropFirst()).allSatisfy { batch.times[$0] < batch.times[$1] }
    if !isSorted { rows.sort { (batch.times[$0], $0) < (batch.times[$1], $1) } }
    for index in rows.indices {
      let row = rows[index]
      if index + 1 < rows.endIndex, batch.times[rows[index + 1]] == batch.times[row] { continue }
      columns.times.append(batch.times[row])
      columns.values.append(batch.values[row])
      columns.startTimes?.append(batch.startTimes?[row] ?? .min)
      if let histograms = batch.histograms {
        columns.histograms?.append(
          histograms.isHistogram[row] ? histograms.all[Int(batch.values[row].bitPattern)] : nil)
      }
    }
  }

  package func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
    requests.map { request in
      MemorySelection(columns, matching(request.matchers, request.range))
    }
  }

  /// The series with all of `matchers` and a sample in `range`, in label order.
  private func matching(_ matchers: [Matcher], _ range: TimeRange) -> [Int32] {
    let names = matchers.map { LabelKey.escaped(Array($0.name.utf8)) }
    return (0..<Int32(columns.labels.count)).filter { series in
      let isMatching = columns.labels[Int(series)].key.withUnsafeBytes { key in
        zip(matchers, names).allSatisfy { matcher, name in
          MemorySource.matches(key, matcher, name)
        }
      }
      return isMatching && !columns.range(Int(series), range).isEmpty
    }
  }

  private static func matches(
    _ key: UnsafeRawBufferPointer, _ matcher: Matcher, _ name: [UInt8]
  ) -> Bool {
    var cursor = LabelCursor(key)
    while let pair = cursor.next() {
      let order = name.withUnsafeBytes { LabelKey.compare($0, pair.name) }
      if order == 0 {
        // Escapes are rare: the bytes of nearly all values are the value.
        return pair.value.contains(1)
          ? matcher.matches(LabelKey.text(pair.value)) : matcher.matches(pair.value)
      }
      // Names are in order: it will not come.
      if order < 0 { break }
    }
    return matcher.matchesEmpty
  }

  private func matchingAny(_ matchers: [[Matcher]], _ range: TimeRange) -> [LabelSet] {
    let found = Set((matchers.isEmpty ? [[]] : matchers).flatMap { matching($0, range) })
    return found.sorted().map { columns.labels[Int($0)] }
  }

  package func labelNames(
    matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    Set(matchingAny(matchers, range).flatMap { $0.pairs.map(\.name) }).sorted()
  }

  package func labelValues(
    _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    Set(matchingAny(matchers, range).compactMap { $0[name] }).sorted()
  }

  package func metadata(of metric: String) throws -> MetricMetadata? {
    if let exact = families.first(where: { $0.family == metric }) { return exact }
    for suffix in ["_total", "_bucket", "_count", "_sum", "_info", "_created"]
    where metric.hasSuffix(suffix) {
      let family = metric.dropLast(suffix.count)
      if let found = families.first(where: { $0.family == family }) { return found }
    }
    return nil
  }

  package func allMetadata() throws -> [MetricMetadata] { families }

  package func fingerprint(_ requests: [SelectRequest]) throws -> UInt64 {
    var print: UInt64 = 0
    func mix(_ bytes: UnsafeRawBufferPointer) {
      print = (print ^ UInt64(truncatingIfNeeded: ByteHash.hash(bytes))) &* 0x9E37_79B9_7F4A_7C15
    }
    for request in requests {
      for series in matching(request.matchers, request.range) {
        let range = columns.range(Int(series), request.range)
        columns.labels[Int(series)].key.withUnsafeBytes(mix)
        columns.times[range].withUnsafeBytes(mix)
        columns.values[range].withUnsafeBytes(mix)
      }
    }
    return print
  }
}

private final class MemorySelection: Selection {
  private let columns: MemorySource.Columns
  private let series: [Int32]
  let labelNames: [String]

  init(_ columns: MemorySource.Columns, _ series: [Int32]) {
    self.columns = columns
    self.series = series
    labelNames = Roster.names(of: series.map { columns.labels[Int($0)] })
  }

  var count: Int { series.count }

  func column(_ name: String) throws -> LabelColumn {
    try Roster(series.map { columns.labels[Int($0)] }).column(name)
  }

  func labels(_ position: Int) throws -> LabelSet { columns.labels[Int(series[position])] }

  func read(
    _ positions: Range<Int>, _ range: TimeRange, worker: Int,
    _ body: (_ series: Int, _ samples: borrowing SampleColumns) throws -> Void
  ) throws {
    try columns.times.withUnsafeBufferPointer { times in
      try columns.values.withUnsafeBufferPointer { values in
        try withStarts { starts in
          for position in positions {
            let found = columns.range(Int(series[position]), range)
            if found.isEmpty { continue }
            try body(
              position,
              SampleColumns(
                times: UnsafeBufferPointer(rebasing: times[found]),
                values: UnsafeBufferPointer(rebasing: values[found]),
                startTimes: starts.map { UnsafeBufferPointer(rebasing: $0[found]) },
                histograms: histograms(found)))
          }
        }
      }
    }
  }

  private func withStarts(_ body: (UnsafeBufferPointer<Int64>?) throws -> Void) throws {
    guard let starts = columns.startTimes else { return try body(nil) }
    try starts.withUnsafeBufferPointer { try body($0) }
  }

  private func histograms(_ range: Range<Int>) -> [NativeHistogram?]? {
    guard let all = columns.histograms, all[range].contains(where: { $0 != nil }) else {
      return nil
    }
    return Array(all[range])
  }

  func latest(
    _ position: Int, atOrBefore time: Int64, limit: Int, worker: Int
  ) throws -> [Sample] {
    let found = columns.range(Int(series[position]), TimeRange(from: .min, to: time))
    let floats = found.filter { columns.histograms?[$0] == nil }
    return floats.suffix(limit).map { Sample(time: columns.times[$0], value: columns.values[$0]) }
  }

  func cost(_ range: TimeRange) throws -> ReadCost {
    var cost = ReadCost()
    cost.series = count
    cost.samples = series.reduce(0) { $0 + columns.range(Int($1), range).count }
    cost.bytes = cost.samples * 16
    return cost
  }
}
