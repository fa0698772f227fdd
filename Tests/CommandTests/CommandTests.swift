import Glibc
import Testing

/// Every script under Scripts/, run against the built tools.
///
/// `make golden` (MX_GOLDEN=write) writes what the tools print into the
/// scripts instead of comparing; read the diff before committing it.
@Suite struct CommandTests {
  /// <root>/Tests/CommandTests/CommandTests.swift
  static let root = String(
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
      .joined(separator: "/"))
  static let scripts = "\(root)/Tests/CommandTests/Scripts"

  @Test(arguments: try Folder.names(in: CommandTests.scripts, ending: ".test"))
  func theToolsDoWhatTheScriptSays(name: String) throws {
    let path = "\(CommandTests.scripts)/\(name)"
    var script = try Script(try Shell.read(path))
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let writes = getenv("MX_GOLDEN").map { String(cString: $0) } == "write"
    for (index, item) in script.items.enumerated() {
      switch item {
      case .remark: continue
      case .file(let name, let lines): try shell.write(Script.plain(lines), to: name)
      case .command(let command):
        let found = try shell.run(command.text, input: command.input)
        if writes {
          script.items[index] = .command(ScriptRun.updated(command, found))
        } else if let difference = ScriptRun.difference(command, found) {
          Issue.record("Scripts/\(name):\(command.line): $ \(command.text)\n\(difference)")
        }
      }
    }
    if writes { try shell.write(script.text, to: path) }
  }

  @Test func everyToolHasScriptsOfItsOwn() throws {
    let names = try Folder.names(in: CommandTests.scripts, ending: ".test")
    for tool in ["ingest", "compact", "rollup", "query", "alert", "render"] {
      #expect(names.contains { $0.hasPrefix("\(tool)-") }, "no script for mx-\(tool)")
    }
  }
}

enum ScriptRun {
  /// Nil where the command did what the script says.
  static func difference(_ command: Script.Command, _ found: Shell.Result) -> String? {
    var parts: [String] = []
    if command.exit != found.exit {
      parts.append("exit: expected \(command.exit), found \(found.exit)")
    }
    if let diff = ScriptComparison.difference(command.stdout ?? [], found.stdout) {
      parts.append("stdout:\n\(diff)")
    }
    if let diff = ScriptComparison.difference(command.stderr ?? [], found.stderr) {
      parts.append("stderr:\n\(diff)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "\n")
  }

  /// The command with what was found; blocks that match by their expressions stay.
  static func updated(_ command: Script.Command, _ found: Shell.Result) -> Script.Command {
    var command = command
    command.exit = found.exit
    if ScriptComparison.difference(command.stdout ?? [], found.stdout) != nil {
      command.stdout = Script.block(of: found.stdout)
    }
    if ScriptComparison.difference(command.stderr ?? [], found.stderr) != nil {
      command.stderr = Script.block(of: found.stderr)
    }
    return command
  }
}

enum Folder {
  /// Names in a directory with an ending, sorted.
  static func names(in path: String, ending: String) throws -> [String] {
    guard let directory = opendir(path) else {
      throw Shell.Failure(description: "\(path): errno \(errno)")
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(ending) { names.append(name) }
    }
    return names.sorted()
  }

  /// Where the tools of this build lie: beside the running test bundle, so that
  /// `--scratch-path` and `-c` find their own; or where MX_TOOLS says.
  static func tools(root: String) throws -> String {
    if let chosen = getenv("MX_TOOLS") { return String(cString: chosen) }
    var candidates = ["\(root)/.build/debug"]
    if let executable = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) {
      candidates.insert(
        executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
          .joined(separator: "/"), at: 0)
    }
    for candidate in candidates where access("\(candidate)/mx-query", X_OK) == 0 {
      // Whole: the commands run in another directory.
      guard let whole = realpath(candidate, nil) else { continue }
      defer { free(whole) }
      return String(cString: whole)
    }
    throw Shell.Failure(description: "no built mx-query in \(candidates)")
  }
}
