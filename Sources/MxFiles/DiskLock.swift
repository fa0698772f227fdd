import Glibc

extension DiskFileSystem {
  /// flock(2): released by the kernel when the process dies, however it dies.
  ///
  /// A reader may have no right to write: the lock file is then opened for
  /// reading only, which flock accepts on local disks. Where a *shared* lock
  /// cannot be had at all (read-only medium without the file, file system
  /// without locks) it counts as granted: nothing can be removed there, or no
  /// one could tell us of it. An exclusive lock is never assumed.
  package func lock(_ path: String, _ mode: LockMode, wait: Double) throws(FileError)
    -> (any FileLock)?
  {
    let start = Self.now()
    let deadline = start + wait
    while true {
      switch try attempt(path, mode) {
      case .granted(let descriptor): return DiskLock(descriptor, waited: Self.now() - start)
      case .replaced: continue
      case .held: break
      }
      let left = deadline - Self.now()
      // Written so that a wait that is not a number ends at once.
      guard left > 0 else { return nil }
      Self.sleep(min(Self.pause(after: Self.now() - start), left))
    }
  }

  /// How long to sleep before the next try: locks are held for milliseconds, so
  /// a writer looks often at first; one that waits for a long job looks seldom.
  private static func pause(after waited: Double) -> Double {
    min(max(waited / 8, 0.001), 0.05)
  }

  private enum LockAttempt {
    /// The descriptor that holds the lock; nil where a shared one is only assumed.
    case granted(Int32?)
    case held
    /// The file was removed between opening and locking it: the lock is on nothing.
    case replaced
  }

  private func attempt(_ path: String, _ mode: LockMode) throws(FileError) -> LockAttempt {
    guard let descriptor = try openLockFile(path, mode) else { return .granted(nil) }
    let operation = (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB
    while flock(descriptor, operation) != 0 {
      let code = errno
      if code == EINTR { continue }
      _ = close(descriptor)
      if code == EWOULDBLOCK { return .held }
      let unsupported = [ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL, EBADF].contains(code)
      if mode == .shared && unsupported { return .granted(nil) }
      throw FileError(code, "lock", path)
    }
    if isNamed(descriptor, path) { return .granted(descriptor) }
    _ = close(descriptor)
    return .replaced
  }

  private func openLockFile(_ path: String, _ mode: LockMode) throws(FileError) -> Int32? {
    do throws(FileError) {
      return try open(path, O_RDWR | O_CREAT, "lock")
    } catch .denied(let path, let code) {
      do throws(FileError) {
        return try open(path, O_RDONLY, "lock")
      } catch {
        if mode == .shared { return nil }
        throw .denied(path: path, code: code)
      }
    }
  }

  /// Whether `path` still names the open file.
  private func isNamed(_ descriptor: Int32, _ path: String) -> Bool {
    var opened = stat()
    var named = stat()
    return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0
      && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
  }

  /// Seconds of a clock that nobody sets.
  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// `seconds` is at most the longest pause, a twentieth of one.
  private static func sleep(_ seconds: Double) {
    var time = timespec(tv_sec: 0, tv_nsec: Int(seconds * 1e9))
    nanosleep(&time, nil)
  }
}

private final class DiskLock: FileLock {
  private var descriptor: Int32?
  let waited: Double

  init(_ descriptor: Int32?, waited: Double) {
    self.descriptor = descriptor
    self.waited = waited
  }

  deinit { release() }

  func release() {
    if let descriptor { _ = close(descriptor) }
    descriptor = nil
  }
}
