import CCurl
import MxNet

/// What both protocols need.
enum Setup {
  /// CURLAUTH_BASIC and CURLAUTH_BEARER, macros which Swift does not import.
  static let basic = 1
  static let bearer = 1 << 6

  /// No control character: one in a header or an address would be a second one.
  static func isClean(_ text: String) -> Bool {
    text.utf8.allSatisfy { ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }
  }

  static func setTLS(_ transfer: Transfer, _ tls: NetTLS) {
    transfer.set(CURLOPT_CAINFO, tls.caFile)
    transfer.set(CURLOPT_SSLCERT, tls.certificateFile)
    transfer.set(CURLOPT_SSLKEY, tls.keyFile.isEmpty ? tls.certificateFile : tls.keyFile)
    let versions = version(tls.minimum) | version(tls.maximum) << 16
    if versions != 0 { transfer.set(CURLOPT_SSLVERSION, versions) }
    if tls.insecure {
      transfer.set(CURLOPT_SSL_VERIFYPEER, 0)
      transfer.set(CURLOPT_SSL_VERIFYHOST, 0)
    }
  }

  /// CURL_SSLVERSION_TLSv1_0 to 1_3 are 4 to 7; the upper half is the most.
  private static func version(_ number: UInt8) -> Int {
    (10...13).contains(number) ? Int(number) - 6 : 0
  }

  /// Sets the URL. With a server name of its own the URL is given that name, so
  /// that TLS asks for it and checks it, and the connection goes to the host that
  /// was named first. Returns the value of the Host header that is then due.
  static func setURL(_ transfer: Transfer, _ url: String, _ serverName: String) -> String? {
    guard !serverName.isEmpty, let parts = curl_url() else {
      transfer.setAlways(CURLOPT_URL, url)
      return nil
    }
    defer { curl_url_cleanup(parts) }
    let defaultPort: UInt32 = 1
    guard curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK,
      let host = get(parts, CURLUPART_HOST, 0),
      let port = get(parts, CURLUPART_PORT, defaultPort),
      curl_url_set(parts, CURLUPART_HOST, serverName, 0) == CURLUE_OK,
      let renamed = get(parts, CURLUPART_URL, 0)
    else {
      transfer.setAlways(CURLOPT_URL, url)
      return nil
    }
    transfer.setAlways(CURLOPT_URL, renamed)
    transfer.set(CURLOPT_CONNECT_TO, ["\(serverName):\(port):\(host):\(port)"])
    return get(parts, CURLUPART_PORT, 0).map { "\(host):\($0)" } ?? host
  }

  private static func get(
    _ parts: OpaquePointer, _ part: CURLUPart, _ flags: UInt32
  ) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(parts, part, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}

enum HTTPSetup {
  static func prepare(_ transfer: Transfer, _ request: HTTPRequest) -> String? {
    if let problem = problem(request) { return problem }
    let host = Setup.setURL(transfer, request.url, request.tls.serverName)
    transfer.setAlways(CURLOPT_PROTOCOLS_STR, "http,https")
    transfer.setAlways(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    // An empty text turns off what the environment may say.
    transfer.setAlways(CURLOPT_PROXY, request.proxy)
    transfer.set(CURLOPT_NOPROXY, request.noProxy)
    transfer.set(CURLOPT_FOLLOWLOCATION, request.redirects > 0 ? 1 : 0)
    transfer.set(CURLOPT_MAXREDIRS, request.redirects)
    // What is posted is posted again where 301 and 302 lead; to ask there instead, as
    // browsers do, would lose it and look like success.
    transfer.set(CURLOPT_POSTREDIR, 1 | 2)
    if request.acceptsGzip { transfer.setAlways(CURLOPT_ACCEPT_ENCODING, "gzip") }
    Setup.setTLS(transfer, request.tls)
    setMethod(transfer, request)
    setAuth(transfer, request.auth)
    setHeaders(transfer, request, host)
    return nil
  }

  private static func problem(_ request: HTTPRequest) -> String? {
    let isName = { (text: String) in
      !text.isEmpty
        && text.utf8.allSatisfy { byte in
          byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || "-_!#$%&'*+.^`|~".utf8.contains(byte)
        }
    }
    guard isName(request.method) else { return "'\(request.method)' is not a method" }
    guard Setup.isClean(request.url) else { return "a control character in the URL" }
    // libcurl would guess, and its words would tell what may be a secret.
    guard ["http://", "https://"].contains(where: request.url.lowercased().hasPrefix) else {
      return "the URL does not begin with http:// or https://"
    }
    for header in request.headers {
      guard isName(header.name) else { return "'\(header.name)' is not the name of a header" }
      guard Setup.isClean(header.value) else {
        return "a control character in the header '\(header.name)'"
      }
    }
    return nil
  }

  private static func setMethod(_ transfer: Transfer, _ request: HTTPRequest) {
    if !request.body.isEmpty || request.method == "POST" {
      transfer.take(outgoing: request.body)
      mx_curl_set_bytes(transfer.curl, CURLOPT_POSTFIELDS, transfer.outgoing.baseAddress)
      mx_curl_set_offset(
        transfer.curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(transfer.outgoing.count))
      transfer.set(CURLOPT_POST, 1)
    }
    switch request.method {
    case "GET" where request.body.isEmpty, "POST": break
    case "HEAD": transfer.set(CURLOPT_NOBODY, 1)
    default: transfer.setAlways(CURLOPT_CUSTOMREQUEST, request.method)
    }
  }

  /// libcurl keeps these from other hosts which a redirect leads to.
  private static func setAuth(_ transfer: Transfer, _ auth: NetAuth) {
    switch auth {
    case .none: break
    case .basic(let user, let password), .plain(let user, let password),
      .login(let user, let password):
      transfer.set(CURLOPT_HTTPAUTH, Setup.basic)
      transfer.setAlways(CURLOPT_USERNAME, user)
      transfer.setAlways(CURLOPT_PASSWORD, password)
    case .bearer(let token):
      transfer.set(CURLOPT_HTTPAUTH, Setup.bearer)
      transfer.setAlways(CURLOPT_XOAUTH2_BEARER, token)
    }
  }

  private static func setHeaders(_ transfer: Transfer, _ request: HTTPRequest, _ host: String?) {
    var lines = request.headers.map { header in
      // `name;` is how libcurl is told of a header without a value.
      header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
    }
    let given = Set(request.headers.map { $0.name.lowercased() })
    if !given.contains("user-agent") { lines.append("User-Agent: mx") }
    if let host, !given.contains("host") { lines.append("Host: \(host)") }
    // Not libcurl's guess at a type, and no second of waiting for a 100.
    if !given.contains("content-type") { lines.append("Content-Type:") }
    if !given.contains("expect") { lines.append("Expect:") }
    transfer.set(CURLOPT_HTTPHEADER, lines)
  }
}

enum MailSetup {
  static func prepare(_ transfer: Transfer, _ request: MailRequest) -> String? {
    guard !request.recipients.isEmpty else { return "a mail without recipients" }
    for address in [request.from] + request.recipients {
      guard Setup.isClean(address), !address.contains(where: { "<> ".contains($0) }) else {
        return "'\(address)' is not a mail address"
      }
    }
    guard Setup.isClean(request.url),
      request.hello.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F })
    else { return "not an address of a mail server" }
    // The path of the URL is the name to say hello with.
    let slashes = request.url.utf8.filter { $0 == 0x2F }.count
    let path = slashes == 2 && !request.hello.isEmpty ? "/" + request.hello : ""
    _ = Setup.setURL(transfer, request.url + path, request.tls.serverName)
    transfer.setAlways(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    transfer.setAlways(CURLOPT_PROXY, "")
    transfer.setAlways(CURLOPT_MAIL_FROM, "<\(request.from)>")
    transfer.set(CURLOPT_MAIL_RCPT, request.recipients.map { "<\($0)>" })
    let usage: CURLoption = CURLOPT_USE_SSL
    switch request.startTLS {
    case .never: transfer.set(usage, Int(CURLUSESSL_NONE.rawValue))
    case .ifOffered: transfer.set(usage, Int(CURLUSESSL_TRY.rawValue))
    case .required: transfer.set(usage, Int(CURLUSESSL_ALL.rawValue))
    }
    Setup.setTLS(transfer, request.tls)
    setAuth(transfer, request.auth)
    transfer.take(outgoing: withLineEnds(request.message))
    transfer.set(CURLOPT_UPLOAD, 1)
    mx_curl_set_offset(
      transfer.curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(transfer.outgoing.count))
    transfer.setReadCallback()
    return nil
  }

  private static func setAuth(_ transfer: Transfer, _ auth: NetAuth) {
    switch auth {
    case .none: return
    case .basic(let user, let password):
      transfer.setAlways(CURLOPT_USERNAME, user)
      transfer.setAlways(CURLOPT_PASSWORD, password)
    case .plain(let user, let password):
      transfer.setAlways(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN")
      transfer.setAlways(CURLOPT_USERNAME, user)
      transfer.setAlways(CURLOPT_PASSWORD, password)
    case .login(let user, let password):
      transfer.setAlways(CURLOPT_LOGIN_OPTIONS, "AUTH=LOGIN")
      transfer.setAlways(CURLOPT_USERNAME, user)
      transfer.setAlways(CURLOPT_PASSWORD, password)
    case .bearer(let token):
      transfer.setAlways(CURLOPT_XOAUTH2_BEARER, token)
    }
  }

  /// Mail has CR LF at the end of each line, and one at the end of all.
  private static func withLineEnds(_ message: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(message.count + message.count / 32)
    var last: UInt8 = 0
    for byte in message {
      if byte == 0x0A, last != 0x0D { out.append(0x0D) }
      out.append(byte)
      last = byte
    }
    if last != 0x0A { out += [0x0D, 0x0A] }
    return out
  }
}
