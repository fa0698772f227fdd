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

  @Test(arguments: documents)
  func everyCommandShownIsUnderstood(document: String) throws {
    let text = try Shell.read("\(CommandTests.root)/\(document)")
    let commands = DocumentCommands.of(text)
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let prepared = try shell.run(DocumentTests.preparation, input: nil)
    #expect(prepared.exit == 0, "\(prepared.stderr)")
    for command in commands {
      let found = try shell.run(DocumentTests.place + command.text, input: "up 1\n")
      // A check of this machine may find that it is busy: 2 with a verdict is no misuse.
      #expect(
        found.exit == 0 || found.exit == 1 || found.stdout.contains("CRITICAL"),
        "\(document):\(command.line): $ \(command.text)\nexit \(found.exit)\n\(found.stderr)")
    }
  }

  /// The EXAMPLES of each tool's manual page, as a reader would type them.
  @Test(arguments: ["ingest", "compact", "rollup", "query", "alert", "render"])
  func everyExampleOfTheManualIsUnderstood(tool: String) throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let prepared = try shell.run(DocumentTests.preparation, input: nil)
    #expect(prepared.exit == 0, "\(prepared.stderr)")
    let page = try shell.run("mx-\(tool) --man", input: nil)
    let commands = DocumentCommands.of(DocumentCommands.plain(page.stdout))
    #expect(commands.count > 2, "mx-\(tool) --man shows \(commands.count) commands")
    for command in commands {
      let found = try shell.run(DocumentTests.place + command.text, input: "up 1\n")
      #expect(
        found.exit == 0 || found.exit == 1,
        "mx-\(tool) --man: $ \(command.text)\nexit \(found.exit)\n\(found.stderr)")
    }
  }

  @Test func theDocumentsShowCommands() throws {
    #expect(DocumentTests.documents.count > 8)
    let counts = try DocumentTests.documents.map {
      DocumentCommands.of(try Shell.read("\(CommandTests.root)/\($0)")).count
    }
    #expect(counts.reduce(0, +) > 50)
  }

  /// Where the commands of a document run: a store, and what a CI job has set.
  private static let place = """
    export MX_STORE=$PWD/mx-store PASSWORD=open GITHUB_SHA=0f3c GITHUB_STEP_SUMMARY=$PWD/summary.md

    """

  /// What a reader would have: the project's examples, and the files that the guide speaks of.
  private static let preparation = """
    ln -s '\(CommandTests.root)/sample-data' '\(CommandTests.root)/jobs' .
    cp -r '\(CommandTests.root)/reports' .
    mkdir -p "$HOME/mx/rules" "$HOME/mx/reports" rules/tests tests queries dashboards snapshots
    mkdir -p var/lib/mx/snapshots var/www etc tmp
    mx-ingest sample-data/shop.prom sample-data/room.influx sample-data/deploys.ndjson || exit 1
    mx-ingest host || exit 1
    cp -r mx-store var/lib/mx/store
    cp jobs/rules/shop.yml "$HOME/mx/rules/first.yml"
    cp jobs/rules/*.yml rules
    cp jobs/rules/tests/*.yml rules/tests
    mkdir -p etc/mx && cp -r jobs/*.yml jobs/rules reports etc/mx
    cp jobs/notify.yml notify.yml
    cp jobs/notify.yml alertmanager.yml
    cp jobs/scrape.yml prometheus.yml
    cp reports/shop.json dashboards
    cp reports/host.json host.json
    cp sample-data/solar.csv measurements.csv
    cp sample-data/solar.csv solar.csv
    printf 'up 1\\n' > metrics.prom
    printf 'load 5m\\n  up 1 1\\n\\neval instant at 5m up\\n  up 1\\n' > queries/up.test
    now=$(date +%s)
    for i in 1 2 3 4 5 6 7 8 9 10; do
      printf '{"name":"bench_seconds","labels":{"test":"parse"},"timestamp":%s,"value":1.0%s}\\n' \
        $((now - 600 + i)) $i
    done > results.ndjson
    cp results.ndjson main.ndjson
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

  /// A manual page as Markdown: what stands as it is indented, roff's escapes undone.
  static func plain(_ roff: String) -> String {
    var isLiteral = false
    var lines: [String] = []
    for line in roff.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == ".RS 4" { isLiteral = true }
      if line == ".RE" { isLiteral = false }
      if line.hasPrefix(".") { continue }
      var text = String(line)
      for (escape, sign) in [
        ("\\-", "-"), ("\\(aq", "'"), ("\\(dq", "\""), ("\\(ga", "`"), ("\\(ha", "^"),
        ("\\(ti", "~"), ("\\&", ""), ("\\e", "\\"),
      ] {
        text = text.replacing(escape, with: sign)
      }
      lines.append(isLiteral ? "    " + text : text)
    }
    return lines.joined(separator: "\n")
  }

  /// The part of a line that is ours to run; nil where nothing is.
  private static func command(_ line: Substring) -> String? {
    var words = line.split(separator: " ", omittingEmptySubsequences: false)[...]
    if let first = words.first, !first.isEmpty,
      first == "*" || first.hasPrefix("*/") || first.allSatisfy(\.isNumber)
    {
      // A line of a crontab: five fields, and blanks to please the eye.
      words = words.filter { !$0.isEmpty }.dropFirst(5)
    }
    var text = words.joined(separator: " ").replacing("sleep 20; ", with: "")
    // A test writes nowhere but below its own directory.
    for place in ["/var/", "/etc/", "/tmp"] {
      text = text.replacing(" " + place, with: " " + place.dropFirst())
    }
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
