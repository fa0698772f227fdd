import Testing

@testable import MxNet

/// A client of bytes: what it sends, in pieces, and what it was answered.
private final class Client {
  private let pieces: [[UInt8]]
  private var index = 0
  private let environment: [String: String]
  var limits = ServerLimits()
  private(set) var answer: [UInt8] = []

  init(_ text: String, pieces size: Int = 1 << 16, environment: [String: String] = [:]) {
    let bytes = Array(text.utf8)
    pieces = stride(from: 0, to: bytes.count, by: size).map {
      Array(bytes[$0..<min(bytes.count, $0 + size)])
    }
    self.environment = environment
  }

  var conversation: Conversation {
    Conversation(
      environment: { self.environment[$0] }, limits: limits,
      read: { buffer in
        guard self.index < self.pieces.count else { return 0 }
        defer { self.index += 1 }
        buffer.copyBytes(from: self.pieces[self.index])
        return self.pieces[self.index].count
      },
      write: { self.answer += $0 })
  }

  var text: String { String(decoding: answer, as: UTF8.self) }
  var hasReadAll: Bool { index == pieces.count }
}

@Suite struct ConversationTests {
  private func request(_ text: String, _ limits: ServerLimits? = nil) throws -> ServerRequest {
    let client = Client(text)
    if let limits { client.limits = limits }
    return try client.conversation.request()
  }

  @Test func aRawRequestIsRead() throws {
    let request = try request(
      "POST /api/v1/query?query=a%2Bb&x HTTP/1.1\r\nHost: h\r\nContent-Type: Text/Plain; q=1\r\n"
        + "content-length: 5\r\nX-Empty:\r\n\r\nhello and more")
    #expect(request.transport == .http)
    #expect(request.method == "POST")
    #expect(request.path == "/api/v1/query")
    #expect(request.query == "query=a%2Bb&x")
    #expect(request.header("HOST") == "h")
    #expect(request.header("X-Empty") == nil)
    #expect(request.contentType == "text/plain")
    #expect(request.body == Array("hello".utf8))
  }

  /// Wherever the network cuts a request, it is the same request.
  @Test(arguments: [1, 2, 3, 7, 64])
  func piecesOfAnySizeAreTheSameRequest(size: Int) throws {
    let plain = "\r\nPUT /a HTTP/1.1\r\nA: b\nContent-Length: 3\r\n\r\nabc"
    let request = try Client(plain, pieces: size).conversation.request()
    #expect(request.header("a") == "b")
    #expect(request.body == Array("abc".utf8))
    let chunked =
      "PUT /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
      + "3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    let other = try Client(chunked, pieces: size).conversation.request()
    #expect(other.body == Array("abc0123456789".utf8))
  }

  @Test func everyCutRequestIsAnError() {
    for text in [
      "PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
      "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
      for length in 0..<text.utf8.count {
        #expect(throws: RequestError.self, "\(length) bytes") {
          try request(String(decoding: text.utf8.prefix(length), as: UTF8.self))
        }
      }
    }
  }

  @Test(arguments: [
    ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), ("G(T / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("GET /%zz HTTP/1.1\r\n\r\n", 400), ("GET /%00 HTTP/1.1\r\n\r\n", 400),
    ("GET /%ff HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA: \u{1}\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na", 400),
    ("PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\na", 400),
    ("PUT / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\na", 413),
    ("PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
    ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
  ])
  func wrongRequestsAreAnsweredWithTheirStatus(text: String, status: Int) throws {
    let client = Client(text)
    let told = try client.conversation.serve { _ in .text(200, "taken") }
    #expect(told == status)
    #expect(client.text.hasPrefix("HTTP/1.1 \(status) "))
    #expect(client.text.contains("Connection: close\r\n"))
  }

  @Test func headsAreBounded() throws {
    let line = "A: " + String(repeating: "x", count: 1000) + "\r\n"
    let long = "GET / HTTP/1.1\r\n" + String(repeating: line, count: 70) + "\r\n"
    #expect(throws: RequestError.headTooLarge(limit: 64 << 10)) { try request(long) }
    let many = "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n"
    #expect(throws: RequestError.headTooLarge(limit: 64 << 10)) { try request(many) }
    // Without any end the reading ends too.
    #expect(throws: RequestError.headTooLarge(limit: 64 << 10)) {
      try request(String(repeating: "x", count: 1 << 20))
    }
    var limits = ServerLimits()
    limits.body = 3
    let chunks =
      "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    #expect(throws: RequestError.bodyTooLarge(limit: 3)) { try request(chunks, limits) }
  }

  @Test func aBodyThatIsNotWantedIsReadOnSoThatTheAnswerArrives() throws {
    let client = Client(
      "PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789", pieces: 8)
    client.limits.body = 5
    #expect(try client.conversation.serve { _ in .text(200, "") } == 413)
    #expect(client.hasReadAll)
  }

  @Test func aClientThatWaitsIsToldToGoOn() throws {
    let client = Client(
      "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab")
    try client.conversation.serve { .text(202, String(decoding: $0.body, as: UTF8.self)) }
    #expect(
      client.text
        == "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n"
        + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
        + "Connection: close\r\n\r\nab\n")
  }

  @Test func whoLeavesWithoutAWordIsNotAnswered() throws {
    let client = Client("")
    #expect(try client.conversation.serve { _ in .text(200, "") } == nil)
    #expect(client.answer.isEmpty)
  }

  @Test func headHasNoBody() throws {
    let client = Client("HEAD http://host:80/a?b HTTP/1.0\r\n\r\n")
    try client.conversation.serve { .text(200, "\($0.path) \($0.query)") }
    #expect(client.text.contains("Content-Length: 5\r\n"))
    #expect(client.text.hasSuffix("\r\n\r\n"))
  }

  @Test func cgiIsReadFromTheEnvironment() throws {
    let client = Client(
      "hello, the rest is not ours",
      environment: [
        "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "5",
        "CONTENT_TYPE": "text/plain", "HTTP_CONTENT_ENCODING": "gzip", "PATH_INFO": "/é",
        "QUERY_STRING": "a=b", "REMOTE_ADDR": "192.0.2.1",
      ])
    try client.conversation.serve { request in
      #expect(request.transport == .cgi)
      #expect(request.path == "/é")
      #expect(request.query == "a=b")
      #expect(request.header("content-encoding") == "gzip")
      #expect(request.header("content-type") == "text/plain")
      #expect(request.header("x-none") == nil)
      #expect(request.remoteAddress == "192.0.2.1")
      var response = ServerResponse.json(202, "{}")
      response.set("X-A", "b\r\nX-Evil: c")
      return response.with(String(decoding: request.body, as: UTF8.self))
    }
    #expect(
      client.text
        == "Status: 202 Accepted\r\nContent-Type: application/json\r\nX-A: b  X-Evil: c\r\n"
        + "Content-Length: 5\r\n\r\nhello")
  }

  @Test func cgiBodiesAreBoundedAndWhole() throws {
    func status(_ body: String, _ variables: [String: String]) throws -> Int? {
      let base = ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST"]
      let client = Client(body, environment: base.merging(variables) { $1 })
      client.limits.body = 8
      return try client.conversation.serve { .text(200 + $0.body.count, "") }
    }
    #expect(try status("abc", ["CONTENT_LENGTH": "3"]) == 203)
    #expect(try status("abc", ["CONTENT_LENGTH": "4"]) == 400)
    #expect(try status("abc", ["CONTENT_LENGTH": "9"]) == 413)
    #expect(try status("abc", ["CONTENT_LENGTH": "x"]) == 400)
    #expect(try status("abc", [:]) == 200)
    #expect(try status("abc", ["HTTP_TRANSFER_ENCODING": "chunked"]) == 203)
    #expect(try status("123456789", ["HTTP_TRANSFER_ENCODING": "chunked"]) == 413)
    #expect(try status("", ["REQUEST_METHOD": ""]) == 400)
  }

  @Test func theScriptIsNoPartOfThePath() throws {
    func path(_ variables: [String: String]) throws -> String {
      let base = ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"]
      return try Client("", environment: base.merging(variables) { $1 }).conversation.request().path
    }
    #expect(try path(["REQUEST_URI": "/mx/api?x=1", "SCRIPT_NAME": "/mx"]) == "/api")
    #expect(try path(["REQUEST_URI": "/mx", "SCRIPT_NAME": "/mx"]) == "/")
    #expect(try path(["REQUEST_URI": "/a%20b"]) == "/a b")
    #expect(try path([:]) == "/")
  }

  @Test func formsAreRead() {
    let pairs = FormText.pairs("a=1&b=two+words%21&a=&c&=d&&e=f=g")
    #expect(pairs?.map(\.name) == ["a", "b", "a", "c", "", "e"])
    #expect(pairs?.map(\.value) == ["1", "two words!", "", "", "d", "f=g"])
    #expect(FormText.pairs("a=%2") == nil)
    #expect(FormText.pairs("a=%ff") == nil)
  }

  /// Whatever comes, there is an answer or an error, and never more read than allowed.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func nonsenseEndsInAnAnswer(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var bytes = Array(
      ("POST /a?b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3\r\nabc\r\n0\r\n\r\n").utf8)
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
        in: 0...127, using: &generator)
    }
    let client = Client(String(decoding: bytes, as: UTF8.self), pieces: 5)
    let status = try client.conversation.serve { _ in .text(200, "") }
    #expect(status.map { $0 >= 200 } ?? true)
  }
}

extension ServerResponse {
  fileprivate func with(_ text: String) -> ServerResponse {
    var response = self
    response.body = Array(text.utf8)
    return response
  }
}
