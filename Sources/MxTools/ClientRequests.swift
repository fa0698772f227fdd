import Glibc
import MxCLI
import MxConfig
import MxFiles
import MxIngest
import MxNet

/// Makes requests of `http_config` settings: secrets are read here, once, and go
/// to the helper's socket.
struct ClientRequests {
  private let settings: ClientSettings
  private let auth: NetAuth
  private let headers: [NetHeader]

  /// Larger files are no secrets.
  private static let limit = 1 << 20

  /// Throws a sentence that names a secret which is not there.
  init(_ settings: ClientSettings) throws(SecretSource.Failure) {
    self.settings = settings
    var headers: [NetHeader] = []
    func secret(_ source: SecretSource) throws(SecretSource.Failure) -> String {
      try source.resolve(environment: Self.variable) { path in
        Self.contents(path, settings.directory)
      }.reveal()
    }
    switch settings.authorization {
    case .none: auth = .none
    case .basic(let user, let password):
      auth = .basic(user: try secret(user), password: try secret(password))
    case .token(let type, let source):
      let token = try secret(source)
      let isBearer = type.lowercased() == "bearer"
      auth = isBearer ? .bearer(token) : .none
      if !isBearer { headers.append(NetHeader("Authorization", "\(type) \(token)")) }
    }
    for header in settings.headers {
      for value in header.values { headers.append(NetHeader(header.name, try secret(value))) }
    }
    self.headers = headers
  }

  static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  private static func contents(_ path: String, _ directory: String) -> [UInt8]? {
    let path = RelativePath.resolve(path, in: directory)
    do throws(FileError) {
      return try DiskFileSystem().contents(of: path, limit: limit)
    } catch {
      return nil
    }
  }

  func request(_ url: String) -> HTTPRequest {
    var request = HTTPRequest(url)
    request.auth = auth
    request.headers = headers + [NetHeader("User-Agent", "mx/\(Version.text)")]
    request.redirects = settings.followsRedirects ? 10 : 0
    request.tls.caFile = settings.tls.caFile
    request.tls.certificateFile = settings.tls.certificateFile
    request.tls.keyFile = settings.tls.keyFile
    request.tls.serverName = settings.tls.serverName
    request.tls.insecure = settings.tls.insecure
    request.tls.minimum = settings.tls.minimum
    request.tls.maximum = settings.tls.maximum
    request.proxy = settings.proxy
    request.noProxy = settings.noProxy
    if settings.takesProxyFromEnvironment { setProxyFromEnvironment(&request) }
    return request
  }

  private func setProxyFromEnvironment(_ request: inout HTTPRequest) {
    func first(_ names: String...) -> String {
      names.lazy.compactMap { Self.variable($0) }.first { !$0.isEmpty } ?? ""
    }
    request.proxy =
      request.url.hasPrefix("https:")
      ? first("HTTPS_PROXY", "https_proxy") : first("HTTP_PROXY", "http_proxy")
    request.noProxy = first("NO_PROXY", "no_proxy")
  }
}

/// A URL as people may read it: without what stands before an `@`.
enum ShownURL {
  static func text(_ url: String) -> String {
    let scheme = url.hasPrefix("https://") ? 8 : url.hasPrefix("http://") ? 7 : 0
    let rest = url.dropFirst(scheme)
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = host.lastIndex(of: "@") else { return url }
    return String(url.prefix(scheme)) + rest[rest.index(after: at)...]
  }
}
