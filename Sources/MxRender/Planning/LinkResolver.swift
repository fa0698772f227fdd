/// What a link leads to once its variables are filled in.
struct ResolvedLink: Equatable {
  enum Target: Equatable {
    /// A dashboard of this site, and what stands behind the `#`.
    case page(String, state: String)
    case address(String)
    /// Nothing that may be followed: the text alone is shown.
    case none
  }

  var title: String
  var tooltip: String
  var target: Target
  var opensNew = false
  var keepsTime = false
  var keepsVariables = false
}

/// Fills links in. Whatever a label or a variable holds, it can only be a part of an
/// address: it is percent-encoded, and what comes out is looked at once more.
struct LinkResolver {
  let interpolation: Interpolation
  let beside: Surroundings

  /// Links of dashboards and panels; `tagged` ones become as many as there are.
  func resolved(_ link: Link) -> [ResolvedLink] {
    guard case .tagged(let tags, _) = link.target else { return [one(link, [:])] }
    return beside.entries.filter { Set(tags).isSubset(of: $0.tags) }.map { entry in
      ResolvedLink(
        title: entry.title.isEmpty ? entry.name : entry.title, tooltip: link.tooltip,
        target: .page(entry.name, state: ""), opensNew: link.opensNew, keepsTime: link.keepsTime,
        keepsVariables: link.keepsVariables)
    }
  }

  /// `values` stand for `${__value.raw}` and its like.
  func one(_ link: Link, _ values: [String: String]) -> ResolvedLink {
    let title = interpolation.expand(filled(link.title, values) { $0 }, format: .text)
    var result = ResolvedLink(
      title: title, tooltip: interpolation.expand(link.tooltip, format: .text), target: .none,
      opensNew: link.opensNew, keepsTime: link.keepsTime, keepsVariables: link.keepsVariables)
    switch link.target {
    case .address(let text):
      let address = address(text, values)
      result.target = target(address, parameters: expandedAddress(link.parameters))
    case .dashboard(let name):
      let slug = FileName.slug(name)
      let entry = beside.entries.first { FileName.slug($0.title) == slug || $0.name == name }
      if let entry {
        result.target = .page(entry.name, state: expandedAddress(link.parameters))
      }
    case .tagged: break
    }
    if result.title.isEmpty { result.title = Self.name(of: result.target) }
    return result
  }

  private static func name(of target: ResolvedLink.Target) -> String {
    switch target {
    case .page(let name, _): name
    case .address(let text): text
    case .none: ""
    }
  }

  // MARK: - Addresses

  private func address(_ text: String, _ values: [String: String]) -> String {
    expandedAddress(filled(text, values, Interpolation.percentEncoded))
  }

  private func expandedAddress(_ text: String) -> String {
    var scope = interpolation
    scope.builtIns["__url_time_range"] = "from=\(scope.from)&to=\(scope.to)"
    scope.builtIns["__all_variables"] = scope.variables.keys.sorted()
      .map { interpolation.expand("${\($0):queryparam}", format: .percent) }
      .joined(separator: "&")
    return scope.expand(text, format: .percent)
  }

  private func filled(
    _ text: String, _ values: [String: String], _ encode: (String) -> String
  ) -> String {
    values.reduce(text) { text, value in
      TextTools.replacing(text, value.key, with: encode(value.value))
    }
  }

  private func target(_ address: String, parameters: String) -> ResolvedLink.Target {
    if let (uid, query) = Self.dashboardPath(address) {
      guard let entry = beside.entries.first(where: { $0.name == uid }) else { return .none }
      return .page(
        entry.name, state: [query, parameters].filter { !$0.isEmpty }.joined(separator: "&"))
    }
    guard let safe = SafeLink.address(address) else { return .none }
    if parameters.isEmpty { return .address(safe) }
    return .address(safe + (safe.contains("?") ? "&" : "?") + parameters)
  }

  /// The uid and the query of `/d/UID/slug?var-a=b`; nil for any other address.
  static func dashboardPath(_ address: String) -> (uid: String, query: String)? {
    var path = address
    for scheme in ["http://", "https://"] where path.hasPrefix(scheme) { return nil }
    while path.hasPrefix("/") { path.removeFirst() }
    if path.hasPrefix("grafana/") { path.removeFirst(8) }
    guard path.hasPrefix("d/") else { return nil }
    let parts = path.dropFirst(2).split(separator: "?", maxSplits: 1)
    guard let first = parts.first, let uid = first.split(separator: "/").first else { return nil }
    return (FileName.plain(String(uid)), parts.count > 1 ? String(parts[1]) : "")
  }
}

extension FileName {
  /// As Grafana made them of titles: `Node exporter / Full` is `node-exporter-full`.
  static func slug(_ text: String) -> String {
    var dashboard = Dashboard()
    dashboard.title = text
    return of(dashboard)
  }
}

extension SafeLink {
  /// Besides whole addresses a path on the same server.
  static func address(_ text: String) -> String? {
    if let whole = href(text) { return whole }
    let trimmed = TextTools.trim(text)
    let isPlain = trimmed.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }
    guard isPlain, trimmed.utf8.count <= 2000, trimmed.hasPrefix("/"), !trimmed.hasPrefix("//")
    else { return nil }
    return trimmed
  }
}
