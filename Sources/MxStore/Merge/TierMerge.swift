import MxCodec
import MxModel

/// Rewrites several segments of a tier as one: of each window the latest commit's.
struct TierMerge {
  private let store: Store
  private let inputs: [SegmentMerge.Input]

  /// `inputs`: all of one tier, oldest commit first.
  init(_ store: Store, _ inputs: [SegmentMerge.Input]) {
    self.store = store
    self.inputs = inputs
  }

  /// Writes the merged windows to a draft. There may be none: the segment still
  /// says how far the tier is.
  func write(
    id: UInt64, effort: Effort, _ oversight: Oversight = Oversight()
  ) throws -> SegmentDraft {
    let infos = inputs.map(\.segment.reader.info)
    let width = infos.first?.tier ?? 0
    precondition(infos.allSatisfy { $0.tier == width }, "BUG: a merge of unlike tiers")
    let full = infos.filter { $0.samples > 0 }.map(\.range)
    let range = full.dropFirst().reduce(full.first ?? TimeRange(from: 0, to: 0)) { $0.union($1) }
    let (span, overflow) = range.to.subtractingReportingOverflow(range.from)
    let plan = try SetUnion(store, inputs)
    let writer = try TierWriter(
      store, id: id, tier: width, windows: overflow ? .max : Int(span / width) + 1, effort: effort)
    do {
      try writeSeries(plan, to: writer, oversight)
      try writer.finishWindows()
      let home = try plan.home(of: writer.series, in: store)
      try writer.draft.finishColumns(home.series, set: home.set, inline: home.inline, early: true)
      return writer.draft
    } catch {
      writer.draft.discard()
      throw error
    }
  }

  private func writeSeries(
    _ plan: borrowing SetUnion, to writer: TierWriter, _ oversight: Oversight
  ) throws {
    let decoder = ColumnDecoder()
    let cursors = inputs.map { TierCursor($0.segment.reader, decoder: decoder) }
    var positions = SlotPositions(inputs.map(\.segment.reader.series), plan.maps)
    let metrics = try plan.metrics()
    var metric = 0
    var lastMetric = -1
    var merger = WindowMerger()
    var windows: [Window] = []
    while let ref = positions.next() {
      while metric < metrics.count, metrics[metric].series.upperBound <= ref { metric += 1 }
      merger.reset()
      if writer.series.count & 255 == 0 { try oversight.check() }
      for (input, slot) in positions.current {
        let all = 0..<inputs[input].segment.reader.info.series
        try cursors[input].read(slot: slot, wanted: all, range: .all, into: &windows)
        let hidden = try inputs[input].hidden(slot: slot)
        if !hidden.isEmpty {
          windows.removeAll { window in hidden.contains { $0.contains(window.end) } }
        }
        merger.add(windows)
      }
      if merger.windows.isEmpty { continue }
      try writer.add(ref, startsMetric: metric != lastMetric, merger.windows)
      lastMetric = metric
    }
  }
}
