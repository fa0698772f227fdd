import Glibc

/// A file open for reading at any offset, from any thread.
final class DiskReadableFile: ReadableFile {
  let size: Int
  private let descriptor: Int32
  private let path: String

  /// Takes over `descriptor`, also where it throws.
  init(_ descriptor: Int32, _ path: String) throws(FileError) {
    self.descriptor = descriptor
    self.path = path
    var information = stat()
    let result = fstat(descriptor, &information)
    let code = result == 0 ? (information.isDirectory ? EISDIR : 0) : errno
    size = Int(information.st_size)
    if code != 0 { throw FileError(code, "open", path) }
  }

  deinit { _ = close(descriptor) }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var count = 0
    while count < buffer.count {
      let got = pread(descriptor, base + count, buffer.count - count, off_t(offset) &+ count)
      if got > 0 {
        count += got
      } else if got == 0 {
        break
      } else if errno != EINTR {
        throw FileError(errno, "read", path)
      }
    }
    return count
  }
}

/// A new file, written from its start to its end.
///
/// Small writes are gathered to chunks of 256 KiB. An error is final: after a
/// failed sync the kernel may have dropped what it could not write and answer
/// the next sync with success, so every later call throws the first error again.
final class DiskWritableFile: WritableFile {
  private static let capacity = 1 << 18

  private var descriptor: Int32
  private let path: String
  private let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
  private var filled = 0
  private var failure: FileError?

  init(_ descriptor: Int32, _ path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// A file that was never closed is an abandoned one: what is in the buffer is dropped.
  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    buffer.deallocate()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try checkUsable()
    guard let base = bytes.baseAddress else { return }
    if filled + bytes.count > Self.capacity { try flush() }
    if bytes.count >= Self.capacity {
      try writeOut(base, bytes.count)
    } else {
      memcpy(buffer + filled, base, bytes.count)
      filled += bytes.count
    }
  }

  /// fdatasync: it writes the size too, and leaves out only times that nothing reads.
  func sync() throws(FileError) {
    try checkUsable()
    try flush()
    while fdatasync(descriptor) != 0 {
      if errno != EINTR { throw fail(errno, "sync") }
    }
  }

  func close() throws(FileError) {
    try checkUsable()
    try flush()
    let result = Glibc.close(descriptor)
    let code = errno
    // The descriptor is gone whatever close said; EINTR too means closed here.
    descriptor = -1
    if result != 0 && code != EINTR { throw fail(code, "close") }
  }

  private func checkUsable() throws(FileError) {
    if let failure { throw failure }
    if descriptor < 0 { throw .failed(operation: "write", path: path, code: EBADF) }
  }

  private func flush() throws(FileError) {
    let count = filled
    filled = 0
    try writeOut(buffer, count)
  }

  private func writeOut(_ start: UnsafeRawPointer, _ count: Int) throws(FileError) {
    var done = 0
    while done < count {
      let wrote = Glibc.write(descriptor, start + done, count - done)
      if wrote > 0 {
        done += wrote
      } else if wrote == 0 {
        throw fail(EIO, "write")
      } else if errno != EINTR {
        throw fail(errno, "write")
      }
    }
  }

  private func fail(_ code: Int32, _ operation: String) -> FileError {
    let error = FileError(code, operation, path)
    failure = error
    return error
  }
}
