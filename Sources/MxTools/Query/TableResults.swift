import MxCLI
import MxEngine
import MxJSON
import MxModel
import MxRender

/// Answers for people: aligned columns.
///
/// At one instant a row is a series with its value. Over a range a row is a series
/// too, with what matters of its values and their course; every single value is what
/// csv and ndjson are for. Several answers stand below their expressions.
struct TableResults {
  let times: TimePrinter
  let hasHeader: Bool
  /// Whether each answer has its expression above it.
  let hasTitles: Bool

  /// Columns of the course; wide enough for a day at an hour a sign.
  private static let trendWidth = 24
  /// Digits of the values in range tables.
  private static let digits = 6

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    for (index, answer) in answers.enumerated() {
      if hasTitles {
        if index > 0 { try output.write("\n") }
        let title = Output.printable(answer.expression)
        try output.write(output.paint("# \(title)", .bold) + "\n")
      }
      if answer.result.step > 0 {
        try writeCourse(answer.result, to: output)
      } else {
        try writeValues(answer.result, to: output)
      }
    }
  }

  private func writeValues(_ result: EngineResult, to output: Output) throws {
    if case .string(let text) = result.value {
      var table = TableWriter([("time", .left), ("value", .left)])
      table.append([times.text(result.firstStep), text])
      return try table.write(to: output, header: hasHeader)
    }
    let showsSeries = if case .scalar = result.value { false } else { true }
    var columns: [(title: String, alignment: TableWriter.Alignment)] = []
    if showsSeries { columns.append(("series", .left)) }
    columns += [("time", .left), ("value", .right)]
    var table = TableWriter(columns)
    var rows = 0
    try result.forEachSeries { labels, points in
      let name = labels?.description ?? ""
      for index in 0..<points.count {
        let cells = [
          times.text(points.times[index]),
          MxJSON.NumberText.prometheusJSON(points.values[index]),
        ]
        table.append(showsSeries ? [name] + cells : cells)
        rows += 1
      }
    }
    if rows > 0 { try table.write(to: output, header: hasHeader) }
  }

  private func writeCourse(_ result: EngineResult, to output: Output) throws {
    if result.seriesCount == 0 { return }
    let showsSeries = if case .scalar = result.value { false } else { true }
    var columns: [(title: String, alignment: TableWriter.Alignment)] = []
    if showsSeries { columns.append(("series", .left)) }
    columns += [
      ("points", .right), ("min", .right), ("mean", .right), ("max", .right), ("last", .right),
      ("trend", .left),
    ]
    var table = TableWriter(columns)
    let spark = TextSparkline(
      from: result.firstStep, to: result.time(max(0, result.stepCount - 1)), step: result.step,
      width: TableResults.trendWidth)
    try result.forEachSeries { labels, points in
      let summary = Course(points)
      let numbers = [summary.least, summary.mean, summary.greatest, summary.last].map {
        ShortNumber.text($0, digits: TableResults.digits)
      }
      let trend = spark.text(times: points.times, values: points.values)
      let cells = [String(points.count)] + numbers + [trend]
      table.append(showsSeries ? [labels?.description ?? ""] + cells : cells)
    }
    try table.write(to: output, header: hasHeader)
  }
}

/// What a row tells of a series over a range; NaN where all values are.
private struct Course {
  var least = Double.nan
  var greatest = Double.nan
  var mean = Double.nan
  var last = Double.nan

  init(_ points: borrowing SampleColumns) {
    var count = 0.0
    for value in points.values {
      last = value
      if value.isNaN { continue }
      least = least.isNaN ? value : min(least, value)
      greatest = greatest.isNaN ? value : max(greatest, value)
      count += 1
      // As a running mean: the sum of large values may not be finite.
      mean = count == 1 ? value : value == mean ? mean : mean + (value - mean) / count
    }
  }
}
