import Glibc

/// A server of someone else's for a test: started on a port of this machine, killed at
/// the end or before.
final class Service: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  let words: [String]
  let port: UInt16
  private let log: String
  private var child = pid_t()

  /// The first of `programs` that is installed; says so where none is.
  static func find(_ name: String) -> String? {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"]
    let paths: [String] = places.map { "\($0)/\(name)" }
    let found = paths.first { access($0, X_OK) == 0 }
    if found == nil { print("skipped: no \(name)") }
    return found
  }

  /// Starts `words` and waits until its port answers; what it says goes to the file `log`.
  init(_ words: [String], port: UInt16, log: String) throws {
    self.words = words
    self.port = port
    self.log = log
    try start()
  }

  /// Again, after `kill`.
  func start() throws {
    child = try Self.start(words, log: log)
    if port == 0 { return }
    for _ in 0..<1000 {
      if let descriptor = try? Self.connect(port) {
        close(descriptor)
        return
      }
      usleep(10_000)
    }
    kill()
    throw Failure(description: "\(words[0]) does not answer: \(try Shell.read(log))")
  }

  func kill() { end(SIGKILL) }

  /// SIGTERM: it may bring its things in order first.
  func stop() { end(SIGTERM) }

  private func end(_ signal: Int32) {
    if child == 0 { return }
    Glibc.kill(child, signal)
    var status: Int32 = 0
    waitpid(child, &status, 0)
    child = 0
  }

  private static func start(_ words: [String], log: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Threads of a test run block signals, and so would what they start.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var child = pid_t()
    let copies = words.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let code = posix_spawn(&child, words[0], &actions, &attributes, copies + [nil], environ)
    guard code == 0 else { throw Failure(description: "\(words[0]): errno \(code)") }
    return child
  }

  // MARK: - Connections

  /// One request, and all that comes back.
  func ask(_ request: String) throws -> String {
    let descriptor = try Self.connect(port)
    defer { close(descriptor) }
    let bytes = Array(request.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        send(descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent, Int32(MSG_NOSIGNAL))
      }
      // The server may refuse before it has read all: its answer is there to be read.
      if count <= 0 { break }
      sent += count
    }
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 {
      answer += piece[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func with<R>(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> R
  ) -> R {
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
    }
  }

  static func connect(_ port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = address(port)
    let result = with(&address) {
      Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    guard result == 0 else {
      close(descriptor)
      throw Failure(description: "connect: errno \(errno)")
    }
    return descriptor
  }

  /// One that the kernel has just given and got back.
  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = address(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = with(&address) { bind(descriptor, $0, size) }
    let named = with(&address) { getsockname(descriptor, $0, &size) }
    guard bound == 0, named == 0 else { throw Failure(description: "no port: errno \(errno)") }
    return UInt16(bigEndian: address.sin_port)
  }
}
