import Glibc

/// The reader of our standard output went away (`mx-query … | head -1`).
/// Not an error: the tool ends quietly.
package struct OutputClosed: Error {}

/// The one place that calls write(2) on the standard streams.
enum Descriptor {
  /// Writes all of `bytes`, however many calls it takes.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Someone made our terminal or pipe non-blocking; wait until it takes more.
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wait, 1, -1)
      case EPIPE: throw OutputClosed()
      default:
        throw Diagnostic(.system, subject: "standard output", Descriptor.reason(errno))
      }
    }
  }

  static func isTerminal(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1
  }

  /// Columns of the terminal, 80 where it does not say.
  static func width(of descriptor: Int32) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// What the system calls an error number: `no space left on device`.
  static func reason(_ number: Int32) -> String {
    let text = String(cString: strerror(number))
    // Lower case like all our messages, but 'I/O error' keeps its letters.
    let second = text.utf8.dropFirst().first ?? 0
    return 97...122 ~= second ? text.prefix(1).lowercased() + text.dropFirst() : text
  }
}
