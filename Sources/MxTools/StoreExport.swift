import MxCLI
import MxFiles
import MxFormats
import MxModel
import MxStore

/// `mx-compact export`: samples as text that `mx-ingest` reads back.
///
/// Series by series from one snapshot: memory is one series' samples, or those of one histogram.
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
    let selections = try source.open(
      selectors.map { SelectRequest($0, range: range) }, report: report)
    var export = Export(format, try labelNames(selections), source, range, run)
    try export.write(selections)
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
  private let format: Format
  private let output: Output
  private let source: Snapshot
  private let range: TimeRange
  private let oversight: Oversight
  private var writer: FormatWriter
  /// Families that were declared.
  private var told: Set<String> = []
  /// Series that several selectors take are written once.
  private var seen: Set<LabelSet>?
  private(set) var series = 0
  var written: Int { writer.written }

  /// What a family's check wrote is handed on as it is, up to so many bytes: larger
  /// families are read twice.
  private static let keptBytes = 8 << 20

  init(
    _ format: Format, _ labelNames: [String], _ source: Snapshot, _ range: TimeRange, _ run: Run
  ) {
    self.format = format
    self.source = source
    self.range = range
    oversight = Interruption.oversight(run)
    output = run.output
    let output = run.output
    writer = FormatWriter(format, labelNames: labelNames) { try output.write($0) }
    seen = run.arguments.strings("match").count > 1 ? [] : nil
  }

  mutating func write(_ selections: [any Selection]) throws {
    if format == .openmetrics || format == .prometheus { return try writeFamilies(selections) }
    for selection in selections {
      for number in 0..<selection.count {
        try oversight.check()
        oversight.progress("series", number, selection.count)
        let one = Series(labels: try selection.labels(number), selection, number)
        if let isNew = seen?.insert(one.labels).inserted, !isNew { continue }
        try write(one, declaring: format == .json || format == .ndjson)
      }
    }
  }

  private mutating func write(_ one: Series, declaring: Bool) throws {
    let (times, values) = try samples(of: one)
    if times.isEmpty { return }
    series += 1
    if declaring, let found = try source.metadata(of: one.labels.metricName ?? ""),
      told.insert(found.family).inserted
    {
      writer.write(found)
    }
    try times.withUnsafeBufferPointer { times in
      try values.withUnsafeBufferPointer { try writer.write(one.labels, times: times, values: $0) }
    }
  }

  /// A series of a selection.
  private struct Series {
    var labels: LabelSet
    var selection: any Selection
    var number: Int

    init(labels: LabelSet, _ selection: any Selection, _ number: Int) {
      self.labels = labels
      self.selection = selection
      self.number = number
    }
  }

  /// Its samples without the marks of its ends, which no text can say.
  private func samples(of one: Series) throws -> (times: [Int64], values: [Double]) {
    var times: [Int64] = []
    var values: [Double] = []
    try one.selection.read(one.number..<one.number + 1, range, worker: 0) { _, samples in
      for index in 0..<samples.count where !StaleMarker.isStale(samples.values[index]) {
        times.append(samples.times[index])
        values.append(samples.values[index])
      }
    }
    return (times, values)
  }

  // MARK: - Families

  /// Prometheus' formats: family by family, each behind its declaration.
  private mutating func writeFamilies(_ selections: [any Selection]) throws {
    // Metric -> the numbers of its series, a list a selection.
    var numbers: [String: [[Int]]] = [:]
    var metrics: [String] = []
    for (place, selection) in selections.enumerated() {
      let names = try selection.column(LabelName.metric)
      for number in 0..<selection.count {
        let name = names.values[Int(names.ids[number])]
        if numbers[name] == nil {
          metrics.append(name)
          numbers[name] = [[Int]](repeating: [], count: selections.count)
        }
        numbers[name]?[place].append(number)
      }
    }
    let families = try TextFamily.plan(metrics, format) { try source.metadata(of: $0) }
    for (done, family) in families.enumerated() {
      oversight.progress("metrics", done, families.count)
      try write(family) { metric in
        try (numbers[metric] ?? []).enumerated().flatMap { place, numbers in
          try numbers.map {
            Series(labels: try selections[place].labels($0), selections[place], $0)
          }
        }
      }
    }
  }

  /// `found` gives the series of a metric.
  private mutating func write(
    _ family: TextFamily, _ found: (String) throws -> [Series]
  ) throws {
    var all = try family.metrics.flatMap { try found($0) }
    if seen != nil { all.removeAll { !(seen?.insert($0.labels).inserted ?? true) } }
    // Several metrics and selectors give pieces in label order, one after the other.
    all.sort { $0.labels < $1.labels }
    guard format == .openmetrics, family.hasRules else { return try write(all, of: family) }
    switch try check(all, of: family) {
    case .whole(let bytes, let samples, let count):
      series += count
      try writer.write(ready: bytes, samples: samples)
    case .large: try write(all, of: family)
    case .broken:
      for part in family.apart {
        try write(all.filter { $0.labels.metricName == part.metrics[0] }, of: part)
      }
    }
  }

  private mutating func write(_ all: [Series], of family: TextFamily) throws {
    series += try write(all, of: family, to: &writer)
  }

  /// Returns how many series had samples.
  private func write(
    _ all: [Series], of family: TextFamily, to writer: inout FormatWriter
  ) throws -> Int {
    var count = 0
    var metadata = family.metadata
    for group in family.groups(all.map(\.labels)) {
      try oversight.check()
      let members = try group.compactMap { place -> FormatWriter.Member? in
        let (times, values) = try samples(of: all[place])
        return times.isEmpty ? nil : (all[place].labels, times, values)
      }
      if members.isEmpty { continue }
      count += members.count
      if let entry = metadata { writer.write(entry) }
      metadata = nil
      try writer.write(together: members)
    }
    return count
  }

  private enum Check {
    case whole([UInt8], samples: Int, series: Int)
    /// Good, and too large to be kept.
    case large
    case broken
  }

  /// Whether a family's samples keep to OpenMetrics' rules. Readers refuse a whole text for
  /// one bucket that is missing; undeclared its series are only numbers.
  private func check(_ all: [Series], of family: TextFamily) throws -> Check {
    var check = OpenMetricsCheck()
    var bytes: [UInt8]? = []
    var trial = FormatWriter(.openmetrics) { piece in
      check.feed(piece)
      if let size = bytes?.count, size + piece.count <= Self.keptBytes {
        bytes?.append(contentsOf: piece)
      } else {
        bytes = nil
      }
    }
    let count = try write(all, of: family, to: &trial)
    try trial.finish()
    if check.isBroken { return .broken }
    guard let whole = bytes else { return .large }
    return .whole(whole.dropLast("# EOF\n".utf8.count), samples: trial.written, series: count)
  }

  /// Ends the text; how many samples the format had no words for. That a series
  /// ended no text can say, and so is not counted.
  mutating func finish() throws -> Int {
    try writer.finish()
    return writer.unwritable
  }
}
