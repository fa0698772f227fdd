import Glibc
import MxTools

/// Starts tools: in this process with the simulated present, or, to be killed, as processes.
final class Runner {
  struct Result {
    var exit: Int32
    var printed: String
    var milliseconds: Double
  }

  /// Where the built tools lie.
  let tools: String
  private let descriptor: Int32

  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  init(tools: String, scratch: String) throws {
    self.tools = tools
    // Read and written, and in nobody's way: what a run prints.
    descriptor = open(scratch, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0o600)
    guard descriptor >= 0 else { throw Problem(description: "\(scratch): errno \(errno)") }
  }

  deinit { close(descriptor) }

  /// Exit 75 and the like come back as they are; 128 and more would be a signal.
  func run(_ words: [String], now: Int64) throws -> Result {
    ftruncate(descriptor, 0)
    let begin = Runner.ticks()
    let rest = Array(words.dropFirst()) + ["--now", Runner.seconds(now)]
    let exit: Int32
    switch words[0] {
    case "mx-ingest": exit = runTool(IngestCommand.self, words: rest, printingTo: descriptor)
    case "mx-compact": exit = runTool(CompactCommand.self, words: rest, printingTo: descriptor)
    case "mx-rollup": exit = runTool(RollupCommand.self, words: rest, printingTo: descriptor)
    case "mx-query": exit = runTool(QueryCommand.self, words: rest, printingTo: descriptor)
    case "mx-alert": exit = runTool(AlertCommand.self, words: rest, printingTo: descriptor)
    case "mx-render": exit = runTool(RenderCommand.self, words: rest, printingTo: descriptor)
    default: throw Problem(description: "no tool '\(words[0])'")
    }
    let milliseconds = Double(Runner.ticks() - begin) / 1e6
    return Result(exit: exit, printed: printed(), milliseconds: milliseconds)
  }

  /// Starts it as a process and kills it after `microseconds`; true where it was killed.
  func kill(_ words: [String], now: Int64, after microseconds: UInt32) throws -> Bool {
    let program = "\(tools)/\(words[0])"
    let all = [program] + words.dropFirst() + ["--now", Runner.seconds(now)]
    let arguments = all.map { strdup($0) } + [nil]
    defer { for text in arguments { free(text) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream: Int32 in 1...2 {
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
    }
    var process = pid_t()
    let code = posix_spawn(&process, program, &actions, nil, arguments, environ)
    guard code == 0 else { throw Problem(description: "\(program): errno \(code)") }
    usleep(microseconds)
    Glibc.kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == SIGKILL
  }

  private func printed() -> String {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = pread(descriptor, &part, part.count, off_t(bytes.count))
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    return rest == 0 ? "\(whole)" : "\(whole)." + String(String(1000 + rest).dropFirst())
  }

  /// Nanoseconds of a clock that nobody sets.
  static func ticks() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// Files of the simulation, as scripts would handle them.
enum Place {
  static func write(_ text: String, to path: String) throws {
    // Under a name that no job takes, so that nothing half written is seen.
    let temporary = path + ".tmp"
    guard let file = fopen(temporary, "w") else {
      throw Runner.Problem(description: "\(path): errno \(errno)")
    }
    var text = text
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
    guard fclose(file) == 0, written == text.utf8.count, rename(temporary, path) == 0 else {
      throw Runner.Problem(description: "\(path): errno \(errno)")
    }
  }

  static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
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

  /// Bytes of all files below.
  static func size(_ path: String) -> Int {
    guard let directory = opendir(path) else { return 0 }
    defer { closedir(directory) }
    var total = 0
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      var info = stat()
      guard lstat("\(path)/\(name)", &info) == 0 else { continue }
      total +=
        info.st_mode & S_IFMT == S_IFDIR ? size("\(path)/\(name)") : Int(info.st_size)
    }
    return total
  }

  static func makeDirectories(_ path: String) {
    var built = ""
    for part in path.split(separator: "/") {
      built += "/" + part
      mkdir(built, 0o755)
    }
  }

  /// The directory of this program, where the tools of the same build lie.
  static func tools() throws -> String {
    guard let path = realpath("/proc/self/exe", nil) else {
      throw Runner.Problem(description: "this program has no path: errno \(errno)")
    }
    defer { free(path) }
    return String(cString: path).split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
  }

  /// KiB of memory that this process has now.
  static func memory() -> Int {
    let line = (read("/proc/self/status") ?? "").split(separator: "\n").first {
      $0.hasPrefix("VmRSS:")
    }
    return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
  }
}
