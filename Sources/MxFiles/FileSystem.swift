import Glibc

/// Everything the store asks of a disk, so that a test can refuse any of it.
///
/// Paths are plain text, absolute or relative to the working directory. No
/// call caches, no call maps memory: a truncated file is a short read, never a
/// signal. Nothing is durable before `WritableFile.sync` (its bytes) and
/// `syncDirectory` (its name).
package protocol FileSystem: Sendable {
  func openForReading(_ path: String) throws(FileError) -> any ReadableFile

  /// A new, empty file; throws `exists` where something has that name.
  func create(_ path: String) throws(FileError) -> any WritableFile

  /// Gives `source` the name `target`, in place of what had it. Atomic.
  func rename(_ source: String, to target: String) throws(FileError)

  /// A second name for the same file.
  func link(_ source: String, to target: String) throws(FileError)

  func remove(_ path: String) throws(FileError)

  /// Makes a directory and its parents; no error where it exists.
  func makeDirectory(_ path: String) throws(FileError)

  func removeDirectory(_ path: String) throws(FileError)

  /// Makes the names in a directory durable.
  func syncDirectory(_ path: String) throws(FileError)

  /// The entries of a directory, sorted by name, `.` and `..` left out.
  func list(_ path: String) throws(FileError) -> [FileEntry]

  /// What `path` is; nil where nothing has that name.
  func status(_ path: String) throws(FileError) -> FileStatus?

  func freeSpace(_ path: String) throws(FileError) -> FreeSpace

  /// Takes an advisory lock on the file `path` (made where it is missing), held
  /// until the lock is released or the process ends. Returns nil where another
  /// holds it and `wait` seconds (0: at once) went by.
  func lock(_ path: String, _ mode: LockMode, wait: Double) throws(FileError) -> (any FileLock)?
}

package protocol ReadableFile: AnyObject, Sendable {
  var size: Int { get }

  /// Reads up to `buffer.count` bytes at `offset`; fewer only at the file's end.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int
}

package protocol WritableFile: AnyObject {
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError)

  /// Makes all that was written durable.
  func sync() throws(FileError)

  func close() throws(FileError)
}

package protocol FileLock: AnyObject {
  /// How long it was waited for, seconds.
  var waited: Double { get }
  func release()
}

extension FileLock {
  package var waited: Double { 0 }
}

package enum LockMode: Sendable {
  case shared
  case exclusive
}

package struct FileEntry: Hashable, Sendable {
  package var name: String
  package var isDirectory: Bool

  package init(name: String, isDirectory: Bool) {
    self.name = name
    self.isDirectory = isDirectory
  }
}

package struct FileStatus: Hashable, Sendable {
  package var size: Int
  package var isDirectory: Bool
  /// Milliseconds since 1970.
  package var modified: Int64
  /// A pipe or a terminal: its bytes come once.
  package var isStream: Bool
  /// Which file it is, by whatever name; nil where a disk has no such numbers.
  package var identity: FileIdentity?

  package init(
    size: Int, isDirectory: Bool, modified: Int64, isStream: Bool = false,
    identity: FileIdentity? = nil
  ) {
    self.size = size
    self.isDirectory = isDirectory
    self.modified = modified
    self.isStream = isStream
    self.identity = identity
  }
}

/// A file system and the number of a file in it.
package struct FileIdentity: Hashable, Sendable {
  package var device: UInt64
  package var number: UInt64

  package init(device: UInt64, number: UInt64) {
    self.device = device
    self.number = number
  }
}

package struct FreeSpace: Hashable, Sendable {
  /// What an ordinary user may still write, in bytes.
  package var free: Int
  package var total: Int

  package init(free: Int, total: Int) {
    self.free = free
    self.total = total
  }
}

/// Why a file could not be used. `code` is errno, `path` what was asked for.
package enum FileError: Error, Equatable {
  case notFound(path: String)
  case exists(path: String)
  /// No space or quota left.
  case full(path: String)
  /// Permission, or a read-only file system.
  case denied(path: String, code: Int32)
  case failed(operation: String, path: String, code: Int32)

  package var path: String {
    switch self {
    case .notFound(let path), .exists(let path), .full(let path), .denied(let path, _),
      .failed(_, let path, _):
      path
    }
  }
}

extension FileSystem {
  /// Writes `bytes` under `path` so that a crash leaves the old file or the new
  /// one, never a piece: temporary name, sync, rename, sync of the directory.
  package func replace(_ path: String, with bytes: [UInt8], temporary: String)
    throws(FileError)
  {
    if try status(temporary) != nil { try remove(temporary) }
    do throws(FileError) {
      try writeNew(temporary, bytes)
      try rename(temporary, to: path)
    } catch {
      // On a full disk the piece would only do harm. If it cannot be removed
      // either, the first error is the one to tell.
      do throws(FileError) { try remove(temporary) } catch {}
      throw error
    }
    try syncDirectory(FilePath.parent(of: path))
  }

  /// Creates `path` with `bytes`, durable but for its name.
  package func writeNew(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    let file = try create(path)
    try Self.write(bytes, to: file)
    try file.sync()
    try file.close()
  }

  /// The whole file, refused with `failed(EFBIG)` above `limit` bytes.
  ///
  /// Reads to the end, not to the size: files under /proc say zero, and a log may grow.
  package func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
    let file = try openForReading(path)
    var bytes: [UInt8] = []
    var capacity = max(min(file.size, limit), 4096)
    while true {
      // A byte more than there should be: where it stays empty, that was all.
      let room = min(capacity, limit - bytes.count) + 1
      let part = try Self.read(file, room, from: bytes.count)
      if bytes.isEmpty { bytes = part } else { bytes += part }
      if bytes.count > limit { throw .failed(operation: "read", path: path, code: EFBIG) }
      if part.count < room { return bytes }
      capacity = bytes.count
    }
  }

  private static func write(_ bytes: [UInt8], to file: any WritableFile) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try file.write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// What the file has from the offset `start` on, at most `room` bytes.
  private static func read(
    _ file: any ReadableFile, _ room: Int, from start: Int
  ) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      do throws(FileError) {
        count = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: start)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Names of files in directories.
package enum FilePath {
  package static func join(_ directory: String, _ name: String) -> String {
    directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
  }

  package static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.index(after: slash)...])
  }

  /// Order of the bytes: what `list` sorts by, the same in every locale.
  package static func precedes(_ left: String, _ right: String) -> Bool {
    let order = left.utf8.withContiguousStorageIfAvailable { a in
      right.utf8.withContiguousStorageIfAvailable { b in
        guard let first = a.baseAddress, let second = b.baseAddress else {
          return a.count - b.count
        }
        let order = memcmp(first, second, min(a.count, b.count))
        return order != 0 ? Int(order) : a.count - b.count
      }
    }
    if case .some(.some(let order)) = order { return order < 0 }
    return left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
