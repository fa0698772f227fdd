import Glibc

/// Replaces the small files a run leaves for others: `--report`, `--stats-file`.
///
/// A reader sees the old file or the new one, never a part: the bytes go to a
/// temporary name in the same directory, are synced, and renamed. (The store's
/// files are not written here.)
package enum AtomicFile {
  package static func replace(_ path: String, with text: String) throws(Diagnostic) {
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    do {
      var text = text
      try text.withUTF8 {
        try Descriptor.write(UnsafeRawBufferPointer($0), to: descriptor)
      }
    } catch {
      let found = error as? Diagnostic
      close(descriptor)
      unlink(temporary)
      throw Diagnostic(.system, subject: path, found?.message ?? "cannot be written")
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

  private static func failure(_ path: String) -> Diagnostic {
    let reason = errno
    return Diagnostic(
      .system, subject: path, Descriptor.reason(reason),
      hint: reason == ENOENT ? "its directory must exist" : nil)
  }
}
