import MxCLI
import MxEngine
import MxJSON
import MxModel
import MxRender

/// Answers as one SVG picture: lines over a range, bars at an instant.
struct PictureResults {
  let times: TimePrinter

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    let dashboard = try Dashboard.decode(json(answers))
    var options = PlanOptions(now: span(answers).to)
    options.from = TimeText.rfc3339(span(answers).from)
    options.to = TimeText.rfc3339(span(answers).to)
    options.zone = times.zone
    let plan = try dashboard.plan(options) { _ in nil }
    var results: [Int: MxRender.QueryResult] = [:]
    for (index, answer) in answers.enumerated() { results[index] = try panel(answer.result) }
    try output.write(Picture(plan: plan, position: 0, theme: .light).svg(results))
  }

  private func span(_ answers: [QueryAnswer]) -> (from: Int64, to: Int64) {
    var (from, to) = (Int64.max, Int64.min)
    for answer in answers {
      let result = answer.result
      if case .samples(let table) = result.value {
        from = min(from, table.times.min() ?? from)
        to = max(to, table.times.max() ?? to)
      }
      guard result.step > 0 || result.isInstant else { continue }
      from = min(from, result.firstStep)
      to = max(to, result.time(max(0, result.stepCount - 1)))
    }
    return from <= to ? (from, max(to, from + 1)) : (0, 1)
  }

  /// A dashboard of one panel, which the renderer knows how to draw.
  private func json(_ answers: [QueryAnswer]) -> [UInt8] {
    let isInstant = answers.allSatisfy(\.result.isInstant)
    let targets = answers.enumerated().map { index, answer -> MxCLI.JSONText in
      .object([
        ("refId", .string("Q\(index)")), ("expr", .string(answer.expression)),
        ("instant", .bool(isInstant)), ("legendFormat", .string("__auto")),
      ])
    }
    let title = answers.map(\.expression).joined(separator: ", ")
    let place: [(String, MxCLI.JSONText)] = [
      ("x", .integer(0)), ("y", .integer(0)), ("w", .integer(14)), ("h", .integer(9)),
    ]
    let panel = MxCLI.JSONText.object([
      ("type", .string(isInstant ? "bargauge" : "timeseries")), ("title", .string(title)),
      ("gridPos", .object(place)), ("targets", .array(targets)),
      // The step that was asked for: points at any other would not be joined.
      ("interval", .string("\(max(1, answers.map(\.result.step).max() ?? 1))ms")),
      ("maxDataPoints", .integer(1_000_000)),
      ("fieldConfig", .object([("defaults", .object(isInstant ? scale(answers) : []))])),
    ])
    return Array(MxCLI.JSONText.object([("panels", .array([panel]))]).text.utf8)
  }

  /// Bars of one length a unit: from zero, or the least value where some are less, to the
  /// greatest.
  private func scale(_ answers: [QueryAnswer]) -> [(String, MxCLI.JSONText)] {
    var (least, greatest) = (0.0, 0.0)
    for answer in answers {
      guard case .series(let table) = answer.result.value else { continue }
      for value in table.values where value.isFinite {
        least = min(least, value)
        greatest = max(greatest, value)
      }
    }
    return greatest > least ? [("min", .number(least)), ("max", .number(greatest))] : []
  }

  private func panel(_ result: EngineResult) throws -> MxRender.QueryResult {
    var series: [MxRender.QueryResult.Series] = []
    try result.forEachSeries { labels, points in
      series.append(
        MxRender.QueryResult.Series(
          labels: (labels?.pairs ?? []).map { MxRender.QueryResult.Label($0.name, $0.value) },
          times: Array(points.times), values: Array(points.values)))
    }
    return MxRender.QueryResult(
      series: series, notes: result.annotations.warnings + result.annotations.infos)
  }
}
