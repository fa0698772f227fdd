import Glibc
import MxTestSupport
import Testing

@testable import MxNet

/// The helper as it was just built, beside the tests.
func builtHelper() throws -> NetClient {
  let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
  var places = [root + "/.build/debug/mx-net"]
  for argument in CommandLine.arguments {
    // .build/debug/mxPackageTests.xctest, perhaps followed by more.
    let parts = argument.split(separator: "/")
    if let bundle = parts.firstIndex(where: { $0.hasSuffix(".xctest") }) {
      places.insert(parts[..<bundle].map { "/" + $0 }.joined() + "/mx-net", at: 0)
    }
  }
  let found = places.first { access($0, X_OK) == 0 }
  return NetClient(helper: try #require(found, "mx-net is not built"))
}

@Suite struct HTTPTests {
  private func get(_ request: HTTPRequest, within milliseconds: Int = 20_000) throws -> NetResponse
  {
    try builtHelper().perform([.http(request)], within: milliseconds)[0]
  }

  @Test func answersComeWithStatusHeadersAndBody() throws {
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        switch request.path {
        case "/ok": connection.respond("200 OK", ["X-A: 1", "X-B:  two"], Array("fine".utf8))
        case "/missing": connection.respond("404 Not Found", [], Array("no".utf8))
        case "/busy": connection.respond("429 Too Many Requests", ["Retry-After: 7"])
        default: connection.respond("500 Internal Server Error")
        }
      }
    }
    let responses = try builtHelper().perform(
      ["/ok", "/missing", "/busy", "/x"].map { .http(HTTPRequest(server.url($0))) },
      within: 20_000)
    #expect(responses.map(\.failure) == [nil, nil, nil, nil])
    #expect(responses.map(\.status) == [200, 404, 429, 500])
    #expect(responses.map(\.isSuccess) == [true, false, false, false])
    #expect(responses[0].body == Array("fine".utf8))
    #expect(responses[0].header("x-b") == "two")
    #expect(responses[2].header("Retry-After") == "7")
    #expect(responses[0].timings.total >= responses[0].timings.connected)
    #expect(responses[0].timings.total > 0)
  }

  @Test func redirectsAreFollowedAsFarAsAllowed() throws {
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        switch request.path {
        case "/a": connection.respond("302 Found", ["Location: /b"], Array("moved".utf8))
        case "/b": connection.respond("307 Temporary Redirect", ["Location: /c"])
        case "/c": connection.respond("200 OK", ["X-Last: yes"], Array(request.line.utf8))
        case "/file": connection.respond("302 Found", ["Location: file:///etc/passwd"])
        default: connection.respond("302 Found", ["Location: /loop"])
        }
      }
    }
    var request = HTTPRequest(server.url("/a"))
    let first = try get(request)
    #expect(first.status == 302)
    #expect(first.header("Location") == "/b")
    request.redirects = 5
    let last = try get(request)
    #expect(last.status == 200)
    #expect(last.url == server.url("/c"))
    #expect(last.headers.filter { $0.name == "Location" }.isEmpty)
    request.redirects = 1
    #expect(try get(request).failure == .redirects)
    request.redirects = 5
    request.url = server.url("/loop")
    #expect(try get(request).failure == .redirects)
    request.url = server.url("/file")
    #expect(try get(request).failure == .redirects)
  }

  /// To ask there for an answer instead would lose what was posted, and look like success.
  @Test(arguments: [301, 302, 307, 308])
  func whatIsPostedIsPostedWhereARedirectLeads(status: Int) throws {
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        if request.path == "/old" {
          connection.respond("\(status) Moved", ["Location: /new"])
        } else {
          connection.respond("200 OK", [], Array(request.line.utf8) + [0x20] + request.body)
        }
      }
    }
    var request = HTTPRequest(server.url("/old"))
    request.method = "POST"
    request.body = Array("news".utf8)
    request.redirects = 3
    #expect(String(decoding: try get(request).body, as: UTF8.self) == "POST /new HTTP/1.1 news")
  }

  /// It may be a secret in the wrong place: the words do not repeat it.
  @Test func whatIsNoURLIsNotRepeated() throws {
    let answer = try get(HTTPRequest("xoxb-4711-geheim"))
    #expect(answer.failure == .badRequest)
    #expect(answer.message == "the URL does not begin with http:// or https://")
  }

  @Test func methodsBodiesAndHeadersArriveAsGiven() throws {
    let seen = Shared<TestRequest>()
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        seen.append(request)
        connection.respond("204 No Content")
      }
    }
    var post = HTTPRequest(server.url("/p?q=1"))
    post.method = "POST"
    post.headers = [NetHeader("Content-Type", "application/json"), NetHeader("X-Empty", "")]
    post.body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    #expect(try get(post).status == 204)
    var put = HTTPRequest(server.url("/u"))
    put.method = "PUT"
    put.body = [1, 2, 3]
    put.headers = [NetHeader("User-Agent", "mine")]
    #expect(try get(put).status == 204)
    var head = HTTPRequest(server.url("/h"))
    head.method = "HEAD"
    #expect(try get(head).status == 204)
    var empty = HTTPRequest(server.url("/e"))
    empty.method = "POST"
    #expect(try get(empty).status == 204)
    let requests = seen.all
    #expect(
      requests.map(\.line) == [
        "POST /p?q=1 HTTP/1.1", "PUT /u HTTP/1.1", "HEAD /h HTTP/1.1", "POST /e HTTP/1.1",
      ])
    #expect(requests[0].body == post.body)
    #expect(requests[0].header("Content-Type") == "application/json")
    #expect(requests[0].headers.contains("X-Empty:"))
    #expect(requests[0].header("User-Agent") == "mx")
    #expect(requests[0].header("Expect") == nil)
    #expect(requests[1].body == [1, 2, 3])
    #expect(requests[1].header("User-Agent") == "mine")
    #expect(requests[1].header("Content-Type") == nil)
    #expect(requests[3].header("Content-Length") == "0")
  }

  @Test func whatGoesWrongIsTold() throws {
    let server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      switch request.path {
      case "/hang": connection.hang(seconds: 20)
      case "/cut":
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
      case "/silent": return
      case "/garbage": connection.send("what is this\r\n\r\n")
      case "/badgzip":
        connection.respond("200 OK", ["Content-Encoding: gzip"], Array("not gzip".utf8))
      default:
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf")
      }
    }
    func failure(_ path: String) throws -> NetFailure? {
      var request = HTTPRequest(server.url(path))
      if path == "/hang" { request.limits.total = 400 }
      let response = try get(request)
      #expect(response.failure == nil || !response.message.isEmpty)
      return response.failure
    }
    #expect(try failure("/hang") == .timeout)
    #expect(try failure("/cut") == .reset)
    #expect(try failure("/silent") == .reset)
    #expect(try failure("/garbage") == .garbled)
    #expect(try failure("/badgzip") == .garbled)
    #expect(try failure("/chunk") == .reset)
    let talker = TestServer { connection in
      connection.send("220 I speak first, and not TLS\r\n")
      connection.hang(seconds: 1)
    }
    #expect(try get(HTTPRequest(talker.url("/x", scheme: "https"))).failure == .tls)
    #expect(try get(HTTPRequest("http://127.0.0.1:1/")).failure == .connect)
    var unknown = HTTPRequest("http://no-such-host.invalid/")
    unknown.limits.total = 5000
    #expect([.resolve, .timeout].contains(try get(unknown).failure))
  }

  @Test(arguments: [
    "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "http://", "", "not a url",
    "http://127.0.0.1:99999/", "http://a\r\nb/", "dict://127.0.0.1/x",
  ])
  func onlyHTTPAddressesAreTaken(url: String) throws {
    #expect(try get(HTTPRequest(url)).failure == .badRequest)
  }

  @Test func aHeaderCannotSmuggleAnother() throws {
    var request = HTTPRequest("http://127.0.0.1:1/")
    request.headers = [NetHeader("X", "a\r\nY: b")]
    #expect(try get(request).failure == .badRequest)
    request.headers = [NetHeader("X Y", "a")]
    #expect(try get(request).failure == .badRequest)
    request.headers = []
    request.method = "GET / HTTP/1.1\r\nX: y\r\n"
    #expect(try get(request).failure == .badRequest)
  }

  @Test func bodiesAreBoundedAlsoUnpackedAndWithoutLength() throws {
    let server = TestServer { connection in
      guard let request = connection.readRequest() else { return }
      switch request.path {
      case "/chunked":
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<3 { connection.send("5\r\nhello\r\n") }
        connection.send("0\r\n\r\n")
      case "/endless":
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
        while connection.send(chunk) {}
      case "/gzip": connection.respond("200 OK", ["Content-Encoding: gzip"], helloGzip)
      case "/bomb": connection.respond("200 OK", ["Content-Encoding: gzip"], zerosGzip)
      case "/headers":
        connection.send("HTTP/1.1 200 OK\r\n")
        while connection.send("X-A: " + String(repeating: "x", count: 4000) + "\r\n") {}
      default:
        connection.respond("200 OK", [], [UInt8](repeating: 7, count: 3_000_000))
      }
    }
    func response(_ path: String, limit: UInt32) throws -> NetResponse {
      var request = HTTPRequest(server.url(path))
      request.limits.body = limit
      return try get(request)
    }
    #expect(try response("/chunked", limit: 15).body == Array("hellohellohello".utf8))
    #expect(try response("/chunked", limit: 14).failure == .tooLarge)
    #expect(try response("/big", limit: 3_000_000).body.count == 3_000_000)
    #expect(try response("/big", limit: 2_999_999).failure == .tooLarge)
    #expect(try response("/endless", limit: 100_000).failure == .tooLarge)
    #expect(try response("/gzip", limit: 100).body == Array("hello gzip\n".utf8))
    #expect(try response("/bomb", limit: 200_000).body.count == 200_000)
    #expect(try response("/bomb", limit: 199_999).failure == .tooLarge)
    #expect(try response("/headers", limit: 100).failure != nil)
  }

  @Test func secretsReachTheServerAndNobodyElse() throws {
    let seen = Shared<String>()
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        seen.append(request.path + " " + (request.header("Authorization") ?? "none"))
        let surroundings = helperSurroundings()
        if surroundings.isEmpty { seen.append("no helper was found to look at") }
        // PATH stands for all that a tool's environment may have and the helper need not.
        for text in surroundings where text.contains("s3cret") || text.contains("PATH=/") {
          seen.append("leaked: \(text)")
        }
        if request.path == "/away", let port = request.header("Host")?.split(separator: ":").last {
          connection.respond("302 Found", ["Location: http://localhost:\(port)/there"])
        } else {
          connection.respond("200 OK")
        }
      }
    }
    var request = HTTPRequest(server.url("/basic"))
    request.auth = .basic(user: "u", password: "s3cret:x")
    #expect(try get(request).status == 200)
    request.url = server.url("/bearer")
    request.auth = .bearer("s3cret")
    #expect(try get(request).status == 200)
    request.url = server.url("/away")
    request.redirects = 3
    #expect(try get(request).status == 200)
    #expect(
      seen.all == [
        "/basic Basic dTpzM2NyZXQ6eA==", "/bearer Bearer s3cret", "/away Bearer s3cret",
        "/there none",
      ])
    #expect(!"\(request)".contains("s3cret"))
  }

  @Test func manyRequestsRunAtOnceAndComeAsTheyAreReady() throws {
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        pause(milliseconds: request.path == "/0" ? 1500 : 100)
        connection.respond("200 OK", [], Array(request.path.utf8))
      }
    }
    let requests = (0..<100).map { NetRequest.http(HTTPRequest(server.url("/\($0)"))) }
    var order: [Int] = []
    try builtHelper().perform(requests, within: 60_000) { index, response in
      #expect(response.body == Array("/\(index)".utf8))
      order.append(index)
    }
    #expect(order.sorted() == Array(0..<100))
    #expect(order.last == 0)
  }

  @Test func theTimeForAllIsKept() throws {
    let server = TestServer { connection in
      while let request = connection.readRequest() {
        if request.path == "/fast" {
          connection.respond("200 OK")
        } else {
          connection.hang(seconds: 20)
        }
      }
    }
    let start = Clock.now()
    let responses = try builtHelper().perform(
      [.http(HTTPRequest(server.url("/slow"))), .http(HTTPRequest(server.url("/fast")))],
      within: 2000)
    #expect(responses.map(\.failure) == [.deadline, nil])
    #expect(Clock.now() - start < 10_000)
  }
}

/// Arguments and environment of the helpers this process has started.
private func helperSurroundings() -> [String] {
  func contents(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
  guard let directory = opendir("/proc") else { return [] }
  defer { closedir(directory) }
  var found: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard Int(name) != nil, contents("/proc/\(name)/stat").contains("(mx-net)") else { continue }
    found.append(contents("/proc/\(name)/cmdline") + contents("/proc/\(name)/environ"))
  }
  return found
}

// swift-format-ignore
private let helloGzip: [UInt8] = [
  0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48,
  0xcd, 0xc9, 0xc9, 0x57, 0x48, 0xaf, 0xca, 0x2c, 0xe0, 0x02, 0x00, 0x39,
  0x7c, 0x63, 0x56, 0x0b, 0x00, 0x00, 0x00,
]

/// 200,000 zeros.
// swift-format-ignore
private let zerosGzip: [UInt8] = [
  0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1,
  0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x06, 0x7f,
  0xa0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x80, 0xd7, 0x00, 0x7b, 0x58, 0xe0, 0x5c, 0x40, 0x0d, 0x03,
  0x00,
]
