import Glibc

/// A running helper and our end of the socket to it.
///
/// A socket, not a pipe: a write to a helper that is gone must be an error here,
/// not the signal that ends the tool.
final class HelperProcess {
  private let process: pid_t
  private let socket: Int32

  /// What of the environment the helper may see: how to find certificates and
  /// hosts. A tool's environment may hold secrets, and the helper's is readable
  /// for whoever is this user.
  private static let variables = [
    "SSL_CERT_FILE", "SSL_CERT_DIR", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES",
    "LD_LIBRARY_PATH",
  ]

  init(path: String) throws(NetError) {
    guard access(path, X_OK) == 0 else { throw .helperMissing(searched: [path]) }
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw .cannotStart(path, errno: errno)
    }
    defer { close(ends[1]) }
    var started = pid_t()
    let code = Self.spawn(path, ends[1], &started)
    guard code == 0 else {
      close(ends[0])
      throw .cannotStart(path, errno: code)
    }
    process = started
    socket = ends[0]
  }

  private static func spawn(_ path: String, _ socket: Int32, _ process: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, socket, 0)
    posix_spawn_file_actions_adddup2(&actions, socket, 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Whatever this program blocks or ignores is not the helper's business.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("mx-net"), nil]
    let environment = variables.map { name -> UnsafeMutablePointer<CChar>? in
      getenv(name).flatMap { strdup(name + "=" + String(cString: $0)) }
    }
    defer { for text in arguments + environment { free(text) } }
    return posix_spawn(
      &process, path, &actions, &attributes, arguments, environment.filter { $0 != nil } + [nil])
  }

  /// Until there is something to read, or room to write if that is wanted.
  func wait(toSend: Bool, milliseconds: Int64) {
    var poller = pollfd(
      fd: socket, events: Int16(POLLIN) | (toSend ? Int16(POLLOUT) : 0), revents: 0)
    // An interruption is as good as an end of the wait: the caller comes back.
    _ = poll(&poller, 1, Int32(clamping: max(milliseconds, 0)))
  }

  /// Sends what there is room for; at the end of `bytes` shuts this side. False
  /// when the helper is gone.
  func send(_ bytes: [UInt8], _ sent: inout Int) -> Bool {
    while sent < bytes.count {
      let start = sent
      let count = bytes.withUnsafeBytes { raw in
        Glibc.send(
          socket, raw.baseAddress.map { $0 + start }, raw.count - start,
          Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        if errno == EINTR { continue }
        return errno == EAGAIN || errno == EWOULDBLOCK
      }
      sent += count
      if sent == bytes.count { shutdown(socket, Int32(SHUT_WR)) }
    }
    return true
  }

  enum Received {
    case nothing, bytes, ended
  }

  func receive(into buffer: inout FrameBuffer) -> Received {
    withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { scratch in
      let count = recv(socket, scratch.baseAddress, scratch.count, Int32(MSG_DONTWAIT))
      if count > 0 {
        buffer.append(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        return .bytes
      }
      if count == 0 { return .ended }
      return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .nothing : .ended
    }
  }

  /// Ends it, if it has not ended, and leaves nothing behind. A helper that gave
  /// its last answer has half a second to take leave of mail servers.
  func end(politely: Bool) {
    let limit = Clock.now() + (politely ? 500 : 0)
    var rest = FrameBuffer()
    while case let left = limit - Clock.now(), left > 0 {
      wait(toSend: false, milliseconds: left)
      if case .ended = receive(into: &rest) { break }
    }
    close(socket)
    kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
