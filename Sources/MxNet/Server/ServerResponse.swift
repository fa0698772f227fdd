/// What a tool answers to a request.
package struct ServerResponse: Equatable, Sendable {
  package var status: Int
  package var headers: [NetHeader] = []
  package var body: [UInt8]

  package init(_ status: Int, _ contentType: String, _ body: [UInt8]) {
    self.status = status
    self.body = body
    if !contentType.isEmpty { headers = [NetHeader("Content-Type", contentType)] }
  }

  /// One line for a person.
  package static func text(_ status: Int, _ text: String) -> ServerResponse {
    ServerResponse(status, "text/plain; charset=utf-8", Array("\(text)\n".utf8))
  }

  package static func json(_ status: Int, _ text: String) -> ServerResponse {
    ServerResponse(status, "application/json", Array(text.utf8))
  }

  package mutating func set(_ name: String, _ value: String) {
    headers.removeAll { $0.name.lowercased() == name.lowercased() }
    headers.append(NetHeader(name, value))
  }

  /// Head and body as they go out.
  package func bytes(_ transport: ServerRequest.Transport, isHead: Bool = false) -> [UInt8] {
    let hasBody = status != 204 && status != 304
    var lines: [String] =
      switch transport {
      case .cgi: ["Status: \(status) \(Self.reason(status))"]
      case .http: ["HTTP/1.1 \(status) \(Self.reason(status))"]
      }
    lines += headers.map { "\(Self.clean($0.name)): \(Self.clean($0.value))" }
    if hasBody { lines.append("Content-Length: \(body.count)") }
    if transport == .http { lines.append("Connection: close") }
    let head = lines.joined(separator: "\r\n") + "\r\n\r\n"
    return Array(head.utf8) + (hasBody && !isHead ? body : [])
  }

  /// A line end in a header would begin another one.
  private static func clean(_ text: String) -> String {
    let isClean = text.utf8.allSatisfy { ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }
    if isClean { return text }
    return String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
  }

  static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 202: "Accepted"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    case 507: "Insufficient Storage"
    default: status < 400 ? "OK" : "Error"
    }
  }
}
