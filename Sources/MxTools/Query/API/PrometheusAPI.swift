import MxCLI
import MxEngine
import MxJSON
import MxModel
import MxNet
import MxPromQL

/// Prometheus' HTTP API over stores and files, as far as it only reads: what Grafana's
/// data source and the client libraries ask.
///
/// Whatever stands before `/api/v1/` in a path is the web server's business.
struct PrometheusAPI {
  private let input: QueryInput
  private let run: Run
  private let now: Int64

  /// Prometheus refuses more points a series, and clients count on it.
  private static let mostPoints: Int64 = 11_000

  init(_ input: QueryInput, _ run: Run) {
    self.input = input
    self.run = run
    now = run.common.now
  }

  func answer(_ request: ServerRequest) -> ServerResponse {
    do {
      guard ["GET", "POST", "HEAD"].contains(request.method) else {
        var response = ServerResponse.text(405, "this API only reads: GET or POST")
        response.set("Allow", "GET, HEAD, POST")
        return response
      }
      return try route(request)
    } catch {
      return APIError(of: error).response
    }
  }

  private func route(_ request: ServerRequest) throws -> ServerResponse {
    guard let mark = request.path.firstRange(of: "/api/v1/") else {
      return try outside(request.path)
    }
    let path = request.path[mark.upperBound...]
      .split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    let parameters = try APIParameters(request, now: now)
    switch path {
    case ["query"]: return try query(parameters)
    case ["query_range"]: return try queryRange(parameters)
    case ["series"]: return try series(parameters)
    case ["labels"]: return try labels(parameters)
    case ["metadata"]: return try metadata(parameters)
    case ["format_query"]:
      return try document { $0.string(try parameters.expression().tree.prettified()) }
    case ["status", "buildinfo"]: return try document { buildInformation(&$0) }
    // Asked for by Grafana beside everything else; there are none in a store.
    case ["query_exemplars"]: return try document { empty("[]", &$0) }
    case ["rules"]: return try document { empty("{\"groups\":[]}", &$0) }
    case ["alerts"]: return try document { empty("{\"alerts\":[]}", &$0) }
    default: break
    }
    if path.count == 3, path[0] == "label", path[2] == "values" {
      return try values(LabelNameInURL.decoded(path[1]), parameters)
    }
    throw APIError(.notFound, "there is no '\(path.joined(separator: "/"))' in this API")
  }

  /// What load balancers and people ask.
  private func outside(_ path: String) throws -> ServerResponse {
    if path.hasSuffix("/-/healthy") { return .text(200, "mx is healthy.") }
    if path.hasSuffix("/-/ready") { return .text(200, "mx is ready.") }
    // Client libraries look whether there is anything at all.
    if path.hasSuffix("/") { return .text(200, "Prometheus' HTTP API stands below api/v1/.") }
    throw APIError(.notFound, "'\(path)' is not below /api/v1/")
  }

  // MARK: queries

  private func query(_ parameters: APIParameters) throws -> ServerResponse {
    let time = try parameters.time("time") ?? now
    return try evaluate(parameters, .instant(time))
  }

  private func queryRange(_ parameters: APIParameters) throws -> ServerResponse {
    guard let start = try parameters.time("start") else {
      throw APIError.parameter("start", "cannot parse \"\" to a valid timestamp")
    }
    guard let end = try parameters.time("end") else {
      throw APIError.parameter("end", "cannot parse \"\" to a valid timestamp")
    }
    guard end >= start else {
      throw APIError.parameter("end", "end timestamp must not be before start time")
    }
    guard let step = try parameters.duration("step") else {
      throw APIError.parameter("step", "cannot parse \"\" to a valid duration")
    }
    guard step > 0 else {
      throw APIError.parameter(
        "step",
        "zero or negative query resolution step widths are not accepted. "
          + "Try a positive integer")
    }
    guard (end - start) / step <= PrometheusAPI.mostPoints else {
      throw APIError(
        .badData,
        "exceeded maximum resolution of 11,000 points per timeseries. "
          + "Try decreasing the query resolution (?step=XX)")
    }
    if let problem = try parameters.expression().tree.rangeQueryProblem {
      throw APIError.parameter("query", problem)
    }
    return try evaluate(parameters, .range(start: start, end: end, step: step))
  }

  private func evaluate(
    _ parameters: APIParameters, _ window: QueryWindow
  ) throws -> ServerResponse {
    let expression = try parameters.expression()
    var options = try QueryOptions.engine(run, input.settings)
    if let lookback = try parameters.duration("lookback_delta") {
      options.lookback = .fixed(lookback)
    }
    if let patience = try parameters.duration("timeout") {
      let clock = Clock()
      let outer = options.hasExpired
      options.hasExpired = { clock.elapsed > patience || outer?() ?? false }
    }
    var result = try Engine(options).evaluate(
      expression.tree, text: expression.text, window, source: input.source, report: input.report)
    if let limit = try parameters.limit() { result.cut(to: limit) }
    result.annotations.warnings += told
    var body: [UInt8] = []
    try PrometheusJSON.write(result) { body += $0 }
    return ServerResponse(200, "application/json", body)
  }

  /// Damage and other things that the answer was given in spite of.
  private var told: [String] {
    input.report.warnings + input.report.damage.map { "\($0)" }
  }

  // MARK: what there is

  /// Ranges are those of files: Prometheus looks no closer either.
  private var catalogue: SourceCatalogue {
    SourceCatalogue(source: input.source, report: input.report, isExact: false)
  }

  private func series(_ parameters: APIParameters) throws -> ServerResponse {
    let matchers = try parameters.matchers()
    guard !matchers.isEmpty else { throw APIError(.badData, "no match[] parameter provided") }
    let found = try catalogue.series(matchers, try parameters.range())
    return try list(found, parameters) { labels, writer in PrometheusJSON.append(labels, &writer) }
  }

  private func labels(_ parameters: APIParameters) throws -> ServerResponse {
    let found = try catalogue.labelNames(try parameters.matchers(), try parameters.range())
    return try list(found, parameters) { $1.string($0) }
  }

  private func values(_ name: String, _ parameters: APIParameters) throws -> ServerResponse {
    guard !name.isEmpty else { throw APIError(.badData, "invalid label name: \"\"") }
    let found = try catalogue.labelValues(
      name, try parameters.matchers(), try parameters.range())
    return try list(found, parameters) { $1.string($0) }
  }

  private func metadata(_ parameters: APIParameters) throws -> ServerResponse {
    var found = try catalogue.metadata()
    if let metric = parameters.text("metric") { found = found.filter { $0.family == metric } }
    if let limit = try parameters.limit() { found = Array(found.prefix(limit)) }
    return try document { writer in
      writer.beginObject()
      for entry in found {
        writer.name(entry.family)
        PrometheusJSON.append(entry, &writer)
      }
      writer.endObject()
    }
  }

  private func buildInformation(_ writer: inout JSONWriter) {
    writer.beginObject()
    let fields = [
      // What clients look at to know which functions there are.
      ("version", "3.14.0"), ("revision", "mx \(Version.text)"), ("branch", ""),
      ("buildUser", ""), ("buildDate", ""), ("goVersion", ""),
    ]
    for (name, text) in fields {
      writer.name(name)
      writer.string(text)
    }
    writer.endObject()
  }

  // MARK: documents

  private func empty(_ json: String, _ writer: inout JSONWriter) { writer.raw(Array(json.utf8)) }

  private func list<Item>(
    _ items: [Item], _ parameters: APIParameters, _ append: (Item, inout JSONWriter) throws -> Void
  ) throws -> ServerResponse {
    let limit = try parameters.limit() ?? items.count
    let more = items.count > limit ? ["results truncated due to limit"] : []
    return try document(warnings: more) { writer in
      writer.beginArray()
      for item in items.prefix(limit) { try append(item, &writer) }
      writer.endArray()
    }
  }

  private func document(
    warnings: [String] = [], _ body: (inout JSONWriter) throws -> Void
  ) throws -> ServerResponse {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("status")
    writer.string("success")
    writer.name("data")
    try body(&writer)
    JSONResults.append("warnings", warnings + told, &writer)
    writer.endObject()
    writer.newline()
    return ServerResponse(200, "application/json", writer.take())
  }
}

extension QueryResult {
  /// Leaves the first series, and says so where there are more.
  fileprivate mutating func cut(to limit: Int) {
    switch value {
    case .series(var table) where table.labels.count > limit:
      table.labels = Array(table.labels.prefix(limit))
      value = .series(table)
    case .samples(var table) where table.labels.count > limit:
      table.labels = Array(table.labels.prefix(limit))
      value = .samples(table)
    default: return
    }
    annotations.warnings.append("results truncated due to limit")
  }
}
