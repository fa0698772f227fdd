import Glibc
package import MxFiles
import Synchronization

/// A disk in memory that forgets what was not synced and fails when told to.
///
///     let disk = SimulatedFileSystem()
///     disk.set(DiskFault(at: 7, EIO))            // the 7th call from here fails
///     disk.kill(at: 9)                           // at the 9th the process dies
///     let after = disk.crashed(.random(seed: 3)) // the disk after a power cut
///
/// Stricter than any real disk: a synced file may lose its name, a renamed one
/// its bytes, each apart from the other. What is promised: a rename happens
/// whole or not at all. `a/b` and `/a/b` are the same path; there are no links
/// to follow.
package final class SimulatedFileSystem: FileSystem {
  private let state: Mutex<SimulatedState>

  package convenience init() { self.init(SimulatedState()) }

  private init(_ state: SimulatedState) { self.state = Mutex(state) }

  // MARK: Faults and counts

  /// Sets the call that fails; nil: none. The count begins anew.
  package func set(_ fault: DiskFault?) { state.withLock { $0.faults.set(fault) } }

  /// Call `number` from here (1: the next) and all after it fail with
  /// `failed("killed")` and change nothing.
  package func kill(at number: Int) { state.withLock { $0.faults.setKill(at: number) } }

  /// Whether the fault or kill that was set has struck: if not, the run had fewer calls.
  package var hasStruck: Bool { state.withLock { $0.faults.hasHappened } }

  /// All calls so far, in order.
  package var log: [DiskCall] { state.withLock { $0.faults.log } }

  package func count(_ operation: DiskOperation) -> Int {
    state.withLock { $0.faults.counts[operation] ?? 0 }
  }

  /// Syncs of files and directories.
  package var syncs: Int { count(.sync) + count(.syncDirectory) }

  package var bytesWritten: Int { state.withLock { $0.bytesWritten } }

  /// The size of the disk; a write over it leaves what fits and fails with `full`.
  package var capacity: Int {
    get { state.withLock { $0.capacity } }
    set { state.withLock { $0.capacity = newValue } }
  }

  /// Milliseconds since 1970: what files that change get as their time.
  package var now: Int64 {
    get { state.withLock { $0.now } }
    set { state.withLock { $0.now = newValue } }
  }

  /// A held lock is waited for so many real seconds at most. Zero unless set:
  /// in a test with one thread nobody will release it.
  package var longestWait: Double {
    get { state.withLock { $0.longestWait } }
    set { state.withLock { $0.longestWait = newValue } }
  }

  // MARK: Endings

  /// The disk as a new process finds it after a power cut; this one is dead.
  package func crashed(_ policy: CrashPolicy) -> SimulatedFileSystem {
    successor { $0.crashed(policy) }
  }

  /// The same after kill -9 alone: locks are free, and what was not synced is
  /// there but may still be lost at the next crash.
  package func restarted() -> SimulatedFileSystem { successor { $0 } }

  private func successor(
    _ change: (SimulatedDisk) -> SimulatedDisk
  ) -> SimulatedFileSystem {
    state.withLock { old in
      old.faults.die()
      var new = SimulatedState()
      new.disk = change(old.disk)
      new.capacity = old.capacity
      new.now = old.now
      new.longestWait = old.longestWait
      return SimulatedFileSystem(new)
    }
  }

  /// Changes a file behind everyone's back, durably: a flipped bit, a truncation.
  package func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws(FileError) {
    try state.withLock { (state) throws(FileError) in
      let node = try state.file(path)
      guard var file = state.disk.files[node] else { throw .notFound(path: path) }
      state.disk.usedBytes -= file.bytes.count
      change(&file.bytes)
      state.disk.usedBytes += file.bytes.count
      file.synced = file.bytes.count
      state.disk.files[node] = file
    }
  }

  /// All files below `directory` with their bytes, for comparisons; not counted as calls.
  package func allFiles(below directory: String = "/") -> [String: [UInt8]] {
    state.withLock { state in
      var result: [String: [UInt8]] = [:]
      if let node = state.node(directory) { state.collect(node, directory, &result) }
      return result
    }
  }

  // MARK: FileSystem

  package func openForReading(_ path: String) throws(FileError) -> any ReadableFile {
    try perform(.open, path) { (state) throws(FileError) in
      let node = try state.file(path)
      return SimulatedReadableFile(self, node, state.disk.files[node]?.bytes.count ?? 0, path)
    }
  }

  package func create(_ path: String) throws(FileError) -> any WritableFile {
    try perform(.create, path) { (state) throws(FileError) in
      SimulatedWritableFile(self, try state.create(path), path)
    }
  }

  package func rename(_ source: String, to target: String) throws(FileError) {
    try perform(.rename, source) { (state) throws(FileError) in
      try state.rename(source, target)
    }
  }

  package func link(_ source: String, to target: String) throws(FileError) {
    try perform(.link, target) { (state) throws(FileError) in try state.link(source, target) }
  }

  package func remove(_ path: String) throws(FileError) {
    try perform(.remove, path) { (state) throws(FileError) in try state.remove(path) }
  }

  package func makeDirectory(_ path: String) throws(FileError) {
    try perform(.makeDirectory, path) { (state) throws(FileError) in
      try state.makeDirectory(path)
    }
  }

  package func removeDirectory(_ path: String) throws(FileError) {
    try perform(.removeDirectory, path) { (state) throws(FileError) in
      try state.removeDirectory(path)
    }
  }

  package func syncDirectory(_ path: String) throws(FileError) {
    try perform(.syncDirectory, path) { (state) throws(FileError) in
      state.disk.syncDirectory(try state.directory(path, "sync"))
    }
  }

  package func list(_ path: String) throws(FileError) -> [FileEntry] {
    try perform(.list, path) { (state) throws(FileError) in
      let entries = state.disk.directories[try state.directory(path, "list")]?.entries ?? [:]
      return entries.map { name, node in
        FileEntry(name: name, isDirectory: state.disk.directories[node] != nil)
      }.sorted { FilePath.precedes($0.name, $1.name) }
    }
  }

  package func status(_ path: String) throws(FileError) -> FileStatus? {
    try perform(.status, path) { (state) throws(FileError) in
      guard let node = state.node(path) else { return nil }
      if let file = state.disk.files[node] {
        return FileStatus(size: file.bytes.count, isDirectory: false, modified: file.modified)
      }
      let modified = state.disk.directories[node]?.modified ?? 0
      return FileStatus(size: 4096, isDirectory: true, modified: modified)
    }
  }

  package func freeSpace(_ path: String) throws(FileError) -> FreeSpace {
    try perform(.freeSpace, path) { (state) throws(FileError) in
      guard state.node(path) != nil else { throw .notFound(path: path) }
      let free = max(0, state.capacity - state.disk.usedBytes)
      return FreeSpace(free: free, total: state.capacity)
    }
  }

  package func lock(_ path: String, _ mode: LockMode, wait: Double) throws(FileError)
    -> (any FileLock)?
  {
    let deadline = ContinuousClock.now + .seconds(max(0, min(wait, longestWait)))
    var first = true
    while true {
      let node = try perform(first ? .lock : nil, path) { (state) throws(FileError) in
        try state.takeLock(path, mode)
      }
      if let node { return SimulatedLock(self, node, mode) }
      if ContinuousClock.now >= deadline { return nil }
      first = false
      usleep(500)
    }
  }

  func unlock(_ node: Int, _ mode: LockMode) {
    state.withLock { $0.releaseLock(node, mode) }
  }

  /// Runs one call under the lock, counted and perhaps refused before or after it.
  func perform<R>(
    _ operation: DiskOperation?, _ path: String,
    _ body: (inout SimulatedState) throws(FileError) -> R
  ) throws(FileError) -> R {
    var result: R?
    try state.withLock { (state) throws(FileError) in
      let late = try operation.map { (operation) throws(FileError) in
        try state.faults.begin(operation, path)
      }.flatMap { $0 }
      state.late = late
      result = try body(&state)
      if let late, let operation { throw FileError(late.code, operation.rawValue, path) }
    }
    guard let result else { preconditionFailure("BUG: a call without a result") }
    return result
  }
}
