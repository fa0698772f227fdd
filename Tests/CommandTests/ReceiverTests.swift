import Glibc
import MxTestSupport
import Testing

/// `mx-ingest forward` into the real Prometheus and the real VictoriaMetrics, each killed
/// while it receives, and the sender as well: nothing is missing.
@Suite(.serialized) struct ReceiverTests {
  enum Kind: String, CaseIterable {
    case prometheus
    case victoriaMetrics = "victoria-metrics"

    func words(_ program: String, _ here: String, _ port: UInt16) -> [String] {
      switch self {
      case .prometheus:
        [
          program, "--config.file=\(here)/prometheus.yml", "--storage.tsdb.path=\(here)/tsdb",
          "--web.listen-address=127.0.0.1:\(port)", "--web.enable-remote-write-receiver",
          "--storage.tsdb.retention.time=100y",
        ]
      case .victoriaMetrics:
        [
          program, "-storageDataPath=\(here)/vm", "-httpListenAddr=127.0.0.1:\(port)",
          "-retentionPeriod=100y", "-memory.allowedPercent=20",
          // What was sent when its sender died comes twice: one of the two counts.
          "-dedup.minScrapeInterval=1ms",
        ]
      }
    }

  }

  private static let minutes = 300

  @Test(arguments: Kind.allCases)
  func whatIsForwardedArrivesWhoeverDies(kind: Kind) throws {
    guard let program = Service.find(kind.rawValue) else { return }
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let here = "\(shell.directory)/here"
    try shell.write("global: {}\n", to: "prometheus.yml")
    // Of the last hours: servers refuse what is far from their present.
    let start = time(nil) / 60 * 60 - Self.minutes * 60
    for part in 0..<6 {
      let begin = start + part * 50 * 60
      let made = try shell.run(
        "awk 'BEGIN { for (m = 0; m < 50; m++) for (s = 0; s < 200; s++) "
          + "printf \"f{s=\\\"%d\\\"} %d %d000\\n\", s, m + 1, \(begin) + m * 60 }'"
          + " | mx-ingest --store s", input: nil)
      #expect(made == Shell.Result(exit: 0, stdout: "", stderr: ""))
    }
    let port = try Service.freePort()
    let server = try Service(kind.words(program, here, port), port: port, log: "\(here)/log")
    defer { server.kill() }
    let send =
      "mx-ingest forward --store s --patience 30s -v --to http://127.0.0.1:\(port)/api/v1/write"
    // The sender dies twice on its way; then the receiver does, under one that goes on.
    for moment in ["0.03", "0.08"] {
      _ = try shell.run("timeout -s KILL \(moment) \(send)", input: nil)
    }
    let rest = Shared<Shell.Result>()
    let second = try Shell(tools: shell.tools)
    defer { second.remove() }
    TestServer.thread {
      if let result = try? second.run("cd '\(here)' && \(send)", input: nil) { rest.append(result) }
    }
    usleep(60_000)
    // VictoriaMetrics keeps the last seconds in memory only, and says so.
    if kind == .prometheus { server.kill() } else { server.stop() }
    usleep(500_000)
    try server.start()
    for _ in 0..<6000 where rest.all.isEmpty { usleep(10_000) }
    let told = try #require(rest.all.first)
    // Prometheus refuses what it has already: that is counted, and nothing is missing.
    #expect(told.exit == 0 || kind == .prometheus, "\(told)")
    let again = try shell.run(send, input: nil)
    #expect(again.stderr == "mx-ingest: 0 samples sent, 0 refused, 0 retries\n")
    let sum = 200 * 6 * 50 * 51 / 2
    let expected = "\(Self.minutes * 200) \(sum)"
    let found = try arrived(server, until: expected)
    #expect(found == expected, "\(told)")
  }

  /// Count and sum of what the server has; it may take a moment to show.
  private func arrived(_ server: Service, until expected: String) throws -> String {
    var found = ""
    for _ in 0..<100 {
      found = try ["count_over_time", "sum_over_time"].map { function in
        let query = "sum(\(function)(f%5B10h%5D))"
        let answer = try server.ask(
          "GET /api/v1/query?query=\(query) HTTP/1.0\r\nHost: localhost\r\n\r\n")
        let parts = answer.split(separator: "\"")
        // …"value":[1795132800.123,"60000"]}…
        guard let value = parts.firstIndex(where: { $0 == "value" }), value + 2 < parts.count else {
          return "nothing"
        }
        return String(parts[value + 2])
      }.joined(separator: " ")
      if found == expected { return found }
      usleep(100_000)
    }
    return found
  }
}
