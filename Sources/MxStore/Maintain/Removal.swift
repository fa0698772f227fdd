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
}

extension Store {
  /// Removes what was retired `grace` ms ago, and what crashed runs left.
  ///
  /// The clock may lie: nothing is older than the newest sample and a day.
  package func removeRetired(
    now: Int64, grace: Int64 = Removal.defaultGrace, lockWait: Double = 60, _ report: Report
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
    let present = manifest.newestSample.map { min(now, $0 + 86_400_000) } ?? now
    let due = manifest.retired.filter { $0.since + grace <= present }
    if !due.isEmpty {
      let paths = Set(due.map(\.path))
      manifest.retired.removeAll { paths.contains($0.path) }
      // A record has done its work once nothing it names can come back.
      manifest.dropSpentRecords()
      manifest.generation = max(manifest.generation, try manifestGenerations().first ?? 0)
      manifest.add([], now: now)
      try write(manifest)
    }
    for file in due { try remove(FilePath.join(path, file.path), &result) }
    try sweep(manifest, now: now, grace: grace, &result)
    return result
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
  private func sweep(
    _ manifest: Manifest, now: Int64, grace: Int64, _ result: inout RemovalResult
  ) throws(StoreError) {
    let known = Set(
      manifest.segments.map { "segments/" + $0.fileName }
        + manifest.sets.map { "sets/" + Store.setName($0) } + manifest.retired.map(\.path))
    for directory in ["segments", "sets"] {
      for name in try names(in: FilePath.join(path, directory)) {
        let relative = directory + "/" + name
        if known.contains(relative) { continue }
        let file = FilePath.join(path, relative)
        let status = try onDisk { () throws(FileError) in try files.status(file) }
        guard let status, !status.isDirectory, status.modified + grace <= now else { continue }
        try remove(file, &result)
      }
    }
  }
}

extension Manifest {
  /// Takes out records of retention whose files are gone; their own files are
  /// retired in turn. Records of deletions stay while their tombstone does.
  mutating func dropSpentRecords() {
    let alive = Set(tombstones.map(\.record))
    let waits = retired.contains { $0.segment != 0 }
    if waits { return }
    let spent = segments.filter { $0.kind == .record && !alive.contains($0.id) }
    retire(spent, now: lastRun)
  }
}
