import MxCodec
import MxFiles
package import MxModel

/// What a snapshot consists of.
package struct SnapshotResult: Hashable, Sendable {
  package var files = 0
  package var bytes = 0
  /// Files that had to be copied: the target lies on another file system.
  package var copied = 0

  package init() {}
}

extension Store {
  /// Makes `target` a store with all that is live here now, by hard links where the
  /// file system has them. The manifest comes last: what was broken off is no store.
  ///
  /// What waits for its removal is not taken along. Files that are missing or cannot
  /// be read are damage of this store: reported, the rest is there.
  package func snapshot(to target: Store, _ report: Report) throws(StoreError) -> SnapshotResult {
    let readers = try longReading()
    defer { readers?.release() }
    var manifest = try self.manifest(report)
    manifest.retired = RetiredFiles()
    try target.beEmpty()
    var copy = StoreCopy(from: files, to: target.files)
    for set in manifest.sets.sorted() {
      try copy.take(setPath(set), to: target.setPath(set), report)
    }
    for info in manifest.segments {
      try copy.take(segmentPath(info), to: target.segmentPath(info), report)
    }
    let settings = FilePath.join(path, "mx.yml")
    if try onDisk({ () throws(FileError) in try files.status(settings) }) != nil {
      try copy.copy(settings, to: FilePath.join(target.path, "mx.yml"))
    }
    try onDisk { () throws(FileError) in
      try target.files.syncDirectory(target.setDirectory)
      try target.files.syncDirectory(target.segmentDirectory)
    }
    try target.write(manifest)
    return copy.result
  }

  /// The lock of long readers; nil on a disk that only reads.
  private func longReading() throws(StoreError) -> (any FileLock)? {
    do throws(StoreError) {
      return try lockReaders()
    } catch .file(.denied) {
      return nil
    }
  }

  /// Makes the directories of a store where nothing is yet.
  private func beEmpty() throws(StoreError) {
    try onDisk { () throws(FileError) in
      if try files.status(path) != nil, try !files.list(path).isEmpty {
        throw .exists(path: path)
      }
    }
    try makeDirectories()
  }
}

/// Links or copies files from one place to another.
private struct StoreCopy {
  private let source: any FileSystem
  private let target: any FileSystem
  private(set) var result = SnapshotResult()
  /// One failed link is enough: the target lies elsewhere.
  private var canLink = true

  private static let piece = 1 << 20

  init(from source: any FileSystem, to target: any FileSystem) {
    self.source = source
    self.target = target
  }

  mutating func take(_ path: String, to copy: String, _ report: Report) throws(StoreError) {
    do throws(StoreError) {
      try take(path, to: copy)
    } catch .file(.notFound) {
      report.damaged(Damage(path: path, part: "", reason: "is missing"))
    }
  }

  private mutating func take(_ path: String, to copy: String) throws(StoreError) {
    let status = try onDisk { () throws(FileError) in try source.status(path) }
    guard let status else { throw .file(.notFound(path: path)) }
    if canLink {
      do throws(FileError) {
        try source.link(path, to: copy)
        result.files += 1
        result.bytes += status.size
        return
      } catch .failed {
        canLink = false
      } catch .denied {
        canLink = false
      } catch {
        throw .file(error)
      }
    }
    try self.copy(path, to: copy)
    result.copied += 1
  }

  mutating func copy(_ path: String, to copy: String) throws(StoreError) {
    try onDisk { () throws(FileError) in
      let file = try source.openForReading(path)
      let written = try target.create(copy)
      let piece = UnsafeMutableRawBufferPointer.allocate(
        byteCount: StoreCopy.piece, alignment: 64)
      defer { piece.deallocate() }
      var offset = 0
      while true {
        let count = try file.read(into: piece, at: offset)
        if count == 0 { break }
        try written.write(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        offset += count
      }
      try written.sync()
      try written.close()
      result.bytes += offset
    }
    result.files += 1
  }
}
