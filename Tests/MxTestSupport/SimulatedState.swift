import Glibc
import MxFiles

/// All of a simulated disk behind its one mutex: files, faults, locks.
struct SimulatedState {
  var disk = SimulatedDisk()
  var faults = FaultCounter()
  var capacity = 1 << 40
  var now: Int64 = 1_700_000_000_000
  var longestWait = 0.0
  var bytesWritten = 0
  /// The fault of the running call that strikes after its work.
  var late: DiskFault?
  /// Node -> number of shared holders, -1 for an exclusive one.
  private var locks: [Int: Int] = [:]

  // MARK: Paths

  private func parts(_ path: String) -> [String] {
    path.split(separator: "/").map(String.init).filter { $0 != "." }
  }

  func node(_ path: String) -> Int? { walk(path).node }

  /// The node that `path` names, or errno: ENOTDIR where it leads through a file.
  private func walk(_ path: String) -> (node: Int?, code: Int32) {
    var node = SimulatedDisk.root
    for name in parts(path) {
      guard let directory = disk.directories[node] else { return (nil, ENOTDIR) }
      guard let next = directory.entries[name] else { return (nil, ENOENT) }
      node = next
    }
    return (node, 0)
  }

  func file(_ path: String) throws(FileError) -> Int {
    let (node, code) = walk(path)
    guard let node else { throw FileError(code, "open", path) }
    if disk.files[node] == nil { throw FileError(EISDIR, "open", path) }
    return node
  }

  func directory(_ path: String, _ operation: String) throws(FileError) -> Int {
    let (node, code) = walk(path)
    guard let node else { throw FileError(code, operation, path) }
    if disk.directories[node] == nil { throw FileError(ENOTDIR, operation, path) }
    return node
  }

  /// The directory that holds, or would hold, the last name of `path`; errors speak of `subject`.
  private func place(
    _ path: String, _ operation: String, subject: String? = nil
  ) throws(FileError) -> (directory: Int, name: String) {
    var names = parts(path)
    guard let name = names.popLast() else { throw .exists(path: path) }
    let (node, code) = walk(names.joined(separator: "/"))
    guard let node else { throw FileError(code, operation, subject ?? path) }
    if disk.directories[node] == nil { throw FileError(ENOTDIR, operation, subject ?? path) }
    return (node, name)
  }

  // MARK: Names

  mutating func create(_ path: String, _ operation: String = "create") throws(FileError) -> Int {
    let place = try place(path, operation)
    if node(path) != nil { throw .exists(path: path) }
    let new = disk.newNode()
    // Its name gives it the first link.
    disk.files[new] = SimulatedDisk.File(links: 0, modified: now)
    disk.change([(place.directory, place.name, new)], now: now)
    return new
  }

  mutating func link(_ source: String, _ target: String) throws(FileError) {
    let (old, code) = walk(source)
    guard let old else { throw FileError(code, "link", code == ENOENT ? source : target) }
    let place: (directory: Int, name: String)
    do throws(FileError) {
      place = try self.place(target, "link")
    } catch .notFound {
      // As the real disk, which cannot tell which of the two was missing.
      throw .notFound(path: source)
    }
    if node(target) != nil { throw .exists(path: target) }
    if disk.files[old] == nil { throw FileError(EPERM, "link", target) }
    disk.change([(place.directory, place.name, old)], now: now)
  }

  mutating func rename(_ source: String, _ target: String) throws(FileError) {
    let from = try place(source, "rename")
    let to = try place(target, "rename", subject: source)
    guard let moved = node(source) else { throw .notFound(path: source) }
    let old = node(target)
    if old == moved { return }
    if let code = refusal(source, moved, target, over: old) {
      throw FileError(code, "rename", source)
    }
    disk.change(
      [(from.directory, from.name, nil), (to.directory, to.name, moved)], from: from, now: now)
  }

  /// errno of a rename that no disk would make, in the order in which Linux asks.
  private func refusal(_ source: String, _ moved: Int, _ target: String, over old: Int?) -> Int32? {
    if parts(target).starts(with: parts(source)) { return EINVAL }
    if parts(source).starts(with: parts(target)) { return ENOTEMPTY }
    guard let old else { return nil }
    guard let directory = disk.directories[old] else {
      return disk.directories[moved] == nil ? nil : ENOTDIR
    }
    if disk.directories[moved] == nil { return EISDIR }
    return directory.entries.isEmpty ? nil : ENOTEMPTY
  }

  mutating func remove(_ path: String) throws(FileError) {
    let (old, code) = walk(path)
    guard let old else { throw FileError(code, "remove", path) }
    if disk.directories[old] != nil { throw FileError(EISDIR, "remove", path) }
    let place = try place(path, "remove")
    disk.change([(place.directory, place.name, nil)], now: now)
  }

  mutating func makeDirectory(_ path: String) throws(FileError) {
    var directory = SimulatedDisk.root
    var made = ""
    for name in parts(path) {
      made += "/" + name
      if let next = disk.directories[directory]?.entries[name] {
        if disk.directories[next] == nil { throw .exists(path: made) }
        directory = next
      } else {
        let new = disk.newNode()
        disk.directories[new] = SimulatedDisk.Directory(modified: now)
        disk.change([(directory, name, new)], now: now)
        directory = new
      }
    }
  }

  mutating func removeDirectory(_ path: String) throws(FileError) {
    let old = try directory(path, "remove directory")
    guard disk.directories[old]?.entries.isEmpty == true else {
      throw FileError(ENOTEMPTY, "remove directory", path)
    }
    let place = try place(path, "remove directory")
    disk.change([(place.directory, place.name, nil)], now: now)
  }

  func collect(_ node: Int, _ path: String, _ result: inout [String: [UInt8]]) {
    if let file = disk.files[node] { result[path] = file.bytes }
    for (name, child) in disk.directories[node]?.entries ?? [:] {
      collect(child, FilePath.join(path, name), &result)
    }
  }

  // MARK: Bytes

  /// Appends; a fault that strikes this write leaves its part of the bytes.
  mutating func write(
    _ bytes: UnsafeRawBufferPointer, to node: Int, _ path: String
  ) throws(FileError) {
    guard var file = disk.files[node] else { throw .notFound(path: path) }
    var count = bytes.count
    if let late, !late.isLate {
      count = min(count, max(0, Int(Double(count) * late.written)))
    }
    let room = max(0, capacity - disk.usedBytes)
    let written = min(count, room)
    disk.files[node] = nil
    file.bytes.append(contentsOf: bytes[..<written])
    file.modified = now
    if file.links > 0 { disk.usedBytes += written }
    disk.files[node] = file
    bytesWritten += written
    if written < count { throw .full(path: path) }
  }

  mutating func sync(_ node: Int) {
    guard let count = disk.files[node]?.bytes.count else { return }
    disk.files[node]?.synced = count
  }

  // MARK: Locks

  /// The locked file's node, nil where another holds it.
  mutating func takeLock(_ path: String, _ mode: LockMode) throws(FileError) -> Int? {
    if faults.isDead { throw .failed(operation: FaultCounter.killed, path: path, code: 0) }
    var found = node(path)
    if found == nil { found = try create(path, "lock") }
    guard let node = found else { return nil }
    let holders = locks[node] ?? 0
    switch mode {
    case .shared where holders >= 0: locks[node] = holders + 1
    case .exclusive where holders == 0: locks[node] = -1
    default: return nil
    }
    return node
  }

  mutating func releaseLock(_ node: Int, _ mode: LockMode) {
    locks[node] = mode == .exclusive ? 0 : (locks[node] ?? 1) - 1
  }
}
