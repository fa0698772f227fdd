import MxCLI
import MxFiles
import MxFormats
import MxModel
import MxStore

/// `mx-compact export`: samples as text that `mx-ingest` reads back.
///
/// Series by series from one snapshot: memory is one series' samples.
enum StoreExport {
  static func run(_ run: Run) throws -> ExitCode {
    let name = run.arguments.string("format") ?? "openmetrics"
    guard let format = Format(rawValue: name), FormatWriter.canWrite(format),
      format != .remoteWrite
    else {
      throw Diagnostic(
        .usage, "'\(name)' is no format to export",
        hint: "one of \(formats.joined(separator: ", "))")
    }
    let selectors = try StoreAccess.selectors(run)
    let range = try StoreAccess.range(run)
    let report = Report()
    let source = try Snapshot(StoreAccess.store(run), report)
    let oversight = Interruption.oversight(run)
    let selections = try source.open(
      selectors.map { SelectRequest($0, range: range) }, report: report)
    var export = Export(format, try labelNames(selections), run)
    for selection in selections { try export.write(selection, range, source, oversight) }
    let lost = try export.finish()
    run.report.set("samples", Double(export.written), help: "Samples written.")
    run.output.summary("\(export.written) samples of \(export.series) series")
    let code = StoreDamage.tell(report, run)
    if lost > 0 {
      run.output.warn(
        Diagnostic(
          .no, "\(lost) samples cannot be written as \(format.rawValue)",
          hint: "openmetrics and json can say all but the ends of series"))
    }
    if code != .success { return code }
    return export.written == 0 || lost > 0 ? .no : .success
  }

  /// The labels that any of the series has: a set may know more.
  private static func labelNames(_ selections: [any Selection]) throws -> [String] {
    var names: Set<String> = []
    for selection in selections {
      for name in selection.labelNames where !names.contains(name) {
        if try selection.column(name).ids.contains(where: { $0 != 0 }) { names.insert(name) }
      }
    }
    return names.sorted()
  }

  static let formats = ["openmetrics", "prometheus", "influx", "graphite", "json", "ndjson", "csv"]
}

/// One export on its way.
private struct Export {
  private let output: Output
  private var writer: FormatWriter
  private var metadata: ExportMetadata
  /// Series that several selectors take are written once.
  private var seen: Set<LabelSet>?
  private var markers = 0
  private(set) var series = 0
  var written: Int { writer.written }

  init(_ format: Format, _ labelNames: [String], _ run: Run) {
    output = run.output
    let output = run.output
    writer = FormatWriter(format, labelNames: labelNames) { try output.write($0) }
    metadata = ExportMetadata(format)
    seen = run.arguments.strings("match").count > 1 ? [] : nil
  }

  mutating func write(
    _ selection: any Selection, _ range: TimeRange, _ source: Snapshot, _ oversight: Oversight
  ) throws {
    for number in 0..<selection.count {
      try oversight.check()
      oversight.progress("series", number, selection.count)
      let labels = try selection.labels(number)
      if let isNew = seen?.insert(labels).inserted, !isNew { continue }
      var times: [Int64] = []
      var values: [Double] = []
      try selection.read(number..<number + 1, range, worker: 0) { _, samples in
        for index in 0..<samples.count {
          if StaleMarker.isStale(samples.values[index]) {
            markers += 1
          } else {
            times.append(samples.times[index])
            values.append(samples.values[index])
          }
        }
      }
      if times.isEmpty { continue }
      series += 1
      if let family = try metadata.family(before: labels, source) { writer.write(family) }
      try times.withUnsafeBufferPointer { times in
        try values.withUnsafeBufferPointer { try writer.write(labels, times: times, values: $0) }
      }
    }
  }

  /// Ends the text; how many samples the format had no words for. That a series
  /// ended no text can say, and so is not counted.
  mutating func finish() throws -> Int {
    try writer.finish()
    return writer.unwritable
  }
}

/// `# TYPE` and its like, before the first series of a metric that is its own
/// family: the parts of histograms and summaries stand apart in label order, which
/// the formats do not allow inside a family.
private struct ExportMetadata {
  private let format: Format
  private var last: String?

  init(_ format: Format) { self.format = format }

  mutating func family(before labels: LabelSet, _ source: Snapshot) throws -> MetricMetadata? {
    guard format == .openmetrics || format == .prometheus, let metric = labels.metricName,
      metric != last, LabelName.isPlainMetric(metric)
    else { return nil }
    last = metric
    guard var found = try source.metadata(of: metric) else { return nil }
    switch found.type {
    case .counter where format == .openmetrics:
      guard metric.hasSuffix("_total") else { return nil }
      found.family = String(metric.dropLast(6))
    case .counter, .gauge: found.family = metric
    case .unknown where found.family == metric: break
    default: return nil
    }
    return found
  }
}
