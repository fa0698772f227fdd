import MxCLI
import MxEngine
import MxModel
import MxRender

/// Answers as pictures of text: lines over a range, bars at an instant.
struct PlotResults {
  let times: TimePrinter
  /// Whether each answer has its expression above it.
  let hasTitles: Bool

  /// In the order of the legend; all of them are readable on dark and light grounds.
  private static let colors: [Output.Color] = [.cyan, .yellow, .green, .red, .blue, .magenta]

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    for (index, answer) in answers.enumerated() {
      if hasTitles {
        if index > 0 { try output.write("\n") }
        try output.write(output.paint(Output.printable(answer.expression), .bold) + "\n")
      }
      for line in try lines(answer.result, output) { try output.write(line + "\n") }
    }
  }

  private func lines(_ result: EngineResult, _ output: Output) throws -> [String] {
    func paint(_ text: String, _ series: Int) -> String {
      output.paint(text, PlotResults.colors[series % PlotResults.colors.count])
    }
    if case .string(let text) = result.value { return [Output.printable(text)] }
    if result.seriesCount == 0 { return [] }
    if result.isInstant {
      var rows: [(name: String, value: Double)] = []
      try result.forEachSeries { labels, points in
        guard points.count > 0 else { return }
        rows.append((Output.printable(labels?.description ?? ""), points.values[0]))
      }
      return TerminalBars(width: output.width, paint: paint).lines(rows)
    }
    var series: [TerminalPlot.Series] = []
    var (from, to) = (Int64.max, Int64.min)
    try result.forEachSeries { labels, points in
      series.append(
        TerminalPlot.Series(
          name: Output.printable(labels?.description ?? ""), times: Array(points.times),
          values: Array(points.values)))
      from = min(from, points.times.first ?? from)
      to = max(to, points.times.last ?? to)
    }
    if result.step > 0 {
      (from, to) = (result.firstStep, result.time(max(0, result.stepCount - 1)))
    }
    let plot = TerminalPlot(
      // Samples of a range selector have no step: all of a series are joined.
      from: from, to: to, gap: result.step > 0 ? result.step : .max, zone: times.zone,
      width: output.width, paint: paint)
    return plot.lines(series)
  }
}
