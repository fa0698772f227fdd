import MxCodec
import MxModel

/// Rewrites several segments as one: the work of folds and merges alike.
///
/// Series go by in label order, each gathered from the inputs oldest commit
/// first, so the winner of a conflict is the one that a reader would have seen.
/// Memory is one series, a page an input, and the map of series.
struct SegmentMerge {
  struct Input {
    let segment: Snapshot.OpenSegment
    /// What deletions hide in it, applied for good.
    var hidden: [(refs: SeriesRefs, range: TimeRange)] = []
    /// What else is left out.
    var hides: SegmentHiding = { _ in [] }

    /// All that is left out of the series in `slot`.
    func hidden(slot: Int) throws -> [TimeRange] {
      let ref = UInt32(segment.reader.series.ref(slot))
      return try hidden.filter { $0.refs.contains(ref) }.map(\.range) + hides(ref)
    }
  }

  private let store: Store
  private let inputs: [Input]
  private let policy: ConflictPolicy
  private(set) var duplicates = DuplicateCounts()
  /// Leaves damaged pages out instead of stopping at them: for repair alone.
  var isTolerant = false

  /// `inputs`: oldest commit first.
  init(_ store: Store, _ inputs: [Input], policy: ConflictPolicy) {
    self.store = store
    self.inputs = inputs
    self.policy = policy
  }

  /// Writes the merged columns to a draft; nil where nothing is left of them.
  mutating func write(
    id: UInt64, effort: Effort, _ oversight: Oversight = Oversight()
  ) throws -> SegmentDraft? {
    let plan = try SetUnion(store, inputs)
    let draft = try SegmentDraft(store, id: id, effort: effort)
    do {
      let written = try writeSeries(plan, to: draft, oversight)
      if written.isEmpty {
        draft.discard()
        return nil
      }
      let home = try plan.home(of: written, in: store)
      try draft.finishColumns(home.series, set: home.set, inline: home.inline, early: true)
      return draft
    } catch {
      draft.discard()
      throw error
    }
  }

  /// Writes all series that have samples left; returns their refs in the union.
  private mutating func writeSeries(
    _ plan: borrowing SetUnion, to draft: SegmentDraft, _ oversight: Oversight
  ) throws -> [UInt32] {
    let decoder = ColumnDecoder()
    let cursors = inputs.map { SegmentCursor($0.segment.reader, decoder: decoder) }
    var positions = SlotPositions(inputs.map(\.segment.reader.series), plan.maps)
    let metrics = try plan.metrics()
    var metric = 0
    var lastMetric = -1
    var merger = SampleMerger()
    var written: [UInt32] = []
    while let ref = positions.next() {
      while metric < metrics.count, metrics[metric].series.upperBound <= ref { metric += 1 }
      let rule = ConflictRule(
        policy: policy, adds: metric < metrics.count && plan.events.contains(metrics[metric].name))
      merger.reset()
      for (input, slot) in positions.current {
        try add(input, slot, cursors[input], to: &merger)
        merger.endSource(rule)
      }
      if merger.count == 0 { continue }
      let slot = written.count
      if slot & 255 == 0 { try oversight.check() }
      try merger.withSamples {
        try draft.writer.add(
          slot: slot, startsMetric: metric != lastMetric, times: $0, values: $1)
      }
      lastMetric = metric
      written.append(ref)
    }
    duplicates += merger.duplicates
    return written
  }

  private func add(
    _ input: Int, _ slot: Int, _ cursor: SegmentCursor, to merger: inout SampleMerger
  ) throws {
    let reader = inputs[input].segment.reader
    let hidden = try inputs[input].hidden(slot: slot)
    do {
      try cursor.read(slot: slot, wanted: 0..<reader.series.count, range: .all) {
        if hidden.isEmpty { merger.add($0, $1) } else { merger.add($0, $1, hidden: hidden) }
      }
    } catch StoreError.damaged where isTolerant {
      // Repair names the segment; the rest of the series may be good.
    }
  }
}

/// Walks the series of several segments in the order of their union.
struct SlotPositions {
  private let lists: [SeriesList]
  /// Ref in the input's set -> ref in the union; nil where they are the same.
  private let maps: [[UInt32]?]
  private var slots: [Int]
  private var refs: [UInt32]
  /// Which inputs hold the series that `next` found, and in which slot.
  private(set) var current: [(input: Int, slot: Int)] = []

  init(_ lists: [SeriesList], _ maps: [[UInt32]?]) {
    self.lists = lists
    self.maps = maps
    slots = lists.map { _ in -1 }
    refs = lists.map { _ in 0 }
    for input in lists.indices { advance(input) }
  }

  private mutating func advance(_ input: Int) {
    slots[input] += 1
    guard slots[input] < lists[input].count else {
      refs[input] = .max
      return
    }
    let ref = lists[input].ref(slots[input])
    refs[input] = maps[input].map { $0[ref] } ?? UInt32(ref)
  }

  mutating func next() -> UInt32? {
    let least = refs.min() ?? .max
    if least == .max { return nil }
    current.removeAll(keepingCapacity: true)
    for input in refs.indices where refs[input] == least {
      current.append((input, slots[input]))
      advance(input)
    }
    return least
  }
}
