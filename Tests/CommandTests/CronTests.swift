import Glibc
import Testing

/// What cron would mail, and what goes over the network: each line of jobs/crontab as it stands,
/// its places moved into a directory of the test.
@Suite struct CronTests {
  /// The commands of the crontab.
  static let commands = ((try? lines()) ?? [])

  private static func lines() throws -> [String] {
    try Shell.read("\(CommandTests.root)/jobs/crontab").split(separator: "\n").compactMap {
      line -> String? in
      guard !line.hasPrefix("#"), let start = line.firstRange(of: " mx  ")?.upperBound else {
        return nil
      }
      return String(line[start...]).replacing("sleep 20; ", with: "")
        .replacing("/etc/mx", with: "etc/mx").replacing("/var/", with: "var/")
    }
  }

  /// A machine whose cron has run before: samples, rules, dashboards, an empty drop folder.
  private static func machine() throws -> Shell {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    let made = try shell.run(
      """
      mkdir -p etc/mx var/lib/mx var/spool/mx
      cp -r '\(CommandTests.root)/jobs/rules' '\(CommandTests.root)/reports' etc/mx
      rm etc/mx/rules/shop.yml etc/mx/reports/shop.json
      cp '\(CommandTests.root)/jobs/notify.yml' etc/mx
      echo 'scrape_configs: []' > etc/mx/scrape.yml
      export MX_STORE=$PWD/var/lib/mx/store
      mx-ingest host
      """, input: nil)
    #expect(made.exit == 0 && made.stderr.isEmpty, "\(made.stderr)")
    return shell
  }

  private static let store = "export MX_STORE=$PWD/var/lib/mx/store; "

  @Test func theCrontabHasALineForEveryTool() {
    for tool in ["ingest", "alert", "rollup", "render", "compact"] {
      #expect(CronTests.commands.contains { $0.hasPrefix("mx-\(tool)") }, "no mx-\(tool)")
    }
  }

  @Test func nothingIsPrintedWhereNothingIsWrong() throws {
    let shell = try CronTests.machine()
    defer { shell.remove() }
    // Twice: the first run of a tool makes what the second finds.
    for command in CronTests.commands + CronTests.commands {
      let found = try shell.run(CronTests.store + command, input: nil)
      #expect(found == Shell.Result(exit: 0, stdout: "", stderr: ""), "\(command)")
    }
  }

  /// How to break the machine, what the one message must name, and whom it does not hinder.
  struct Fault: Sendable {
    var name: String
    var make: String
    var named: String
    var spares: [String]
  }

  static let faults = [
    Fault(
      name: "the store is a file", make: "rm -rf var/lib/mx/store; echo x > var/lib/mx/store",
      named: "store", spares: ["mx-ingest spool"]),
    Fault(
      name: "the settings have a mistake",
      make: "echo 'retenton: []' > var/lib/mx/store/mx.yml", named: "mx.yml:1",
      spares: ["mx-render", "mx-compact verify"]),
    Fault(
      name: "no file can be written",
      make: "rm -rf var/lib/mx/site; echo 'a 1' > var/spool/mx/a.prom; ulimit -f 0; trap '' XFSZ",
      named: "/", spares: ["mx-ingest scrape", "mx-compact", "mx-rollup"]),
    Fault(
      name: "what the line names is gone", make: "rm -rf etc/mx var/spool/mx", named: "no ",
      spares: ["mx-ingest host", "mx-rollup", "mx-compact"]),
  ]

  @Test(arguments: 0..<faults.count)
  func oneMessageIsPrintedWhereSomethingIsWrong(number: Int) throws {
    let fault = CronTests.faults[number]
    for command in CronTests.commands {
      let shell = try CronTests.machine()
      defer { shell.remove() }
      // What is printed goes through a pipe: the fault must not keep it back.
      let found = try shell.run(
        "\(CronTests.store)told=$(\(fault.make); \(command) 2>&1); code=$?; "
          + "printf '%s' \"$told\"; exit $code", input: nil)
      let told = "\(fault.name): \(command): exit \(found.exit)\n\(found.stdout)"
      if fault.spares.contains(where: { command.hasPrefix($0) }) {
        #expect(found.exit == 0 && found.stdout.isEmpty, "\(told)")
        continue
      }
      #expect(found.exit != 0, "\(told)")
      let messages = found.stdout.split(separator: "\n").filter { !$0.contains(": hint: ") }
      #expect(messages.count == 1, "\(told)")
      #expect(messages.first?.contains(": error: ") ?? false, "\(told)")
      #expect(messages.first?.contains(fault.named) ?? false, "\(told)")
    }
  }

  /// Beside the crontab: what people and scripts ask, all without a URL.
  static let local = [
    "mx-query up", "mx-query metrics", "mx-query explain up", "mx-query why up",
    "mx-query cardinality", "mx-query --format plot --from now-1h 'node_load1'",
    "printf '' | REQUEST_METHOD=GET PATH_INFO=/api/v1/labels mx-query cgi",
    "echo 'a 1' | mx-ingest", "mx-ingest rejected list", "mx-compact health", "mx-compact stats",
    "mx-compact export --match up", "mx-rollup --rules etc/mx/rules/host.yml",
    "mx-alert status", "mx-alert check 'up' --critical 1:",
    "mx-alert replay --rules etc/mx/rules/host.yml --from now-1h --to now",
    "mx-render panel node_load1", "mx-render lint etc/mx/reports/host.json",
    "mx-query --check --source http://127.0.0.1:9/ up",
    "mx-ingest scrape --check http://127.0.0.1:9/metrics",
  ]

  /// Whether a trace of system calls names one of the network's.
  private func calls(_ command: String, _ shell: Shell) throws -> String {
    let script =
      "strace -f -qq -e signal=none -e trace=%network -o trace sh -c \"$COMMAND\" >/dev/null 2>&1; cat trace"
    let found = try shell.run(
      "\(CronTests.store)COMMAND='\(command.replacing("'", with: "'\\''"))'\n\(script)", input: nil)
    return found.stdout
  }

  @Test func nobodyTouchesTheNetworkUnlessAURLWasGiven() throws {
    let shell = try CronTests.machine()
    defer { shell.remove() }
    let works = try shell.run("strace -f -o trace true", input: nil)
    guard works.exit == 0 else {
      print("skipped: no strace, or it may not trace here: \(works.stderr)")
      return
    }
    for command in CronTests.commands + CronTests.local {
      let found = try calls(command, shell)
      #expect(found.isEmpty, "\(command):\n\(found)")
    }
    // The trace would have seen it.
    let asked = try calls("mx-ingest scrape http://127.0.0.1:9/metrics", shell)
    #expect(asked.contains("connect("), "\(asked)")
  }
}
