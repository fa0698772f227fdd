import MxCLI
import MxEngine
import MxFormats
import MxModel

/// Answers as OpenMetrics or Influx lines, which mx-ingest and others take in.
///
/// Both need a name for every series: what has none, because a function dropped it, is
/// called `value`, of several expressions `value_1`, `value_2`, …; label_replace on
/// `__name__` names it otherwise. What a format cannot say is left out and told.
struct SampleResults {
  let format: Format
  /// Type, help and unit of a metric, as the source knows it.
  let metadata: (String) throws -> MetricMetadata?

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    var writer = FormatWriter(format) { try output.write($0) }
    var texts = 0
    // A metric's samples must stand together in OpenMetrics: by name, then as they were.
    var pieces: [(name: String, answer: Int, series: Int)] = []
    for (answer, item) in answers.enumerated() {
      if case .string = item.result.value { texts += 1 }
      var series = 0
      try item.result.forEachSeries { labels, _ in
        pieces.append((name(of: labels, answer, answers.count), answer, series))
        series += 1
      }
    }
    if format == .openmetrics {
      pieces.sort { ($0.name, $0.answer, $0.series) < ($1.name, $1.answer, $1.series) }
    }
    var known = ""
    for piece in pieces {
      if piece.name != known {
        known = piece.name
        try describe(piece.name, &writer, output)
      }
      try write(answers[piece.answer].result, piece, &writer)
    }
    try writer.finish()
    tell(writer.unwritable + texts, output)
  }

  private func name(of labels: LabelSet?, _ answer: Int, _ answers: Int) -> String {
    if let name = labels?.metricName { return name }
    return answers > 1 ? "value_\(answer + 1)" : "value"
  }

  /// `# TYPE`, where the name alone makes a family: not for the parts of histograms.
  private func describe(
    _ name: String, _ writer: inout FormatWriter, _ output: Output
  ) throws {
    guard format == .openmetrics, let known = try metadata(name) else { return }
    switch known.type {
    case .counter where name.hasSuffix("_total"):
      writer.write(
        MetricMetadata(
          family: String(name.dropLast(6)), type: .counter, help: known.help, unit: known.unit))
    case .gauge where known.family == name: writer.write(known)
    default: return
    }
  }

  private func write(
    _ result: QueryResult, _ piece: (name: String, answer: Int, series: Int),
    _ writer: inout FormatWriter
  ) throws {
    switch result.value {
    case .string: return
    case .scalar(let values):
      let times = values.indices.map { result.time($0) }
      try SampleResults.write(LabelSet(name: piece.name), times, values[...], &writer)
    case .samples(let table):
      let range = table.range(piece.series)
      let labels = table.labels[piece.series].setting(LabelName.metric, to: piece.name)
      try SampleResults.write(labels, Array(table.times[range]), table.values[range], &writer)
    case .series(let table):
      let labels = table.labels[piece.series].setting(LabelName.metric, to: piece.name)
      let steps = (0..<table.steps).filter { table.isPresent(piece.series, $0) }
      let values = steps.map { table.values[piece.series * table.steps + $0] }
      try SampleResults.write(labels, steps.map { result.time($0) }, values[...], &writer)
    }
  }

  private static func write(
    _ labels: LabelSet, _ times: [Int64], _ values: ArraySlice<Double>,
    _ writer: inout FormatWriter
  ) throws {
    try times.withUnsafeBufferPointer { times in
      try values.withUnsafeBufferPointer { values in
        try writer.write(labels, times: times, values: values)
      }
    }
  }

  private func tell(_ unwritable: Int, _ output: Output) {
    guard unwritable > 0 else { return }
    let what = unwritable == 1 ? "1 value was" : "\(unwritable) values were"
    output.warn(Diagnostic(.no, "\(what) left out: \(format.rawValue) has no words for them"))
  }
}
