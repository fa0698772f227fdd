import Glibc
import MxTestSupport
import Testing

/// What a minute's cron scrape costs the machine: 50 known targets of 1,000 samples.
@Suite struct ScrapeCostTests {
  @Test func aMinuteOfFiftyKnownTargetsIsCheap() throws {
    guard Service.find("strace") != nil else { return }
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let minute = Shared<Int>()
    let server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      let now = minute.all.count
      // Of one metric no more than the limit allows.
      let metric = "requests_\(request.path.dropFirst().last ?? "0")_total"
      var text = "# TYPE \(metric) counter\n"
      for series in 0..<1000 {
        text += "\(metric){code=\"\(series)\"} \(series * 1000 + now * (series % 17))\n"
      }
      connection.respond(
        "200 OK", ["Content-Type: text/plain; version=0.0.4"], Array(text.utf8))
    }
    let jobs = (0..<50).map {
      "  - {job_name: j\($0), metrics_path: /\($0), static_configs: [{targets: "
        + "[\"127.0.0.1:\(server.port)\"]}]}"
    }
    try shell.write(
      "global: {scrape_interval: 1m}\nscrape_configs:\n\(jobs.joined(separator: "\n"))\n",
      to: "scrape.yml")
    let scrape = "mx-ingest scrape --store s --config scrape.yml --now"
    for number in 0..<2 {
      minute.append(number)
      let known = try shell.run("\(scrape) \(1_795_132_800 + number * 60)", input: nil)
      #expect(known == Shell.Result(exit: 0, stdout: "", stderr: ""))
    }
    // Twice more: once for what it writes, once for its time, which tracing would spoil.
    minute.append(2)
    let traced = try shell.run(
      "strace -f -qq -y -o trace -e trace=fsync,fdatasync,sync_file_range,msync,sync,write,pwrite64,"
        + "writev,pwritev \(scrape) 1795132920", input: nil)
    #expect(traced == Shell.Result(exit: 0, stdout: "", stderr: ""))
    let calls = try Shell.read("\(shell.directory)/here/trace").split(separator: "\n")
    let syncs = calls.count { $0.contains("sync") && $0.contains("(") && !$0.contains("write") }
    let store = "\(shell.directory)/here/s/"
    let written = calls.filter { $0.contains("write") && $0.contains("<\(store)") }
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    minute.append(3)
    let timed = try shell.run("\(scrape) 1795132980; times", input: nil)
    let cpu = Self.seconds(timed.stdout)
    print("a minute's scrape: \(syncs) syncs, \(written) bytes written, \(cpu) s of CPU")
    #expect((1...4).contains(syncs))
    #expect((1..<200 * 1024).contains(written))
    // A debug build is ten times slower, and says nothing.
    if getenv("MX_TOOLS") != nil { #expect(cpu < 0.5) }
    let sum = try shell.run(
      "mx-query --store s --at 1795132980 --format csv --no-header "
        + "'count(count_over_time({__name__=~\"requests_.*\"}[5m]) == 4)'", input: nil)
    #expect(sum.stdout == "1795132980,50000\n")
  }

  /// The last line of the shell's `times`: user and system of children, `0m0.123s`.
  private static func seconds(_ text: String) -> Double {
    let words = text.split(separator: "\n").last?.split(separator: " ") ?? []
    return words.map { word in
      let parts = word.dropLast().split(separator: "m")
      return (Double(parts.first ?? "") ?? 0) * 60 + (Double(parts.last ?? "") ?? 0)
    }.reduce(0, +)
  }
}
