import Glibc

/// The real disk, by system calls alone.
///
/// Every descriptor is close-on-exec: a notifier that is started holds neither
/// a file nor a lock of ours. Calls that a signal interrupted are made again.
package struct DiskFileSystem: FileSystem {
  package init() {}

  package func openForReading(_ path: String) throws(FileError) -> any ReadableFile {
    // Without O_NONBLOCK a pipe of that name would hang us until someone wrote.
    let descriptor = try open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, "open")
    return try DiskReadableFile(descriptor, path)
  }

  package func create(_ path: String) throws(FileError) -> any WritableFile {
    DiskWritableFile(try open(path, O_WRONLY | O_CREAT | O_EXCL, "create"), path)
  }

  package func rename(_ source: String, to target: String) throws(FileError) {
    try checkText(target, "rename")
    // A missing source is the usual mishap; a missing directory of the target is not told apart.
    try call("rename", source) { Glibc.rename(source, target) }
  }

  package func link(_ source: String, to target: String) throws(FileError) {
    try checkText(source, "link")
    do throws(FileError) {
      // Of a symbolic link the file behind it gets the name.
      try call("link", target) { linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW) }
    } catch .notFound {
      throw .notFound(path: source)
    }
  }

  package func remove(_ path: String) throws(FileError) {
    try call("remove", path) { unlink(path) }
  }

  package func makeDirectory(_ path: String) throws(FileError) {
    // Asked first, since a read-only disk may answer EROFS for what is there already.
    var missing: [String] = []
    var next = path
    while true {
      if let found = try status(next) {
        if found.isDirectory { break }
        throw .exists(path: next)
      }
      missing.append(next)
      let parent = FilePath.parent(of: next)
      if parent == next || parent == "." { break }
      next = parent
    }
    for directory in missing.reversed() {
      do throws(FileError) {
        try call("make directory", directory) { mkdir(directory, 0o777) }
      } catch .exists {
        // Another process was faster, or the path ended in a slash.
        guard try status(directory)?.isDirectory == true else { throw .exists(path: directory) }
      }
    }
  }

  package func removeDirectory(_ path: String) throws(FileError) {
    try call("remove directory", path) { rmdir(path) }
  }

  package func syncDirectory(_ path: String) throws(FileError) {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY, "sync")
    defer { _ = close(descriptor) }
    while fsync(descriptor) != 0 {
      switch errno {
      case EINTR: continue
      // Some network and FUSE file systems cannot sync a directory: there is
      // nothing more to be had from them.
      case EINVAL, ENOTSUP: return
      default: throw FileError(errno, "sync", path)
      }
    }
  }

  package func status(_ path: String) throws(FileError) -> FileStatus? {
    var information = stat()
    do throws(FileError) {
      try call("stat", path) { stat(path, &information) }
    } catch .notFound {
      return nil
    } catch .failed(_, _, ENOTDIR) {
      return nil
    }
    return FileStatus(
      size: Int(information.st_size), isDirectory: information.isDirectory,
      modified: information.modifiedMilliseconds, isStream: information.isStream,
      identity: FileIdentity(
        device: UInt64(information.st_dev), number: UInt64(information.st_ino)))
  }

  package func freeSpace(_ path: String) throws(FileError) -> FreeSpace {
    var information = statvfs()
    try call("statvfs", path) { statvfs(path, &information) }
    let unit = UInt64(information.f_frsize)
    func bytes(_ blocks: UInt64) -> Int {
      let (product, overflow) = blocks.multipliedReportingOverflow(by: unit)
      return overflow ? Int.max : Int(clamping: product)
    }
    return FreeSpace(
      free: bytes(UInt64(information.f_bavail)), total: bytes(UInt64(information.f_blocks)))
  }

  /// Opens with close-on-exec; what is created gets the permissions of the umask.
  func open(_ path: String, _ flags: Int32, _ operation: String) throws(FileError) -> Int32 {
    var descriptor: Int32 = -1
    try call(operation, path) {
      descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o666)
      return descriptor < 0 ? -1 : 0
    }
    return descriptor
  }

  /// Makes a system call that answers 0 or errno, again where a signal came in.
  private func call(
    _ operation: String, _ path: String, _ body: () -> Int32
  ) throws(FileError) {
    try checkText(path, operation)
    while body() != 0 {
      if errno != EINTR { throw FileError(errno, operation, path) }
    }
  }

  /// A zero byte would end the path early for the kernel: another file.
  private func checkText(_ path: String, _ operation: String) throws(FileError) {
    if path.utf8.contains(0) { throw .failed(operation: operation, path: path, code: EINVAL) }
  }
}

extension FileError {
  /// The error for errno `code`; callers tell apart only what they would handle apart.
  package init(_ code: Int32, _ operation: String, _ path: String) {
    switch code {
    case ENOENT: self = .notFound(path: path)
    case EEXIST: self = .exists(path: path)
    case ENOSPC, EDQUOT: self = .full(path: path)
    case EACCES, EPERM, EROFS: self = .denied(path: path, code: code)
    default: self = .failed(operation: operation, path: path, code: code)
    }
  }
}

extension FileError: CustomStringConvertible {
  /// `cannot sync 'store/MANIFEST-7': Input/output error`
  package var description: String {
    switch self {
    case .notFound(let path): "'\(path)' does not exist"
    case .exists(let path): "'\(path)' exists already"
    case .full(let path): "no space left to write '\(path)'"
    case .denied(let path, let code): "no access to '\(path)': \(Self.text(code))"
    case .failed(let operation, let path, let code):
      "cannot \(operation) '\(path)': \(Self.text(code))"
    }
  }

  /// The system's words for errno `code`; strerror of glibc is safe in threads.
  private static func text(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}

extension stat {
  var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }

  var isStream: Bool { [S_IFIFO, S_IFCHR, S_IFSOCK].contains(st_mode & S_IFMT) }

  /// Clamped: a damaged inode may hold any number of seconds.
  var modifiedMilliseconds: Int64 {
    let (seconds, overflow) = Int64(st_mtim.tv_sec).multipliedReportingOverflow(by: 1000)
    if overflow { return st_mtim.tv_sec < 0 ? .min : .max }
    return seconds &+ Int64(st_mtim.tv_nsec) / 1_000_000
  }
}
