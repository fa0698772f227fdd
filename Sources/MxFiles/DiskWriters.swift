import Glibc

extension DiskFileSystem {
  /// Whether a process of this machine has the file open for writing.
  ///
  /// The kernel grants a read lease on a file only while nobody can write to it.
  /// Leases are for a file's owner and for local disks; where none is to be had
  /// the answer is by age: unchanged for `quiet` milliseconds before `now`.
  package func isOpenForWriting(
    _ path: String, now: Int64, quiet: Int64 = 10_000
  ) throws(FileError) -> Bool {
    let descriptor: Int32
    do throws(FileError) {
      descriptor = try open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, "open")
    } catch .notFound {
      return false
    }
    defer { _ = close(descriptor) }
    // F_SETLEASE of <fcntl.h>, which the module leaves out.
    let setLease: Int32 = 1024
    if fcntl(descriptor, setLease, F_RDLCK) == 0 {
      _ = fcntl(descriptor, setLease, F_UNLCK)
      return false
    }
    if errno == EAGAIN { return true }
    guard let modified = try status(path)?.modified else { return false }
    return modified > now - quiet
  }
}
