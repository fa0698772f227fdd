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
  /// The parts in the order of their oldest windows.
  let byTime: [Int]

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
    byTime = parts.indices.sorted {
      parts[$0].segment.reader.info.range.from < parts[$1].segment.reader.info.range.from
    }
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

  /// Windows whose columns are more than a large page of memory.
  private static let many = 1 << 16

  /// `expects`: how many windows it will read first.
  init(_ tier: SelectionTier, width: Int64, expects: Int) {
    let decoder = ColumnDecoder()
    let passing = PageValues()
    let room = expects >= TierWorker.many ? PageRoom() : nil
    cursors = tier.parts.map {
      TierCursor($0.segment.reader, decoder: decoder, passing: passing, room: room)
    }
    chain = RollupChain([width])
  }
}

extension StoreSelection {
  func tier(_ width: Int64) throws(StoreError) -> SelectionTier {
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
    let worker = tierWorker(number, tier, width)
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

  func tierWorker(
    _ number: Int, _ tier: SelectionTier, _ width: Int64, expects: Int = 0
  ) -> TierWorker {
    let worker = self.worker(number)
    if let known = worker.tiers[width] { return known }
    let tierWorker = TierWorker(tier, width: width, expects: expects)
    worker.tiers[width] = tierWorker
    return tierWorker
  }

  func slots(of part: SelectionTier.Part, _ series: Range<Int>) -> Range<Int> {
    let list = part.segment.reader.series
    func slot(_ number: Int) -> Int? {
      part.refs[number] == .max ? nil : list.slot(of: Int(part.refs[number]))
    }
    guard let low = series.lazy.compactMap(slot).first,
      let high = series.reversed().lazy.compactMap(slot).first
    else { return 0..<0 }
    return low..<high + 1
  }
}
