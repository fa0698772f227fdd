import MxCodec
import MxModel
import Synchronization

/// The segments of one tier, seen through the series of a selection.
final class SelectionTier: Sendable {
  struct Part: Sendable {
    let segment: Snapshot.OpenSegment
    /// Series of the selection -> ref in the segment's set, `.max` where it has none.
    let refs: [UInt32]
  }

  let parts: [Part]

  init(_ selection: StoreSelection, tier: Int64) throws(StoreError) {
    let ends = TimeRange(
      from: selection.request.range.from, to: WindowGrid.end(of: selection.request.range.to, tier))
    let segments = try selection.snapshot.segments(ofTier: tier, ends: ends, selection.report)
    var strangers: [SeriesSet] = []
    for segment in segments {
      let id = segment.set.id
      if selection.sets.contains(where: { $0.id == id }) { continue }
      if !strangers.contains(where: { $0.id == id }) { strangers.append(segment.set) }
    }
    let found = try SelectionTier.find(strangers, selection)
    var parts: [Part] = []
    for segment in segments {
      let id = segment.set.id
      if let number = selection.sets.firstIndex(where: { $0.id == id }) {
        parts.append(Part(segment: segment, refs: selection.refs[number]))
      } else if let number = strangers.firstIndex(where: { $0.id == id }) {
        parts.append(Part(segment: segment, refs: found[number]))
      }
    }
    self.parts = parts
  }

  /// Per set the ref of each series of the selection.
  private static func find(
    _ sets: [SeriesSet], _ selection: StoreSelection
  ) throws(StoreError) -> [[UInt32]] {
    if sets.isEmpty { return [] }
    var found: [SeriesRefs] = []
    for refs in selection.refs { found.append(SeriesRefs(refs.filter { $0 != .max })) }
    for set in sets { found.append(try set.match(selection.request.matchers)) }
    let merged = try SelectionOrder.merge(selection.sets + sets, found)
    // Series that only the tier has are not of this selection.
    let own = selection.sets.count
    let rows = merged[0].indices.filter { row in
      (0..<own).contains { merged[$0][row] != .max }
    }
    return merged[own...].map { refs in rows.map { refs[$0] } }
  }
}

/// What one thread keeps while it reads a tier.
final class TierWorker {
  let cursors: [TierCursor]
  var merger = WindowMerger()
  var part: [Window] = []
  var chain: RollupChain
  var columns = WindowRows()

  init(_ tier: SelectionTier, width: Int64) {
    let decoder = ColumnDecoder()
    cursors = tier.parts.map { TierCursor($0.segment.reader, decoder: decoder) }
    chain = RollupChain([width])
  }
}

extension StoreSelection {
  private func tier(_ width: Int64) throws(StoreError) -> SelectionTier {
    if let known = tiers.withLock({ $0[width] }) { return known }
    let tier = try SelectionTier(self, tier: width)
    tiers.withLock { $0[width] = tier }
    return tier
  }

  /// Calls `body` for each series with the windows that the tier stores of it whose
  /// ends lie in `ends`, void ones too; also where there are none.
  func readStored(
    _ series: Range<Int>, tier width: Int64, ends: TimeRange, worker number: Int,
    _ body: (Int, [Window]) throws -> Void
  ) throws {
    let tier = try tier(width)
    let selectionWorker = self.worker(number)
    let worker = selectionWorker.tiers[width] ?? TierWorker(tier, width: width)
    selectionWorker.tiers[width] = worker
    let wanted = tier.parts.map { slots(of: $0, series) }
    for number in series {
      worker.merger.reset()
      for (index, part) in tier.parts.enumerated() {
        let ref = part.refs[number]
        guard ref != .max, part.segment.reader.info.range.overlaps(ends),
          let slot = part.segment.reader.series.slot(of: Int(ref))
        else { continue }
        try tolerant {
          try worker.cursors[index].read(
            slot: slot, wanted: wanted[index], range: ends, into: &worker.part)
          worker.merger.add(worker.part)
        }
      }
      try body(number, worker.merger.windows)
    }
  }

  private func slots(of part: SelectionTier.Part, _ series: Range<Int>) -> Range<Int> {
    let list = part.segment.reader.series
    func slot(_ number: Int) -> Int? {
      part.refs[number] == .max ? nil : list.slot(of: Int(part.refs[number]))
    }
    guard let low = series.lazy.compactMap(slot).first,
      let high = series.reversed().lazy.compactMap(slot).first
    else { return 0..<0 }
    return low..<high + 1
  }

  // MARK: Selection

  /// A tier is offered where it is computed up to the range's end and counts every
  /// commit and deletion that touches it. Windows that it does not store, because
  /// there samples are few, `readWindows` computes from them.
  func tiers(covering range: TimeRange) throws -> [Int64] {
    let manifest = snapshot.manifest
    let widths = Set(manifest.segments.filter { $0.kind == .windows }.map(\.tier))
    return widths.sorted().filter { width in
      let state = TierState(manifest, tier: width)
      guard WindowGrid.end(of: range.to, width) <= state.horizon else { return false }
      let ends = TimeRange(from: range.from, to: WindowGrid.end(of: range.to, width))
      let samples = WindowGrid.samples(of: ends, width)
      return !manifest.segments.contains { info in
        info.kind != .windows && info.lastSequence > state.source && info.range.overlaps(samples)
      }
    }
  }

  func readWindows(
    _ series: Range<Int>, tier width: Int64, _ range: TimeRange, worker: Int,
    _ body: (Int, borrowing WindowColumns) throws -> Void
  ) throws {
    let first = WindowGrid.end(of: range.from, width)
    let last = WindowGrid.floor(range.to, width)
    if first > last { return }
    let ends = TimeRange(from: first, to: last)
    try readStored(series, tier: width, ends: ends, worker: worker) { number, stored in
      guard let own = self.worker(worker).tiers[width] else {
        preconditionFailure("BUG: no worker \(worker)")
      }
      own.columns.removeAll()
      var next = first
      for window in stored where !window.flags.contains(.void) {
        try derive(number, own, width, from: next, to: window.end &- width, worker: worker)
        own.columns.append(window)
        next = window.end &+ width
      }
      try derive(number, own, width, from: next, to: last, worker: worker)
      if own.columns.count > 0 { try own.columns.withColumns { try body(number, $0) } }
    }
  }

  /// Adds the windows that end between `from` and `to`, from samples.
  private func derive(
    _ number: Int, _ own: TierWorker, _ width: Int64, from: Int64, to: Int64, worker: Int
  ) throws {
    if from > to { return }
    let samples = WindowGrid.samples(of: TimeRange(from: from, to: to), width)
    own.chain.reset()
    try read(number..<number + 1, samples, worker: worker) { _, samples in
      own.chain.add(samples.times, samples.values)
    }
    own.chain.finish()
    guard let step = own.chain.index(of: width) else { return }
    for window in own.chain.windows[step] { own.columns.append(window.stored) }
  }
}
