import Glibc

/// Replaces the small files a run leaves for others: `--report`, `--stats-file`.
///
/// A reader sees the old file or the new one, never a part: the bytes go to a
/// temporary name in the same directory, are synced, and renamed. (The store's
/// files are not written here.)
package enum AtomicFile {
  /// What is there and no regular file (a pipe, /dev/null) is written to and
  /// never replaced.
  package static func replace(_ path: String, with text: String) throws(Diagnostic) {
    var info = stat()
    let isSpecial = stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFREG
    if isSpecial { return try writeInPlace(path, text) }
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    do throws(Diagnostic) {
      try write(text, to: descriptor, path)
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    let isSynced = fsync(descriptor) == 0
    let syncError = errno
    // close tells of errors a network file system kept for the end.
    guard close(descriptor) == 0, isSynced, rename(temporary, path) == 0 else {
      let reason = isSynced ? errno : syncError
      unlink(temporary)
      throw Diagnostic(.system, subject: path, Descriptor.reason(reason))
    }
  }

  private static func writeInPlace(_ path: String, _ text: String) throws(Diagnostic) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    try write(text, to: descriptor, path)
  }

  private static func write(
    _ text: String, to descriptor: Int32, _ path: String
  ) throws(Diagnostic) {
    var text = text
    do {
      try text.withUTF8 {
        try Descriptor.write(UnsafeRawBufferPointer($0), to: descriptor)
      }
    } catch let failure as Diagnostic {
      throw Diagnostic(.system, subject: path, failure.message)
    } catch {
      throw Diagnostic(.system, subject: path, "its reader went away")
    }
  }

  private static func failure(_ path: String) -> Diagnostic {
    let reason = errno
    return Diagnostic(
      .system, subject: path, Descriptor.reason(reason),
      hint: reason == ENOENT ? "its directory must exist" : nil)
  }
}
