import MxCodec
import MxFiles
package import MxModel

/// What relabelling a store did.
package struct RewriteResult: Hashable, Sendable {
  /// Segments that hold other series now.
  package var segments = 0
  /// Series of segments that got other labels, and that went.
  package var renamed = 0
  package var dropped = 0
  /// Samples of one instant that two series had before they became one.
  package var duplicates = DuplicateCounts()

  package init() {}
}

extension Store {
  /// Applies relabel rules to all that is stored, in one commit: a reader sees all of it
  /// or nothing. Where two series become one, the later commit's sample counts, and
  /// tiers compute their windows again. What is committed meanwhile keeps its labels.
  /// The caller holds the maintenance lock.
  package func rewrite(
    _ rules: RelabelRules, now: Int64, lockWait: Double = 60, _ report: Report,
    _ oversight: Oversight = Oversight(),
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> RewriteResult {
    var run = StoreRewrite(try Snapshot(self, report), rules, random: random)
    defer { run.discard() }
    try run.prepare(oversight)
    try run.commit(now: now, lockWait: lockWait, report)
    return run.result
  }
}

/// One rewriting: drafts of all segments that change, then their commit.
struct StoreRewrite {
  private struct Output {
    let footer: SegmentFooter
    /// Nil: nothing is left of the segment.
    let draft: SegmentDraft?
  }

  /// A series of a segment and what it becomes.
  fileprivate struct Move {
    var labels: LabelSet
    var slot: Int
  }

  private let snapshot: Snapshot
  private let rules: RelabelRules
  private var random: any RandomNumberGenerator
  private var outputs: [Output] = []
  /// Where windows are to be computed again.
  private var touched: TimeRange?
  private(set) var result = RewriteResult()

  private var store: Store { snapshot.store }

  init(_ snapshot: Snapshot, _ rules: RelabelRules, random: any RandomNumberGenerator) {
    self.snapshot = snapshot
    self.rules = rules
    self.random = random
  }

  mutating func prepare(_ oversight: Oversight) throws {
    let all = snapshot.manifest.segments.filter { $0.kind != .record && $0.series > 0 }
    for (number, info) in all.sorted(by: { $0.lastSequence < $1.lastSequence }).enumerated() {
      try oversight.check()
      oversight.progress("rewriting", number, all.count)
      let segment = try snapshot.segment(info)
      guard let moves = try moves(of: segment) else { continue }
      result.segments += 1
      if info.kind == .samples {
        outputs.append(Output(footer: segment.reader.footer, draft: try samples(segment, moves)))
      } else {
        outputs.append(Output(footer: segment.reader.footer, draft: try windows(segment, moves)))
      }
    }
  }

  /// The series that stay, in their new order; nil where none changes.
  private mutating func moves(of segment: Snapshot.OpenSegment) throws -> [Move]? {
    let series = segment.reader.series
    let cursor = try KeyCursor(segment.set)
    var moves: [Move] = []
    var renamed = 0
    for slot in 0..<series.count {
      try cursor.move(to: UInt32(series.ref(slot)))
      let labels = LabelSet(key: Array(cursor.key))
      guard let new = rules.apply(labels), !new.isEmpty else { continue }
      if new != labels { renamed += 1 }
      moves.append(Move(labels: new, slot: slot))
    }
    if renamed == 0, moves.count == series.count { return nil }
    if segment.reader.info.kind == .samples {
      result.renamed += renamed
      result.dropped += series.count - moves.count
    }
    return moves.sorted { ($0.labels, $0.slot) < ($1.labels, $1.slot) }
  }

  private mutating func samples(
    _ segment: Snapshot.OpenSegment, _ moves: [Move]
  ) throws -> SegmentDraft? {
    if moves.isEmpty { return nil }
    let draft = try SegmentDraft(store, id: random.next(), effort: .merged)
    do {
      let cursor = SegmentCursor(segment.reader, decoder: ColumnDecoder())
      let rule = ConflictRule(policy: snapshot.manifest.conflict)
      var set = SeriesSetWriter()
      var merger = SampleMerger()
      var metric: String?
      var slot = 0
      for group in moves.chunked() {
        merger.reset()
        for move in group {
          try cursor.read(slot: move.slot, wanted: move.slot..<move.slot + 1, range: .all) {
            merger.add($0, $1)
          }
          merger.endSource(rule)
        }
        let labels = group[group.startIndex].labels
        set.add(labels)
        try merger.withSamples {
          try draft.writer.add(
            slot: slot, startsMetric: labels.metricName != metric, times: $0, values: $1)
        }
        if group.count > 1 { touch(segment.reader.info.range) }
        metric = labels.metricName
        slot += 1
      }
      result.duplicates += merger.duplicates
      try finish(draft, set, count: slot, of: segment)
      return draft
    } catch {
      draft.discard()
      throw error
    }
  }

  private mutating func windows(
    _ segment: Snapshot.OpenSegment, _ moves: [Move]
  ) throws -> SegmentDraft? {
    let info = segment.reader.info
    let (span, overflow) = info.range.to.subtractingReportingOverflow(info.range.from)
    let writer = try TierWriter(
      store, id: random.next(), tier: info.tier,
      windows: overflow ? .max : Int(span / info.tier) + 1, effort: .merged)
    do {
      let cursor = TierCursor(segment.reader, decoder: ColumnDecoder())
      var set = SeriesSetWriter()
      var merger = WindowMerger()
      var windows: [Window] = []
      var metric: String?
      for group in moves.chunked() {
        merger.reset()
        for move in group {
          try cursor.read(
            slot: move.slot, wanted: move.slot..<move.slot + 1, range: .all, into: &windows)
          merger.add(windows)
        }
        if merger.windows.isEmpty { continue }
        let labels = group[group.startIndex].labels
        set.add(labels)
        try writer.add(
          UInt32(writer.series.count), startsMetric: labels.metricName != metric, merger.windows)
        metric = labels.metricName
      }
      try writer.finishWindows()
      try finish(writer.draft, set, count: writer.series.count, of: segment)
      return writer.draft
    } catch {
      writer.draft.discard()
      throw error
    }
  }

  private func finish(
    _ draft: SegmentDraft, _ set: consuming SeriesSetWriter, count: Int,
    of segment: Snapshot.OpenSegment
  ) throws {
    for entry in try segment.set.allMetadata() { set.add(entry) }
    let home = try store.home(of: set.finish())
    try draft.finishColumns(.stretch(0..<count), set: home.id, inline: home.inline, early: true)
  }

  private mutating func touch(_ range: TimeRange) {
    touched = touched?.union(range) ?? range
  }

  mutating func commit(now: Int64, lockWait: Double, _ report: Report) throws {
    if outputs.isEmpty { return }
    let lock = try store.lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try store.manifestForWriting(report, random: &random)
    let orphans = try store.orphans(beyond: manifest)
    var gone: [UInt64] = []
    while let output = outputs.first {
      let info = output.footer.info
      // A commit folded it meanwhile: then it is as fresh as what came meanwhile.
      guard manifest.segment(info.id) == info else {
        output.draft?.discard()
        outputs.removeFirst()
        continue
      }
      if let draft = output.draft {
        let new = try store.seal(
          draft, standingFor: [output.footer], orphans, level: info.level, manifest, now: now)
        outputs.removeFirst()
        manifest.retire([info], now: now)
        manifest.segments.append(new)
      } else {
        outputs.removeFirst()
        manifest.retire([info], now: now)
        gone.append(info.id)
      }
    }
    try onDisk { () throws(FileError) in
      try store.files.syncDirectory(store.segmentDirectory)
    }
    try store.commitRecord(
      random.next(), &manifest, range: touched ?? TimeRange(from: 0, to: 0), replaces: gone,
      now: now)
  }

  mutating func discard() {
    for output in outputs { output.draft?.discard() }
    outputs = []
  }
}

extension [StoreRewrite.Move] {
  /// Neighbours of equal labels together.
  fileprivate func chunked() -> [ArraySlice<StoreRewrite.Move>] {
    var result: [ArraySlice<StoreRewrite.Move>] = []
    var start = startIndex
    for index in indices where index > start && self[index].labels != self[start].labels {
      result.append(self[start..<index])
      start = index
    }
    if start < endIndex { result.append(self[start...]) }
    return result
  }
}
