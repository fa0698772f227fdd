import MxCLI
import MxEngine
import MxJSON
import MxModel

/// Prints answers in the format that was asked for.
struct ResultPrinter {
  private let output: Output
  private let format: String
  private let hasHeader: Bool
  private let timeFormat: String

  init(_ run: Run) throws {
    output = run.output
    format = run.arguments.string("format") ?? "table"
    hasHeader = !run.arguments.has("no-header")
    timeFormat =
      run.arguments.string("time-format")
      ?? (format == "table" ? "rfc3339" : "unix")
    guard ["table", "csv", "tsv", "ndjson", "prom-json"].contains(format) else {
      throw Diagnostic(.system, "'--format \(format)' does not work yet in this version")
    }
  }

  /// Returns how many samples were printed.
  func print(_ result: QueryResult) throws -> Int {
    let rows = result.rows
    switch format {
    case "csv": try separated(.csv, rows)
    case "tsv": try separated(.tsv, rows)
    case "ndjson": try lines(rows)
    case "prom-json": try output.write(PrometheusJSON.text(result))
    default: try table(rows)
    }
    return rows.count
  }

  private func table(_ rows: [ResultRow]) throws {
    let showsSeries = rows.contains { $0.labels != nil }
    var columns: [(title: String, alignment: TableWriter.Alignment)] = []
    if showsSeries { columns.append(("series", .left)) }
    columns += [("time", .left), ("value", .right)]
    var table = TableWriter(columns)
    for row in rows {
      let cells = [time(row.time), row.value]
      table.append(showsSeries ? [row.labels?.description ?? ""] + cells : cells)
    }
    if rows.isEmpty { return }
    try table.write(to: output, header: hasHeader)
  }

  /// One column a label: time, the labels in name order, value.
  private func separated(_ kind: SeparatedWriter.Format, _ rows: [ResultRow]) throws {
    let names = Set(rows.flatMap { $0.labels?.pairs.map(\.name) ?? [] }).sorted()
    let writer = SeparatedWriter(kind)
    if hasHeader { try writer.write(["time"] + names + ["value"], to: output) }
    for row in rows {
      let labels = names.map { row.labels?[$0] ?? "" }
      try writer.write([time(row.time)] + labels + [row.value], to: output)
    }
  }

  private func lines(_ rows: [ResultRow]) throws {
    for row in rows {
      let labels = row.labels?.pairs.map { ($0.name, MxCLI.JSONText.string($0.value)) } ?? []
      let line = MxCLI.JSONText.object([
        ("labels", .object(labels)), ("time", .string(TimeText.rfc3339(row.time))),
        ("value", .string(row.value)),
      ])
      try output.write(line.text + "\n")
    }
  }

  private func time(_ milliseconds: Int64) -> String {
    switch timeFormat {
    case "rfc3339": TimeText.rfc3339(milliseconds)
    case "unix-ms": String(milliseconds)
    default: PrometheusJSON.seconds(milliseconds)
    }
  }
}

/// One printed value.
struct ResultRow {
  var labels: LabelSet?
  var time: Int64
  var value: String
}

extension QueryResult {
  /// All values, series by series in order, each in time order.
  var rows: [ResultRow] {
    func number(_ value: Double) -> String { MxJSON.NumberText.prometheusJSON(value) }
    switch value {
    case .scalar(let values):
      return values.enumerated().map {
        ResultRow(time: time($0.offset), value: number($0.element))
      }
    case .string(let text): return [ResultRow(time: firstStep, value: text)]
    case .series(let table):
      var rows: [ResultRow] = []
      for series in table.labels.indices {
        for step in 0..<table.steps {
          guard let value = table.value(series, step) else { continue }
          rows.append(
            ResultRow(labels: table.labels[series], time: time(step), value: number(value)))
        }
      }
      return rows
    case .samples(let table):
      return table.labels.indices.flatMap { series in
        table.range(series).map {
          ResultRow(
            labels: table.labels[series], time: table.times[$0], value: number(table.values[$0]))
        }
      }
    }
  }
}

/// The shape of Prometheus' HTTP API, so that scripts port.
enum PrometheusJSON {
  /// Seconds with up to three decimals.
  static func seconds(_ milliseconds: Int64) -> String {
    MxJSON.NumberText.fixed(Double(milliseconds) / 1000)
  }

  static func text(_ result: QueryResult) -> String {
    let (type, data) = data(result)
    var members: [(String, MxCLI.JSONText)] = [
      ("status", .string("success")),
      ("data", .object([("resultType", .string(type)), ("result", data)])),
    ]
    if !result.annotations.warnings.isEmpty {
      members.append(("warnings", .array(result.annotations.warnings.map { .string($0) })))
    }
    if !result.annotations.infos.isEmpty {
      members.append(("infos", .array(result.annotations.infos.map { .string($0) })))
    }
    return MxCLI.JSONText.object(members).text + "\n"
  }

  private static func data(_ result: QueryResult) -> (String, MxCLI.JSONText) {
    let rows = result.rows
    switch result.value {
    case .scalar, .string:
      let type = if case .string = result.value { "string" } else { "scalar" }
      if result.step > 0 { return ("matrix", .array([series(rows[...], "values")])) }
      return (type, rows.first.map(point) ?? .null)
    case .series where result.step == 0:
      return ("vector", .array(rows.indices.map { series(rows[$0...$0], "value") }))
    case .series, .samples:
      var all: [MxCLI.JSONText] = []
      var start = 0
      while start < rows.count {
        let labels = rows[start].labels
        let end = rows[start...].firstIndex { $0.labels != labels } ?? rows.count
        all.append(series(rows[start..<end], "values"))
        start = end
      }
      return ("matrix", .array(all))
    }
  }

  private static func series(_ rows: ArraySlice<ResultRow>, _ key: String) -> MxCLI.JSONText {
    let labels = rows.first?.labels?.pairs.map { ($0.name, MxCLI.JSONText.string($0.value)) }
    let points = rows.map(point)
    return .object([
      ("metric", .object(labels ?? [])),
      (key, key == "value" ? points.first ?? .null : .array(points)),
    ])
  }

  private static func point(_ row: ResultRow) -> MxCLI.JSONText {
    .array([.number(Double(row.time) / 1000), .string(row.value)])
  }
}
