import Glibc

/// A program that gets bytes on stdin and so much time: no shell, no PATH, and of the
/// environment only what cannot be a secret.
enum ChildProcess {
  enum End: Equatable {
    case exited(Int32)
    case killed(Int32)
    case timedOut
    case notStarted(String)
  }

  private static let variables = ["PATH", "LANG", "LC_ALL", "TZ", "HOME", "USER", "LOGNAME"]

  /// What it prints is discarded; so is stderr, which cron would mail.
  static func run(_ command: [String], input: [UInt8], timeout: Int64) -> End {
    switch start(command, input: input, timeout: timeout, keepsOutput: false) {
    case .success(let result): result.end
    case .failure(let failure): .notStarted(failure.reason)
    }
  }

  /// The same, with what it prints on stdout; nil where it did not end well.
  static func output(_ command: [String], input: [UInt8], timeout: Int64) -> [UInt8]? {
    guard
      case .success(let result) = start(
        command, input: input, timeout: timeout, keepsOutput: true), result.end == .exited(0)
    else { return nil }
    return result.output
  }

  private struct Failure: Error { var reason: String }

  private static func start(
    _ command: [String], input: [UInt8], timeout: Int64, keepsOutput: Bool
  ) -> Result<(end: End, output: [UInt8]), Failure> {
    // A socket, not a pipe: a program that does not read must not end us by a signal.
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard let program = command.first, socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      return .failure(Failure(reason: String(cString: strerror(errno))))
    }
    defer { close(ends[0]) }
    var process = pid_t()
    let code = spawn(program, command, ends[1], keepsOutput, &process)
    close(ends[1])
    guard code == 0 else { return .failure(Failure(reason: String(cString: strerror(code)))) }
    let output = talk(ends[0], input, until: clock() + timeout, keepsOutput)
    return .success((wait(process, until: clock() + (output == nil ? 0 : timeout)), output ?? []))
  }

  private static func spawn(
    _ program: String, _ command: [String], _ socket: Int32, _ keepsOutput: Bool,
    _ process: inout pid_t
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, socket, 0)
    if keepsOutput {
      posix_spawn_file_actions_adddup2(&actions, socket, 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var standard = sigset_t()
    sigemptyset(&standard)
    sigaddset(&standard, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &standard)
    // A group of its own, so that what it starts ends with it.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETPGROUP))
    let arguments = command.map { strdup($0) } + [nil]
    let environment = variables.map { name -> UnsafeMutablePointer<CChar>? in
      getenv(name).flatMap { strdup(name + "=" + String(cString: $0)) }
    }
    defer { for text in arguments + environment { free(text) } }
    return posix_spawn(
      &process, program, &actions, &attributes, arguments, environment.filter { $0 != nil } + [nil])
  }

  /// Gives the input and takes the output; nil where the time was up.
  private static func talk(
    _ socket: Int32, _ input: [UInt8], until deadline: Int64, _ keepsOutput: Bool
  ) -> [UInt8]? {
    var sent = 0
    var output: [UInt8] = []
    if input.isEmpty { shutdown(socket, Int32(SHUT_WR)) }
    while true {
      let left = deadline - clock()
      if left <= 0 { return nil }
      let wants = Int16(POLLIN) | (sent < input.count ? Int16(POLLOUT) : 0)
      var poller = pollfd(fd: socket, events: wants, revents: 0)
      _ = poll(&poller, 1, Int32(clamping: left))
      if sent < input.count, poller.revents & Int16(POLLOUT) != 0 {
        let start = sent
        let count = input.withUnsafeBytes { raw in
          send(
            socket, raw.baseAddress.map { $0 + start }, raw.count - start,
            Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        // It reads no more, and may be right.
        sent = count < 0 && errno != EAGAIN && errno != EINTR ? input.count : sent + max(0, count)
        if sent >= input.count { shutdown(socket, Int32(SHUT_WR)) }
      }
      if poller.revents & (Int16(POLLIN) | Int16(POLLHUP)) != 0 {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return output }
        if count > 0, keepsOutput, output.count < 16 << 20 { output += chunk[..<count] }
      }
    }
  }

  private static func wait(_ process: pid_t, until deadline: Int64) -> End {
    var status: Int32 = 0
    while true {
      let ended = waitpid(process, &status, WNOHANG)
      if ended == process { break }
      if ended < 0, errno != EINTR { return .exited(0) }
      if clock() >= deadline {
        kill(-process, SIGKILL)
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return .timedOut
      }
      usleep(2000)
    }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
  }

  /// Milliseconds of a clock that only goes forward.
  private static func clock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
