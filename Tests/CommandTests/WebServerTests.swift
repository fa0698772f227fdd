import Glibc
import MxFiles
import MxModel
import MxStore
import Synchronization
import Testing

/// mx-ingest cgi under real web servers, on this machine's loopback.
///
/// The load is two seconds in the suite and thirty with MX_LONG=1: 100 posts a
/// second of 100 samples, none lost, 95 of 100 answered within 100 ms. That is for
/// optimised tools (MX_TOOLS names their folder) on a machine with nothing else to do.
@Suite(.serialized) struct WebServerTests {
  static let isLong = getenv("MX_LONG") != nil

  @Test(arguments: WebServer.Kind.allCases)
  func samplesArePostedThroughARealWebServer(kind: WebServer.Kind) throws {
    let tools = try Folder.tools(root: CommandTests.root)
    let shell = try Shell(tools: tools)
    defer { shell.remove() }
    guard let server = try WebServer(kind, shell, tools: tools) else { return }
    defer { server.stop() }
    let now = 1_795_132_800_000
    #expect(try server.post("push", "up 1 \(now)\n").status == 202)
    let refused = try server.post("push", "up 2 \(now + 1)\nup{ 3\n")
    #expect(refused.status == 422)
    #expect(refused.body.contains(#""line":2"#))
    #expect(try server.post("push", "no format has this\n").status == 400)
    #expect(try server.post("small", String(repeating: "up 1 1\n", count: 100)).status == 413)
    let limited = try server.post("few", (0..<9).map { "m{u=\"\($0)\"} 1 \(now)\n" }.joined())
    #expect(limited.status == 429)
    #expect(limited.body.contains("series_per_metric"))
    let full = try server.post("full", "up 1 \(now + 2)\n")
    #expect(full.status == 503)
    #expect(full.head.contains("Retry-After: "))
    try load(server, shell, at: now + 1000)
  }

  private func load(_ server: WebServer, _ shell: Shell, at start: Int) throws {
    let seconds = Self.isLong ? 30 : 2
    let posts = seconds * 100
    let times = Mutex<[Int]>([])
    let begin = WebServer.milliseconds()
    try parallelFor(count: posts, workers: 8) { post, _ in
      // The workers take the posts in their order: each waits for its moment.
      let early = begin + post * 10 - WebServer.milliseconds()
      if early > 0 { usleep(UInt32(early) * 1000) }
      let lines = (0..<100).map { "load{worker=\"\($0)\"} 1 \(start + post)\n" }.joined()
      let sent = WebServer.milliseconds()
      let answer = try server.post("push", lines)
      let took = WebServer.milliseconds() - sent
      #expect(answer.status == 202, "\(answer.body)")
      times.withLock { $0.append(took) }
    }
    let sorted = times.withLock { $0.sorted() }
    print("posts \(posts), p50 \(sorted[posts / 2]) ms, p95 \(sorted[posts * 95 / 100]) ms")
    // A machine that is busy with other things is not what is measured in the suite.
    if Self.isLong { #expect(sorted[posts * 95 / 100] < 100) }
    let sum = try shell.run(
      "mx-query --store store --at \((start + posts) / 1000 + 1) --format csv --no-header "
        + "'sum(sum_over_time(load[1h]))'", input: nil)
    #expect(sum.stdout.hasSuffix(",\(posts * 100)\n"), "\(sum)")
    // Folded segments stay as files for the grace; what is live the manifest says.
    let report = Report()
    let store = Store(path: "\(shell.directory)/here/store", files: DiskFileSystem())
    let live = try store.manifest(report).segments.count
    print("live segments \(live)")
    #expect(live <= 40)
  }
}

/// A web server over a folder of CGI scripts.
final class WebServer: Sendable {
  enum Kind: String, CaseIterable {
    case lighttpd, nginx
  }

  private let server: Service
  /// What runs the scripts where the web server cannot.
  private let wrapper: Service?

  struct Answer {
    var status: Int
    var head: String
    var body: String
  }

  /// Nil, and said, where a program is missing.
  init?(_ kind: Kind, _ shell: Shell, tools: String) throws {
    let here = "\(shell.directory)/here"
    try Self.writeScripts(shell, here, tools)
    guard let program = Service.find(kind.rawValue) else { return nil }
    let port = try Service.freePort()
    switch kind {
    case .lighttpd:
      wrapper = nil
      try shell.write(Self.lighttpd(here, port), to: "server.conf")
      server = try Service(
        [program, "-D", "-f", "\(here)/server.conf"], port: port, log: "\(here)/errors.log")
    case .nginx:
      guard let fcgiwrap = Service.find("fcgiwrap") else { return nil }
      try shell.write(Self.nginx(here, port), to: "server.conf")
      let wrapper = try Service(
        [fcgiwrap, "-c", "4", "-s", "unix:\(here)/cgi.socket"], port: 0, log: "\(here)/wrap.log")
      self.wrapper = wrapper
      do {
        server = try Service(
          [program, "-p", here, "-c", "\(here)/server.conf", "-e", "\(here)/errors.log"],
          port: port,
          log: "\(here)/server.log")
      } catch {
        wrapper.kill()
        throw error
      }
    }
  }

  private static func writeScripts(_ shell: Shell, _ here: String, _ tools: String) throws {
    let scripts = [
      ("push", ""), ("small", "--limit body_bytes=100"), ("few", "--limit series_per_metric=3"),
      ("full", "--config full.yml"),
    ]
    for (name, options) in scripts {
      try shell.write(
        "#!/bin/sh\ncd \(here) && exec \(tools)/mx-ingest cgi --store store \(options)\n",
        to: "\(name).cgi")
    }
    try shell.write("storage: {min_free: 100%}\n", to: "full.yml")
    _ = try shell.run("chmod +x *.cgi", input: nil)
  }

  private static func lighttpd(_ here: String, _ port: UInt16) -> String {
    """
    server.modules = ( "mod_cgi" )
    server.bind = "127.0.0.1"
    server.port = \(port)
    server.document-root = "\(here)"
    server.errorlog = "\(here)/errors.log"
    server.max-connections = 64
    cgi.assign = ( ".cgi" => "" )

    """
  }

  private static func nginx(_ here: String, _ port: UInt16) -> String {
    let parameters = ["QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH"]
    let lines = parameters.map { "      fastcgi_param \($0) $\($0.lowercased());" }
    // As root its workers would be nobody, who may not see a temporary directory.
    let user = getuid() == 0 ? "user root;" : ""
    return """
      \(user)
      daemon off;
      worker_processes 1;
      pid \(here)/nginx.pid;
      events { worker_connections 256; }
      http {
        access_log off;
        client_body_temp_path \(here)/body;
        fastcgi_temp_path \(here)/fastcgi;
        proxy_temp_path \(here)/proxy;
        uwsgi_temp_path \(here)/uwsgi;
        scgi_temp_path \(here)/scgi;
        server {
          listen 127.0.0.1:\(port);
          location / {
            fastcgi_pass unix:\(here)/cgi.socket;
            fastcgi_param GATEWAY_INTERFACE CGI/1.1;
            fastcgi_param SCRIPT_FILENAME \(here)$fastcgi_script_name;
      \(lines.joined(separator: "\n"))
          }
        }
      }

      """
  }

  func stop() {
    server.kill()
    wrapper?.kill()
  }

  func post(_ script: String, _ body: String) throws -> Answer {
    let text = try server.ask(
      "POST /\(script).cgi HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    let words = text.split(separator: " ", maxSplits: 2)
    guard words.count > 1, let status = Int(words[1]) else {
      throw Service.Failure(description: "no answer to a POST of \(script): '\(text)'")
    }
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
    return Answer(
      status: status, head: String(parts[0]), body: parts.count > 1 ? String(parts[1]) : "")
  }

  static func milliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
