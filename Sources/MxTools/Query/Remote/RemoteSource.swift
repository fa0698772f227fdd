import MxCLI
import MxConfig
import MxEngine
import MxFiles
import MxIngest
import MxJSON
import MxModel

/// `--source URL`: a server with Prometheus' HTTP API in a store's place.
final class RemoteSource: NameSource {
  private let client: PrometheusClient
  /// All metadata, asked for once.
  private var known: [String: MetricMetadata]?
  private let limits: LimitSettings
  /// Some answer was not all that the server should have.
  private(set) var isPartial = false
  /// What the server said besides lists of names.
  private var notes: [String] = []

  init(_ client: PrometheusClient, _ limits: LimitSettings) {
    self.client = client
    self.limits = limits
  }

  static func open(_ run: Run) throws -> RemoteSource? {
    guard let url = run.arguments.string("source") else { return nil }
    for option in ["store", "file", "resolution", "approximate"] where run.arguments.has(option) {
      throw Diagnostic(.usage, "'--\(option)' is for stores, not for a server")
    }
    let limits = try SettingsReader.load(run).limits
    let patience =
      try run.arguments.duration("timeout") ?? limits.queryTimeout ?? longestPatience
    let requests: ClientRequests
    let settings = try Self.settings(run)
    do throws(SecretSource.Failure) {
      requests = try ClientRequests(settings)
    } catch {
      throw Diagnostic(.input, subject: "--http-config", "\(error)")
    }
    return RemoteSource(try PrometheusClient(url, requests, patience: patience), limits)
  }

  /// Where no limit is set, ms: a day.
  private static let longestPatience: Int64 = 86_400_000

  /// Prometheus' `http_config`: who asks, which certificates count, by which proxy.
  private static func settings(_ run: Run) throws -> ClientSettings {
    guard let path = run.arguments.string("http-config") else { return ClientSettings() }
    let bytes = try DiskFileSystem().contents(of: path, limit: 1 << 20)
    let problems = ConfigProblems()
    let root = YAML.document(bytes, file: path, problems: problems)
    let found = ConfigMapping.read(root, "the file", problems) {
      ClientSettingsReader.read($0, directory: FilePath.parent(of: path))
    }
    try ConfigTelling.check(problems, run)
    return found
  }

  // MARK: queries

  /// The expression goes as it is: a server may know more than we do.
  func evaluate(_ text: String, _ window: QueryWindow, _ run: Run) throws -> EngineResult {
    var parameters = [(name: "query", value: text)]
    switch window {
    case .instant(let time): parameters.append(("time", RemoteSource.seconds(time)))
    case .range(let start, let end, let step):
      parameters.append(("start", RemoteSource.seconds(start)))
      parameters.append(("end", RemoteSource.seconds(end)))
      parameters.append(("step", RemoteSource.seconds(step)))
    }
    if run.arguments.has("timeout") {
      parameters.append(("timeout", "\(client.patience)ms"))
    }
    if let lookback = run.arguments.string("lookback"), lookback != "auto" {
      parameters.append(("lookback_delta", lookback))
    }
    let isRange = if case .range = window { true } else { false }
    var answer = try client.get(isRange ? "query_range" : "query", parameters)
    if answer.isPartial {
      isPartial = true
      answer.warnings.append(RemoteSource.partial)
    }
    let result = try ResultReader(answer, window).result()
    try check(result, text)
    return result
  }

  private static let partial =
    "the answer is partial: some of the server's storage did not answer"

  /// The limits of a store's answers hold for a server's, once they are there.
  private func check(_ result: EngineResult, _ text: String) throws {
    if let most = limits.querySeries, result.seriesCount > most {
      throw EngineError.limit(
        "'\(text)' yields \(result.seriesCount) series, query_series allows \(most): add matchers")
    }
    if let most = limits.querySamples, result.pointCount > most {
      throw EngineError.limit(
        "'\(text)' yields \(result.pointCount) samples, query_samples allows \(most): "
          + "shorten the time range or widen the step")
    }
  }

  /// Asks for a list of names.
  private func list(
    _ path: String, _ parameters: [(name: String, value: String)]
  ) throws -> JSONValue {
    let answer = try client.get(path, parameters)
    isPartial = isPartial || answer.isPartial
    for note in answer.warnings + (answer.isPartial ? [RemoteSource.partial] : [])
    where !notes.contains(note) { notes.append(note) }
    return answer.data
  }

  /// What was to be said besides lists of names.
  func tellNotes(_ output: Output) {
    for note in notes { output.warn(Diagnostic(.no, note)) }
  }

  static func seconds(_ milliseconds: Int64) -> String {
    MxJSON.NumberText.fixed(Double(milliseconds) / 1000)
  }

  // MARK: NameSource

  private func filters(
    _ matchers: [[Matcher]], _ range: TimeRange
  ) -> [(name: String, value: String)] {
    var parameters = matchers.map { one in
      (name: "match[]", value: "{\(one.map(\.description).joined(separator: ","))}")
    }
    if range.from != .min { parameters.append(("start", RemoteSource.seconds(range.from))) }
    if range.to != .max { parameters.append(("end", RemoteSource.seconds(range.to))) }
    return parameters
  }

  func series(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [LabelSet] {
    // The API wants a selector: of all series, then.
    let anything = try [[Matcher(LabelName.metric, .regex, ".+")]]
    let found = try list("series", filters(matchers.isEmpty ? anything : matchers, range))
    return (found.array ?? []).map { ResultReader.labels($0) }.sorted()
  }

  func labelNames(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [String] {
    let found = try list("labels", filters(matchers, range))
    return (found.array ?? []).compactMap(\.string)
  }

  func labelValues(
    _ name: String, _ matchers: [[Matcher]], _ range: TimeRange
  ) throws -> [String] {
    let path = "label/\(LabelNameInURL.encoded(name))/values"
    let found = try list(path, filters(matchers, range))
    return (found.array ?? []).compactMap(\.string)
  }

  func metadata() throws -> [MetricMetadata] {
    try allMetadata().values.sorted { $0.family < $1.family }
  }

  func metadata(of metric: String) throws -> MetricMetadata? {
    let all = try allMetadata()
    if let exact = all[metric] { return exact }
    for suffix in ["_total", "_bucket", "_count", "_sum", "_info"] where metric.hasSuffix(suffix) {
      if let family = all[String(metric.dropLast(suffix.count))] { return family }
    }
    return nil
  }

  private func allMetadata() throws -> [String: MetricMetadata] {
    if let known { return known }
    var all: [String: MetricMetadata] = [:]
    for member in try client.get("metadata").data.members ?? [] {
      guard let first = member.value[0] else { continue }
      all[member.name] = MetricMetadata(
        family: member.name,
        type: first["type"]?.string.flatMap(MetricType.init(word:)) ?? .unknown,
        help: first["help"]?.string ?? "", unit: first["unit"]?.string ?? "")
    }
    known = all
    return all
  }

  // MARK: freshness

  /// Whether a selector finds a sample younger than `age`.
  func isFresh(_ selector: String, age: Int64, _ run: Run) throws -> Bool {
    let text = "count(count_over_time(\(selector)[\(MxCLI.DurationText.format(age))]))"
    return try evaluate(text, .instant(run.common.now), run).seriesCount > 0
  }
}

/// Label names in paths, as Prometheus 3 escapes them: `U__foo_2e_bar`.
enum LabelNameInURL {
  private static let mark = "U__"

  static func encoded(_ name: String) -> String {
    if LabelName.isPlainLabel(name) { return name }
    var out = mark
    for scalar in name.unicodeScalars {
      if scalar == "_" {
        out += "__"
      } else if LabelName.isPlainLabel("a\(scalar)") {
        out.unicodeScalars.append(scalar)
      } else {
        out += "_\(String(scalar.value, radix: 16))_"
      }
    }
    return out
  }

  /// The name itself; what is no escape stays as it is.
  static func decoded(_ text: String) -> String {
    guard text.hasPrefix(mark) else { return text }
    var out = ""
    var rest = text.dropFirst(mark.count)
    while let sign = rest.first {
      rest = rest.dropFirst()
      if sign != "_" {
        out.append(sign)
      } else if rest.first == "_" {
        out.append("_")
        rest = rest.dropFirst()
      } else {
        let digits = rest.prefix { $0 != "_" }
        guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code),
          rest.dropFirst(digits.count).first == "_"
        else { return text }
        out.unicodeScalars.append(scalar)
        rest = rest.dropFirst(digits.count + 1)
      }
    }
    return out
  }
}
