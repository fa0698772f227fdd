import Glibc

/// Bytes that come once, in order: a pipe, a terminal, `/dev/stdin`.
package enum StandardInput {
  /// Fills some of `buffer`; 0 is the end.
  package static func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    while true {
      let count = Glibc.read(0, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR { throw FileError(errno, "read", "standard input") }
    }
  }
}
