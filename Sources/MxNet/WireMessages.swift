/// The fields of each kind of frame, in order. Writing and reading mirror each
/// other; a change here changes both sides, which are always built together.
package enum WireMessages {
  // MARK: - Requests

  /// `id` comes back with the response.
  package static func encode(
    _ request: NetRequest, id: UInt32
  ) throws(WireError) -> [UInt8] {
    switch request {
    case .http(let request): try encode(request, id)
    case .mail(let request): try encode(request, id)
    }
  }

  private static func encode(_ request: HTTPRequest, _ id: UInt32) throws(WireError) -> [UInt8] {
    var writer = WireWriter(kind: Wire.Kind.http)
    writer.word(id)
    writer.text(request.method)
    writer.text(request.url)
    writer.headers(request.headers)
    writer.run(request.body)
    write(request.limits, &writer)
    writer.word(request.delay)
    writer.byte(UInt8(clamping: request.redirects))
    writer.bool(request.acceptsGzip)
    write(request.tls, &writer)
    write(request.auth, &writer)
    writer.text(request.proxy)
    writer.text(request.noProxy)
    return try writer.finish()
  }

  private static func encode(_ request: MailRequest, _ id: UInt32) throws(WireError) -> [UInt8] {
    var writer = WireWriter(kind: Wire.Kind.mail)
    writer.word(id)
    writer.text(request.url)
    writer.text(request.from)
    writer.word(UInt32(clamping: request.recipients.count))
    for recipient in request.recipients { writer.text(recipient) }
    writer.run(request.message)
    writer.text(request.hello)
    writer.byte(request.startTLS.rawValue)
    write(request.limits, &writer)
    write(request.tls, &writer)
    write(request.auth, &writer)
    return try writer.finish()
  }

  package static func request(
    _ frame: FrameBuffer.Frame
  ) throws(WireError) -> (id: UInt32, request: NetRequest) {
    var reader = WireReader(frame.payload)
    let id = try reader.word()
    let request: NetRequest
    switch frame.kind {
    case Wire.Kind.http: request = .http(try readHTTP(&reader))
    case Wire.Kind.mail: request = .mail(try readMail(&reader))
    default: throw .unknownKind(frame.kind)
    }
    try reader.finish()
    return (id, request)
  }

  private static func readHTTP(_ reader: inout WireReader) throws(WireError) -> HTTPRequest {
    let method = try reader.text()
    var request = HTTPRequest(try reader.text())
    request.method = method
    request.headers = try reader.headers()
    request.body = try reader.run()
    request.limits = try readLimits(&reader)
    request.delay = try reader.word()
    request.redirects = Int(try reader.byte())
    request.acceptsGzip = try reader.bool()
    request.tls = try readTLS(&reader)
    request.auth = try readAuth(&reader)
    request.proxy = try reader.text()
    request.noProxy = try reader.text()
    return request
  }

  private static func readMail(_ reader: inout WireReader) throws(WireError) -> MailRequest {
    let url = try reader.text()
    let from = try reader.text()
    var recipients: [String] = []
    for _ in 0..<(try reader.count(ofSize: 4)) { recipients.append(try reader.text()) }
    var request = MailRequest(
      url, from: from, recipients: recipients, message: try reader.run())
    request.hello = try reader.text()
    guard let startTLS = MailRequest.StartTLS(rawValue: try reader.byte()) else {
      throw .badValue(at: 0)
    }
    request.startTLS = startTLS
    request.limits = try readLimits(&reader)
    request.tls = try readTLS(&reader)
    request.auth = try readAuth(&reader)
    return request
  }

  private static func write(_ limits: NetLimits, _ writer: inout WireWriter) {
    writer.word(limits.connect)
    writer.word(limits.total)
    writer.word(limits.body)
  }

  private static func readLimits(_ reader: inout WireReader) throws(WireError) -> NetLimits {
    var limits = NetLimits()
    limits.connect = try reader.word()
    limits.total = try reader.word()
    limits.body = try reader.word()
    return limits
  }

  private static func write(_ tls: NetTLS, _ writer: inout WireWriter) {
    writer.text(tls.caFile)
    writer.text(tls.certificateFile)
    writer.text(tls.keyFile)
    writer.text(tls.serverName)
    writer.bool(tls.insecure)
    writer.byte(tls.minimum)
    writer.byte(tls.maximum)
  }

  private static func readTLS(_ reader: inout WireReader) throws(WireError) -> NetTLS {
    var tls = NetTLS()
    tls.caFile = try reader.text()
    tls.certificateFile = try reader.text()
    tls.keyFile = try reader.text()
    tls.serverName = try reader.text()
    tls.insecure = try reader.bool()
    tls.minimum = try reader.byte()
    tls.maximum = try reader.byte()
    return tls
  }

  /// Kind, user, secret.
  private static func write(_ auth: NetAuth, _ writer: inout WireWriter) {
    let (kind, user, secret): (UInt8, String, String) =
      switch auth {
      case .none: (0, "", "")
      case .basic(let user, let password): (1, user, password)
      case .bearer(let token): (2, "", token)
      case .plain(let user, let password): (3, user, password)
      case .login(let user, let password): (4, user, password)
      }
    writer.byte(kind)
    writer.text(user)
    writer.text(secret)
  }

  private static func readAuth(_ reader: inout WireReader) throws(WireError) -> NetAuth {
    let kind = try reader.byte()
    let user = try reader.text()
    let secret = try reader.text()
    switch kind {
    case 0: return .none
    case 1: return .basic(user: user, password: secret)
    case 2: return .bearer(secret)
    case 3: return .plain(user: user, password: secret)
    case 4: return .login(user: user, password: secret)
    default: throw .badValue(at: 0)
    }
  }

  // MARK: - Go

  package static func encodeGo(milliseconds: UInt32) throws(WireError) -> [UInt8] {
    var writer = WireWriter(kind: Wire.Kind.go)
    writer.word(milliseconds)
    return try writer.finish()
  }

  package static func go(_ frame: FrameBuffer.Frame) throws(WireError) -> UInt32 {
    var reader = WireReader(frame.payload)
    let milliseconds = try reader.word()
    try reader.finish()
    return milliseconds
  }

  // MARK: - Responses

  package static func encode(
    _ response: NetResponse, id: UInt32
  ) throws(WireError) -> [UInt8] {
    var writer = WireWriter(kind: Wire.Kind.response)
    writer.word(id)
    writer.byte(response.failure?.rawValue ?? 0)
    writer.word(UInt32(clamping: response.status))
    writer.text(response.message)
    writer.headers(response.headers)
    writer.run(response.body)
    writer.text(response.url)
    let timings = response.timings
    for time in [
      timings.resolved, timings.connected, timings.secured, timings.firstByte, timings.total,
    ] {
      writer.long(time)
    }
    return try writer.finish()
  }

  package static func response(
    _ frame: FrameBuffer.Frame
  ) throws(WireError) -> (id: UInt32, response: NetResponse) {
    guard frame.kind == Wire.Kind.response else { throw .unknownKind(frame.kind) }
    var reader = WireReader(frame.payload)
    let id = try reader.word()
    let failure = try reader.byte()
    var response = NetResponse()
    if failure != 0 {
      guard let known = NetFailure(rawValue: failure) else { throw .badValue(at: 4) }
      response.failure = known
    }
    response.status = Int(try reader.word())
    response.message = try reader.text()
    response.headers = try reader.headers()
    response.body = try reader.run()
    response.url = try reader.text()
    response.timings.resolved = try reader.long()
    response.timings.connected = try reader.long()
    response.timings.secured = try reader.long()
    response.timings.firstByte = try reader.long()
    response.timings.total = try reader.long()
    try reader.finish()
    return (id, response)
  }
}
