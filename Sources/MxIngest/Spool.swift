import MxCodec
package import MxFiles

/// A drop folder: jobs put files there, and each that is finished is taken once.
///
/// A file is claimed by a rename before it is read, so that a new one of the
/// same name is not mistaken for it, and removed when its samples are on disk.
/// A run that dies leaves claimed files, which the next one takes first; what of
/// them was committed is known by the number of the claim. So two files that say the
/// same are two deliveries, and one that is read twice is one.
///
///     report.prom             finished, to be taken
///     .report.prom, x.tmp     not finished, left alone
///     .mx-taking-N-report.prom  claimed; N: 16 digits, drawn at random
///     report.prom.rejected    could not be used at all; left for a person
///     .mx-spool.lock          one run at a time
package struct Spool {
  private let files: any FileSystem
  private let directory: String
  /// Whether anyone still writes to a file.
  private let isOpen: (String) throws -> Bool
  private let lock: any FileLock
  private var random: any RandomNumberGenerator

  private static let claim = ".mx-taking-"
  package static let rejected = ".rejected"
  private static let unfinished = [
    ".tmp", ".temp", ".part", ".partial", ".new", ".swp", ".lock", ".filepart", ".crdownload", "~",
    rejected,
  ]

  /// Nil where another run is at work in `directory`.
  package init?(
    _ directory: String, _ files: any FileSystem, lockWait: Double,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
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
    self.random = random
  }

  package func release() { lock.release() }

  /// A file that is ours now.
  package struct Claimed: Hashable, Sendable {
    /// What it was called.
    package var name: String
    package var path: String
    package var modified: Int64
    package var delivery: Delivery
  }

  /// Claims all files that are finished: those of a run that died, then by age.
  package mutating func claimed() throws -> [Claimed] {
    var result: [Claimed] = []
    var fresh: [(name: String, modified: Int64)] = []
    for entry in try files.list(directory) where !entry.isDirectory {
      let path = FilePath.join(directory, entry.name)
      // Gone meanwhile: not ours.
      guard let status = try files.status(path), !status.isDirectory else { continue }
      if entry.name.hasPrefix(Self.claim) {
        result.append(Self.claimed(entry.name, path, status))
      } else if !entry.name.hasPrefix("."),
        !Self.unfinished.contains(where: { entry.name.hasSuffix($0) })
      {
        fresh.append((entry.name, status.modified))
      }
    }
    fresh.sort { ($0.modified, $0.name) < ($1.modified, $1.name) }
    // A claimed one of that name waits still: the new one's turn is next time.
    let waiting = Set(result.map(\.name))
    for file in fresh where !waiting.contains(file.name) {
      if let file = try claim(file.name, file.modified) { result.append(file) }
    }
    // A commit must not be durable before the number that its file is known by.
    if !fresh.isEmpty { try files.syncDirectory(directory) }
    return result
  }

  /// What an earlier run claimed.
  private static func claimed(_ entry: String, _ path: String, _ status: FileStatus) -> Claimed {
    let rest = entry.dropFirst(claim.count)
    let number = rest.prefix(16)
    guard number.count == 16, number.allSatisfy(\.isHexDigit), rest.dropFirst(16).first == "-"
    else {
      // As before claims had numbers.
      return Claimed(
        name: String(rest), path: path, modified: status.modified, delivery: .content)
    }
    return Claimed(
      name: String(rest.dropFirst(17)), path: path, modified: status.modified,
      delivery: .named(String(number)))
  }

  private mutating func claim(_ name: String, _ modified: Int64) throws -> Claimed? {
    let source = FilePath.join(directory, name)
    let number = Hex.string(random.next())
    let path = FilePath.join(directory, "\(Self.claim)\(number)-\(name)")
    let claimed = Claimed(
      name: name, path: path, modified: modified, delivery: .named(number))
    // Asked before as well: to take a file away from its writer is rude.
    if try isOpen(source) { return nil }
    do throws(FileError) {
      try files.rename(source, to: path)
    } catch .notFound {
      return nil
    }
    // Whoever opened it between the two may write still; nobody else can now.
    if try isOpen(path) {
      try giveBack(claimed)
      return nil
    }
    return claimed
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
