import MxCLI
import MxEngine
import MxJSON
import MxModel

/// `mx-query series|labels|values|metrics`.
enum QueryListing {
  /// What a listing prints; pictures of names there are none.
  private static let formats = ["table", "csv", "tsv", "json", "ndjson", "prom-json"]

  static func series(_ run: Run) throws -> ExitCode {
    try list(run) { catalogue, matchers, range in
      let found = try catalogue.series(matchers, range)
      try SeriesListing(run).print(found)
      return found.count
    }
  }

  static func labels(_ run: Run) throws -> ExitCode {
    try list(run) { catalogue, matchers, range in
      let found = try catalogue.labelNames(matchers, range)
      try NameListing(run, title: "label").print(found)
      return found.count
    }
  }

  static func values(_ run: Run) throws -> ExitCode {
    let label = run.arguments.positionals.first ?? ""
    return try list(run) { catalogue, matchers, range in
      let found = try catalogue.labelValues(label, matchers, range)
      if found.isEmpty { try suggest(label, catalogue, run) }
      try NameListing(run, title: label).print(found)
      return found.count
    }
  }

  static func metrics(_ run: Run) throws -> ExitCode {
    try list(run) { catalogue, matchers, range in
      let names = try catalogue.labelValues(LabelName.metric, matchers, range)
      try MetricListing(run).print(names, catalogue)
      return names.count
    }
  }

  private static func suggest(_ label: String, _ catalogue: any NameSource, _ run: Run) throws {
    let known = try catalogue.labelNames([], .all)
    guard !known.contains(label),
      let hint = Suggestion.hint(for: label, among: known, count: 3)
    else { return }
    run.output.warn(Diagnostic(.no, "no series has a label '\(label)'", hint: hint))
  }

  private static func list(
    _ run: Run, _ body: (any NameSource, [[Matcher]], TimeRange) throws -> Int
  ) throws -> ExitCode {
    let format = run.arguments.string("format") ?? "table"
    guard formats.contains(format) else {
      throw Diagnostic(
        .usage, subject: "--format", "'\(format)' has no words for a list of names",
        hint: "one of \(formats.joined(separator: ", "))")
    }
    let matchers = try QueryExpression.selectors("match", run)
    let range = TimeRange(
      from: try run.arguments.time("from", now: run.common.now) ?? .min,
      to: try run.arguments.time("to", now: run.common.now) ?? .max)
    if let server = try RemoteSource.open(run) {
      let count = try body(server, matchers, range)
      server.tellNotes(run.output)
      return count == 0 || server.isPartial ? .no : .success
    }
    let input = try QueryInput.open(run)
    let catalogue = SourceCatalogue(source: input.source, report: input.report)
    let count = try body(catalogue, matchers, range)
    if count == 0 {
      for one in matchers {
        if let found = try NameHints.diagnostic(one, input.source) { run.output.warn(found) }
      }
    }
    return input.ending(isNo: count == 0, run)
  }
}

/// What all listings share.
private struct ListingStyle {
  let output: Output
  let format: String
  let hasHeader: Bool

  init(_ run: Run) {
    output = run.output
    format = run.arguments.string("format") ?? "table"
    hasHeader = !run.arguments.has("no-header")
  }

  /// Rows as CSV or TSV.
  func separated(_ header: [String], _ rows: some Sequence<[String]>) throws {
    let writer = SeparatedWriter(format == "csv" ? .csv : .tsv)
    if hasHeader { try writer.write(header, to: output) }
    for row in rows { try writer.write(row, to: output) }
  }

  /// One JSON document: `{"status":"success","data":[…]}` as Prometheus' API has it, or
  /// the list alone.
  func document(_ body: (inout JSONWriter) throws -> Void) throws {
    var writer = JSONWriter()
    if format == "prom-json" {
      writer.beginObject()
      writer.name("status")
      writer.string("success")
      writer.name("data")
    }
    try body(&writer)
    if format == "prom-json" { writer.endObject() }
    writer.newline()
    try output.write(writer.take())
  }
}

/// Names, a line each.
private struct NameListing {
  private let style: ListingStyle
  private let title: String

  init(_ run: Run, title: String) {
    style = ListingStyle(run)
    self.title = title
  }

  func print(_ names: [String]) throws {
    switch style.format {
    case "csv", "tsv": try style.separated([title], names.lazy.map { [$0] })
    case "ndjson":
      for name in names { try style.output.write(MxCLI.JSONText.string(name).text + "\n") }
    case "json", "prom-json":
      try style.document { writer in
        writer.beginArray()
        for name in names { writer.string(name) }
        writer.endArray()
      }
    default: for name in names { try style.output.write(Output.printable(name) + "\n") }
    }
  }
}

/// Series, a line each; in CSV a column a label.
private struct SeriesListing {
  private let style: ListingStyle

  init(_ run: Run) { style = ListingStyle(run) }

  func print(_ series: [LabelSet]) throws {
    switch style.format {
    case "csv", "tsv":
      let names = Set(series.flatMap { $0.pairs.map(\.name) }).sorted()
      try style.separated(
        names, series.lazy.map { labels in names.map { labels[$0] ?? "" } })
    case "ndjson":
      for labels in series {
        var writer = JSONWriter()
        append(labels, &writer)
        writer.newline()
        try style.output.write(writer.take())
      }
    case "json", "prom-json":
      try style.document { writer in
        writer.beginArray()
        for labels in series { append(labels, &writer) }
        writer.endArray()
      }
    default: for labels in series { try style.output.write("\(labels)\n") }
    }
  }

  private func append(_ labels: LabelSet, _ writer: inout JSONWriter) {
    if style.format == "prom-json" { return PrometheusJSON.append(labels, &writer) }
    writer.beginObject()
    JSONResults.appendName(labels, &writer)
    writer.endObject()
  }
}

/// Metrics and what is known of them.
private struct MetricListing {
  private let style: ListingStyle

  init(_ run: Run) { style = ListingStyle(run) }

  func print(_ names: [String], _ catalogue: any NameSource) throws {
    switch style.format {
    case "table" where names.isEmpty: return
    case "table":
      var table = TableWriter([
        ("metric", .left), ("type", .left), ("unit", .left), ("help", .left),
      ])
      for name in names { table.append(try row(name, catalogue)) }
      try table.write(to: style.output, header: style.hasHeader)
    case "csv", "tsv":
      let rows = try names.map { try row($0, catalogue) }
      try style.separated(["metric", "type", "unit", "help"], rows)
    case "prom-json": try style.document { try PrometheusJSON.append(names, catalogue, &$0) }
    default: try json(names, catalogue)
    }
  }

  private func row(_ name: String, _ catalogue: any NameSource) throws -> [String] {
    let known = try catalogue.metadata(of: name)
    return [name, known?.type.word ?? "unknown", known?.unit ?? "", known?.help ?? ""]
  }

  private func json(_ names: [String], _ catalogue: any NameSource) throws {
    func object(_ name: String, _ writer: inout JSONWriter) throws {
      writer.beginObject()
      for (key, text) in zip(["name", "type", "unit", "help"], try row(name, catalogue)) {
        writer.name(key)
        writer.string(text)
      }
      writer.endObject()
    }
    if style.format == "json" {
      return try style.document { writer in
        writer.beginArray()
        for name in names { try object(name, &writer) }
        writer.endArray()
      }
    }
    for name in names {
      var writer = JSONWriter()
      try object(name, &writer)
      writer.newline()
      try style.output.write(writer.take())
    }
  }
}
