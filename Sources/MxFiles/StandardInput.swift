import Glibc

/// Bytes that come once, in order: a pipe, a terminal, `/dev/stdin`.
package enum StandardInput {
  /// Fills some of `buffer`; 0 is the end, and where `isStopped` says so: a signal
  /// ends the wait for a pipe that is silent.
  package static func read(
    into buffer: UnsafeMutableRawBufferPointer, isStopped: () -> Bool = { false }
  ) throws(FileError) -> Int {
    while true {
      if isStopped() { return 0 }
      var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      // A second at most: a signal may come between the question and the wait.
      if poll(&input, 1, 1000) == 0 { continue }
      if isStopped() { return 0 }
      let count = Glibc.read(0, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR, errno != EAGAIN { throw FileError(errno, "read", "standard input") }
    }
  }
}
