import MxCodec
import MxModel

/// `on_conflict: error`: what a commit brings is compared with what is there.
///
/// Batches are kept until the commit (the price of this policy). They are
/// compared when they come, without a lock, and under the commit lock again with
/// those segments that others committed meanwhile.
struct ConflictCheck {
  private struct Kept {
    var series: SeriesTable
    var samples: SortedSamples
    var events: EventMetrics

    func labels(_ index: Int) -> LabelSet { series.labels(samples.order[index]) }
  }

  private var kept: [Kept] = []
  /// The segments that all kept batches were compared with.
  private var checked: Set<UInt64> = []

  /// Takes a batch; throws where it contradicts itself, an earlier batch of the
  /// same commit, or the store.
  mutating func add(
    _ series: SeriesTable, _ samples: SortedSamples, _ events: EventMetrics, _ store: Store,
    _ report: Report
  ) throws {
    let new = Kept(series: series, samples: samples, events: events)
    if let conflict = samples.firstConflict {
      throw StoreError.conflict(
        series: new.labels(conflict.index).description, time: conflict.time)
    }
    for earlier in kept { try ConflictCheck.compare(new, earlier) }
    do {
      let snapshot = try Snapshot(store, report)
      try ConflictCheck.compare(new, snapshot, snapshot.manifest.segments, report)
      if kept.isEmpty { checked = Set(snapshot.manifest.segments.map(\.id)) }
    } catch StoreError.missing {
      // The first commit: nothing to contradict.
    }
    kept.append(new)
  }

  /// Compares with what was not there when the batches came. Under the commit lock.
  func finish(_ manifest: Manifest, _ store: Store, _ report: Report) throws {
    let unseen = manifest.segments.filter { !checked.contains($0.id) }
    let snapshot = Snapshot(store, manifest)
    for batch in kept { try ConflictCheck.compare(batch, snapshot, unseen, report) }
  }

  /// Two batches of one commit, both in label order.
  private static func compare(_ new: Kept, _ earlier: Kept) throws {
    let places = Dictionary(
      earlier.samples.order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    for index in new.samples.order.indices {
      let key = new.series.withKey(new.samples.order[index]) { earlier.series.find($0) }
      guard let key, let old = places[key],
        !new.events.contains(new.series, new.samples.order[index])
      else { continue }
      try earlier.samples.withSamples(old) { times, values in
        try refuse(new, index, times, values)
      }
    }
  }

  /// A batch against segments of a snapshot. What cannot be read contradicts nothing.
  private static func compare(
    _ batch: Kept, _ snapshot: Snapshot, _ segments: [SegmentInfo], _ report: Report
  ) throws {
    guard let range = batch.samples.range else { return }
    for info in segments where info.kind == .samples && info.range.overlaps(range) {
      do {
        try compare(batch, snapshot, info)
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
      } catch StoreError.vanished(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is missing"))
      }
    }
  }

  private static func compare(
    _ batch: Kept, _ snapshot: Snapshot, _ info: SegmentInfo
  ) throws {
    let segment = try snapshot.segment(info)
    let refs = try segment.set.find(batch.samples.order, of: batch.series)
    let hidden = try snapshot.manifest.tombstones.filter { $0.sequence > info.lastSequence }
      .map { (refs: try segment.set.match($0.matchers), range: $0.range) }
    let cursor = SegmentCursor(segment.reader, decoder: ColumnDecoder())
    for (index, ref) in refs.enumerated() where ref != SeriesSet.unknown {
      guard let slot = segment.reader.series.slot(of: Int(ref)),
        !(try isEvent(batch, index, snapshot))
      else { continue }
      let deleted = hidden.filter { $0.refs.contains(ref) }.map(\.range)
      let range = batch.samples.withSamples(index) { times, _ in
        TimeRange(from: times[0], to: times[times.count - 1])
      }
      try cursor.read(slot: slot, wanted: slot..<slot + 1, range: range) { times, values in
        try refuse(batch, index, times, values, deleted)
      }
    }
  }

  private static func isEvent(
    _ batch: Kept, _ index: Int, _ snapshot: Snapshot
  ) throws -> Bool {
    if batch.events.contains(batch.series, batch.samples.order[index]) { return true }
    guard let metric = batch.labels(index).metricName else { return false }
    return try snapshot.metadata(of: metric)?.type == .event
  }

  /// Throws where series `index` has another value at any of `times` that no
  /// deletion hides.
  private static func refuse(
    _ batch: Kept, _ index: Int, _ times: UnsafeBufferPointer<Int64>,
    _ values: UnsafeBufferPointer<Double>, _ hidden: [TimeRange] = []
  ) throws {
    try batch.samples.withSamples(index) { newTimes, newValues in
      var old = 0
      for new in newTimes.indices {
        while old < times.count, times[old] < newTimes[new] { old += 1 }
        guard old < times.count, times[old] == newTimes[new],
          values[old].bitPattern != newValues[new].bitPattern,
          !hidden.contains(where: { $0.contains(times[old]) })
        else { continue }
        throw StoreError.conflict(
          series: batch.labels(index).description, time: newTimes[new])
      }
    }
  }
}

extension SortedSamples {
  /// From the oldest sample to the newest; nil where there is none.
  var range: TimeRange? {
    var range: TimeRange?
    for index in order.indices {
      withSamples(index) { times, _ in
        let own = TimeRange(from: times[0], to: times[times.count - 1])
        range = range?.union(own) ?? own
      }
    }
    return range
  }
}
