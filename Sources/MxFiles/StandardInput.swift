import Glibc

/// Bytes that come once, in order: a pipe, a terminal, `/dev/stdin`.
package enum StandardInput {
  /// Fills some of `buffer`; 0 is the end, nil where `isStopped` says so: a signal
  /// ends the wait for a pipe that is silent.
  package static func read(
    into buffer: UnsafeMutableRawBufferPointer, isStopped: () -> Bool = { false }
  ) throws(FileError) -> Int? {
    try readStream(0, "standard input", into: buffer, isStopped)
  }
}

/// Such bytes under a name of their own: the shell's `<(command)`, what mkfifo made.
package final class NamedStream {
  private let descriptor: Int32
  private let path: String

  /// Waits until somebody writes to it.
  package init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    if descriptor < 0 { throw FileError(errno, "open", path) }
  }

  deinit { _ = close(descriptor) }

  /// As of standard input.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, isStopped: () -> Bool
  ) throws(FileError) -> Int? {
    try readStream(descriptor, path, into: buffer, isStopped)
  }
}

private func readStream(
  _ descriptor: Int32, _ name: String, into buffer: UnsafeMutableRawBufferPointer,
  _ isStopped: () -> Bool
) throws(FileError) -> Int? {
  while true {
    if isStopped() { return nil }
    var input = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // A second at most: a signal may come between the question and the wait.
    if poll(&input, 1, 1000) == 0 { continue }
    if isStopped() { return nil }
    let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    if count >= 0 { return count }
    if errno != EINTR, errno != EAGAIN { throw FileError(errno, "read", name) }
  }
}
