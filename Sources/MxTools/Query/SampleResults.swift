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
  /// Whether `value` has the number of its expression.
  let numbersValues: Bool
  /// Type, help and unit of a metric, as the source knows it.
  let metadata: (String) throws -> MetricMetadata?

  /// One series of one answer, with the name that it gets.
  private struct Piece {
    var name: String
    var labels: LabelSet
    var answer: Int
    var series: Int
  }

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    var writer = FormatWriter(format) { try output.write($0) }
    let pieces = try pieces(answers)
    let names = Set(pieces.map(\.name))
    var left = answers.count { if case .string = $0.result.value { true } else { false } }
    var repeated = 0
    var known = ""
    var next = 0
    while next < pieces.count {
      let first = pieces[next]
      if first.name != known {
        known = first.name
        try describe(first.name, among: names, &writer)
      }
      var end = next + 1
      if format == .openmetrics {
        while end < pieces.count, pieces[end].labels == first.labels { end += 1 }
      }
      var points = Points()
      for piece in pieces[next..<end] { points.add(answers[piece.answer].result, piece.series) }
      if end - next > 1 { repeated += points.keepOneATime() }
      try points.times.withUnsafeBufferPointer { times in
        try points.values.withUnsafeBufferPointer { values in
          try writer.write(first.labels, times: times, values: values)
        }
      }
      next = end
    }
    try writer.finish()
    left += writer.unwritable
    tell(left, "\(format.rawValue) has no words for them", output)
    tell(repeated, "\(format.rawValue) has one value of a series at a time", output)
  }

  /// All series. OpenMetrics wants a metric's together, and the points of each series.
  private func pieces(_ answers: [QueryAnswer]) throws -> [Piece] {
    var pieces: [Piece] = []
    for (answer, item) in answers.enumerated() {
      var series = 0
      try item.result.forEachSeries { labels, _ in
        let name = labels?.metricName ?? (numbersValues ? "value_\(item.number + 1)" : "value")
        let named = (labels ?? .empty).setting(LabelName.metric, to: name)
        pieces.append(Piece(name: name, labels: named, answer: answer, series: series))
        series += 1
      }
    }
    guard format == .openmetrics else { return pieces }
    return pieces.sorted { left, right in
      if left.name != right.name { return left.name < right.name }
      if left.labels != right.labels { return left.labels < right.labels }
      return left.answer < right.answer
    }
  }

  /// `# TYPE`, where the name alone makes a family: not for the parts of histograms.
  private func describe(
    _ name: String, among names: Set<String>, _ writer: inout FormatWriter
  ) throws {
    guard format == .openmetrics, let known = try metadata(name) else { return }
    switch known.type {
    case .counter where name.hasSuffix("_total"):
      let family = String(name.dropLast(6))
      // A family stands once: it is that of a metric of this very name.
      if names.contains(family) { return }
      writer.write(
        MetricMetadata(
          family: family, type: .counter, help: known.help, unit: known.unit))
    case .gauge where known.family == name: writer.write(known)
    default: return
    }
  }

  private func tell(_ count: Int, _ why: String, _ output: Output) {
    guard count > 0 else { return }
    let what = count == 1 ? "1 value was" : "\(count) values were"
    output.warn(Diagnostic(.no, "\(what) left out: \(why)"))
  }
}

/// Points of one series.
private struct Points {
  var times: [Int64] = []
  var values: [Double] = []

  mutating func add(_ result: QueryResult, _ series: Int) {
    switch result.value {
    case .string: return
    case .scalar(let all):
      times += all.indices.map { result.time($0) }
      values += all
    case .samples(let table):
      let range = table.range(series)
      times += table.times[range]
      values += table.values[range]
    case .series(let table):
      for step in 0..<table.steps where table.isPresent(series, step) {
        times.append(result.time(step))
        values.append(table.values[series * table.steps + step])
      }
    }
  }

  /// In time order, of equal times the first that was added; returns how many others said
  /// something else.
  mutating func keepOneATime() -> Int {
    let order = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    var kept: [Int] = []
    var others = 0
    for index in order {
      guard let last = kept.last, times[last] == times[index] else {
        kept.append(index)
        continue
      }
      if values[last].bitPattern != values[index].bitPattern { others += 1 }
    }
    (times, values) = (kept.map { times[$0] }, kept.map { values[$0] })
    return others
  }
}
