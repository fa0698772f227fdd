import Glibc

extension Registry {
  /// Puts the text under `path` in place of what is there: for a textfile
  /// collector. A reader sees the old text or the new one, never a piece.
  ///
  ///     try registry.write(to: "/var/lib/node_exporter/backup.prom")
  public func write(to path: String) throws(InstrumentError) {
    try TextFile.replace(path, with: text())
  }

  /// Drops the text as a new file into a spool folder, where `mx-ingest spool`
  /// takes it: for jobs that end. `job` begins the file's name; `time` is
  /// milliseconds since 1970. Returns the file's path.
  ///
  ///     try registry.drop(into: "/var/spool/mx", job: "backup", time: now)
  @discardableResult
  public func drop(
    into directory: String, job: String, time: Int64
  ) throws(InstrumentError) -> String {
    // A slash would lead out of the folder, a dot in front would hide the file.
    if job.isEmpty || job.hasPrefix(".") || job.utf8.contains(UInt8(ascii: "/")) {
      throw .badName(job)
    }
    var generator = SystemRandomNumberGenerator()
    let number = String(generator.next(), radix: 36)
    let path = "\(directory)/\(job)-\(time)-\(number).prom"
    try TextFile.replace(path, with: text(time: time))
    return path
  }
}

/// Writing a small file whole or not at all: hidden temporary name in the same
/// directory, sync, rename, sync of the directory.
enum TextFile {
  static func replace(_ path: String, with text: String) throws(InstrumentError) {
    if path.utf8.contains(0) { throw .cannotWrite(path: path, code: EINVAL) }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { String(path[...$0]) } ?? "./"
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    var generator = SystemRandomNumberGenerator()
    // It does not end like the file: no collector or spool takes it for one.
    let temporary = "\(directory).\(name).\(String(generator.next(), radix: 36)).tmp"
    do throws(InstrumentError) {
      try writeNew(temporary, Array(text.utf8))
      try check(path) { rename(temporary, path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try syncDirectory(directory)
  }

  private static func writeNew(_ path: String, _ bytes: [UInt8]) throws(InstrumentError) {
    let file = try open(path, O_WRONLY | O_CREAT | O_EXCL)
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let wrote = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { Glibc.write(file, $0 + done, bytes.count - done) } ?? 0
      }
      if wrote > 0 {
        done += wrote
      } else if wrote == 0 || errno != EINTR {
        throw .cannotWrite(path: path, code: wrote == 0 ? EIO : errno)
      }
    }
    try check(path) { fsync(file) }
  }

  private static func syncDirectory(_ path: String) throws(InstrumentError) {
    let directory = try open(path, O_RDONLY | O_DIRECTORY)
    defer { close(directory) }
    do throws(InstrumentError) {
      try check(path) { fsync(directory) }
    } catch .cannotWrite(_, EINVAL) {
      // Some network file systems cannot sync a directory; the file is there.
    }
  }

  private static func open(_ path: String, _ flags: Int32) throws(InstrumentError) -> Int32 {
    var descriptor: Int32 = -1
    try check(path) {
      descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o666)
      return descriptor < 0 ? -1 : 0
    }
    return descriptor
  }

  /// Makes a system call, again where a signal came in.
  private static func check(_ path: String, _ call: () -> Int32) throws(InstrumentError) {
    while call() != 0 {
      if errno != EINTR { throw .cannotWrite(path: path, code: errno) }
    }
  }
}
