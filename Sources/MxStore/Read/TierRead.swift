import MxModel
import Synchronization

/// Which resolutions a store has, and reading windows of its tiers.
extension StoreSelection {
  func resolutions(in range: TimeRange) throws -> Resolutions {
    var result = snapshot.manifest.resolutions(in: range)
    if result.tiers.isEmpty { return result }
    if snapshot.manifest.oldestWhole >= range.from {
      result.rawAfter = max(result.rawAfter, try takenThrough())
    }
    return result
  }

  /// The newest time up to which retention has taken samples of any of these series.
  private func takenThrough() throws -> Int64 {
    if let known = taken.withLock({ $0 }) { return known }
    var newest = Int64.min
    for expiry in snapshot.manifest.expiries {
      // Of several rules the first that matches a series counts.
      var open = zip(sets, refs).map { (set: $0, refs: $1.filter { $0 != .max }) }
      for rule in expiry.rules {
        var isHit = false
        for index in open.indices where !open[index].refs.isEmpty {
          let matched = try open[index].set.match(rule.matchers)
          let before = open[index].refs.count
          open[index].refs.removeAll { matched.contains($0) }
          isHit = isHit || open[index].refs.count < before
        }
        if isHit { newest = max(newest, rule.through) }
      }
    }
    taken.withLock { $0 = newest }
    return newest
  }

  func holds(_ series: Int, tier width: Int64) throws -> Bool {
    try tier(width).parts.contains { part in
      let ref = part.refs[series]
      return ref != .max && part.segment.reader.series.slot(of: Int(ref)) != nil
    }
  }

  /// Windows that the tier does not store, because there samples are few, are computed
  /// from them, so that there is no gap.
  func readWindows(
    _ series: Range<Int>, tier width: Int64, _ range: TimeRange, fields: WindowFields,
    worker number: Int, _ body: (Int, borrowing WindowColumns) throws -> Void
  ) throws {
    let tier = try tier(width)
    let ends = endsStored(range, tier, width)
    if ends.isEmpty { return }
    let windows = Int(min((ends.to &- ends.from) / width &+ 1, 1 << 16))
    let worker = tierWorker(number, tier, width, expects: windows * series.count)
    worker.columns.expected = windows
    let wanted = tier.parts.map { slots(of: $0, series) }
    for one in series {
      worker.columns.removeAll()
      let isPlain = try readPlain(one, tier, ends, fields, worker, wanted)
      let isWhole = isPlain ? try hasNoGaps(one, ends, width, worker, number) : false
      if !isWhole { try readThorough(one, width, ends, worker: number) }
      if worker.columns.count > 0 { try worker.columns.withColumns { try body(one, $0) } }
    }
  }

  /// The ends in `range` of windows that can have anything inside.
  private func endsStored(
    _ range: TimeRange, _ tier: SelectionTier, _ width: Int64
  ) -> TimeRange {
    var data = TimeRange(from: .max, to: .min)
    for part in tier.parts {
      let ends = part.segment.reader.info.range
      data.from = min(data.from, ends.from)
      data.to = max(data.to, ends.to)
    }
    for part in segments {
      let samples = part.segment.reader.info.range
      data.from = min(data.from, WindowGrid.end(of: samples.from, width))
      data.to = max(data.to, WindowGrid.end(of: samples.to, width))
    }
    return TimeRange(
      from: WindowGrid.end(of: max(range.from, data.from), width),
      to: WindowGrid.floor(min(range.to, data.to), width))
  }

  /// The columns as segments have them, one segment after the other; false where two
  /// overlap or something is void, which takes a closer look.
  private func readPlain(
    _ number: Int, _ tier: SelectionTier, _ ends: TimeRange, _ fields: WindowFields,
    _ worker: TierWorker, _ wanted: [Range<Int>]
  ) throws -> Bool {
    var newest = Int64.min
    for index in tier.byTime {
      let part = tier.parts[index]
      let range = part.segment.reader.info.range
      let ref = part.refs[number]
      guard ref != .max, range.overlaps(ends),
        let slot = part.segment.reader.series.slot(of: Int(ref))
      else { continue }
      if range.from <= newest { return false }
      newest = range.to
      try tolerant {
        try worker.cursors[index].read(
          slot: slot, wanted: wanted[index], range: ends, fields: fields, into: &worker.columns)
      }
    }
    return worker.columns.flagsOfAny & WindowFlags.void.rawValue == 0
  }

  /// Whether no sample lies in windows that were not found.
  private func hasNoGaps(
    _ number: Int, _ ends: TimeRange, _ width: Int64, _ worker: TierWorker, _ workerNumber: Int
  ) throws -> Bool {
    let found = worker.columns.ends
    if Int64(found.count) == (ends.to &- ends.from) / width &+ 1 { return true }
    var next = ends.from
    for end in found + [ends.to &+ width] {
      if next < end {
        let missing = WindowGrid.samples(
          of: TimeRange(from: next, to: end &- width), width)
        var hasSamples = false
        try read(number..<number + 1, missing, worker: workerNumber) { _, _ in
          hasSamples = true
        }
        if hasSamples { return false }
      }
      next = end &+ width
    }
    return true
  }

  /// All columns, overlapping segments joined, and from samples what is not stored.
  private func readThorough(
    _ number: Int, _ width: Int64, _ ends: TimeRange, worker workerNumber: Int
  ) throws {
    try readStored(number..<number + 1, tier: width, ends: ends, worker: workerNumber) {
      number, stored in
      let own = try tierWorker(workerNumber, tier(width), width)
      own.columns.removeAll()
      var next = ends.from
      for window in stored where !window.flags.contains(.void) {
        try derive(number, own, width, from: next, to: window.end &- width, worker: workerNumber)
        own.columns.append(window)
        next = window.end &+ width
      }
      try derive(number, own, width, from: next, to: ends.to, worker: workerNumber)
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

extension Snapshot {
  /// The segments of tiers that tell of samples in `range` that are gone.
  func tiersOfLostSamples(
    in range: TimeRange, _ report: Report
  ) throws(StoreError) -> [OpenSegment] {
    let offered = manifest.resolutions(in: range)
    if max(offered.rawAfter, manifest.oldestWhole) < range.from { return [] }
    var result: [OpenSegment] = []
    for tier in offered.tiers {
      let ends = TimeRange(from: range.from, to: WindowGrid.end(of: range.to, tier.width))
      result += try segments(ofTier: tier.width, ends: ends, report)
    }
    return result
  }
}

extension Manifest {
  /// Which resolutions there are, decided from what is live.
  ///
  /// Tiers are computed from all samples there are; so whoever begins last has lost
  /// what the others still tell of. A tier counts every commit up to its source in all
  /// windows up to its horizon; what newer commits touch before that is dirty.
  func resolutions(in range: TimeRange) -> Resolutions {
    var result = Resolutions()
    var firstEnds: [Int64: Int64] = [:]
    var oldestSample: Int64?
    for info in segments {
      switch info.kind {
      case .windows where info.samples > 0:
        firstEnds[info.tier] = min(firstEnds[info.tier] ?? .max, info.range.from)
      case .samples: oldestSample = min(oldestSample ?? .max, info.range.from)
      case .windows, .record: continue
      }
    }
    guard let firstEnd = firstEnds.values.min() else { return result }
    let oldest = min(firstEnd, oldestSample ?? .max)
    // Exclusive, as windows begin: a sample on their edge belongs to the window before.
    let before = oldestSample.map { max($0, .min + 1) - 1 } ?? .max
    result.oldest = firstEnds.reduce(before) { min($0, $1.value - $1.key) }
    if let oldestSample {
      result.rawAfter = oldestSample <= firstEnd ? .min : oldestSample - 1
    } else {
      result.rawAfter = .max
    }
    // Retention leaves samples of some series behind those of others.
    result.rawAfter = max(result.rawAfter, newestTold)
    // The tiers that begin first speak for all before them too: what they do not store
    // there never was, or its samples were left.
    let begin = result.rawAfter == .min ? oldest : firstEnd
    for (width, first) in firstEnds.sorted(by: { $0.key < $1.key }) {
      let state = TierState(self, tier: width)
      var span = TierSpan(
        width: width, from: first - width < begin ? .min : first - width, to: state.horizon)
      for info in segments where info.kind != .windows && info.lastSequence > state.source {
        let late = info.range.intersection(TimeRange(from: range.from, to: state.horizon))
        if !late.isEmpty, late.to >= result.oldest { span.dirty.append(late) }
      }
      result.tiers.append(span)
    }
    return result
  }
}
