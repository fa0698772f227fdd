import MxFiles
package import MxModel

/// What a removal did.
package struct RemovalResult: Hashable, Sendable {
  package var files = 0
  package var bytes = 0
  /// Left for later because someone reads for long.
  package var isDeferred = false

  package init() {}
}

/// Files go in two steps: a commit retires them, and when the grace is over a
/// later run removes them. Whoever took a snapshot or a copy in between still
/// finds them.
package enum Removal {
  /// 24 h: a copy that takes less than this is whole.
  package static let defaultGrace: Int64 = 86_400_000

  /// Whether `span` ms went by from `since` to `now`. Clocks may say anything:
  /// nothing here overflows.
  static func isOver(_ since: Int64, _ span: Int64, now: Int64) -> Bool {
    let (age, overflow) = now.subtractingReportingOverflow(since)
    return overflow ? now > since : age >= span
  }

  /// The present by which samples are old: a clock that jumped ahead makes none
  /// older than the newest and a day.
  static func present(_ manifest: Manifest, now: Int64) -> Int64 {
    guard let newest = manifest.newestSample else { return now }
    return bound(now, by: newest)
  }

  /// The present by which files have waited: a day after the newest sample, or after the
  /// last writer's clock. A store of nothing but history has its files retired long after
  /// its newest sample.
  static func presentOfFiles(_ manifest: Manifest, now: Int64) -> Int64 {
    guard let newest = manifest.newestSample else { return now }
    return bound(now, by: max(newest, manifest.lastRun))
  }

  private static func bound(_ now: Int64, by newest: Int64) -> Int64 {
    let (limit, overflow) = newest.addingReportingOverflow(86_400_000)
    return overflow ? now : min(now, limit)
  }
}

extension Store {
  /// Removes what was retired `grace` ms ago, and what crashed runs left.
  ///
  /// The clock may lie: see `Removal.presentOfFiles`. `sweepGrace`:
  /// how old files that nothing names must be; nil: `grace` as well.
  package func removeRetired(
    now: Int64, grace: Int64 = Removal.defaultGrace, sweepGrace: Int64? = nil,
    lockWait: Double = 60, _ report: Report
  ) throws(StoreError) -> RemovalResult {
    let result = try removeRetiredLocked(
      now: now, grace: grace, sweepGrace: sweepGrace ?? grace, lockWait: lockWait, report)
    // Nothing rests on it before the next removal, which syncs first: no commit
    // needs to wait for it.
    if result.files > 0 { try syncRemovals() }
    return result
  }

  private func removeRetiredLocked(
    now: Int64, grace: Int64, sweepGrace: Int64, lockWait: Double, _ report: Report
  ) throws(StoreError) -> RemovalResult {
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var result = RemovalResult()
    guard let readers = try noLongReaders() else {
      result.isDeferred = true
      return result
    }
    defer { readers.release() }
    var manifest = try self.manifest(report)
    // What damage hides must not be mistaken for what no one needs.
    if !report.damage.isEmpty { return result }
    let present = Removal.presentOfFiles(manifest, now: now)
    let orphans = try orphans(beyond: manifest)
    let due = manifest.retired.filter {
      grace <= 0 || Removal.isOver($0.since, grace, now: present)
    }
    if !due.isEmpty {
      // What earlier runs removed is gone for good before the record that
      // speaks of it goes.
      try syncRemovals()
      let paths = Set(due.map(\.path))
      manifest.retired.removeAll { paths.contains($0.path) }
    }
    let spent = due.isEmpty ? manifest.spentRecords(beside: orphans) : []
    if !due.isEmpty || !spent.isEmpty {
      manifest.retire(spent, now: now)
      manifest.generation = max(manifest.generation, try manifestGenerations().first ?? 0)
      manifest.add([], now: now)
      try write(manifest)
    }
    for file in due { try remove(FilePath.join(path, file.path), &result) }
    try sweep(manifest, orphans, now: present, grace: sweepGrace, &result)
    return result
  }

  private func syncRemovals() throws(StoreError) {
    for directory in [segmentDirectory, setDirectory] {
      try onDisk { () throws(FileError) in
        if try files.status(directory) != nil { try files.syncDirectory(directory) }
      }
    }
  }

  /// Keeps long readers out; nil where one is at work.
  private func noLongReaders() throws(StoreError) -> (any FileLock)? {
    do throws(StoreError) {
      return try lock("readers.lock", .exclusive, wait: 0)
    } catch .locked {
      return nil
    }
  }

  private func remove(_ file: String, _ result: inout RemovalResult) throws(StoreError) {
    do throws(FileError) {
      guard let status = try files.status(file) else { return }
      try files.remove(file)
      result.files += 1
      result.bytes += status.size
    } catch .notFound {
      return
    } catch {
      throw .file(error)
    }
  }

  /// Removes files of crashed runs: unfinished ones and those that no manifest
  /// names, once they are as old as the grace by the clock of the disk.
  ///
  /// What cannot be read is not known to be worthless: it stays for `repair`, and
  /// as long as it is there so do all sets, since it may need any of them.
  private func sweep(
    _ manifest: Manifest, _ orphans: Orphans, now: Int64, grace: Int64,
    _ result: inout RemovalResult
  ) throws(StoreError) {
    let known = Set(
      manifest.segments.map { "segments/" + $0.fileName }
        + manifest.sets.map { "sets/" + Store.setName($0) } + manifest.retired.map(\.path)
        + orphans.unreadable.map { "segments/" + $0 })
    for directory in ["segments", "sets"] {
      for name in try names(in: FilePath.join(path, directory)) {
        let relative = directory + "/" + name
        let isUnfinished = name.hasPrefix(Store.temporaryPrefix)
        if known.contains(relative) { continue }
        if directory == "sets", !orphans.unreadable.isEmpty, !isUnfinished { continue }
        let file = FilePath.join(path, relative)
        let status = try onDisk { () throws(FileError) in try files.status(file) }
        guard let status, !status.isDirectory,
          Removal.isOver(status.modified, grace, now: now)
        else { continue }
        try remove(file, &result)
      }
    }
  }
}

extension Manifest {
  /// Records that have done their work: nothing that they name can come back,
  /// because no file waits for its removal and none lies there that nothing
  /// knows. Records of deletions stay while their tombstone does, those
  /// of retention likewise, and the newest
  /// commit stays, because a rebuild goes on from its number.
  func spentRecords(beside orphans: Orphans) -> [SegmentInfo] {
    let waits = retired.contains { $0.segment != 0 }
    if waits || !orphans.ids.isEmpty || !orphans.unreadable.isEmpty { return [] }
    let alive = Set(tombstones.map(\.record) + expiries.map(\.record))
    let newest = segments.map(\.lastSequence).max() ?? 0
    return segments.filter {
      $0.kind == .record && !alive.contains($0.id) && $0.lastSequence < newest
    }
  }
}
