import Glibc
import MxTestSupport
import Testing

/// `mx-ingest scrape` against servers on this machine, as cron would start it.
@Suite struct ScrapeTests {
  private final class Bench {
    let shell: Shell
    /// Requests that came, as `PATH` and headers.
    let seen = Shared<TestRequest>()

    init() throws { shell = try Shell(tools: try Folder.tools(root: CommandTests.root)) }
    deinit { shell.remove() }

    /// A server that answers each path with what `answers` says.
    func server(
      _ answers: @escaping @Sendable (TestRequest) -> (status: String, headers: [String], String)?
    ) -> TestServer {
      let seen = seen
      return TestServer { connection in
        guard let request = connection.readRequest() else { return }
        seen.append(request)
        guard let answer = answers(request) else { return connection.hang(seconds: 20) }
        connection.respond(answer.status, answer.headers, Array(answer.2.utf8))
      }
    }

    func scrape(_ options: String) throws -> Shell.Result {
      try shell.run("mx-ingest scrape --store s \(options)", input: nil)
    }

    func query(_ text: String) throws -> String {
      try shell.run("mx-query --store s --format csv --no-header \(text)", input: nil).stdout
    }
  }

  private static let text = ["Content-Type: text/plain; version=0.0.4"]

  @Test func jobsOfOneConfigurationComeEachAtItsTime() throws {
    let bench = try Bench()
    let server = bench.server { _ in ("200 OK", Self.text, "a_total 1\nb 2\n") }
    try bench.shell.write(
      """
      scrape_configs:
        - {job_name: fast, scrape_interval: 1m, static_configs: [{targets: ["127.0.0.1:\(server.port)"]}]}
        - job_name: slow
          scrape_interval: 5m
          metrics_path: /slow
          static_configs: [{targets: ["127.0.0.1:\(server.port)"]}]
          relabel_configs: [{target_label: instance, replacement: db}]
          metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]
      """, to: "scrape.yml")
    for minute in 0..<5 {
      let found = try bench.scrape("--config scrape.yml --now \(1_795_132_800 + minute * 60)")
      #expect(found == Shell.Result(exit: 0, stdout: "", stderr: ""))
    }
    let paths = bench.seen.all.map(\.path)
    #expect(paths.count { $0 == "/metrics" } == 5)
    #expect(paths.count { $0 == "/slow" } == 1)
    let at = "--at 1795132860"
    #expect(
      try bench.query("\(at) 'count_over_time(a_total{job=\"fast\"}[5m])'")
        == "1795132860,127.0.0.1:\(server.port),fast,2\n")
    #expect(try bench.query("\(at) 'b{job=\"slow\"}'") == "")
    #expect(
      try bench.query("\(at) 'scrape_samples_post_metric_relabeling{job=\"slow\"}'")
        == "1795132860,scrape_samples_post_metric_relabeling,db,slow,1\n")
    #expect(try bench.shell.run("mx-compact verify --store s", input: nil).exit == 0)
  }

  @Test func whatVanishesAndWhoDiesEndsAtOnce() throws {
    let bench = try Bench()
    let counter = Shared<Int>()
    let server = bench.server { _ in
      counter.append(1)
      return counter.all.count == 3
        ? ("500 Oops", [], "")
        : ("200 OK", Self.text, counter.all.count == 1 ? "a 1\nb 2\n" : "a 1\n")
    }
    let url = server.url("/metrics")
    #expect(try bench.scrape("\(url) --now 1795132800").exit == 0)
    #expect(try bench.scrape("\(url) --now 1795132860").exit == 0)
    #expect(try bench.query("--at 1795132860 'count(a) or count(b)'") == "1795132860,1\n")
    #expect(try bench.query("--at 1795132860 b") == "")
    let failed = try bench.scrape("\(url) --now 1795132920")
    #expect(failed.exit == 1)
    #expect(
      failed.stderr == "mx-ingest: warning: scrape/127.0.0.1:\(server.port): "
        + "the server answered with status 500\n")
    #expect(try bench.query("--at 1795132920 a") == "")
    #expect(try bench.query("--at 1795132920 'sum(up)'") == "1795132920,0\n")
  }

  /// They are named, and counted where a rule can see it; the others get in.
  @Test func linesThatCannotBeReadAreCounted() throws {
    let bench = try Bench()
    let server = bench.server { _ in ("200 OK", Self.text, "a 1\nb{ 2\nc 3\nd{} x\n") }
    let found = try bench.scrape("\(server.url("/metrics")) --now 1795132800")
    #expect(found.exit == 1)
    #expect(found.stderr.contains(": 2:4: found '2', expected a label name"))
    #expect(try bench.query("--at 1795132800 'count(a) + count(c)'") == "1795132800,2\n")
    #expect(
      try bench.query("--at 1795132800 'sum(mx_run_refused{verb=\"scrape\"})'")
        == "1795132800,2\n")
  }

  /// One that hangs costs its own time; one that is dead is said once.
  @Test func deadAndHangingTargetsAreDownAndTheOthersGetIn() throws {
    let bench = try Bench()
    let good = bench.server { _ in ("200 OK", Self.text, "a 1\n") }
    let hanging = bench.server { _ in nil }
    try bench.shell.write(
      """
      global: {scrape_interval: 1m, scrape_timeout: 500ms}
      scrape_configs:
        - job_name: j
          static_configs:
            - targets: ["127.0.0.1:\(good.port)", "127.0.0.1:\(hanging.port)", "127.0.0.1:1"]
      """, to: "scrape.yml")
    let first = try bench.scrape("--config scrape.yml --now 1795132800")
    #expect(first.exit == 0)
    let lines = first.stderr.split(separator: "\n").sorted()
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("mx-ingest: warning: j/127.0.0.1:1: ") ?? false, "\(lines)")
    #expect(try bench.query("--at 1795132800 'sum(up)'") == "1795132800,1\n")
    let second = try bench.scrape("--config scrape.yml --now 1795132860")
    #expect(second == Shell.Result(exit: 0, stdout: "", stderr: ""))
  }

  @Test func secretsGoToTheServerAndNowhereElse() throws {
    let bench = try Bench()
    let server = bench.server { request in
      request.header("Authorization") == "Bearer hunter2"
        ? ("200 OK", ["Content-Type: application/openmetrics-text"], "a 1\n# EOF\n")
        : ("401 Unauthorized", [], "hunter2")
    }
    try bench.shell.write(
      """
      scrape_configs:
        - job_name: j
          authorization: {credentials_file: token}
          static_configs: [{targets: ["127.0.0.1:\(server.port)"]}]
      """, to: "scrape.yml")
    let missing = try bench.scrape("--config scrape.yml")
    #expect(missing.exit == 3)
    #expect(
      missing.stderr.contains("mx-ingest: error: job 'j': no secret file 'token' to be read"))
    try bench.shell.write("hunter2\n", to: "token")
    let told = try bench.scrape("-v --config scrape.yml --report r.json")
    #expect(told.exit == 0)
    try bench.shell.write("wrong\n", to: "token")
    let refused = try bench.scrape("-v --config scrape.yml --now now+2m")
    #expect(refused.stderr.contains("the server answered with status 401"))
    let left = try bench.shell.run("cat r.json s/state/scrape/*; cat s/segments/*", input: nil)
    #expect(!(told.stderr + refused.stderr + left.stdout).contains("hunter2"))
    #expect(
      bench.seen.all.last?.header("Accept")?.hasPrefix("application/openmetrics-text") ?? false)
  }

  @Test func targetsAreFoundInFilesAndBehindURLs() throws {
    let bench = try Bench()
    let isBroken = Shared<Bool>()
    let exporter = bench.server { _ in ("200 OK", Self.text, "a 1\n") }
    let port = exporter.port
    let lists = bench.server { _ in
      isBroken.all.isEmpty
        ? ("200 OK", [], #"[{"targets":["127.0.0.1:\#(port)"],"labels":{"from":"http"}}]"#)
        : ("503 Busy", [], "")
    }
    try bench.shell.write("- targets: ['127.0.0.1:\(port)']\n  labels: {from: file}", to: "t.yml")
    try bench.shell.write(
      """
      scrape_configs:
        - job_name: j
          file_sd_configs: [{files: ["t*.yml"]}]
          http_sd_configs: [{url: "\(lists.url("/sd"))", refresh_interval: 1ms}]
      """, to: "scrape.yml")
    #expect(try bench.scrape("--config scrape.yml --now 1795132800").exit == 0)
    #expect(
      try bench.query("--at 1795132800 'count by (from) (a)'").split(separator: "\n").count == 2)
    // The list cannot be had: the last one counts, and no target is gone.
    isBroken.append(true)
    let again = try bench.scrape("--config scrape.yml --now 1795132860")
    #expect(again.exit == 3)
    #expect(again.stderr.contains("hint: the last good list of targets is used"))
    #expect(try bench.query("--at 1795132860 'count(a)'") == "1795132860,2\n")
    // A target that the file does not name any more ends.
    try bench.shell.write("[]", to: "t.yml")
    _ = try bench.shell.run("sed -i /http_sd/d scrape.yml", input: nil)
    _ = try bench.scrape("--config scrape.yml --now 1795132920")
    #expect(try bench.query("--at 1795132920 'count(a)'") == "")
  }

  @Test func roundsGoOnInOneProcess() throws {
    let bench = try Bench()
    let server = bench.server { _ in ("200 OK", Self.text, "a 1\n") }
    let found = try bench.scrape("\(server.url("/metrics")) --every 1s --for 2500ms -v")
    #expect(found.exit == 0)
    #expect(bench.seen.all.count == 3)
    #expect(
      found.stderr == "mx-ingest: 18 samples from 3 of 3 targets, 0 failed, 0 lines refused\n")
  }

  @Test func dryRunsShowAndWriteNothing() throws {
    let bench = try Bench()
    let server = bench.server { _ in ("200 OK", Self.text, "a 1\n") }
    let found = try bench.scrape("--dry-run --now 1795132800 \(server.url("/metrics"))")
    #expect(found.exit == 0)
    #expect(
      found.stdout.contains(
        "a{instance=\"127.0.0.1:\(server.port)\", job=\"scrape\"}"))
    #expect(try bench.shell.run("ls", input: nil).stdout == "")
  }
}

/// `--ping` and `mx-ingest forward`, against servers on this machine.
@Suite struct SendingTests {
  private func serve(
    _ seen: Shared<TestRequest>, _ status: @escaping @Sendable (Int) -> String
  ) -> TestServer {
    TestServer { connection in
      guard let request = connection.readRequest() else { return }
      seen.append(request)
      connection.respond(status(seen.all.count), [], Array("no such thing\n".utf8))
    }
  }

  @Test func pingsTellOfBeginAndEndAndChangeNothing() throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let seen = Shared<TestRequest>()
    let server = serve(seen) { _ in "500 Oops" }
    let url = server.url("/ping/x?a=b")
    let good = try shell.run("echo 'a 1' | mx-ingest --store s --ping '\(url)'", input: nil)
    #expect(good == Shell.Result(exit: 0, stdout: "", stderr: ""))
    let bad = try shell.run("mx-ingest --store s --ping '\(url)' none", input: nil)
    #expect(bad.exit == 5)
    // Nobody listens there.
    let deaf = try shell.run(
      "echo 'a 1' | mx-ingest --store s --ping http://127.0.0.1:1/", input: nil)
    #expect(deaf == Shell.Result(exit: 0, stdout: "", stderr: ""))
    #expect(
      seen.all.map(\.path) == [
        "/ping/x/start?a=b", "/ping/x?a=b", "/ping/x/start?a=b", "/ping/x/fail?a=b",
      ])
  }

  @Test func whatWasNotSentIsSentOnce() throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let seen = Shared<TestRequest>()
    // The first samples are put off once.
    let server = serve(seen) { $0 == 1 ? "503 Later" : $0 == 4 ? "400 Bad" : "204 Taken" }
    let send = "mx-ingest forward --store s -v --to \(server.url("/write"))"
    _ = try shell.run("echo 'a 1 1795132800000' | mx-ingest --store s", input: nil)
    let first = try shell.run(send, input: nil)
    #expect(first.exit == 0)
    #expect(first.stderr == "mx-ingest: 1 samples sent, 0 refused, 1 retries\n")
    let idle = try shell.run(send, input: nil)
    #expect(idle.stderr == "mx-ingest: 0 samples sent, 0 refused, 0 retries\n")
    #expect(seen.all.count == 2)
    #expect(seen.all.last?.header("Content-Encoding") == "snappy")
    #expect(seen.all.last?.header("X-Prometheus-Remote-Write-Version") == "0.1.0")
    _ = try shell.run("echo 'b 1 1795132860000' | mx-ingest --store s", input: nil)
    _ = try shell.run(send, input: nil)
    _ = try shell.run("echo 'c 1 1795132920000' | mx-ingest --store s", input: nil)
    let refused = try shell.run(send, input: nil)
    #expect(refused.exit == 1)
    #expect(refused.stderr.contains("samples were refused: the server answered with status 400"))
    #expect(refused.stderr.contains("such as c at 2026-11-20T00:02:00Z"), "\(refused.stderr)")
    #expect(try shell.run(send, input: nil).exit == 0)
    #expect(seen.all.count == 4)
  }
}
