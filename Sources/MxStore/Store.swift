package import MxCodec
package import MxFiles

/// A store is a directory; this knows where things are in it.
///
///     MANIFEST-0000000000000042   what is live; the last 8 are kept
///     segments/*.seg              columns of samples
///     sets/*.set                  label sets shared by segments
///     quarantine/                 damaged files, never deleted by us
///     rejected/  state/           of the modules above
///     commit.lock  maintain.lock  readers.lock
///
/// Files being written are `segments/.new-*` and `sets/.new-*`: nothing reads
/// them, and what a crash leaves is swept after the grace.
package struct Store: Sendable {
  package let path: String
  package let files: any FileSystem

  package init(path: String, files: any FileSystem) {
    self.path = path
    self.files = files
  }

  package var segmentDirectory: String { FilePath.join(path, "segments") }
  package var setDirectory: String { FilePath.join(path, "sets") }
  package var quarantineDirectory: String { FilePath.join(path, "quarantine") }
  package var stateDirectory: String { FilePath.join(path, "state") }
  package var rejectedDirectory: String { FilePath.join(path, "rejected") }

  package func segmentPath(_ info: SegmentInfo) -> String {
    FilePath.join(segmentDirectory, info.fileName)
  }

  package func setPath(_ id: ContentHash) -> String {
    FilePath.join(setDirectory, Store.setName(id))
  }

  /// The space where the store is, or is going to be; nil where that is not known.
  package func freeSpace() throws(StoreError) -> FreeSpace? {
    var place = path
    while try onDisk({ () throws(FileError) in try files.status(place) }) == nil {
      let parent = FilePath.parent(of: place)
      if parent == place { return nil }
      place = parent
    }
    let found = place
    return try onDisk { () throws(FileError) in try files.freeSpace(found) }
  }

  static func setName(_ id: ContentHash) -> String { "\(id).set" }

  static let temporaryPrefix = ".new-"

  /// Takes the lock that orders commits; held for milliseconds.
  package func lockCommit(wait: Double) throws(StoreError) -> any FileLock {
    try lock("commit.lock", .exclusive, wait: wait)
  }

  /// Takes the lock of long work: one merge, rollup or retention at a time.
  package func lockMaintenance(wait: Double) throws(StoreError) -> any FileLock {
    try lock("maintain.lock", .exclusive, wait: wait)
  }

  /// Keeps removal away while something long reads.
  package func lockReaders() throws(StoreError) -> any FileLock {
    try lock("readers.lock", .shared, wait: 0)
  }

  func lock(_ name: String, _ mode: LockMode, wait: Double) throws(StoreError) -> any FileLock {
    let file = FilePath.join(path, name)
    let lock = try onDisk { () throws(FileError) in try files.lock(file, mode, wait: wait) }
    guard let lock else { throw .locked(path: file) }
    return lock
  }
}

/// Runs file operations, turning what they throw into the store's own error.
func onDisk<R>(_ body: () throws(FileError) -> R) throws(StoreError) -> R {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
