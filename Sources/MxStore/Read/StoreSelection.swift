import MxCodec
import MxModel
import Synchronization

/// The series of a snapshot that one request found, numbered in label order.
///
/// All sets that take part are matched; where there is one (a merged store, or
/// minutes of one job) numbers are its refs in order, else the sets' keys are
/// merged once. Reading walks the segments of each series oldest commit first.
final class StoreSelection: Selection {
  let snapshot: Snapshot
  let report: Report
  let request: SelectRequest
  /// The sets that take part, and per set the ref of each series (`.max`: not there).
  let sets: [SeriesSet]
  let refs: [[UInt32]]
  /// Oldest commit first, with the number of its set.
  let segments: [Part]
  private let workers = Mutex<[Int: SelectionWorker]>([:])
  private let names = Mutex(LabelReader())
  /// The tiers that were read from, by width.
  let tiers = Mutex<[Int64: SelectionTier]>([:])
  /// Up to when retention has taken samples of them, once somebody asked.
  let taken = Mutex<Int64?>(nil)
  /// What is gone of them all in all, likewise.
  let lostSamples = Mutex<Lost?>(nil)
  /// The same series in all segments, for who looks further back than the request.
  let whole = Mutex<StoreSelection?>(nil)
  let count: Int

  struct Part: Sendable {
    let segment: Snapshot.OpenSegment
    let set: Int
    /// What deletions hide in it: which refs of its set, and when.
    let hidden: [(refs: SeriesRefs, range: TimeRange)]
  }

  init(_ snapshot: Snapshot, _ request: SelectRequest, _ report: Report) throws {
    var search = SelectionSearch(snapshot.manifest, request)
    for segment in try snapshot.segments(in: request.range, report) {
      try search.add(segment, report)
    }
    for segment in try snapshot.tiersOfLostSamples(in: request.range, report) {
      try search.addPresence(of: segment, report)
    }
    // Sets whose names cannot be read are left out with all that needs them.
    var merged: [[UInt32]]?
    while merged == nil {
      do throws(StoreError) {
        merged = try SelectionOrder.merge(search.sets, search.found)
      } catch {
        guard case .damaged(let damage) = error, search.leaveOut(setAt: damage.path) else {
          throw error
        }
        report.damaged(damage)
      }
    }
    self.snapshot = snapshot
    self.report = report
    self.request = request
    segments = search.parts
    sets = search.sets
    refs = merged ?? []
    count = refs.first?.count ?? 0
  }

  // MARK: Labels

  var labelNames: [String] {
    var names: Set<String> = []
    for (set, refs) in zip(sets, refs) where refs.contains(where: { $0 != .max }) {
      names.formUnion(set.labelNames)
    }
    return names.sorted()
  }

  func column(_ name: String) throws -> LabelColumn {
    // What the selector says is not looked up.
    if count > 0,
      let value = request.matchers.first(where: { $0.name == name && $0.op == .equal })?.value,
      !value.isEmpty
    {
      return LabelColumn(ids: [UInt32](repeating: 1, count: count), values: ["", value])
    }
    if sets.count == 1 { return try sets[0].column(name, SeriesRefs(refs[0])) }
    var result = LabelColumn(ids: [UInt32](repeating: 0, count: count), values: [""])
    var numbers: [String: UInt32] = ["": 0]
    for (set, refs) in zip(sets, refs) {
      let own = refs.indices.filter { refs[$0] != .max }
      let column = try set.column(name, SeriesRefs(own.lazy.map { refs[$0] }))
      let map = column.values.map { value -> UInt32 in
        if let known = numbers[value] { return known }
        numbers[value] = UInt32(result.values.count)
        result.values.append(value)
        return UInt32(result.values.count - 1)
      }
      for (place, series) in own.enumerated() {
        result.ids[series] = map[Int(column.ids[place])]
      }
    }
    return result
  }

  func labels(_ series: Int) throws -> LabelSet {
    guard let set = refs.firstIndex(where: { $0[series] != .max }) else {
      preconditionFailure("BUG: series \(series) is in no set")
    }
    return try names.withLock { try $0.labels(self.refs[set][series], of: set, in: sets) }
  }

  func keys(_ series: [Int32], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard sets.count == 1 else {
      for one in series { try labels(Int(one)).key.withUnsafeBytes { try body($0) } }
      return
    }
    let cursor = try KeyCursor(sets[0])
    for one in series {
      try cursor.move(to: refs[0][Int(one)])
      try body(cursor.key)
    }
  }

  // MARK: Samples

  func read(
    _ series: Range<Int>, _ range: TimeRange, worker: Int,
    _ body: (Int, borrowing SampleColumns) throws -> Void
  ) throws {
    try read(series, range, newerThan: 0, worker: worker, body)
  }

  /// The same of the commits after `commit` alone.
  func read(
    _ series: Range<Int>, _ range: TimeRange, newerThan commit: UInt64, worker: Int,
    _ body: (Int, borrowing SampleColumns) throws -> Void
  ) throws {
    let worker = self.worker(worker)
    let open = worker.cursors.filter {
      let info = $0.part.segment.reader.info
      return info.range.overlaps(range) && info.lastSequence > commit
    }
    let wanted = open.map { cursor in wantedSlots(cursor, series) }
    for number in series {
      try read(number, range, worker, open, wanted, body)
    }
  }

  /// The slots of a segment that hold any of `series`.
  private func wantedSlots(_ cursor: SelectionWorker.Cursor, _ series: Range<Int>) -> WantedSlots {
    let refs = self.refs[cursor.part.set]
    let list = cursor.part.segment.reader.series
    return WantedSlots(
      series.compactMap { number in
        refs[number] == .max ? nil : list.slot(of: Int(refs[number]))
      })
  }

  private func read(
    _ number: Int, _ range: TimeRange, _ worker: SelectionWorker,
    _ open: [SelectionWorker.Cursor], _ wanted: [WantedSlots],
    _ body: (Int, borrowing SampleColumns) throws -> Void
  ) throws {
    // Where one page of one segment has it all, its columns are handed on as they are.
    var only: (cursor: SegmentCursor, slot: Int, wanted: WantedSlots)?
    var pages = 0
    for (index, cursor) in open.enumerated() {
      let ref = refs[cursor.part.set][number]
      guard ref != .max, let slot = cursor.part.segment.reader.series.slot(of: Int(ref)) else {
        continue
      }
      pages += cursor.part.hidden.isEmpty ? 1 : 2
      only = (cursor.cursor, slot, wanted[index])
      if pages > 1 { break }
    }
    guard pages > 0, let only else { return }
    if pages == 1 {
      try tolerant {
        pages = try only.cursor.pageCount(slot: only.slot, range: range)
        if pages != 1 { return }
        try only.cursor.read(slot: only.slot, wanted: only.wanted, range: range) {
          try body(number, SampleColumns(times: $0, values: $1))
        }
      }
      if pages <= 1 { return }
    }
    try gather(number, range, worker, open, wanted)
    if worker.merger.count == 0 { return }
    try worker.merger.withSamples { try body(number, SampleColumns(times: $0, values: $1)) }
  }

  /// Joins all that the segments hold of one series in the worker's merger.
  private func gather(
    _ number: Int, _ range: TimeRange, _ worker: SelectionWorker,
    _ open: [SelectionWorker.Cursor], _ wanted: [WantedSlots]
  ) throws {
    worker.merger.reset()
    for (index, cursor) in open.enumerated() {
      let ref = refs[cursor.part.set][number]
      guard ref != .max, let slot = cursor.part.segment.reader.series.slot(of: Int(ref)) else {
        continue
      }
      let hidden = cursor.part.hidden.filter { $0.refs.contains(ref) }.map(\.range)
      try tolerant {
        try cursor.cursor.read(slot: slot, wanted: wanted[index], range: range) {
          if hidden.isEmpty {
            worker.merger.add($0, $1)
          } else {
            worker.merger.add($0, $1, hidden: hidden)
          }
        }
      }
      try worker.merger.endSource(try rule(number))
    }
  }

  /// Runs `body`; damage that it meets is reported, and what is good goes on.
  func tolerant(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch StoreError.damaged(let damage) {
      report.damaged(damage)
    }
  }

  /// How two samples of one instant of this series are settled.
  private func rule(_ number: Int) throws -> ConflictRule {
    let policy = snapshot.manifest.conflict
    guard let metric = try labels(number).metricName else { return ConflictRule(policy: policy) }
    let isEvent = try snapshot.metadata(of: metric, report)?.type == .event
    return ConflictRule(policy: policy, adds: isEvent)
  }

  func worker(_ number: Int) -> SelectionWorker {
    workers.withLock { workers in
      if let known = workers[number] { return known }
      let worker = SelectionWorker(segments)
      workers[number] = worker
      return worker
    }
  }
}

/// Labels are asked for series by series, mostly in order: a cursor a set goes
/// on from where it stands instead of starting anew.
private struct LabelReader {
  private var cursors: [Int: KeyCursor] = [:]

  mutating func labels(
    _ ref: UInt32, of set: Int, in sets: [SeriesSet]
  ) throws(StoreError) -> LabelSet {
    let cursor: KeyCursor
    if let known = cursors[set] {
      cursor = known
    } else {
      cursor = try KeyCursor(sets[set])
      cursors[set] = cursor
    }
    try cursor.move(to: ref)
    return LabelSet(key: Array(cursor.key))
  }
}

/// What one thread keeps while it reads a selection.
final class SelectionWorker: @unchecked Sendable {
  // Used by one thread at a time: the caller's promise when it names a worker.
  struct Cursor {
    let part: StoreSelection.Part
    let cursor: SegmentCursor
  }

  let cursors: [Cursor]
  var merger = SampleMerger()
  /// What reads tiers, by width.
  var tiers: [Int64: TierWorker] = [:]

  init(_ parts: [StoreSelection.Part]) {
    let decoder = ColumnDecoder()
    cursors = parts.map {
      Cursor(part: $0, cursor: SegmentCursor($0.segment.reader, decoder: decoder))
    }
  }
}
