/// A text that says what commands must print, readable by anyone.
///
///     # A comment.
///     file metrics.prom
///       up 1
///     $ mx-query --file metrics.prom up
///     stdout
///       up  1
///     $ mx-query --halp
///     exit 2
///     stderr
///       mx-query: error: unknown option '--halp'
///       ~mx-query: hint: did you mean '--h.*
///
/// - `file NAME` makes a file in the script's own directory, which is new and
///   the current one; `stdin` after a command is what the command reads.
/// - A command is a line for /bin/sh, continued by lines that start with `> `.
/// - What is not said must be so: without `exit`, `stdout` or `stderr` the code
///   is 0 and the stream is empty.
/// - A block's lines are indented by two spaces. `~` before a line makes it a
///   regular expression for that whole line, and alone it is an empty line (at
///   a block's end, where empty lines are the script's own); `\` before `~` or
///   `\` means the sign itself; a last line `\` means that the text has no
///   final line end.
struct Script: Equatable {
  struct Problem: Error, Equatable, CustomStringConvertible {
    let line: Int
    let message: String
    var description: String { "line \(line): \(message)" }
  }

  struct Command: Equatable {
    var line: Int
    var text: String
    var input: String?
    var exit: Int32 = 0
    /// The lines of the blocks, marks and all; nil where no block stands.
    var stdout: [String]?
    var stderr: [String]?
  }

  enum Item: Equatable {
    /// Comments and empty lines, kept so that a script can be written again.
    case remark(String)
    case file(name: String, lines: [String])
    case command(Command)
  }

  var items: [Item] = []

  init(_ text: String) throws {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    var at = 0
    while at < lines.count {
      let line = lines[at]
      at += 1
      if line.isEmpty || line.hasPrefix("#") {
        items.append(.remark(line))
      } else if line.hasPrefix("file ") {
        items.append(.file(name: String(line.dropFirst(5)), lines: Script.block(lines, &at)))
      } else if line.hasPrefix("$ ") {
        var command = Command(line: at, text: String(line.dropFirst(2)))
        while at < lines.count, lines[at].hasPrefix("> ") {
          command.text += "\n" + lines[at].dropFirst(2)
          at += 1
        }
        items.append(.command(command))
      } else {
        try addExpectation(line, lines, &at)
      }
    }
    if !items.contains(where: { if case .command = $0 { true } else { false } }) {
      throw Problem(line: 1, message: "the script has no command")
    }
  }

  private mutating func addExpectation(
    _ line: String, _ lines: [String], _ at: inout Int
  ) throws {
    guard case .command(var command) = items.last else {
      throw Problem(line: at, message: "'\(line)' does not stand below a command")
    }
    switch line {
    case "stdin": command.input = Script.plain(Script.block(lines, &at))
    case "stdout": command.stdout = Script.block(lines, &at)
    case "stderr": command.stderr = Script.block(lines, &at)
    default:
      guard line.hasPrefix("exit "), let code = Int32(line.dropFirst(5)) else {
        throw Problem(
          line: at, message: "'\(line)' is none of $, file, exit, stdin, stdout, stderr")
      }
      command.exit = code
    }
    items[items.count - 1] = .command(command)
  }

  /// Indented lines, and empty ones between them.
  private static func block(_ lines: [String], _ at: inout Int) -> [String] {
    var block: [String] = []
    var end = at
    while end < lines.count, lines[end].hasPrefix("  ") || lines[end].isEmpty {
      block.append(String(lines[end].dropFirst(2)))
      end += 1
    }
    // Empty lines at the end part the block from what follows.
    while end > at, lines[end - 1].isEmpty {
      block.removeLast()
      end -= 1
    }
    at = end
    return block
  }

  /// The text a block stands for, marks removed.
  static func plain(_ lines: [String]) -> String {
    var lines = lines
    let isOpen = lines.last == "\\"
    if isOpen { lines.removeLast() }
    let text = lines.map { unescaped($0) }.joined(separator: "\n")
    return isOpen || lines.isEmpty ? text : text + "\n"
  }

  private static func unescaped(_ line: String) -> String {
    if line == "~" { return "" }
    return line.hasPrefix("\\") ? String(line.dropFirst()) : line
  }

  /// The block that stands for a text; `plain`'s mirror.
  static func block(of text: String) -> [String] {
    guard !text.isEmpty else { return [] }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let isClosed = lines.last == ""
    if isClosed { lines.removeLast() }
    lines = lines.map { $0.hasPrefix("~") || $0.hasPrefix("\\") ? "\\" + $0 : $0 }
    var last = lines.count - 1
    while last >= 0, lines[last].isEmpty {
      lines[last] = "~"
      last -= 1
    }
    return isClosed ? lines : lines + ["\\"]
  }

  /// The script as text, as `init` reads it.
  var text: String {
    var out = ""
    func add(_ title: String, _ lines: [String]) {
      out += title + "\n"
      for line in lines { out += line.isEmpty ? "\n" : "  \(line)\n" }
    }
    for item in items {
      switch item {
      case .remark(let line): out += line + "\n"
      case .file(let name, let lines): add("file \(name)", lines)
      case .command(let command):
        let lines = command.text.split(separator: "\n", omittingEmptySubsequences: false)
        out += "$ " + lines.joined(separator: "\n> ") + "\n"
        if let input = command.input { add("stdin", Script.block(of: input)) }
        if command.exit != 0 { out += "exit \(command.exit)\n" }
        if let lines = command.stdout, !lines.isEmpty { add("stdout", lines) }
        if let lines = command.stderr, !lines.isEmpty { add("stderr", lines) }
      }
    }
    return out
  }
}
