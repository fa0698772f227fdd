/// One request and its answer, as CGI/1.1 where the environment says so, else as
/// HTTP/1.1 (a program that systemd starts for a connection).
///
/// Bytes come and go through two closures, so that tests need no socket. One
/// request a connection: who is started for one has nothing to win from more.
package final class Conversation {
  private let environment: (String) -> String?
  private let limits: ServerLimits
  private let write: ([UInt8]) throws -> Void
  private var source: ByteSource
  private let isCGI: Bool
  private var isHead = false
  /// The client may still be sending.
  private var hasUnread = false

  /// `read` fills some of a buffer and returns how much, 0 at the end.
  package init(
    environment: @escaping (String) -> String?, limits: ServerLimits = ServerLimits(),
    read: @escaping (UnsafeMutableRawBufferPointer) throws -> Int,
    write: @escaping ([UInt8]) throws -> Void
  ) {
    self.environment = environment
    self.limits = limits
    self.write = write
    source = ByteSource(read)
    isCGI = !(environment("GATEWAY_INTERFACE") ?? "").isEmpty
  }

  /// Reads the request, lets `answer` answer it, and sends that. What is wrong
  /// with a request is answered here. Returns the status; nil where the client
  /// left without a word.
  @discardableResult
  package func serve(_ answer: (ServerRequest) throws -> ServerResponse) throws -> Int? {
    let response: ServerResponse
    do {
      let request = try request()
      response = try answer(request)
    } catch let error as RequestError {
      if error == .closed { return nil }
      response = .text(error.status, error.description)
    }
    try respond(response)
    return response.status
  }

  /// Throws `RequestError` and whatever `read` throws.
  package func request() throws -> ServerRequest {
    isCGI ? try cgiRequest() : try rawRequest()
  }

  package func respond(_ response: ServerResponse) throws {
    try write(response.bytes(isCGI ? .cgi : .http, isHead: isHead))
    if hasUnread { drain() }
  }

  /// Reads on for a while where a body was not wanted: closing with unread bytes
  /// would reset the connection, and the client might never see the answer.
  private func drain() {
    hasUnread = false
    // Answered already: what ends the reading early changes nothing.
    do { _ = try source.rest(limit: 4 << 20) } catch {}
  }

  // MARK: - Raw

  private func rawRequest() throws -> ServerRequest {
    hasUnread = true
    guard let bytes = try source.head(limit: limits.head) else {
      hasUnread = false
      throw RequestError.malformed("the connection was closed within the headers")
    }
    let head = try RequestHead(bytes, limits)
    isHead = head.method == "HEAD"
    let framing = try head.framing()
    let (path, query) = try head.split()
    var request = ServerRequest(
      transport: .http, method: head.method, path: path, query: query
    ) { head.header($0) }
    request.remoteAddress = environment("REMOTE_ADDR") ?? ""
    if case .length(let count) = framing, count > limits.body {
      throw RequestError.bodyTooLarge(limit: limits.body)
    }
    if framing != .length(0), head.header("Expect")?.lowercased() == "100-continue" {
      try write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    switch framing {
    case .length(let count): request.body = try body(count)
    case .chunked: request.body = try chunks()
    }
    hasUnread = false
    return request
  }

  private func body(_ count: Int) throws -> [UInt8] {
    guard count <= limits.body else { throw RequestError.bodyTooLarge(limit: limits.body) }
    var body: [UInt8] = []
    // A length is a claim: memory comes with the bytes.
    body.reserveCapacity(min(count, 1 << 20))
    guard try source.take(count, into: &body) else {
      hasUnread = false
      throw RequestError.malformed(
        "the body ends after \(body.count) of \(count) bytes")
    }
    return body
  }

  private func chunks() throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      guard let line = try source.line(limit: 1024), let size = Self.chunkSize(line) else {
        throw RequestError.malformed("a chunk of the body has no size")
      }
      guard size <= limits.body - body.count else {
        throw RequestError.bodyTooLarge(limit: limits.body)
      }
      if size == 0 { break }
      let isWhole = try source.take(size, into: &body)
      guard isWhole, try source.line(limit: 1)?.isEmpty ?? false else {
        throw RequestError.malformed("a chunk of the body has not the size it says")
      }
    }
    // Headers may follow; nothing here needs them.
    for _ in 0...limits.headers {
      guard let line = try source.line(limit: 8192) else { break }
      if line.isEmpty { return body }
    }
    throw RequestError.malformed("the body does not end where it says")
  }

  /// Hexadecimal, then perhaps an extension.
  private static func chunkSize(_ line: ArraySlice<UInt8>) -> Int? {
    let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
    guard !digits.isEmpty, digits.count <= 15 else { return nil }
    var size = 0
    for digit in digits {
      guard let value = FormText.hex(digit) else { return nil }
      size = size << 4 | Int(value)
    }
    return size
  }

  // MARK: - CGI

  private func cgiRequest() throws -> ServerRequest {
    let variable = { (name: String) in self.environment(name) ?? "" }
    let method = variable("REQUEST_METHOD")
    guard !method.isEmpty else {
      throw RequestError.malformed("the web server sets no REQUEST_METHOD")
    }
    isHead = method == "HEAD"
    let environment = self.environment
    var request = ServerRequest(
      transport: .cgi, method: method, path: path(variable), query: variable("QUERY_STRING")
    ) { name in
      let name = String(name.uppercased().map { $0 == "-" ? "_" : $0 })
      let isPlain = name == "CONTENT_TYPE" || name == "CONTENT_LENGTH"
      return environment(isPlain ? name : "HTTP_\(name)")
    }
    request.remoteAddress = variable("REMOTE_ADDR")
    request.body = try cgiBody(variable("CONTENT_LENGTH"), request)
    return request
  }

  /// `PATH_INFO`; where a server gives none, the path of the URL.
  private func path(_ variable: (String) -> String) -> String {
    let info = variable("PATH_INFO")
    if !info.isEmpty { return info }
    let script = variable("SCRIPT_NAME")
    let path = variable("REQUEST_URI").prefix { $0 != "?" }
    let decoded = FormText.decoded(path.utf8, plusIsSpace: false) ?? ""
    let rest =
      !script.isEmpty && decoded.hasPrefix(script)
      ? String(decoded.dropFirst(script.count)) : decoded
    return rest.isEmpty ? "/" : rest
  }

  private func cgiBody(_ length: String, _ request: ServerRequest) throws -> [UInt8] {
    if let count = RequestHead.length(length), !length.isEmpty { return try body(count) }
    guard length.isEmpty else {
      throw RequestError.malformed("'CONTENT_LENGTH' is not a number")
    }
    // Apache gives a chunked body unpacked, without its length.
    guard request.header("Transfer-Encoding") != nil else { return [] }
    guard let body = try source.rest(limit: limits.body) else {
      throw RequestError.bodyTooLarge(limit: limits.body)
    }
    return body
  }
}
