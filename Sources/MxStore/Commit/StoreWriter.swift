package import MxCodec
import MxFiles
package import MxModel

/// What a commit did.
package struct CommitResult: Hashable, Sendable {
  package var segments: [SegmentInfo] = []
  package var duplicates = DuplicateCounts()
  /// How many small segments were rewritten into one on the way.
  package var folded = 0
  /// Seconds that the commit lock was waited for: other writers, and upkeep that
  /// publishes what it made.
  package var waited = 0.0

  package init() {}

  package var samples: Int { segments.reduce(0) { $0 + $1.samples } }
}

/// What a commit carries besides samples.
package struct CommitOptions: Sendable {
  /// The present, ms.
  package var now: Int64
  /// Seconds to wait for the commit lock.
  package var lockWait: Double = 60
  /// The inputs that the samples come from; see `Store.heldBatches`.
  package var batches: [ContentHash] = []
  /// The last commit among whose inputs none of `batches` was found: younger ones
  /// are looked at under the lock, so that two runs cannot both take an input. Nil:
  /// nothing is looked at.
  package var batchesCheckedTo: UInt64?
  /// How long removed files are kept, ms: deletions younger than that are not
  /// made permanent by folding.
  package var grace = Removal.defaultGrace
  /// The store's conflict policy from now on; nil leaves it.
  package var conflict: ConflictPolicy?

  package init(now: Int64) { self.now = now }
}

/// Takes batches and makes them durable in one commit.
///
/// The heavy work (sorting, encoding, most of the writing) is done in `append`,
/// outside the lock; `commit` numbers what was written, names it and writes
/// the next manifest: four syncs where the series were known.
package final class StoreWriter: SampleSink {
  private let store: Store
  /// What `commit` goes by; the conflict policy is that of the first `append`.
  package var options: CommitOptions
  private var random: any RandomNumberGenerator
  private var drafts: [SegmentDraft] = []
  private let report = Report()
  private var sets: SetPlacement?
  /// Where the policy is to refuse conflicts.
  private var conflicts: ConflictCheck?
  package private(set) var result = CommitResult()

  package init(
    _ store: Store, _ options: CommitOptions,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    self.store = store
    self.options = options
    self.random = random
  }

  deinit { discard() }

  package func append(_ batch: borrowing SampleBatch) throws {
    if batch.count == 0 { return }
    precondition(batch.content == .floats, "BUG: histograms passed the gate")
    if sets == nil {
      try store.makeDirectories()
      sets = try SetPlacement(store, policy: options.conflict, report)
      if sets?.policy == .error { conflicts = ConflictCheck() }
    }
    guard let sets else { preconditionFailure("BUG: no sets") }
    let events = EventMetrics(batch.metadata)
    let samples = SortedSamples(batch, policy: sets.policy) { ref in
      events.contains(batch.series, ref)
    }
    try conflicts?.add(batch.series, samples, events, store, report)
    result.duplicates += samples.duplicates
    for part in try sets.place(samples.order, of: batch) {
      drafts.append(try draft(part, samples, batch))
    }
  }

  private func draft(
    _ part: SetPlacement.Part, _ samples: SortedSamples, _ batch: borrowing SampleBatch
  ) throws -> SegmentDraft {
    let draft = try SegmentDraft(store, id: random.next(), effort: .fresh)
    do {
      var last: [UInt8] = []
      for (slot, index) in part.indices.enumerated() {
        let metric = batch.series.withKey(samples.order[index]) { LabelKey.metric($0) }
        try samples.withSamples(index) { times, values throws(StoreError) in
          try draft.writer.add(
            slot: slot, startsMetric: metric != last, times: times, values: values)
        }
        last = metric
      }
      try draft.finishColumns(part.series, set: part.set, inline: part.inline, early: true)
      return draft
    } catch {
      draft.discard()
      throw error
    }
  }

  /// Makes everything appended durable, or throws and leaves the store as it was, but for
  /// `StoreError.uncertain`: then it may be there, whole. (A manifest made anew from the
  /// segments alone may also find a commit that was refused after its files had names.)
  package func commit() throws { try commit(naming: options.batches) }

  /// The same, with the inputs that these samples came from known only now.
  func commit(naming batches: [ContentHash]) throws {
    if drafts.isEmpty { return }
    let lock = try store.lockCommit(wait: options.lockWait)
    defer { lock.release() }
    result.waited += lock.waited
    var manifest = try store.manifestForWriting(report, random: &random)
    let orphans = try store.orphans(beyond: manifest)
    if let policy = options.conflict { manifest.conflict = policy }
    let first = max(manifest.lastSequence, orphans.lastSequence) + 1
    try checkSets()
    try checkBatches(manifest)
    try conflicts?.finish(manifest, store, report)
    let folded = try fold(&manifest, orphans)
    do {
      try seal(naming: batches, first: first, &manifest, orphans, folded)
    } catch StoreError.file(let error) {
      // Without a manifest a store is what its segments say.
      throw isFirst() ? StoreError.uncertain(error) : StoreError.file(error)
    }
  }

  /// Whether there is no manifest yet.
  private func isFirst() -> Bool {
    do throws(StoreError) { return try store.manifestGenerations().isEmpty } catch { return true }
  }

  /// Gives the drafts their names and writes the manifest that has them.
  private func seal(
    naming batches: [ContentHash], first: UInt64, _ manifest: inout Manifest, _ orphans: Orphans,
    _ folded: Store.Fold?
  ) throws(StoreError) {
    var infos: [SegmentInfo] = []
    for (part, draft) in drafts.enumerated() {
      let sequence = first + UInt64(part)
      var footer = SegmentFooter(
        info: draft.info(sequences: sequence...sequence, level: 0), storeID: manifest.storeID)
      footer.part = part
      footer.parts = drafts.count
      footer.replaces = part == 0 ? orphans.ids + (folded?.dead ?? []) : []
      footer.batches = (part == 0 ? folded?.batches ?? [] : []) + batches
      footer.made = options.now
      footer.conflict = manifest.conflict
      infos.append(try draft.seal(footer))
    }
    drafts = []
    try onDisk { () throws(FileError) in
      try store.files.syncDirectory(store.segmentDirectory)
    }
    manifest.lastSequence = first + UInt64(infos.count) - 1
    manifest.add(infos, now: options.now)
    try store.write(manifest)
    result.segments += infos
  }

  /// The sets that the drafts refer to were there when they were chosen, without
  /// the lock; one that waited for its removal may be gone by now.
  private func checkSets() throws(StoreError) {
    for set in Set(drafts.compactMap(\.set)).sorted() where try !store.has(set) {
      throw .vanished(path: store.setPath(set))
    }
  }

  /// An input that another run has taken since it was looked for.
  private func checkBatches(_ manifest: Manifest) throws(StoreError) {
    guard let sequence = options.batchesCheckedTo, manifest.lastSequence > sequence,
      !options.batches.isEmpty
    else { return }
    let held = try store.batches(of: manifest, after: sequence, report)
    if let taken = options.batches.first(where: { held.contains($0) }) {
      throw .held(batch: taken)
    }
  }

  /// Rewrites the small segments of the last minutes as one, where there are
  /// many: some milliseconds now, for every query until the hour is merged. A fold
  /// that damage stops is left to `repair`.
  private func fold(_ manifest: inout Manifest, _ orphans: Orphans) throws -> Store.Fold? {
    guard let job = MergePlan.fold(manifest, now: options.now, grace: options.grace) else {
      return nil
    }
    do {
      let fold = try store.fold(job, manifest, orphans, options, random: &random)
      guard let fold else { return nil }
      manifest.retire(fold.inputs, now: options.now)
      manifest.segments += fold.output.map { [$0] } ?? []
      result.folded += fold.inputs.count
      return fold
    } catch StoreError.damaged(let damage) {
      report.damaged(damage)
    } catch StoreError.vanished(let path) {
      report.damaged(Damage(path: path, part: "", reason: "is missing"))
    }
    return nil
  }

  /// Drops what was appended and not committed.
  package func discard() {
    for draft in drafts { draft.discard() }
    drafts = []
  }
}

/// Which metrics of a batch are events: several at one instant add up.
struct EventMetrics {
  private let names: Set<[UInt8]>

  init(_ metadata: [MetricMetadata]) {
    names = Set(
      metadata.filter { $0.type == .event }.map { LabelKey.escaped(Array($0.family.utf8)) })
  }

  func contains(_ series: borrowing SeriesTable, _ ref: UInt32) -> Bool {
    if names.isEmpty { return false }
    return names.contains(series.withKey(ref) { LabelKey.metric($0) })
  }
}

extension LabelKey {
  /// The escaped metric name of a canonical key, empty where it has none.
  static func metric(_ key: UnsafeRawBufferPointer) -> [UInt8] {
    var cursor = LabelCursor(key)
    while let pair = cursor.next() {
      if pair.name.elementsEqual(LabelName.metric.utf8) { return Array(pair.value) }
    }
    return []
  }
}

extension Manifest {
  /// Takes new segments in: the next generation.
  mutating func add(_ infos: [SegmentInfo], now: Int64) {
    generation += 1
    lastRun = now
    segments += infos
    let live = sets
    // A set that waited for its removal is needed again.
    retired.removeOthers { file in
      file.segment == 0 && live.contains { file.path == "sets/" + Store.setName($0) }
    }
  }
}
