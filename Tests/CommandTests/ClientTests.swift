import Glibc
import Testing

/// Programs of others ask `mx-query cgi`, and `mx-query --source` asks servers.
@Suite struct ClientTests {
  private static let clients = "\(CommandTests.root)/Tests/CommandTests/Clients"

  private func isThere(_ path: String) -> Bool { access(path, X_OK) == 0 }

  private func run(_ script: String, _ arguments: String) throws -> Shell.Result? {
    guard isThere("/usr/bin/python3") else {
      print("skipped: no python3")
      return nil
    }
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    return try shell.run("sh \(Self.clients)/\(script) \(Self.clients) \(arguments)", input: nil)
  }

  /// A server in a store's place gives the same answers in every format; what goes wrong
  /// is told without secrets.
  @Test func aServerAnswersAsItsStoreDoes() throws {
    guard let found = try run("source.sh", "") else { return }
    let lines = found.stdout.split(separator: "\n").map(String.init)
    #expect(!found.stdout.contains("OTHER"), "\(found.stdout)")
    #expect(lines.count { $0.hasPrefix("same") } == 39)
    #expect(!found.stdout.contains("verysecret") && !found.stderr.contains("verysecret"))
    let told = lines.filter { !$0.hasPrefix("same") }.joined(separator: "\n")
    for text in [
      "URL/api/v1/: the server says: invalid parameter \"query\": 1:5: parse error",
      "1795132860,164\nexit 0", "'requests_total' has no sample of the last 1m",
      "URL/deny/api/v1/: answered 401, not as Prometheus' API does: Go away now",
      "who asks: --http-config", "URL/html/api/v1/: answered 200, not as",
      "URL/bad/api/v1/: the server says: 1:3: parse error: no\nexit 3",
      "60,Bearer tokentoken", "bad.yml:2: unknown field 'authorisation'",
      "7,a,+Inf", "67.5,b,NaN", "mx-query: warning: partial",
      "60,1,1\n60,2,2\nexit 1", "a\nexit 1",
      "mx-query: warning: the answer is partial: some of the server's storage did not answer",
      "1 series hold native histograms only and are left out",
      "the URL does not begin with http", "'NO_SUCH_NAME' is not set",
    ] {
      #expect(told.contains(text), "\(told)")
    }
    #expect(lines.count { $0 == "exit 5" } == 5, "\(told)")
  }

  /// Behind a real web server, asked by PyPI's prometheus-api-client where `make clients`
  /// has installed it, and by plain HTTP in any case.
  @Test func clientLibrariesReadAStoreBehindAWebServer() throws {
    let own = "\(CommandTests.root)/.build/clients/bin/python3"
    let python = isThere(own) ? own : "/usr/bin/python3"
    guard let found = try run("web.sh", python) else { return }
    if found.exit == 77 { return print("skipped: no lighttpd") }
    #expect(found.exit == 0, "\(found.stdout)\(found.stderr)")
    #expect(!found.stdout.contains("OTHER"), "\(found.stdout)")
    #expect(found.stdout.split(separator: "\n").count { $0.hasPrefix("same") } >= 18)
    if found.stdout.contains("plain HTTP only") {
      print("skipped: prometheus-api-client (make clients)")
    }
  }

  /// Notices over real connections: a server that fails, asks for a pause, hangs and
  /// closes gets each notice once in the end; mail goes with and without TLS; secrets
  /// are nowhere.
  @Test func noticesReachServersThatFail() throws {
    guard let found = try run("notify.sh", "") else { return }
    let lines = found.stdout.split(separator: "\n").map(String.init)
    #expect(!found.stdout.contains("SECRET SEEN"), "\(found.stdout)")
    let answers = lines.filter { $0.hasPrefix("log http") }.map { line in
      line.split(separator: " ").dropFirst(3).joined(separator: " ")
    }
    for (answer, expected) in zip(answers, ["500", "429 600", "hang", "close", "200"]) {
      #expect(answer.hasPrefix(expected + " ") && answer.hasSuffix(" Down:firing"))
    }
    // One key for all tries of a notice, and no key that was taken twice.
    let keys = answers.map { $0.split(separator: " ").suffix(2).first ?? "" }
    #expect(Set(keys.prefix(5)).count == 1 && keys.count >= 5, "\(found.stdout)\(found.stderr)")
    let taken = zip(answers, keys).filter { $0.0.hasPrefix("200 ") }.map(\.1)
    #expect(Set(taken).count == taken.count)
    #expect(lines.contains("mail exit 0") && lines.contains("wrong exit 1"))
    #expect(lines.contains { $0.hasPrefix("mail plain Subject: [FIRING:1] MxTest") })
    if !lines.contains("no openssl") {
      #expect(lines.contains("safe exit 0") && lines.contains("auth tls ann"), "\(found.stdout)")
    }
  }
}
