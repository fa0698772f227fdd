import MxTime

/// One element of a `query` result.
package struct TemplateSample: Sendable {
  package var labels: [(name: String, value: String)]
  package var value: Double

  package init(labels: [(name: String, value: String)], value: Double) {
    self.labels = labels
    self.value = value
  }
}

/// What the functions of rule templates need from outside.
package struct PrometheusContext: Sendable {
  /// When the rule is evaluated, ms since 1970.
  package var now: @Sendable () -> Int64
  /// Where links in notices lead; "" for none.
  package var externalURL: String
  package var regex: TemplateRegex
  package var query: @Sendable (String) throws -> [TemplateSample]

  package init(
    now: @escaping @Sendable () -> Int64, externalURL: String, regex: TemplateRegex,
    query: @escaping @Sendable (String) throws -> [TemplateSample]
  ) {
    self.now = now
    self.externalURL = externalURL
    self.regex = regex
    self.query = query
  }
}

/// The functions of templates in Prometheus rule files.
package enum PrometheusFunctions {
  package static let names: Set<String> = [
    "query", "first", "label", "value", "strvalue", "args", "reReplaceAll", "safeHtml", "match",
    "title", "toUpper", "toLower", "graphLink", "tableLink", "sortByLabel", "stripPort",
    "stripDomain", "humanize", "humanize1024", "humanizeDuration", "humanizePercentage",
    "humanizeTimestamp", "toTime", "toDuration", "now", "pathPrefix", "externalURL",
    "parseDuration", "urlQueryEscape",
  ]

  package static func make(
    _ context: PrometheusContext, limits: TemplateLimits = TemplateLimits()
  ) -> [String: TemplateFunction] {
    var all = SharedFunctions.make(context.regex, limit: limits.output)
    all.merge(samples(context)) { $1 }
    all.merge(numbers(context)) { $1 }
    all.merge(addresses(context)) { $1 }
    return all
  }

  // MARK: - Query results

  private static let sampleType = "*template.sample"

  private static func samples(_ context: PrometheusContext) -> [String: TemplateFunction] {
    [
      "query": TemplateFunction(1) { arguments in
        .list(try context.query(try arguments[0].text()).map(object))
      },
      "first": TemplateFunction(1) {
        guard let first = try $0[0].elements().first else {
          throw TemplateFailure("first() called on vector with no elements")
        }
        return first
      },
      "label": TemplateFunction(2) { .string(try label(try $0[0].text(), $0[1])) },
      "value": TemplateFunction(1) {
        guard case .object(let sample) = $0[0], let value = sample["Value"] else {
          throw TemplateFailure.wrongType($0[0], expected: sampleType)
        }
        return value
      },
      "strvalue": TemplateFunction(1) { .string(try label("__value__", $0[0])) },
      "sortByLabel": TemplateFunction(2) { arguments in
        let name = try arguments[0].text()
        let keyed = try arguments[1].elements().map { (try label(name, $0), $0) }
        let sorted = keyed.enumerated().sorted {
          ($0.element.0, $0.offset) < ($1.element.0, $1.offset)
        }
        return .list(sorted.map(\.element.1))
      },
      "args": TemplateFunction(atLeast: 0) { arguments in
        .map(
          TemplateMap(arguments.enumerated().map { ("arg\($0.offset)", $0.element) }, isText: false)
        )
      },
    ]
  }

  private static func object(_ sample: TemplateSample) -> TemplateValue {
    .object(
      TemplateObject(
        sampleType, [("Labels", .labels(sample.labels)), ("Value", .float(sample.value))]))
  }

  private static func label(_ name: String, _ value: TemplateValue) throws -> String {
    guard case .object(let sample) = value, case .map(let labels)? = sample["Labels"] else {
      throw TemplateFailure.wrongType(value, expected: sampleType)
    }
    guard case .string(let text)? = labels.entries[name] else { return "" }
    return text
  }

  // MARK: - Numbers

  private static func numbers(_ context: PrometheusContext) -> [String: TemplateFunction] {
    func text(_ format: @escaping @Sendable (Double) throws -> String) -> TemplateFunction {
      TemplateFunction(1) { .string(try format(try Humanize.number($0[0]))) }
    }
    return [
      "humanize": text(Humanize.decimal),
      "humanize1024": text(Humanize.binary),
      "humanizePercentage": text(Humanize.percentage),
      "humanizeTimestamp": text(Humanize.timestamp),
      "toTime": TemplateFunction(1) {
        guard let time = try Humanize.time(try Humanize.number($0[0])) else { return .null }
        return .time(time)
      },
      "toDuration": TemplateFunction(1) {
        let seconds = try Humanize.number($0[0])
        if seconds.isNaN || seconds.isInfinite { return .null }
        let nanoseconds = seconds * 1e9
        guard nanoseconds < 0x1p63, nanoseconds >= -0x1p63 else {
          let number = GoFloat.text(seconds, UInt8(ascii: "g"), precision: nil)
          throw TemplateFailure(
            "\(number) cannot be represented as a nanoseconds duration since it overflows int64")
        }
        return .duration(TemplateDuration(nanoseconds: Int64(nanoseconds)))
      },
      "now": TemplateFunction(0) { _ in .float(Double(context.now()) / 1000) },
      "parseDuration": TemplateFunction(1) {
        let text = try $0[0].text()
        do {
          return .float(Double(try Durations.parse(text)) / 1000)
        } catch {
          throw TemplateFailure("not a valid duration string: \(GoLiteral.quoted(text))")
        }
      },
    ]
  }

  // MARK: - Addresses

  private static func addresses(_ context: PrometheusContext) -> [String: TemplateFunction] {
    [
      "externalURL": TemplateFunction(0) { _ in .string(context.externalURL) },
      "pathPrefix": TemplateFunction(0) { _ in .string(path(context.externalURL)) },
      "graphLink": TemplateFunction(1) {
        .string("/graph?g0.expr=\(Escapes.query(try $0[0].text()))&g0.tab=0")
      },
      "tableLink": TemplateFunction(1) {
        .string("/graph?g0.expr=\(Escapes.query(try $0[0].text()))&g0.tab=1")
      },
      "urlQueryEscape": TemplateFunction(1) { .string(Escapes.query(try $0[0].text())) },
      "stripPort": TemplateFunction(1) { .string(HostPort.withoutPort(try $0[0].text())) },
      "stripDomain": TemplateFunction(1) { .string(HostPort.withoutDomain(try $0[0].text())) },
    ]
  }

  /// The path of a URL.
  private static func path(_ url: String) -> String {
    var rest = url[...]
    if let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://") {
      rest = rest[rest.index(colon, offsetBy: 3)...].drop { $0 != "/" }
    }
    return String(rest.prefix { $0 != "?" && $0 != "#" })
  }
}

/// `host:port` as Go's net package takes it apart.
enum HostPort {
  static func split(_ text: String) -> (host: String, port: String)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let port = String(text[text.index(after: colon)...])
    let before = text[..<colon]
    if before.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]"), text.index(after: end) == colon else { return nil }
      let host = before.dropFirst().dropLast()
      return host.contains("[") || port.contains("]") ? nil : (String(host), port)
    }
    if before.contains(":") || text.contains("[") || text.contains("]") { return nil }
    return (String(before), port)
  }

  static func withoutPort(_ text: String) -> String { split(text)?.host ?? text }

  static func withoutDomain(_ text: String) -> String {
    let parts = split(text)
    let host = parts?.host ?? text
    if isAddress(host) { return text }
    let short = String(host.prefix { $0 != "." })
    guard let port = parts?.port, !port.isEmpty else { return short }
    return short.contains(":") ? "[\(short)]:\(port)" : "\(short):\(port)"
  }

  private static func isAddress(_ host: String) -> Bool {
    if host.contains(":") {
      return host.utf8.allSatisfy { ":.0123456789abcdefABCDEF".utf8.contains($0) }
    }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy {
        $0.utf8.count <= 3 && UInt8($0) != nil && ($0 == "0" || $0.first != "0")
      }
  }
}
