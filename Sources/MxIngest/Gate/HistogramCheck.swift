import MxModel

/// Watches the classic histograms of a run: at each instant buckets may not
/// fall, the last one is the count, and the bounds stay those first seen.
///
/// Rows are checked before a commit, when all series of an instant are there
/// in whatever order they came.
struct HistogramCheck {
  /// A row that is refused, and why.
  typealias Fault = (row: Int, reason: String)

  private struct Group {
    /// The family's name, for messages.
    var name: String
    var bounds: Set<Double> = []
  }

  /// What a series is in its group.
  private struct Member {
    var group: Int
    /// Infinite for the last bucket; nil for the count.
    var bound: Double?
  }

  private struct Entry {
    var group: Int
    var time: Int64
    /// The count stands behind all buckets.
    var bound: Double?
    var row: Int

    var order: (Int, Int64, Int, Double, Int) {
      (group, time, bound == nil ? 1 : 0, bound ?? 0, row)
    }
  }

  private let catalogue: SeriesCatalogue
  private var groups: [Group] = []
  private var numbers = SeriesTable()
  private var members: [UInt32: Member] = [:]
  /// Bucket metrics whose bounds in the store were fetched.
  private var fetched: Set<String> = []

  init(_ catalogue: SeriesCatalogue) { self.catalogue = catalogue }

  /// Remembers a bucket or count series; metric is its whole name.
  mutating func add(_ ref: UInt32, _ key: UnsafeRawBufferPointer, metric: String) throws {
    if metric.hasSuffix("_bucket"), fetched.insert(metric).inserted {
      // In the store already: these bounds are fixed.
      var found: [(group: Int, bound: Double)] = []
      if try catalogue.seriesBound(of: metric) > 0 {
        try catalogue.keys(of: metric) { key in
          let (group, bound) = place(key, metric)
          if let bound { found.append((group, bound)) }
        }
      }
      for entry in found { groups[entry.group].bounds.insert(entry.bound) }
    }
    let (group, bound) = place(key, metric)
    if metric.hasSuffix("_bucket"), bound == nil { return }
    members[ref] = Member(group: group, bound: bound)
  }

  /// The group of a series (its labels without the bound), and the bound.
  private mutating func place(
    _ key: UnsafeRawBufferPointer, _ metric: String
  ) -> (group: Int, bound: Double?) {
    let family =
      metric.without(suffix: "_bucket") ?? metric.without(suffix: "_count") ?? metric
    var bytes: [UInt8] = []
    bytes.reserveCapacity(key.count)
    var bound: Double?
    var cursor = LabelCursor(key)
    while let (name, value) = cursor.next() {
      if name.elementsEqual(LabelName.metric.utf8) { continue }
      if name.elementsEqual(LabelName.bucketBound.utf8) {
        bound = Double(LabelKey.text(value))
        continue
      }
      bytes.append(contentsOf: name)
      bytes.append(0)
      bytes.append(contentsOf: value)
      bytes.append(0)
    }
    bytes += family.utf8
    let number = Int(bytes.withUnsafeBytes { numbers.intern($0) })
    if number == groups.count { groups.append(Group(name: family)) }
    return (number, bound)
  }

  /// The rows to refuse among those of histogram series.
  mutating func faults(_ rows: [Int], of batch: borrowing SampleBatch) -> [Fault] {
    var entries: [Entry] = []
    entries.reserveCapacity(rows.count)
    for row in rows {
      guard let member = members[batch.refs[row]] else { continue }
      entries.append(
        Entry(group: member.group, time: batch.times[row], bound: member.bound, row: row))
    }
    entries.sort { $0.order < $1.order }
    var faults: [Fault] = []
    var start = 0
    while start < entries.count {
      var end = start + 1
      while end < entries.count, entries[end].group == entries[start].group,
        entries[end].time == entries[start].time
      {
        end += 1
      }
      check(entries[start..<end], batch, &faults)
      start = end
    }
    return faults
  }

  /// One histogram at one instant.
  private mutating func check(
    _ instant: ArraySlice<Entry>, _ batch: borrowing SampleBatch, _ faults: inout [Fault]
  ) {
    guard let first = instant.first else { return }
    let name = groups[first.group].name
    let stale = instant.contains { StaleMarker.isStale(batch.values[$0.row]) }
    let fixed = groups[first.group].bounds
    if fixed.isEmpty { groups[first.group].bounds.formUnion(instant.compactMap(\.bound)) }
    var last: (bound: Double, value: Double)?
    var kept: [Int] = []
    for entry in instant {
      let value = batch.values[entry.row]
      if let bound = entry.bound, !fixed.isEmpty, !fixed.contains(bound) {
        let reason =
          "the bucket le=\"\(text(bound))\" is new to the histogram '\(name)': bounds are fixed"
        faults.append((entry.row, reason))
        continue
      }
      kept.append(entry.row)
      if stale || value.isNaN { continue }
      // Of the same bucket twice the later row counts.
      if let last, entry.bound.map({ $0 > last.bound }) ?? true, value < last.value {
        refuse(
          kept + instant.filter { $0.row > entry.row || $0.bound == nil }.map(\.row), &faults,
          entry.bound.map {
            "the histogram '\(name)' has fewer in le=\"\(text($0))\" than in "
              + "le=\"\(text(last.bound))\""
          } ?? "the histogram '\(name)' has a count below its bucket le=\"\(text(last.bound))\"")
        return
      }
      if entry.bound == nil, let last, last.bound == .infinity, last.value != value {
        refuse(
          kept, &faults,
          "the histogram '\(name)' has another count than its bucket le=\"+Inf\"")
        return
      }
      if let bound = entry.bound { last = (bound, value) }
    }
  }

  private func refuse(_ rows: [Int], _ faults: inout [Fault], _ reason: String) {
    for row in Set(rows).sorted() { faults.append((row, reason)) }
  }

  private func text(_ bound: Double) -> String { SampleText.number(bound) }
}
