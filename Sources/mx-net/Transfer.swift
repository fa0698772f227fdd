import CCurl
import Glibc
import MxNet

/// One request in libcurl's hands: its handle, what it sends and what came back.
///
/// libcurl keeps pointers into it, so it is a class, and its buffers live until
/// the handle is gone.
final class Transfer {
  let id: UInt32
  let curl: UnsafeMutableRawPointer
  private var lists: [UnsafeMutablePointer<curl_slist>] = []
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  /// What is sent as body or message.
  private(set) var outgoing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  fileprivate var outgoingSent = 0

  private var isMail = false
  private var bodyLimit = 0
  private var headerBytes = 0
  private var headers: [NetHeader] = []
  private var body: [UInt8] = []
  private var isTooLarge = false
  /// The last line a mail server said, or its refusal.
  private var reply = ""
  private var isReady = true

  init(id: UInt32) {
    self.id = id
    guard let curl = curl_easy_init() else {
      preconditionFailure("BUG: libcurl has no memory for a handle")
    }
    self.curl = curl
    errorText[0] = 0
  }

  deinit {
    curl_easy_cleanup(curl)
    for list in lists { curl_slist_free_all(list) }
    errorText.deallocate()
    outgoing.deallocate()
  }

  // MARK: - Options

  func set(_ option: CURLoption, _ value: Int) {
    if mx_curl_set_long(curl, option, value) != CURLE_OK { isReady = false }
  }

  /// Nothing for an empty text: libcurl's default.
  func set(_ option: CURLoption, _ value: String) {
    if value.isEmpty { return }
    setAlways(option, value)
  }

  func setAlways(_ option: CURLoption, _ value: String) {
    if mx_curl_set_string(curl, option, value) != CURLE_OK { isReady = false }
  }

  func set(_ option: CURLoption, _ values: [String]) {
    var list: UnsafeMutablePointer<curl_slist>?
    for value in values { list = curl_slist_append(list, value) }
    guard let list else { return }
    lists.append(list)
    if mx_curl_set_list(curl, option, list) != CURLE_OK { isReady = false }
  }

  func take(outgoing bytes: [UInt8]) {
    outgoing = .allocate(byteCount: max(bytes.count, 1), alignment: 1)
    outgoing.copyBytes(from: bytes)
    outgoing = UnsafeMutableRawBufferPointer(rebasing: outgoing[..<bytes.count])
  }

  /// Sets up the handle; a sentence where the request cannot be sent.
  func prepare(_ request: NetRequest, milliseconds: Int) -> String? {
    let problem: String?
    let limits: NetLimits
    switch request {
    case .http(let request):
      limits = request.limits
      problem = HTTPSetup.prepare(self, request)
    case .mail(let request):
      limits = request.limits
      isMail = true
      problem = MailSetup.prepare(self, request)
    }
    if let problem { return problem }
    // Room for the headers must be left in a frame.
    bodyLimit = min(Int(limits.body), Wire.largestFrame - 2 * Wire.largestHeaders)
    let total = min(max(Int(limits.total), 1), milliseconds)
    set(CURLOPT_TIMEOUT_MS, total)
    set(CURLOPT_CONNECTTIMEOUT_MS, min(max(Int(limits.connect), 1), total))
    set(CURLOPT_NOSIGNAL, 1)
    mx_curl_set_bytes(curl, CURLOPT_ERRORBUFFER, errorText)
    setCallbacks()
    return isReady ? nil : "libcurl refuses an option of the request"
  }

  private func setCallbacks() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    mx_curl_set_body_callback(
      curl,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
      }, context)
    mx_curl_set_header_callback(
      curl,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return transfer.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
      }, context)
  }

  /// Reads the message from `outgoing`; for mail.
  func setReadCallback() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    mx_curl_set_read_callback(
      curl,
      { room, size, count, context in
        guard let room, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return transfer.give(UnsafeMutableRawBufferPointer(start: room, count: size * count))
      }, context)
  }

  // MARK: - Callbacks

  private func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(room.count, outgoing.count - outgoingSent)
    room.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: outgoing[outgoingSent..<(outgoingSent + count)]))
    outgoingSent += count
    return count
  }

  /// Any other answer than the size ends the transfer.
  private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard body.count + bytes.count <= bodyLimit else {
      isTooLarge = true
      return bytes.isEmpty ? 1 : 0
    }
    body.append(contentsOf: bytes)
    return bytes.count
  }

  private func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
    headerBytes += bytes.count
    guard headerBytes <= Wire.largestHeaders / 2 else {
      isTooLarge = true
      return 0
    }
    let line = bytes.prefix { $0 != 0x0D && $0 != 0x0A }
    if isMail {
      let said = String(decoding: line.prefix(500), as: UTF8.self)
      // A no stays: after it comes only the server's goodbye.
      if !isRefusal(reply) { reply = said }
    } else if line.starts(with: Array("HTTP/".utf8)) {
      // The next response of a chain: what the last one said does not count.
      headers = []
      body = []
    } else if let colon = line.firstIndex(of: 0x3A) {
      let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
      headers.append(
        NetHeader(
          String(decoding: line[..<colon], as: UTF8.self),
          String(decoding: value, as: UTF8.self)))
    }
    return bytes.count
  }

  private func isRefusal(_ reply: String) -> Bool {
    reply.utf8.first == 0x34 || reply.utf8.first == 0x35
  }

  // MARK: - The answer

  func response(_ code: CURLcode, isLate: Bool) -> NetResponse {
    var status = 0
    mx_curl_get_long(curl, CURLINFO_RESPONSE_CODE, &status)
    var response = NetResponse(status: status)
    response.timings = timings()
    response.url = effectiveURL()
    response.failure = Outcome.failure(
      code, status: status, isMail: isMail, isTooLarge: isTooLarge, isLate: isLate,
      wasConnected: response.timings.connected > 0)
    if response.failure == nil {
      response.headers = headers
      response.body = body
      response.message = isMail ? reply : ""
    } else {
      response.message = message(code, response.failure)
    }
    return response
  }

  private func message(_ code: CURLcode, _ failure: NetFailure?) -> String {
    switch failure {
    case .tooLarge: return "the answer has more than \(bodyLimit) bytes"
    case .refused,
      .login where !reply.isEmpty:
      return "the mail server answered '\(reply)'"
    default: break
    }
    let text = String(cString: errorText)
    return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
  }

  private func effectiveURL() -> String {
    var url: UnsafeMutablePointer<CChar>?
    mx_curl_get_string(curl, CURLINFO_EFFECTIVE_URL, &url)
    return url.map { String(cString: $0) } ?? ""
  }

  private func timings() -> NetTimings {
    func time(_ info: CURLINFO) -> UInt64 {
      var value: curl_off_t = 0
      mx_curl_get_offset(curl, info, &value)
      return UInt64(clamping: value)
    }
    var timings = NetTimings()
    timings.resolved = time(CURLINFO_NAMELOOKUP_TIME_T)
    timings.connected = time(CURLINFO_CONNECT_TIME_T)
    timings.secured = time(CURLINFO_APPCONNECT_TIME_T)
    timings.firstByte = time(CURLINFO_STARTTRANSFER_TIME_T)
    timings.total = time(CURLINFO_TOTAL_TIME_T)
    return timings
  }
}

/// libcurl's hundred codes as the few a tool treats differently.
enum Outcome {
  static func failure(
    _ code: CURLcode, status: Int, isMail: Bool, isTooLarge: Bool, isLate: Bool,
    wasConnected: Bool
  ) -> NetFailure? {
    if isTooLarge { return .tooLarge }
    switch code {
    case CURLE_OK: return nil
    case CURLE_UNSUPPORTED_PROTOCOL where (300..<400).contains(status): return .redirects
    // A server that answers without a status line, as HTTP/0.9 did.
    case CURLE_UNSUPPORTED_PROTOCOL where wasConnected: return .garbled
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: return .badRequest
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .resolve
    case CURLE_COULDNT_CONNECT: return .connect
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED, CURLE_SSL_INVALIDCERTSTATUS:
      return .tls
    case CURLE_OPERATION_TIMEDOUT: return isLate ? .deadline : .timeout
    case CURLE_FILESIZE_EXCEEDED: return .tooLarge
    case CURLE_TOO_MANY_REDIRECTS: return .redirects
    case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR: return .login
    default: break
    }
    if isMail, status >= 400 { return .refused }
    switch code {
    case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE: return .reset
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM:
      return .garbled
    default: return .other
    }
  }
}
