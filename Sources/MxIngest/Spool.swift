package import MxFiles

/// A drop folder: jobs put files there, and each that is finished is taken once.
///
/// A file is claimed by a rename before it is read, so that a new one of the
/// same name is not mistaken for it, and removed when its samples are on disk.
/// A run that dies leaves claimed files, which the next one takes first; what of
/// them was committed is known by its content (see `InputIdentity`).
///
///     report.prom            finished, to be taken
///     .report.prom, x.tmp    not finished, left alone
///     .mx-taking-report.prom claimed
///     report.prom.rejected   could not be used at all; left for a person
///     .mx-spool.lock         one run at a time
package struct Spool {
  private let files: any FileSystem
  private let directory: String
  /// Whether anyone still writes to a file.
  private let isOpen: (String) throws -> Bool
  private let lock: any FileLock

  private static let claim = ".mx-taking-"
  package static let rejected = ".rejected"
  private static let unfinished = [
    ".tmp", ".temp", ".part", ".partial", ".new", ".swp", ".lock", ".filepart", ".crdownload", "~",
    rejected,
  ]

  /// Nil where another run is at work in `directory`.
  package init?(
    _ directory: String, _ files: any FileSystem, lockWait: Double,
    isOpen: @escaping (String) throws -> Bool
  ) throws {
    guard let status = try files.status(directory) else {
      throw FileError.notFound(path: directory)
    }
    guard status.isDirectory else {
      throw FileError.failed(operation: "list", path: directory, code: 20)
    }
    let path = FilePath.join(directory, ".mx-spool.lock")
    guard let lock = try files.lock(path, .exclusive, wait: lockWait) else { return nil }
    self.files = files
    self.directory = directory
    self.isOpen = isOpen
    self.lock = lock
  }

  package func release() { lock.release() }

  /// A file that is ours now.
  package struct Claimed: Hashable, Sendable {
    /// What it was called.
    package var name: String
    package var path: String
    package var modified: Int64
  }

  /// Claims all files that are finished: those of a run that died, then by age.
  package func claimed() throws -> [Claimed] {
    var result: [Claimed] = []
    var fresh: [Claimed] = []
    for entry in try files.list(directory) where !entry.isDirectory {
      let path = FilePath.join(directory, entry.name)
      // Gone meanwhile: not ours.
      guard let status = try files.status(path), !status.isDirectory else { continue }
      if entry.name.hasPrefix(Self.claim) {
        let name = String(entry.name.dropFirst(Self.claim.count))
        result.append(Claimed(name: name, path: path, modified: status.modified))
      } else if !entry.name.hasPrefix("."),
        !Self.unfinished.contains(where: { entry.name.hasSuffix($0) })
      {
        fresh.append(Claimed(name: entry.name, path: path, modified: status.modified))
      }
    }
    fresh.sort { ($0.modified, $0.name) < ($1.modified, $1.name) }
    for file in fresh {
      if let file = try claim(file) { result.append(file) }
    }
    return result
  }

  private func claim(_ file: Claimed) throws -> Claimed? {
    let path = FilePath.join(directory, Self.claim + file.name)
    // A claimed one of that name waits still: this one's turn is next time.
    if try files.status(path) != nil { return nil }
    // Asked before as well: to take a file away from its writer is rude.
    if try isOpen(file.path) { return nil }
    do throws(FileError) {
      try files.rename(file.path, to: path)
    } catch .notFound {
      return nil
    }
    // Whoever opened it between the two may write still; nobody else can now.
    if try isOpen(path) {
      try giveBack(Claimed(name: file.name, path: path, modified: file.modified))
      return nil
    }
    return Claimed(name: file.name, path: path, modified: file.modified)
  }

  /// Its samples are on disk.
  package func done(_ file: Claimed) throws {
    do throws(FileError) {
      try files.remove(file.path)
    } catch .notFound {}
  }

  /// Nothing of it can be used: it stays, under a name that says so.
  package func reject(_ file: Claimed) throws -> String {
    var name = file.name + Self.rejected
    var number = 2
    while try files.status(FilePath.join(directory, name)) != nil {
      name = file.name + ".\(number)" + Self.rejected
      number += 1
    }
    let path = FilePath.join(directory, name)
    try files.rename(file.path, to: path)
    return path
  }

  /// Not taken now: under its own name again, where that is free.
  package func giveBack(_ file: Claimed) throws {
    let path = FilePath.join(directory, file.name)
    do throws(FileError) {
      try files.link(file.path, to: path)
      try files.remove(file.path)
    } catch .exists {}
  }
}
