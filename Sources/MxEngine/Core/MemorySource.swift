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
    // Rows by series, then time, then arrival: the last of equals wins below.
    let rows = (0..<batch.count).sorted { left, right in
      let a = (rank[Int(batch.refs[left])], batch.times[left], left)
      return a < (rank[Int(batch.refs[right])], batch.times[right], right)
    }
    columns.labels = refs.map { batch.series.labels($0) }
    if batch.startTimes != nil { columns.startTimes = [] }
    if batch.histograms != nil { columns.histograms = [] }
    var place = 0
    for (index, row) in rows.enumerated() {
      if index + 1 < rows.count, batch.refs[rows[index + 1]] == batch.refs[row],
        batch.times[rows[index + 1]] == batch.times[row]
      {
        continue
      }
      while place < rank[Int(batch.refs[row])] {
        columns.starts.append(columns.times.count)
        place += 1
      }
      columns.times.append(batch.times[row])
      columns.values.append(batch.values[row])
      columns.startTimes?.append(batch.startTimes?[row] ?? .min)
      if let histograms = batch.histograms {
        columns.histograms?.append(
          histograms.isHistogram[row] ? histograms.all[Int(batch.values[row].bitPattern)] : nil)
      }
    }
    while place < refs.count {
      columns.starts.append(columns.times.count)
      place += 1
    }
    return columns
  }

  package func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
    requests.map { request in
      MemorySelection(columns, matching(request.matchers, request.range))
    }
  }

  /// The series with all of `matchers` and a sample in `range`, in label order.
  private func matching(_ matchers: [Matcher], _ range: TimeRange) -> [Int32] {
    (0..<Int32(columns.labels.count)).filter { series in
      let labels = columns.labels[Int(series)]
      guard matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }) else { return false }
      return !columns.range(Int(series), range).isEmpty
    }
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
    var names = Set<String>()
    for number in series {
      for pair in columns.labels[Int(number)].pairs { names.insert(pair.name) }
    }
    labelNames = names.sorted()
  }

  var count: Int { series.count }

  func column(_ name: String) throws -> LabelColumn {
    var column = LabelColumn(ids: [], values: [""])
    column.ids.reserveCapacity(count)
    var known = ["": UInt32(0)]
    for number in series {
      let value = columns.labels[Int(number)][name] ?? ""
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

  func tiers(covering range: TimeRange) throws -> [Int64] { [] }

  func readWindows(
    _ series: Range<Int>, tier: Int64, _ range: TimeRange, worker: Int,
    _ body: (_ series: Int, _ windows: borrowing WindowColumns) throws -> Void
  ) throws {}

  func cost(_ range: TimeRange) throws -> ReadCost {
    var cost = ReadCost()
    cost.series = count
    cost.samples = series.reduce(0) { $0 + columns.range(Int($1), range).count }
    cost.bytes = cost.samples * 16
    return cost
  }
}
