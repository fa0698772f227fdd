package import MxCodec
import MxFiles
package import MxModel

/// A merge that is due: which segments become one.
package struct MergeJob: Hashable, Sendable {
  /// Ids of the inputs, oldest commit first.
  package var inputs: [UInt64]
  package var level: UInt8

  package init(inputs: [UInt64], level: UInt8) {
    self.inputs = inputs
    self.level = level
  }
}

extension Store {
  /// Carries out a merge: the heavy work outside the commit lock, then, if all
  /// inputs are live still, one commit that swaps them for the output. Returns
  /// the output, nil where nothing was left or the inputs had changed.
  ///
  /// `hides`: what is left out for good besides what deletions hide, by series.
  @discardableResult
  package func execute(
    _ job: MergeJob, now: Int64, grace: Int64 = Removal.defaultGrace, effort: Effort,
    lockWait: Double = 60, _ report: Report, _ oversight: Oversight = Oversight(),
    hides: @escaping SegmentHiding = { _ in [] },
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> SegmentInfo? {
    var random = random
    let snapshot = try Snapshot(self, report)
    let infos = job.inputs.compactMap { snapshot.manifest.segment($0) }
    guard infos.count == job.inputs.count, !infos.isEmpty else { return nil }
    let inputs = try infos.map {
      try snapshot.mergeInput($0, now: now, grace: grace, hides: hides)
    }
    var draft: SegmentDraft?
    if infos.allSatisfy({ $0.kind == .windows }) {
      draft = try TierMerge(self, inputs).write(id: random.next(), effort: effort, oversight)
    } else {
      var merge = SegmentMerge(self, inputs, policy: snapshot.manifest.conflict)
      draft = try merge.write(id: random.next(), effort: effort, oversight)
    }
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    do {
      return try commitMerge(
        draft, replacing: inputs, level: job.level, now: now, grace: grace, report,
        random: &random)
    } catch {
      draft?.discard()
      throw error
    }
  }

  private func commitMerge(
    _ draft: SegmentDraft?, replacing inputs: [SegmentMerge.Input], level: UInt8, now: Int64,
    grace: Int64, _ report: Report, random: inout any RandomNumberGenerator
  ) throws(StoreError) -> SegmentInfo? {
    var manifest = try manifestForWriting(report, random: &random)
    let infos = inputs.map(\.segment.reader.info)
    // Someone deleted, merged or expired an input meanwhile: the work is void.
    guard infos.allSatisfy({ manifest.segments.contains($0) }),
      MergePlan.mayMerge(infos, manifest, now: now, grace: grace)
    else {
      draft?.discard()
      return nil
    }
    let footers = inputs.map(\.segment.reader.footer)
    let orphans = try orphans(beyond: manifest)
    guard let draft else {
      // Deletions left nothing: a record keeps a rebuild from bringing the inputs back.
      manifest.retire(infos, now: now)
      try commitRecord(
        random.next(), &manifest, replaces: infos.map(\.id),
        batches: SegmentFooter.batches(of: footers), now: now)
      return nil
    }
    let output = try seal(
      draft, standingFor: footers, orphans, level: level, manifest, now: now)
    try onDisk { () throws(FileError) in try files.syncDirectory(segmentDirectory) }
    manifest.retire(infos, now: now)
    manifest.add([output], now: now)
    try write(manifest)
    return output
  }

  /// Ends the output of a merge with the footer that says what it stands for.
  func seal(
    _ draft: SegmentDraft, standingFor footers: [SegmentFooter], _ orphans: Orphans,
    level: UInt8, _ manifest: Manifest, now: Int64
  ) throws(StoreError) -> SegmentInfo {
    let first = footers.map(\.info.firstSequence).min() ?? 0
    let last = footers.map(\.info.lastSequence).max() ?? 0
    var footer = SegmentFooter(
      info: draft.info(sequences: first...last, level: level), storeID: manifest.storeID)
    footer.replaces = manifest.dead(by: footers) + orphans.ids
    footer.batches = SegmentFooter.batches(of: footers)
    footer.made = now
    footer.conflict = manifest.conflict
    footer.info.source = footers.map(\.info.source).max() ?? 0
    footer.info.horizon = footers.map(\.info.horizon).max() ?? .min
    return try draft.seal(footer)
  }

  /// What a fold did, for the commit that makes it so.
  struct Fold {
    var inputs: [SegmentInfo]
    var output: SegmentInfo?
    /// Where nothing was left of the inputs: what the commit itself must name
    /// as dead, and the batches that it holds instead of them.
    var dead: [UInt64] = []
    var batches: [ContentHash] = []
  }

  /// The part of a fold that a commit does under its lock: writes the output;
  /// the commit's own manifest makes it live. Nil where an input is gone.
  func fold(
    _ job: MergeJob, _ manifest: Manifest, _ orphans: Orphans, _ options: CommitOptions,
    random: inout any RandomNumberGenerator
  ) throws -> Fold? {
    let snapshot = Snapshot(self, manifest)
    let infos = job.inputs.compactMap { manifest.segment($0) }
    guard infos.count == job.inputs.count else { return nil }
    let inputs = try infos.map {
      try snapshot.mergeInput($0, now: options.now, grace: options.grace)
    }
    var merge = SegmentMerge(self, inputs, policy: manifest.conflict)
    let footers = inputs.map(\.segment.reader.footer)
    guard let draft = try merge.write(id: random.next(), effort: .fresh) else {
      return Fold(
        inputs: infos, dead: manifest.dead(by: footers),
        batches: SegmentFooter.batches(of: footers))
    }
    do {
      let output = try seal(
        draft, standingFor: footers, orphans, level: job.level, manifest, now: options.now)
      return Fold(inputs: infos, output: output)
    } catch {
      draft.discard()
      throw error
    }
  }

  /// Merges all live segments into one, whatever their size: for benchmarks
  /// and tests. Returns how many there were. `tier`: those of a tier, 0 for samples.
  package func mergeAll(tier: Int64 = 0, now: Int64, _ report: Report) throws -> Int {
    let manifest = try self.manifest(report)
    let inputs = manifest.segments.filter { $0.kind != .record && $0.tier == tier }
      .sorted { $0.lastSequence < $1.lastSequence }
    try execute(
      MergeJob(inputs: inputs.map(\.id), level: 2), now: now, effort: .merged, report)
    return inputs.count
  }
}

/// Stretches of time of a series of a segment (by its ref in the segment's set), ascending.
package typealias SegmentHiding = (_ ref: UInt32) throws -> [TimeRange]

extension Snapshot {
  /// A segment as input of a merge, with what deletions hide in it for good:
  /// those that may still be taken back are left to the readers.
  func mergeInput(
    _ info: SegmentInfo, now: Int64, grace: Int64, hides: @escaping SegmentHiding = { _ in [] }
  ) throws(StoreError) -> SegmentMerge.Input {
    let segment = try segment(info)
    var input = SegmentMerge.Input(segment: segment)
    input.hides = hides
    if info.kind != .samples { return input }
    for tombstone in manifest.tombstones
    where tombstone.sequence > info.lastSequence && tombstone.range.overlaps(info.range)
      && Removal.isOver(tombstone.made, grace, now: now)
    {
      input.hidden.append((try segment.set.match(tombstone.matchers), tombstone.range))
    }
    return input
  }
}

extension Manifest {
  /// All ids that an output of `inputs` must name as dead: the inputs, and what
  /// these replaced while its files may still lie there.
  func dead(by inputs: [SegmentFooter]) -> [UInt64] {
    let waiting = Set(retired.segmentIDs)
    let older = inputs.flatMap(\.replaces).filter { waiting.contains($0) }
    return (inputs.map(\.info.id) + older).sorted()
  }

  /// Takes segments out; their files, and sets no one needs any more, wait for
  /// the grace to end.
  mutating func retire(_ infos: [SegmentInfo], now: Int64) {
    let ids = Set(infos.map(\.id))
    let before = sets
    segments.removeAll { ids.contains($0.id) }
    for info in infos {
      retired.append(
        Retired(
          path: "segments/" + info.fileName, segment: info.id, bytes: info.bytes, since: now))
    }
    for set in before.subtracting(sets).sorted() {
      retired.append(
        Retired(path: "sets/" + Store.setName(set), segment: 0, bytes: 0, since: now))
    }
  }
}
