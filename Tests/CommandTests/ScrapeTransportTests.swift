import Glibc
import MxTestSupport
import Testing

/// How answers travel to `mx-ingest scrape`, what it remembers of dead targets, and
/// that no secret is seen on its way.
@Suite struct ScrapeTransportTests {
  private static let now = 1_795_132_800

  private func shell() throws -> Shell {
    try Shell(tools: try Folder.tools(root: CommandTests.root))
  }

  /// A configuration of one job with one target.
  private func write(_ job: String, _ server: TestServer, _ shell: Shell) throws {
    try shell.write(
      "scrape_configs:\n  - {job_name: j, scrape_interval: 1m, \(job)static_configs: "
        + "[{targets: [\"127.0.0.1:\(server.port)\"]}]}\n", to: "scrape.yml")
  }

  private func scrape(_ shell: Shell, minute: Int = 0) throws -> Shell.Result {
    try shell.run(
      "mx-ingest scrape --store s --config scrape.yml --now \(Self.now + minute * 60)", input: nil)
  }

  private func query(_ shell: Shell, _ text: String, minute: Int = 0) throws -> String {
    try shell.run(
      "mx-query --store s --at \(Self.now + minute * 60) --format csv --no-header '\(text)'",
      input: nil
    ).stdout
  }

  // MARK: Bodies

  /// `a_total 7` and a line end.
  private static let packed: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0x8c, 0x2f, 0xc9,
    0x2f, 0x49, 0xcc, 0x51, 0x30, 0xe7, 0x02, 0x00, 0xa2, 0x7c, 0x2e, 0x28, 0x0a, 0x00,
    0x00, 0x00,
  ]

  @Test func aPackedAnswerIsUnpackedWhereItWasAskedFor() throws {
    let shell = try shell()
    defer { shell.remove() }
    let asked = Shared<String>()
    let server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      let accepted = request.header("Accept-Encoding") ?? "nothing"
      asked.append(accepted)
      let type = "Content-Type: text/plain; version=0.0.4"
      if accepted.contains("gzip") {
        connection.respond("200 OK", [type, "Content-Encoding: gzip"], Self.packed)
      } else {
        connection.respond("200 OK", [type], Array("a_total 7\n".utf8))
      }
    }
    try write("", server, shell)
    #expect(try scrape(shell) == Shell.Result(exit: 0, stdout: "", stderr: ""))
    try write("enable_compression: false, ", server, shell)
    #expect(try scrape(shell, minute: 1) == Shell.Result(exit: 0, stdout: "", stderr: ""))
    #expect(asked.all.map { $0.contains("gzip") } == [true, false])
    #expect(try query(shell, "sum(sum_over_time(a_total[5m]))", minute: 1) == "1795132860,14\n")
  }

  /// A field of bytes: shorter than 128, so its length is one byte.
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(bytes.count)] + bytes
  }

  private static func number(_ value: Double) -> [UInt8] {
    [1 << 3 | 1] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
  }

  /// Two MetricFamily messages, each after its length: a counter with a label, a gauge.
  private static let families: [UInt8] = {
    let label = field(1, field(1, Array("code".utf8)) + field(2, Array("200".utf8)))
    let counter =
      field(1, Array("pb_total".utf8)) + [3 << 3, 0] + field(4, label + field(3, number(5)))
    let gauge = field(1, Array("pb".utf8)) + [3 << 3, 1] + field(4, field(2, number(2.5)))
    return [counter, gauge].flatMap { [UInt8($0.count)] + $0 }
  }()

  @Test func anAnswerOfProtobufIsReadAsItsText() throws {
    let shell = try shell()
    defer { shell.remove() }
    let type = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily"
    let accepted = Shared<String>()
    let server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      accepted.append(request.header("Accept") ?? "")
      connection.respond(
        "200 OK", ["Content-Type: \(type);encoding=delimited"], Self.families)
    }
    try write("scrape_protocols: [PrometheusProto], ", server, shell)
    #expect(try scrape(shell) == Shell.Result(exit: 0, stdout: "", stderr: ""))
    #expect(accepted.all.first?.hasPrefix(type) ?? false, "\(accepted.all)")
    #expect(try query(shell, "sum by (code) (pb_total)") == "1795132800,200,5\n")
    #expect(try query(shell, "sum(pb)") == "1795132800,2.5\n")
  }

  @Test func anAnswerWithALineThatIsNoneIsRefusedAndSaid() throws {
    let shell = try shell()
    defer { shell.remove() }
    let server = TestServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.respond(
        "200 OK", ["Content-Type: text/plain; version=0.0.4"], Array("a 1\nb{ 2\n".utf8))
    }
    try write("", server, shell)
    let found = try scrape(shell)
    #expect(found.exit == 1, "a mistake of the exporter, not a target that is down: \(found)")
    #expect(found.stderr.contains("2:"), "\(found)")
  }

  // MARK: Dead targets

  /// Each run is a process of its own; what they know of the target lies in the store.
  @Test func aTargetThatStaysDownIsAskedLessOftenByLaterRuns() throws {
    let shell = try shell()
    defer { shell.remove() }
    let minute = Shared<Int>()
    let asked = Shared<Int>()
    let isWell = Shared<Bool>()
    let server = TestServer { connection in
      guard connection.readRequest() != nil else { return }
      asked.append(minute.all.count - 1)
      connection.respond(
        isWell.all.isEmpty ? "500 Oops" : "200 OK", ["Content-Type: text/plain; version=0.0.4"],
        Array("a 1\n".utf8))
    }
    try write("", server, shell)
    for number in 0..<18 {
      minute.append(number)
      if number == 12 { isWell.append(true) }
      #expect(try scrape(shell, minute: number).exit == 0)
    }
    var minutes: [Int] = []
    for minute in asked.all where minutes.last != minute { minutes.append(minute) }
    #expect(minutes == [0, 1, 2, 3, 4, 5, 7, 11, 16, 17])
    #expect(try query(shell, "count_over_time(up[1h])", minute: 17).hasSuffix(",18\n"))
    #expect(try query(shell, "sum_over_time(up[1h])", minute: 17).hasSuffix(",2\n"))
  }

  // MARK: Secrets

  /// Arguments and environment of all that is started, as the kernel saw them.
  @Test func secretsAreInNoArgumentOfAnyProcess() throws {
    guard let strace = Service.find("strace") else { return }
    let shell = try shell()
    defer { shell.remove() }
    let seen = Shared<String>()
    let server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      seen.append(request.header("Authorization") ?? "")
      connection.respond(
        "200 OK", ["Content-Type: text/plain; version=0.0.4"], Array("a 1\n".utf8))
    }
    let trace = "\(strace) -f -qq -v -s 65536 -o trace -e trace=execve"
    func started(_ command: String) throws -> String {
      let found = try shell.run("\(trace) \(command) && cat trace", input: nil)
      #expect(found.exit == 0, "\(found.stderr)")
      return found.stdout
    }
    try shell.write("bearer-hunter2", to: "token")
    try shell.write("base-hunter2", to: "password")
    let secrets = ["hunter2", "dTpiYXNlLWh1bnRlcjI="]
    let jobs = [
      "authorization: {credentials_file: token}, ",
      "basic_auth: {username: u, password: base-hunter2}, ",
    ]
    var traces: [String] = []
    for (number, job) in jobs.enumerated() {
      try write(job, server, shell)
      traces.append(try started("mx-ingest scrape --store s\(number) --config scrape.yml"))
    }
    let forward = "mx-ingest forward --store s0 --to http://127.0.0.1:\(server.port)/write"
    traces.append(try started("\(forward) --token-file token"))
    traces.append(try started("\(forward)2 --user u --password-file password"))
    for trace in traces {
      #expect(trace.contains("mx-net"), "the helper was not seen")
      for secret in secrets { #expect(!trace.contains(secret), "\(trace)") }
    }
    let (bearer, basic) = ("Bearer bearer-hunter2", "Basic dTpiYXNlLWh1bnRlcjI=")
    #expect(seen.all.prefix(3) == [bearer, basic, bearer])
    #expect(seen.all.last == basic)
    #expect(Set(seen.all).count == 2)
  }
}
