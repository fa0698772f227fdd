import MxCodec
import MxFiles
package import MxModel

/// What `repair` did.
package struct RepairResult: Hashable, Sendable {
  /// Files that were moved to `quarantine/`.
  package var quarantined: [String] = []
  /// Segments whose good pages were kept in a new segment.
  package var salvaged = 0
  /// Samples that were in what could not be read.
  package var lostSamples = 0
  package var rebuiltManifest = false

  package init() {}
}

extension Store {
  /// Makes the store whole again: what cannot be read goes to `quarantine/`,
  /// nothing is deleted, what is good stays.
  package func repair(
    now: Int64, lockWait: Double = 60, _ report: Report,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> RepairResult {
    var random = random
    var result = RepairResult()
    let maintenance = try lockMaintenance(wait: lockWait)
    defer { maintenance.release() }
    try repairManifests(now: now, lockWait: lockWait, &result, random: &random)
    for info in try manifest(Report()).segments {
      switch try condition(of: info) {
      case .whole: continue
      case .partly where try replacements(of: info).samples < info.samples:
        try salvage(info, now: now, lockWait: lockWait, &result, random: &random)
      case .partly, .lost: try abandon(info, now: now, lockWait: lockWait, &result, random: &random)
      }
    }
    try quarantineUnreadable(lockWait: lockWait, &result)
    try quarantineDamagedSets(&result)
    return result
  }

  private enum Condition {
    case whole
    /// Footer and indexes are good, some pages are not.
    case partly
    /// Nothing of it can be read.
    case lost
  }

  private func condition(of info: SegmentInfo) throws -> Condition {
    let report = Report()
    do {
      if info.kind == .record {
        let region = try FileRegion(opening: segmentPath(info), in: files)
        return try SegmentFooter(reading: region).info == info ? .whole : .lost
      }
      let segment = try Snapshot(self, try manifest(Report())).segment(info)
      try segment.set.verify()
      let cursor = SegmentCursor(segment.reader, decoder: ColumnDecoder())
      for block in 0..<segment.reader.pageBlockCount {
        for entry in try segment.reader.entries(block: block) {
          do {
            try cursor.check(try segment.reader.load(entry))
          } catch StoreError.damaged(let damage) {
            report.damaged(damage)
          }
        }
      }
    } catch StoreError.damaged, StoreError.vanished, StoreError.foreign {
      return .lost
    }
    return report.damage.isEmpty ? .whole : .partly
  }

  /// Moves manifests that cannot be read aside; where the newest is among them,
  /// writes the one that the segments add up to.
  private func repairManifests(
    now: Int64, lockWait: Double, _ result: inout RepairResult,
    random: inout any RandomNumberGenerator
  ) throws(StoreError) {
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    let generations = try manifestGenerations()
    var damaged: [UInt64] = []
    for generation in generations {
      do throws(StoreError) {
        _ = try readManifest(generation)
      } catch .damaged {
        damaged.append(generation)
      }
    }
    let newestIsGood = generations.first.map { !damaged.contains($0) } ?? false
    if !newestIsGood {
      var manifest = try rebuiltManifest(Report())
      manifest.add([], now: now)
      try write(manifest)
      result.rebuiltManifest = true
    }
    for generation in damaged {
      try quarantine(
        FilePath.join(path, Manifest.fileName(generation: generation)), &result)
    }
  }

  /// Writes what can be read of a segment anew.
  private func salvage(
    _ info: SegmentInfo, now: Int64, lockWait: Double, _ result: inout RepairResult,
    random: inout any RandomNumberGenerator
  ) throws {
    let snapshot = Snapshot(self, try manifest(Report()))
    let input = SegmentMerge.Input(segment: try snapshot.segment(info))
    // Windows are computed from samples again: `readWindows` does where none are stored.
    if info.kind == .windows {
      return try abandon(info, now: now, lockWait: lockWait, &result, random: &random)
    }
    var merge = SegmentMerge(self, [input], policy: snapshot.manifest.conflict)
    merge.isTolerant = true
    guard let draft = try merge.write(id: random.next(), effort: .merged) else {
      return try abandon(info, now: now, lockWait: lockWait, &result, random: &random)
    }
    try replace(input.segment.reader.footer, by: draft, now: now, lockWait, random: &random)
    try quarantine(info, &result)
    result.salvaged += 1
    result.lostSamples += info.samples - draft.writer.samples
  }

  /// Takes out what cannot be read. Where the segments that it was merged from
  /// wait for their removal still, they are live again; what a record said is
  /// known from the manifest, and is said anew.
  private func abandon(
    _ info: SegmentInfo, now: Int64, lockWait: Double, _ result: inout RepairResult,
    random: inout any RandomNumberGenerator
  ) throws {
    let back = try replacements(of: info)
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(Report(), random: &random)
    guard manifest.segment(info.id) != nil else { return }
    manifest.segments.removeAll { $0.id == info.id }
    manifest.segments += back.segments
    let names = Set(back.segments.map { "segments/" + $0.fileName })
    manifest.retired.removeAll { names.contains($0.path) }
    let record = random.next()
    for index in manifest.tombstones.indices where manifest.tombstones[index].record == info.id {
      manifest.tombstones[index].record = record
    }
    for index in manifest.expiries.indices where manifest.expiries[index].record == info.id {
      manifest.expiries[index].record = record
    }
    // All that waits is dead, whoever said so before.
    try commitRecord(
      record, &manifest, tombstones: manifest.tombstones.filter { $0.record == record },
      expiries: manifest.expiries.filter { $0.record == record },
      replaces: [info.id], dead: manifest.retired.segmentIDs, now: now)
    try quarantine(info, &result)
    result.lostSamples += info.kind == .samples ? max(0, info.samples - back.samples) : 0
  }

  /// The retired segments that would be live if `info` were not.
  private func replacements(
    of info: SegmentInfo
  ) throws -> (segments: [SegmentInfo], samples: Int) {
    if info.kind != .samples { return ([], 0) }
    let waiting = Set(try manifest(Report()).retired.segmentIDs)
    var found = try foundSegments(Report())
    found.footers.removeAll { $0.info.id == info.id }
    var segments: [SegmentInfo] = []
    for old in try rebuiltManifest(from: found).segments
    where waiting.contains(old.id) && info.firstSequence <= old.firstSequence
      && old.lastSequence <= info.lastSequence
    {
      if try condition(of: old) == .whole { segments.append(old) }
    }
    return (segments, segments.reduce(0) { $0 + $1.samples })
  }

  /// Moves a segment aside, and gives its set a second name beside it: without
  /// labels nothing of it could ever be saved.
  private func quarantine(
    _ info: SegmentInfo, _ result: inout RepairResult
  ) throws(StoreError) {
    try quarantine(segmentPath(info), &result)
    guard let set = info.set else { return }
    let target = FilePath.join(quarantineDirectory, Store.setName(set))
    try onDisk { () throws(FileError) in
      guard try files.status(setPath(set)) != nil, try files.status(target) == nil else { return }
      try files.link(setPath(set), to: target)
      try files.syncDirectory(quarantineDirectory)
    }
  }

  /// Files in `segments/` that nothing knows and that cannot be read.
  private func quarantineUnreadable(
    lockWait: Double, _ result: inout RepairResult
  ) throws(StoreError) {
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    for name in try orphans(beyond: manifest(Report())).unreadable {
      try quarantine(FilePath.join(segmentDirectory, name), &result)
    }
  }

  /// Swaps a damaged segment for what was saved of it. Its file goes to
  /// quarantine, so it is not retired.
  private func replace(
    _ footer: SegmentFooter, by draft: SegmentDraft, now: Int64, _ lockWait: Double,
    random: inout any RandomNumberGenerator
  ) throws(StoreError) {
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(Report(), random: &random)
    manifest.segments.removeAll { $0.id == footer.info.id }
    let orphans = try orphans(beyond: manifest)
    let output = try seal(
      draft, standingFor: [footer], orphans, level: footer.info.level, manifest, now: now)
    try onDisk { () throws(FileError) in try files.syncDirectory(segmentDirectory) }
    manifest.add([output], now: now)
    try write(manifest)
  }

  private func quarantineDamagedSets(_ result: inout RepairResult) throws(StoreError) {
    for name in try names(in: setDirectory) where name.hasSuffix(".set") {
      let file = FilePath.join(setDirectory, name)
      do throws(StoreError) {
        let set = try SeriesSet(region: FileRegion(opening: file, in: files))
        guard Store.setName(set.id) == name else {
          throw .damaged(Damage(path: file, part: "", reason: "has another set's name"))
        }
        try set.verify()
      } catch .damaged {
        try quarantine(file, &result)
      } catch .foreign {
        try quarantine(file, &result)
      }
    }
  }

  /// Moves a file out of the way, under a name that tells where it was.
  private func quarantine(_ file: String, _ result: inout RepairResult) throws(StoreError) {
    let home = quarantineDirectory
    try onDisk { () throws(FileError) in
      guard try files.status(file) != nil else { return }
      try files.makeDirectory(home)
      try files.syncDirectory(path)
      var target = FilePath.join(home, FilePath.name(of: file))
      var number = 1
      while try files.status(target) != nil {
        number += 1
        target = FilePath.join(home, FilePath.name(of: file) + ".\(number)")
      }
      try files.rename(file, to: target)
      try files.syncDirectory(home)
      try files.syncDirectory(FilePath.parent(of: file))
      result.quarantined.append(target)
    }
  }
}
