import Glibc

/// The two ends of a conversation that a web server or systemd gave this program:
/// descriptors 0 and 1.
///
/// All of a request must come within `milliseconds`: a client that sends a byte a
/// minute would hold a process for ever. An answer may take as long again between
/// any two of its pieces.
package final class StandardStreams {
  private let milliseconds: Int64
  private let deadline: Int64

  package init(milliseconds: Int) {
    self.milliseconds = Int64(milliseconds)
    deadline = Clock.now() + self.milliseconds
  }

  package func read(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      try wait(0, POLLIN, until: deadline)
      let count = Glibc.read(0, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      switch errno {
      case EINTR, EAGAIN: continue
      // A reset ends the stream, and so is it told.
      case ECONNRESET: return 0
      default: throw RequestError.malformed("reading failed: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// A client that is gone is nobody's mistake: the rest is not sent.
  package func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      try wait(1, POLLOUT, until: Clock.now() + milliseconds)
      let count = bytes.withUnsafeBytes { raw in
        Glibc.write(1, raw.baseAddress.map { $0 + sent }, raw.count - sent)
      }
      if count >= 0 {
        sent += count
      } else if errno != EINTR, errno != EAGAIN {
        return
      }
    }
  }

  private func wait(_ descriptor: Int32, _ event: Int32, until deadline: Int64) throws {
    var poller = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    while true {
      let left = deadline - Clock.now()
      guard left > 0 else { throw RequestError.tooSlow }
      let found = poll(&poller, 1, Int32(clamping: left))
      if found > 0 { return }
      if found < 0, errno != EINTR { return }
    }
  }
}
