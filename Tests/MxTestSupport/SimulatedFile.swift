import Glibc
import MxFiles

final class SimulatedReadableFile: ReadableFile {
  let size: Int
  private let system: SimulatedFileSystem
  private let node: Int
  private let path: String

  init(_ system: SimulatedFileSystem, _ node: Int, _ size: Int, _ path: String) {
    self.system = system
    self.node = node
    self.size = size
    self.path = path
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    try system.perform(.read, path) { (state) throws(FileError) in
      if offset < 0 { throw FileError(EINVAL, "read", path) }
      guard let bytes = state.disk.files[node]?.bytes, offset < bytes.count else { return 0 }
      let end = min(bytes.count, offset + buffer.count)
      buffer.copyBytes(from: bytes[offset..<end])
      return end - offset
    }
  }
}

/// As the real one, it stays failed once it has failed.
final class SimulatedWritableFile: WritableFile {
  private let system: SimulatedFileSystem
  private let node: Int
  private let path: String
  private var isClosed = false
  private var failure: FileError?

  init(_ system: SimulatedFileSystem, _ node: Int, _ path: String) {
    self.system = system
    self.node = node
    self.path = path
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try perform(.write) { (state) throws(FileError) in try state.write(bytes, to: node, path) }
  }

  func sync() throws(FileError) {
    try perform(.sync) { (state) throws(FileError) in state.sync(node) }
  }

  func close() throws(FileError) {
    try perform(.close) { (state) throws(FileError) in }
    isClosed = true
  }

  private func perform(
    _ operation: DiskOperation, _ body: (inout SimulatedState) throws(FileError) -> Void
  ) throws(FileError) {
    if let failure { throw failure }
    if isClosed { throw .failed(operation: "write", path: path, code: EBADF) }
    do throws(FileError) {
      try system.perform(operation, path, body)
    } catch {
      failure = error
      throw error
    }
  }
}

final class SimulatedLock: FileLock {
  private let system: SimulatedFileSystem
  private let node: Int
  private let mode: LockMode
  private var isHeld = true

  init(_ system: SimulatedFileSystem, _ node: Int, _ mode: LockMode) {
    self.system = system
    self.node = node
    self.mode = mode
  }

  deinit { release() }

  func release() {
    if isHeld { system.unlock(node, mode) }
    isHeld = false
  }
}
