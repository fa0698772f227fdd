import Glibc

/// Runs commands as a user's shell would, in a clean environment.
struct Shell {
  struct Result: Equatable {
    var exit: Int32
    var stdout: String
    var stderr: String
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The current directory of the commands: new, empty, removed at the end.
  let directory: String
  /// Where the built tools lie.
  let tools: String

  /// A command that runs longer is stopped: the tools answer in milliseconds.
  static let patience = 60_000

  init(tools: String) throws {
    let marks = String(repeating: "X", count: 6)
    var template = Array("\(Shell.temporaryRoot)/mx-commands-\(marks)".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    guard let made else {
      throw Failure(description: "no temporary directory: errno \(errno)")
    }
    directory = String(cString: made)
    self.tools = tools
    // Streams lie beside the current directory, so that `ls` shows only the script's files.
    guard mkdir("\(directory)/here", 0o755) == 0 else {
      throw Failure(description: "\(directory)/here: errno \(errno)")
    }
  }

  private static var temporaryRoot: String {
    getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  }

  func remove() {
    _ = try? run("cd .. && rm -rf -- here", input: nil)
    for name in ["in", "out", "err"] { unlink("\(directory)/\(name)") }
    rmdir(directory)
  }

  func write(_ text: String, to name: String) throws {
    let path = name.hasPrefix("/") ? name : "\(directory)/here/\(name)"
    guard let file = fopen(path, "w") else {
      throw Failure(description: "\(name): errno \(errno)")
    }
    defer { fclose(file) }
    var text = text
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
    guard written == text.utf8.count else { throw Failure(description: "\(name): short write") }
  }

  func run(_ command: String, input: String?) throws -> Result {
    try write(input ?? "", to: "\(directory)/in")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let create = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "\(directory)/in", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(directory)/out", create, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, "\(directory)/err", create, 0o644)
    // The directory goes in as $0: it needs no quoting that way.
    let words = ["sh", "-c", "cd \"$0\" || exit 99\n\(command)", "\(directory)/here"]
    let environment = [
      "PATH=\(tools):/usr/local/bin:/usr/bin:/bin", "TZ=UTC", "LC_ALL=C", "HOME=\(directory)",
      "SWIFT_BACKTRACE=enable=no",
    ]
    var child = pid_t()
    let code = withStrings(words) { words in
      withStrings(environment) { posix_spawn(&child, "/bin/sh", &actions, nil, words, $0) }
    }
    guard code == 0 else { throw Failure(description: "sh does not start: errno \(code)") }
    let exit = try wait(for: child, command)
    return Result(
      exit: exit, stdout: try Shell.read("\(directory)/out"),
      stderr: try Shell.read("\(directory)/err"))
  }

  private func wait(for child: pid_t, _ command: String) throws -> Int32 {
    var status: Int32 = 0
    var waited = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      guard waited < Shell.patience else {
        kill(child, SIGKILL)
        waitpid(child, &status, 0)
        throw Failure(description: "'\(command)' did not end within \(Shell.patience / 1000) s")
      }
      usleep(2000)
      waited += 2
    }
    // As shells tell it: the code, or 128 and the signal.
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  private func withStrings<R>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
  ) -> R {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }

  static func read(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else {
      throw Failure(description: "\(path): errno \(errno)")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&part, 1, part.count, file)
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
