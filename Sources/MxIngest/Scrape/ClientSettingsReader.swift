package import MxConfig

/// Reads Prometheus' `http_config` fields, wherever they stand.
package enum ClientSettingsReader {
  /// `directory`: where relative paths begin.
  package static func read(_ mapping: ConfigMapping, directory: String) -> ClientSettings {
    var client = ClientSettings()
    client.directory = directory
    client.authorization = authorization(mapping)
    client.headers = headers(mapping)
    client.tls = mapping.mapping("tls_config") { tls($0, directory) } ?? client.tls
    client.followsRedirects = mapping.bool("follow_redirects") ?? true
    client.proxy = mapping.string("proxy_url") ?? ""
    client.noProxy = mapping.string("no_proxy") ?? ""
    client.takesProxyFromEnvironment = mapping.bool("proxy_from_environment") ?? false
    // HTTP/2 is a matter of the helper's library and changes no answer.
    mapping.ignore("enable_http2")
    if mapping.has("proxy_connect_header") {
      mapping.report("proxy_connect_header", "'proxy_connect_header' is not supported")
    }
    checkProxy(client, mapping)
    return client
  }

  private static func checkProxy(_ client: ClientSettings, _ mapping: ConfigMapping) {
    if client.takesProxyFromEnvironment, !client.proxy.isEmpty || !client.noProxy.isEmpty {
      mapping.report(
        "proxy_from_environment", "'proxy_from_environment' stands beside a proxy that is named",
        hint: "leave one of them out")
    }
    if !client.noProxy.isEmpty, client.proxy.isEmpty {
      mapping.report("no_proxy", "'no_proxy' without 'proxy_url' means nothing")
    }
  }

  // MARK: - Who is asking

  private static func authorization(_ mapping: ConfigMapping) -> ClientSettings.Authorization {
    var found: [(name: String, value: ClientSettings.Authorization)] = []
    if let basic = mapping.mapping("basic_auth", basic), let basic {
      found.append(("basic_auth", basic))
    }
    if let token = mapping.mapping("authorization", token), let token {
      found.append(("authorization", token))
    }
    if let bearer = mapping.secret("bearer_token") {
      found.append(
        ("bearer_token", .token(type: "Bearer", bearer)))
    }
    for name in ["oauth2", "sigv4", "azuread", "google_iam"] where mapping.has(name) {
      mapping.report(
        name, "'\(name)' is not supported",
        hint: "basic_auth and authorization are; a token may come from credentials_file")
    }
    if found.count > 1 {
      mapping.report(
        found[1].name,
        "'\(found[0].name)' and '\(found[1].name)' are both set, "
          + "at most one allowed")
    }
    return found.first?.value ?? .none
  }

  private static func basic(_ mapping: ConfigMapping) -> ClientSettings.Authorization? {
    refuseReferences(mapping, "username_ref", "password_ref")
    let user = mapping.secret("username")
    let password = mapping.secret("password")
    return .basic(
      user: user ?? .written(Secret("")), password: password ?? .written(Secret("")))
  }

  private static func token(_ mapping: ConfigMapping) -> ClientSettings.Authorization? {
    refuseReferences(mapping, "credentials_ref")
    let type = mapping.string("type") ?? "Bearer"
    let credentials = mapping.secret("credentials")
    if type.lowercased() == "basic" {
      mapping.report(
        "type", "'type' cannot be 'basic'", hint: "use basic_auth: {username, password}")
      return nil
    }
    guard let credentials else {
      mapping.problems.add(mapping.place, "field 'credentials' is missing")
      return nil
    }
    return .token(type: type, credentials)
  }

  private static func refuseReferences(_ mapping: ConfigMapping, _ names: String...) {
    for name in names where mapping.has(name) {
      mapping.report(name, "'\(name)' names a secret manager, which is not supported")
    }
  }

  private static func headers(_ mapping: ConfigMapping) -> [ClientSettings.Header] {
    guard let node = mapping.node("http_headers") else { return [] }
    let fields = ConfigMapping(node, "'http_headers'", mapping.problems)
    return fields.names.compactMap { name in
      fields.mapping(name) { header in
        let plain = (header.strings("values") ?? []) + (header.strings("secrets") ?? [])
        let files = header.strings("files") ?? []
        return ClientSettings.Header(
          name: name,
          values: plain.map { .written(Secret($0)) }
            + files.map { .file($0) })
      }
    }
  }

  // MARK: - TLS

  private static func tls(_ mapping: ConfigMapping, _ directory: String) -> ClientSettings.TLS {
    var tls = ClientSettings.TLS()
    for name in ["ca", "cert", "key"] where mapping.has(name) {
      mapping.report(
        name, "'\(name)' in the configuration itself is not supported",
        hint: "write it to a file and name that in '\(name)_file'")
    }
    refuseReferences(mapping, "ca_ref", "cert_ref", "key_ref")
    let path = { (name: String) in
      mapping.string(name).map { RelativePath.resolve($0, in: directory) } ?? ""
    }
    tls.caFile = path("ca_file")
    tls.certificateFile = path("cert_file")
    tls.keyFile = path("key_file")
    if tls.certificateFile.isEmpty != tls.keyFile.isEmpty {
      mapping.problems.add(
        mapping.place, "'cert_file' and 'key_file' are only of use together")
    }
    tls.serverName = mapping.string("server_name") ?? ""
    tls.insecure = mapping.bool("insecure_skip_verify") ?? false
    tls.minimum = mapping.choice("min_version", versions) ?? 0
    tls.maximum = mapping.choice("max_version", versions) ?? 0
    return tls
  }

  private static let versions: [(String, UInt8)] = [
    ("TLS10", 10), ("TLS11", 11), ("TLS12", 12), ("TLS13", 13),
  ]
}

/// Paths in a configuration: relative ones begin where it lies.
package enum RelativePath {
  package static func resolve(_ path: String, in directory: String) -> String {
    path.isEmpty || path.hasPrefix("/") || directory == "." ? path : "\(directory)/\(path)"
  }
}
