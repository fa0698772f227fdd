import Glibc
import MxCLI

/// `rsvg-convert`, where it is installed: makes PNG of SVG, for mail.
struct Rasterizer {
  private let program: String

  /// Nil where there is none on the PATH.
  static func find() -> Rasterizer? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    for directory in path.split(separator: ":") {
      let program = "\(directory)/rsvg-convert"
      if access(program, X_OK) == 0 { return Rasterizer(program: program) }
    }
    return nil
  }

  /// Twice as many pixels as the picture is wide: screens of phones show them all.
  func png(_ svg: [UInt8]) throws -> [UInt8] {
    var toChild: [Int32] = [0, 0]
    var fromChild: [Int32] = [0, 0]
    guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw failure(errno) }
    // What the child does not need it must not have, or it would wait for its own end.
    for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    var process: pid_t = 0
    let words = [program, "--zoom=2", "--format=png"]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let result = posix_spawn(&process, program, &actions, nil, &arguments, environ)
    close(toChild[0])
    close(fromChild[1])
    guard result == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw failure(result)
    }
    // It reads all of its input before it writes the first byte.
    let isTaken = Self.writeAll(svg, toChild[1])
    close(toChild[1])
    let png = Self.readAll(fromChild[0])
    close(fromChild[0])
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    guard isTaken, status == 0, !png.isEmpty else {
      throw Diagnostic(.system, subject: program, "it could not draw a picture")
    }
    return png
  }

  private func failure(_ code: Int32) -> Diagnostic {
    Diagnostic(.system, subject: program, String(cString: strerror(code)))
  }

  private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[offset...])
        let count = write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return false }
        offset += count
      }
      return true
    }
  }

  private static func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
