import Glibc
import Testing

/// What lies under jobs/ and reports/ is valid, by the tools' own word and by systemd's.
@Suite struct JobsTests {
  private func run(_ command: String) throws -> Shell.Result {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let links = "ln -s '\(CommandTests.root)/jobs' '\(CommandTests.root)/reports' ."
    return try shell.run("\(links) && mx-ingest host && \(command)", input: nil)
  }

  @Test(arguments: [
    "mx-compact --config jobs/mx.yml --check",
    "mx-ingest scrape --config jobs/scrape.yml --check",
    "mx-alert run --rules jobs/rules/*.yml --notify jobs/notify.yml --check",
    "mx-rollup --rules jobs/rules/*.yml --check",
    "mx-alert lint jobs/rules/*.yml jobs/notify.yml",
    // No shell stands between a systemd unit and the tool: patterns are the tool's own.
    "mx-alert run --rules 'jobs/rules/*.yml' --notify jobs/notify.yml --check",
    "mx-rollup --rules 'jobs/rules/*.yml' --check",
    "mx-alert test jobs/rules/tests/*.yml",
    "mx-render lint reports/*.json",
  ])
  func theToolsAcceptWhatShips(command: String) throws {
    let found = try run(command)
    #expect(found.exit == 0 || found.exit == 1, "\(command): exit \(found.exit)\n\(found.stderr)")
    #expect(!found.stderr.contains(": error:"), "\(found.stderr)")
  }

  /// Channels that are comments in the example are valid once their signs are taken away.
  @Test func everyChannelOfTheExampleIsValid() throws {
    let found = try run(
      """
      sed 's/^  # \\(- name\\|  \\)/  \\1/; s/^    # \\(- matchers\\|  \\)/    \\1/' jobs/notify.yml > all.yml
      mx-alert run --rules jobs/rules/mx.yml --notify all.yml --check
      """)
    #expect(found.exit == 0, "\(found.stderr)")
  }

  @Test func systemdAcceptsTheUnits() throws {
    let found = try run(
      """
      command -v systemd-analyze >/dev/null || { echo 'skipped: no systemd-analyze'; exit 0; }
      mkdir units && cp jobs/systemd/mx* units
      # Programs are looked for where this test's tools lie.
      sed -i "s|^ExecStart=mx-|ExecStart=$(dirname "$(command -v mx-query)")/mx-|" units/*.service
      cd units && systemd-analyze verify --man=no ./*.service ./*.timer ./*.target ./*.socket ./*.path
      """)
    #expect(found.exit == 0, "\(found.stderr)")
    #expect(found.stderr.isEmpty, "\(found.stderr)")
    if found.stdout.contains("skipped") { print(found.stdout) }
  }

  /// Five fields of numbers, steps and ranges, a user, and a command of ours; times that
  /// daylight saving can neither skip nor repeat are minutes or UTC.
  @Test func everyLineOfTheCrontabIsOne() throws {
    let text = try Shell.read("\(CommandTests.root)/jobs/crontab")
    var commands = 0
    for line in text.split(separator: "\n") where !line.hasPrefix("#") && !line.contains("=") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      try #require(words.count > 6, "\(line)")
      #expect(words[..<5].allSatisfy { $0.allSatisfy { "0123456789*/,-".contains($0) } }, "\(line)")
      #expect(words[5] == "mx" && line.contains("mx-"), "\(line)")
      commands += 1
    }
    #expect(commands >= 7)
  }

  /// A command that a unit or the crontab starts exists in the tool's own words.
  @Test func theCrontabAndTheUnitsStartTheSame() throws {
    let crontab = try Shell.read("\(CommandTests.root)/jobs/crontab")
    let directory = "\(CommandTests.root)/jobs/systemd"
    for name in try Folder.names(in: directory, ending: ".service") where !name.contains("@") {
      let unit = try Shell.read("\(directory)/\(name)")
      for line in unit.split(separator: "\n") where line.hasPrefix("ExecStart=") {
        guard let start = line.firstRange(of: "mx-")?.lowerBound else { continue }
        let words = line[start...].split(separator: " ").prefix(2).joined(separator: " ")
        #expect(crontab.contains(words), "\(name) starts '\(words)', jobs/crontab does not")
      }
    }
  }
}
