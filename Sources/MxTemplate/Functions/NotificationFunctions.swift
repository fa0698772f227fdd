package import MxTime

/// What the functions of notification templates need from outside.
package struct NotificationContext: Sendable {
  /// ms since 1970.
  package var now: Int64
  package var regex: TemplateRegex
  /// A time zone by its IANA name.
  package var zone: @Sendable (String) throws -> Zone

  package init(
    now: Int64, regex: TemplateRegex, zone: @escaping @Sendable (String) throws -> Zone
  ) {
    self.now = now
    self.regex = regex
    self.zone = zone
  }
}

/// The functions of Alertmanager's notification templates.
package enum NotificationFunctions {
  package static let names: Set<String> = [
    "toUpper", "toLower", "title", "trimSpace", "join", "match", "safeHtml", "safeUrl",
    "urlUnescape", "reReplaceAll", "stringSlice", "date", "tz", "now", "since",
    "humanizeDuration", "toDate", "mustToDate", "toJson", "b64enc", "b64dec", "base64encode",
    "base64decode", "base64Encode", "base64Decode", "list", "append", "dict",
  ]

  package static func make(
    _ context: NotificationContext, limits: TemplateLimits = TemplateLimits()
  ) -> [String: TemplateFunction] {
    var all = SharedFunctions.make(context.regex, limit: limits.output)
    all.merge(texts(limits)) { $1 }
    all.merge(times(context)) { $1 }
    all.merge(containers()) { $1 }
    return all
  }

  // MARK: - Texts

  private static func texts(_ limits: TemplateLimits) -> [String: TemplateFunction] {
    let encode = TemplateFunction(1) { .string(Base64.encode(Array(try $0[0].text().utf8))) }
    let decode = TemplateFunction(1) {
      guard let bytes = Base64.decode(try $0[0].text()) else {
        throw TemplateFailure("illegal base64 data")
      }
      return .string(String(decoding: bytes, as: UTF8.self))
    }
    return [
      "trimSpace": TemplateFunction(1) { .string(trimmed(try $0[0].text())) },
      // The list comes last, so that it can be piped in.
      "join": TemplateFunction(2) {
        let parts = try $0[1].elements().map { try $0.text() }
        let separator = try $0[0].text()
        let length = parts.reduce(parts.count * separator.utf8.count) { $0 + $1.utf8.count }
        guard length <= limits.output + separator.utf8.count else {
          throw TemplateFailure("result is longer than \(limits.output) bytes")
        }
        return .string(parts.joined(separator: separator))
      },
      "safeUrl": TemplateFunction(1) { .string(try $0[0].text()) },
      "urlUnescape": TemplateFunction(1) {
        let text = try $0[0].text()
        guard let plain = Escapes.unescapedQuery(text) else {
          throw TemplateFailure("invalid URL escape in \(GoLiteral.quoted(text))")
        }
        return .string(plain)
      },
      "stringSlice": TemplateFunction(atLeast: 0) {
        .strings(try $0.map { try $0.text() })
      },
      "b64enc": encode, "base64encode": encode, "base64Encode": encode,
      "b64dec": decode, "base64decode": decode, "base64Decode": decode,
      "toJson": TemplateFunction(1) {
        var writer = TemplateJSON(limit: limits.output)
        try writer.write($0[0])
        return .string(String(decoding: writer.out, as: UTF8.self))
      },
    ]
  }

  private static func trimmed(_ text: String) -> String {
    let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
    let kept = scalars.reversed().drop { $0.properties.isWhitespace }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: kept.reversed())
    return String(view)
  }

  // MARK: - Times

  private static func times(_ context: NotificationContext) -> [String: TemplateFunction] {
    [
      "date": TemplateFunction(2) { .string(try $0[1].instant().formatted(try $0[0].text())) },
      "tz": TemplateFunction(2) {
        let name = try $0[0].text()
        var time = try $0[1].instant()
        do {
          time.zone = try context.zone(name)
        } catch {
          throw TemplateFailure("unknown time zone \(name)")
        }
        return .time(time)
      },
      "now": TemplateFunction(0) { _ in .time(TemplateTime(milliseconds: context.now)) },
      "since": TemplateFunction(1) {
        let start = try $0[0].instant().milliseconds
        let (difference, overflow) = context.now.subtractingReportingOverflow(start)
        let limit = Int64.max / 1_000_000
        let bounded = overflow ? limit : min(max(difference, -limit), limit)
        return .duration(TemplateDuration(nanoseconds: bounded * 1_000_000))
      },
      "toDate": TemplateFunction(2) {
        .time(
          GoLayout.parse(try $0[1].text(), layout: try $0[0].text())
            ?? GoTimeMethods.zeroTime)
      },
      "mustToDate": TemplateFunction(2) {
        let text = try $0[1].text()
        let layout = try $0[0].text()
        guard let time = GoLayout.parse(text, layout: layout) else {
          throw TemplateFailure(
            "parsing time \(GoLiteral.quoted(text)) as \(GoLiteral.quoted(layout)): cannot parse")
        }
        return .time(time)
      },
    ]
  }

  // MARK: - Lists and maps

  private static func containers() -> [String: TemplateFunction] {
    [
      "list": TemplateFunction(atLeast: 0) { .list($0) },
      "append": TemplateFunction(2) { .list(try $0[0].elements() + [$0[1]]) },
      "dict": TemplateFunction(atLeast: 0) { arguments in
        guard arguments.count % 2 == 0 else {
          throw TemplateFailure("dict: odd number of arguments")
        }
        let pairs = try stride(from: 0, to: arguments.count, by: 2).map {
          (try arguments[$0].text(), arguments[$0 + 1])
        }
        return .map(TemplateMap(pairs, isText: false))
      },
    ]
  }
}
