import MxCLI
import MxEngine
import MxFormats
import MxModel

/// Prints answers in the format that was asked for.
struct ResultPrinter {
  private let output: Output
  private let format: String
  private let hasHeader: Bool
  private let times: TimePrinter
  private let threads: Int
  /// Of how many expressions, answered or not.
  private let isOneOfSeveral: Bool

  /// Formats whose rows people read have clocks; the others Unix seconds.
  private static let clockFormats = ["table", "json", "ndjson", "plot", "svg"]

  init(_ run: Run) throws {
    output = run.output
    format = run.arguments.string("format") ?? "table"
    threads = run.common.threads
    isOneOfSeveral = run.arguments.positionals.count > 1
    hasHeader = !run.arguments.has("no-header")
    times = try TimePrinter(
      run, standard: ResultPrinter.clockFormats.contains(format) ? .rfc3339 : .unix)
  }

  /// `metadata`: what the source knows of a metric.
  func print(
    _ answers: [QueryAnswer], _ metadata: @escaping (String) throws -> MetricMetadata?
  ) throws {
    switch format {
    case "csv": try separated(.csv).write(answers, to: output)
    case "tsv": try separated(.tsv).write(answers, to: output)
    case "json":
      for answer in answers { try JSONResults(times: times).writeDocument(answer, to: output) }
    case "ndjson":
      for answer in answers {
        try JSONResults(times: times).writeLines(
          answer, namesExpression: isOneOfSeveral, to: output)
      }
    case "prom-json":
      for answer in answers { try PrometheusJSON.write(answer.result) { try output.write($0) } }
    case "openmetrics":
      try samples(.openmetrics, metadata).write(answers, to: output)
    case "influx":
      try samples(.influx, metadata).write(answers, to: output)
    case "plot": try PlotResults(times: times, hasTitles: isOneOfSeveral).write(answers, to: output)
    case "svg": try PictureResults(times: times).write(answers, to: output)
    default:
      try TableResults(times: times, hasHeader: hasHeader, hasTitles: isOneOfSeveral)
        .write(answers, to: output)
    }
  }

  private func samples(
    _ format: Format, _ metadata: @escaping (String) throws -> MetricMetadata?
  ) -> SampleResults {
    SampleResults(format: format, numbersValues: isOneOfSeveral, metadata: metadata)
  }

  private func separated(_ format: SeparatedWriter.Format) -> SeparatedResults {
    SeparatedResults(
      writer: SeparatedWriter(format), times: times, hasHeader: hasHeader,
      namesExpression: isOneOfSeveral, threads: threads)
  }
}
