import MxCLI
import MxConfig
import MxJSON
import MxModel
import MxNet

/// Asks a server with Prometheus' HTTP API, and turns its refusals into messages.
struct PrometheusClient {
  /// Up to `/api/v1/`, without user and password.
  let base: String
  /// Of the URL; goes before that of the settings.
  private let auth: NetAuth
  private let requests: ClientRequests
  /// Milliseconds for an answer.
  let patience: Int64

  /// Answers beyond it are not read: a gibibyte of JSON is no answer.
  private static let bodyLimit: UInt32 = 512 << 20
  /// Longer URLs are refused by some servers: the parameters go into the body.
  private static let longestURL = 2000

  /// `url` may hold `${NAME}` of the environment, and a user and password.
  init(_ url: String, _ requests: ClientRequests, patience: Int64) throws(Diagnostic) {
    self.requests = requests
    let resolved: Secret
    do throws(SecretSource.Failure) {
      resolved = try SecretSource.written(Secret(url)).resolve(
        environment: ClientRequests.variable, read: { _ in nil })
    } catch {
      throw Diagnostic(.usage, subject: "--source", "\(error)")
    }
    let text = resolved.reveal()
    guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
      throw Diagnostic(
        .usage, subject: "--source", "the URL does not begin with http:// or https://",
        hint: "such as https://prometheus.example:9090")
    }
    var rest = text.dropFirst(scheme.count)
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = host.lastIndex(of: "@") {
      let user = host[..<at]
      let colon = user.firstIndex(of: ":") ?? user.endIndex
      auth = .basic(
        user: PrometheusClient.decoded(user[..<colon]),
        password: PrometheusClient.decoded(user[colon...].dropFirst()))
      rest = rest[rest.index(after: at)...]
    } else {
      auth = .none
    }
    var path = String(rest.prefix { $0 != "?" && $0 != "#" })
    if let api = path.firstRange(of: "/api/v1") { path = String(path[..<api.lowerBound]) }
    while path.hasSuffix("/") { path.removeLast() }
    base = scheme + path + "/api/v1/"
    self.patience = patience
  }

  private static func decoded(_ text: Substring) -> String {
    FormText.pairs("x=\(text.split(separator: "+").joined(separator: "%2B"))")?.first?.value
      ?? String(text)
  }

  /// The `data` of an answer, and what the server says besides.
  struct Answer {
    var data: JSONValue
    var warnings: [String]
    var infos: [String]
    /// VictoriaMetrics: not all of its storage has answered.
    var isPartial: Bool
  }

  func get(_ path: String, _ parameters: [(name: String, value: String)] = []) throws -> Answer {
    let form = FormText.encoded(parameters)
    let url = base + path
    var request = requests.request(form.isEmpty ? url : "\(url)?\(form)")
    // Label values have no form: their URLs stay as long as they are.
    if request.url.utf8.count > PrometheusClient.longestURL, !path.hasPrefix("label/") {
      request = requests.request(url)
      request.method = "POST"
      request.headers.append(NetHeader("Content-Type", "application/x-www-form-urlencoded"))
      request.body = Array(form.utf8)
    }
    if auth != .none { request.auth = auth }
    request.headers.append(NetHeader("Accept", "application/json"))
    request.limits.body = PrometheusClient.bodyLimit
    request.limits.total = UInt32(clamping: patience + 1000)
    let response: NetResponse
    do throws(NetError) {
      response = try NetClient().perform([.http(request)], within: Int(patience) + 2000)[0]
    } catch {
      throw Diagnostic(.system, "\(error)", hint: error.hint)
    }
    return try answer(response)
  }

  private func answer(_ response: NetResponse) throws(Diagnostic) -> Answer {
    if response.failure != nil {
      throw Diagnostic(.system, subject: base, response.message)
    }
    let found: JSONValue
    do throws(JSONError) {
      found = try JSONValue.parse(response.body)
    } catch {
      throw notAnAnswer(response)
    }
    if found["status"]?.string == "error" {
      let what = found["error"]?.string ?? "no reason given"
      let isOurs =
        found["errorType"]?.string == "bad_data"
        || found["errorType"]?.string == "execution"
      throw Diagnostic(isOurs ? .input : .system, subject: base, "the server says: \(what)")
    }
    guard response.isSuccess, let data = found["data"] else { throw notAnAnswer(response) }
    func texts(_ name: String) -> [String] {
      found[name]?.array?.compactMap(\.string) ?? []
    }
    return Answer(
      data: data, warnings: texts("warnings"), infos: texts("infos"),
      isPartial: found["isPartial"]?.bool ?? false)
  }

  private func notAnAnswer(_ response: NetResponse) -> Diagnostic {
    let hint: String? =
      switch response.status {
      case 401, 403:
        "who asks: --http-config FILE (basic_auth, authorization), or https://user:${NAME}@host"
      case 404: "is the API of the server below another path?"
      default: nil
      }
    let start =
      String(decoding: response.body.prefix(80), as: UTF8.self)
      .split(separator: "\n").first.map(String.init) ?? ""
    let text = start.isEmpty ? "" : ": \(start)"
    return Diagnostic(
      .system, subject: base, "answered \(response.status), not as Prometheus' API does\(text)",
      hint: hint)
  }
}
