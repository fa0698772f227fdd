import MxCLI
import MxEngine
import MxFiles
import MxModel

/// `mx-query cardinality`: where the series of a store are, and who uses them.
enum QueryCardinality {
  /// A metric's share, or (`values` set) a label's.
  struct Row {
    var name: String
    var series = 0
    /// Of metrics.
    var samples = 0
    var bytes = 0
    /// With samples in the last day, and none in the day before it.
    var new = 0
    var users: [String] = []
    /// Of labels: how many values it has.
    var values = 0
    /// The value that most series have, and how many.
    var commonest = ""
    var commonestSeries = 0
  }

  private static let formats = ["table", "csv", "tsv", "json", "ndjson"]
  private static let day: Int64 = 86_400_000

  static func run(_ run: Run) throws -> ExitCode {
    let format = run.arguments.string("format") ?? "table"
    guard formats.contains(format), !run.arguments.has("source") else {
      throw Diagnostic(
        .usage, "'cardinality' tells of a store as \(formats.joined(separator: ", "))",
        hint: "leave --source out and name one of these with --format")
    }
    let matchers = try QueryExpression.selectors("match", run)
    let range = TimeRange(
      from: try run.arguments.time("from", now: run.common.now) ?? .min,
      to: try run.arguments.time("to", now: run.common.now) ?? .max)
    let top = try run.arguments.integer("top", in: 0...1_000_000).map { Int($0) } ?? 20
    let input = try QueryInput.open(run)
    let survey = Survey(input: input, matchers: matchers, range: range, now: run.common.now)
    let metrics = try survey.metrics()
    let labels = try survey.labels()
    let printer = CardinalityPrinter(
      output: run.output, format: format, top: top, hasHeader: !run.arguments.has("no-header"))
    try printer.print(metrics, labels)
    return input.ending(isNo: metrics.isEmpty, run)
  }

  /// Counts what is there.
  private struct Survey {
    let input: QueryInput
    let matchers: [[Matcher]]
    let range: TimeRange
    let now: Int64

    private func selections(_ more: [Matcher]) throws -> [any Selection] {
      // Hints would let a source leave samples out, which are counted here.
      try input.source.open(
        (matchers.isEmpty ? [[]] : matchers).map { SelectRequest($0 + more, range: range) },
        report: input.report)
    }

    func metrics() throws -> [Row] {
      let names = try input.source.labelValues(
        LabelName.metric, matching: matchers, range: range, report: input.report)
      let users = try MetricUsers.load(input)
      var rows: [Row] = []
      for name in names {
        var row = Row(name: name, users: users.of(name))
        for selection in try selections([Matcher(equal: LabelName.metric, name)]) {
          let size = try selection.size(range)
          row.series += selection.count
          row.samples += size.samples
          row.bytes += size.bytes
          row.new += try newSeries(selection)
        }
        if row.series > 0 { rows.append(row) }
      }
      return rows.sorted { ($1.series, $0.name) < ($0.series, $1.name) }
    }

    private func newSeries(_ selection: any Selection) throws -> Int {
      func present(_ range: TimeRange) throws -> Set<Int> {
        var found: Set<Int> = []
        try selection.read(0..<selection.count, range, worker: 0) { series, _ in
          found.insert(series)
        }
        return found
      }
      let today = try present(TimeRange(from: now - day + 1, to: now))
      if today.isEmpty { return 0 }
      return today.subtracting(try present(TimeRange(from: now - 2 * day + 1, to: now - day))).count
    }

    func labels() throws -> [Row] {
      var counts: [String: [String: Int]] = [:]
      for selection in try selections([]) {
        for name in selection.labelNames where name != LabelName.metric {
          let column = try selection.column(name)
          var own = [Int](repeating: 0, count: column.values.count)
          for id in column.ids { own[Int(id)] += 1 }
          for (value, count) in zip(column.values, own).dropFirst() where count > 0 {
            counts[name, default: [:]][value, default: 0] += count
          }
        }
      }
      let rows = counts.map { name, values in
        let commonest = values.min { ($1.value, $0.key) < ($0.value, $1.key) }
        return Row(
          name: name, series: values.values.reduce(0, +), values: values.count,
          commonest: commonest?.key ?? "", commonestSeries: commonest?.value ?? 0)
      }
      return rows.sorted { ($1.values, $0.name) < ($0.values, $1.name) }
    }
  }
}

/// Prints both lists, the longest first.
private struct CardinalityPrinter {
  typealias Row = QueryCardinality.Row

  let output: Output
  let format: String
  /// Rows of each table; 0 is all, and other formats have all.
  let top: Int
  let hasHeader: Bool

  func print(_ metrics: [Row], _ labels: [Row]) throws {
    switch format {
    case "csv", "tsv": try separated(metrics, labels)
    case "json":
      let document = MxCLI.JSONText.object([
        ("metrics", .array(metrics.map(metric))), ("labels", .array(labels.map(label))),
      ])
      try output.write(document.text + "\n")
    case "ndjson":
      for row in metrics { try output.write(metric(row).text + "\n") }
      for row in labels { try output.write(label(row).text + "\n") }
    default: try tables(metrics, labels)
    }
  }

  private func tables(_ metrics: [Row], _ labels: [Row]) throws {
    if metrics.isEmpty { return }
    var first = TableWriter([
      ("metric", .left), ("series", .right), ("new 24h", .right), ("samples", .right),
      ("bytes", .right), ("used by", .left),
    ])
    for row in shown(metrics) {
      first.append(
        [row.name] + [row.series, row.new, row.samples, row.bytes].map { String($0) }
          + [users(row)])
    }
    try first.write(to: output, header: hasHeader)
    try rest(metrics, "metrics")
    try output.write("\n")
    var second = TableWriter([
      ("label", .left), ("values", .right), ("series", .right), ("commonest", .left),
      ("series", .right),
    ])
    for row in shown(labels) {
      second.append([
        row.name, String(row.values), String(row.series), row.commonest,
        String(row.commonestSeries),
      ])
    }
    try second.write(to: output, header: hasHeader)
    try rest(labels, "labels")
  }

  private func shown(_ rows: [Row]) -> ArraySlice<Row> { top == 0 ? rows[...] : rows.prefix(top) }

  private func rest(_ rows: [Row], _ what: String) throws {
    let more = rows.count - shown(rows).count
    if more > 0 { try output.write("and \(more) \(what) more: --top 0 shows all\n") }
  }

  private func users(_ row: Row) -> String {
    guard row.users.count > 2 else { return row.users.joined(separator: ", ") }
    return row.users.prefix(2).joined(separator: ", ") + ", \(row.users.count - 2) more"
  }

  private func separated(_ metrics: [Row], _ labels: [Row]) throws {
    let writer = SeparatedWriter(format == "csv" ? .csv : .tsv)
    if hasHeader {
      try writer.write(
        [
          "kind", "name", "series", "new", "samples", "bytes", "users", "values", "commonest",
          "commonest_series",
        ], to: output)
    }
    for row in metrics {
      try writer.write(
        ["metric", row.name] + [row.series, row.new, row.samples, row.bytes].map { String($0) }
          + [row.users.joined(separator: "; "), "", "", ""], to: output)
    }
    for row in labels {
      try writer.write(
        ["label", row.name, String(row.series), "", "", "", "", String(row.values), row.commonest]
          + [String(row.commonestSeries)], to: output)
    }
  }

  private func metric(_ row: Row) -> MxCLI.JSONText {
    .object([
      ("metric", .string(row.name)), ("series", .integer(Int64(row.series))),
      ("new", .integer(Int64(row.new))), ("samples", .integer(Int64(row.samples))),
      ("bytes", .integer(Int64(row.bytes))), ("users", .array(row.users.map { .string($0) })),
    ])
  }

  private func label(_ row: Row) -> MxCLI.JSONText {
    .object([
      ("label", .string(row.name)), ("values", .integer(Int64(row.values))),
      ("series", .integer(Int64(row.series))), ("commonest", .string(row.commonest)),
      ("commonest_series", .integer(Int64(row.commonestSeries))),
    ])
  }
}

/// Which rules and dashboards of `uses:` read a metric.
struct MetricUsers {
  private let users: [UsedSelector]

  static func load(_ input: QueryInput) throws -> MetricUsers {
    MetricUsers(
      users: UsedSelectors.load(input.settings.uses, DiskFileSystem(), input.report))
  }

  /// Those whose selectors may find series of that name, each once.
  func of(_ metric: String) -> [String] {
    var found: [String] = []
    for user in users where !found.contains(user.place) {
      let names = user.matchers.filter { $0.name == LabelName.metric }
      if !names.isEmpty, names.allSatisfy({ $0.matches(metric) }) { found.append(user.place) }
    }
    return found
  }
}
