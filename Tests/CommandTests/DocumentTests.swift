import Glibc
import Testing

/// Every command that README.md and the guide show, run in order over sample-data.
///
/// A document is read as a person would try it: the lines of its indented blocks that begin with
/// one of our tools (or behind the five fields of a crontab) are run in one directory. What asks a
/// URL is run with `--check`, which reads everything and does nothing; other people's programs
/// are left out, also behind a pipe.
@Suite struct DocumentTests {
  static let documents = ["README.md"] + ((try? guide()) ?? [])

  private static func guide() throws -> [String] {
    try Folder.names(in: "\(CommandTests.root)/docs/guide", ending: ".md").map {
      "docs/guide/\($0)"
    }
  }

  @Test(.disabled("some commands of the guide are not as it shows them yet"), arguments: documents)
  func everyCommandShownIsUnderstood(document: String) throws {
    let text = try Shell.read("\(CommandTests.root)/\(document)")
    let commands = DocumentCommands.of(text)
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let prepared = try shell.run(DocumentTests.preparation, input: nil)
    #expect(prepared.exit == 0, "\(prepared.stderr)")
    for command in commands {
      let found = try shell.run("export MX_STORE=$PWD/mx-store\n\(command.text)", input: "up 1\n")
      #expect(
        found.exit == 0 || found.exit == 1,
        "\(document):\(command.line): $ \(command.text)\nexit \(found.exit)\n\(found.stderr)")
    }
  }

  @Test func theDocumentsShowCommands() throws {
    #expect(DocumentTests.documents.count > 8)
    let counts = try DocumentTests.documents.map {
      DocumentCommands.of(try Shell.read("\(CommandTests.root)/\($0)")).count
    }
    #expect(counts.reduce(0, +) > 50)
  }

  /// What a reader would have: the project's examples, and the files that the guide speaks of.
  private static let preparation = """
    ln -s '\(CommandTests.root)/sample-data' '\(CommandTests.root)/jobs' '\(CommandTests.root)/reports' .
    mkdir -p "$HOME/mx/rules" "$HOME/mx/reports" rules tests dashboards snapshots
    mx-ingest sample-data/shop.prom sample-data/room.influx sample-data/deploys.ndjson || exit 1
    mx-ingest host || exit 1
    cp jobs/rules/shop.yml "$HOME/mx/rules/first.yml"
    cp jobs/rules/shop.yml jobs/rules/host.yml rules
    cp jobs/notify.yml notify.yml
    cp jobs/notify.yml alertmanager.yml
    cp jobs/scrape.yml prometheus.yml
    cp reports/shop.json dashboards
    cp sample-data/solar.csv measurements.csv
    """
}

/// The commands of a Markdown text.
enum DocumentCommands {
  struct Command {
    var line: Int
    var text: String
  }

  static func of(_ text: String) -> [Command] {
    var commands: [Command] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var number = 0
    while number < lines.count {
      let first = number
      var line = lines[number]
      number += 1
      guard line.hasPrefix("    ") else { continue }
      // A pipe or backslash at the end of a line goes on in the next.
      while line.hasSuffix("\\"), number < lines.count {
        line = line.dropLast() + lines[number]
        number += 1
      }
      if let command = command(line.dropFirst(4)) {
        commands.append(Command(line: first + 1, text: command))
      }
    }
    return commands
  }

  /// The part of a line that is ours to run; nil where nothing is.
  private static func command(_ line: Substring) -> String? {
    var words = line.split(separator: " ", omittingEmptySubsequences: false)[...]
    if let first = words.first,
      first == "*" || first.hasPrefix("*/") || first.allSatisfy(\.isNumber)
    {
      // A line of a crontab: five fields, and blanks to please the eye.
      words = words.filter { !$0.isEmpty }.dropFirst(5)
    }
    let text = words.joined(separator: " ").replacing("sleep 20; ", with: "")
    guard text.hasPrefix("mx-") || text.hasPrefix("mkdir ") || text.hasPrefix("export ") else {
      return nil
    }
    // Behind a pipe stand other people's programs.
    var command = String(text.split(separator: " | ", maxSplits: 1)[0])
    // What stands behind a number sign is a remark.
    if let remark = command.firstRange(of: " #") { command = String(command[..<remark.lowerBound]) }
    return command.contains("http") && command.contains("://") ? command + " --check" : command
  }
}
