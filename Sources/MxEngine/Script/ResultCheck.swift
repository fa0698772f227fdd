import MxModel

/// Compares a result with what a script expects.
struct ResultCheck {
  private let evaluation: ScriptEvaluation

  init(_ evaluation: ScriptEvaluation) { self.evaluation = evaluation }

  /// Whether the query may run as the middle of a range query too.
  var canBeRange: Bool {
    !evaluation.isOrdered && evaluation.string == nil && evaluation.points == nil
  }

  /// What is wrong with the annotations, nil where nothing is.
  func annotations(_ found: Annotations) -> String? {
    let groups = [
      ("warning", evaluation.warnings, found.warnings, evaluation.allowsNoWarnings),
      ("info", evaluation.infos, found.infos, evaluation.allowsNoInfos),
    ]
    for (kind, expected, found, allowsNone) in groups {
      if allowsNone, let first = found.first { return "unexpected \(kind): \(first)" }
      guard !expected.isEmpty else { continue }
      if let missing = expected.first(where: { text in !found.contains(where: text.matches) }) {
        let text = missing.exact ?? "any"
        return "no \(kind) matches '\(text)' among \(found)"
      }
      if let other = found.first(where: { text in !expected.contains { $0.matches(text) } }) {
        return "unexpected \(kind): \(other)"
      }
    }
    return nil
  }

  /// What is wrong with the result, nil where nothing is. `atStep`: of a range query
  /// that one step is meant, as if it were an instant query.
  func problem(_ result: QueryResult, atStep: Int? = nil) -> String? {
    if let expected = evaluation.scalar { return scalarProblem(expected, result, atStep ?? 0) }
    if let expected = evaluation.string {
      guard case .string(let found) = result.value else { return "expected a string" }
      return found == expected ? nil : "expected string '\(expected)', found '\(found)'"
    }
    var isRange = atStep == nil
    if case .instant = evaluation.window, evaluation.points == nil { isRange = false }
    switch result.value {
    case .scalar(let values):
      guard isRange else { return "expected a vector, found a scalar" }
      let points = values.enumerated().map { (result.time($0.offset), $0.element) }
      return seriesProblem([(LabelSet.empty, points)])
    case .string: return "expected a vector, found a string"
    case .samples(let table):
      let found = table.labels.indices.map { series in
        (table.labels[series], table.range(series).map { (table.times[$0], table.values[$0]) })
      }
      return seriesProblem(found)
    case .series(let table):
      if isRange { return seriesProblem(ResultCheck.points(table, result)) }
      return vectorProblem(table, atStep ?? 0)
    }
  }

  private static func points(
    _ table: QueryResult.SeriesTable, _ result: QueryResult
  ) -> [(LabelSet, [(Int64, Double)])] {
    table.labels.indices.map { series in
      let points = (0..<table.steps).compactMap { step in
        table.value(series, step).map { (result.time(step), $0) }
      }
      return (table.labels[series], points)
    }
  }

  private func scalarProblem(_ expected: Double, _ result: QueryResult, _ step: Int) -> String? {
    guard case .scalar(let values) = result.value else { return "expected a scalar" }
    if ResultCheck.almostEqual(values[step], expected) { return nil }
    return "expected scalar \(expected), found \(values[step])"
  }

  /// An instant vector: one value a series.
  private func vectorProblem(_ table: QueryResult.SeriesTable, _ step: Int) -> String? {
    let present = table.labels.indices.filter { table.isPresent($0, step) }
    for (place, series) in present.enumerated() {
      let labels = table.labels[series]
      guard let index = evaluation.series.firstIndex(where: { $0.notation.labels == labels }) else {
        return "unexpected series \(labels)"
      }
      if evaluation.isOrdered, index != place {
        return "series \(labels) is at place \(place), expected at \(index)"
      }
      guard let expected = evaluation.series[index].notation.samples.first,
        let value = table.value(series, step)
      else { return "no value expected for \(labels)" }
      if let problem = ResultCheck.mismatch(expected, value) { return "\(labels): \(problem)" }
    }
    let found = Set(present.map { table.labels[$0] })
    for (_, notation) in evaluation.series where !found.contains(notation.labels) {
      return "missing series \(notation.labels)"
    }
    return nil
  }

  /// Series with many points.
  private func seriesProblem(_ found: [(LabelSet, [(Int64, Double)])]) -> String? {
    let start: Int64
    let step: Int64
    switch evaluation.window {
    case .range(let from, _, let width): (start, step) = (from, width)
    case .instant(let time):
      (start, step) = evaluation.points.map { ($0.from, $0.step) } ?? (time, 0)
    }
    for index in found.indices.dropFirst() where found[index].0 < found[index - 1].0 {
      return "series are not in label order"
    }
    for (labels, points) in found {
      guard
        let notation = evaluation.series.first(where: { $0.notation.labels == labels })?.notation
      else { return "unexpected series \(labels)" }
      var expected: [(Int64, ScriptSample)] = []
      for (index, sample) in notation.samples.enumerated() where sample != .missing {
        expected.append((start + Int64(index) * step, sample))
      }
      guard expected.count == points.count else {
        return "\(labels): expected \(expected.count) points, found \(points.count): \(points)"
      }
      for (wanted, point) in zip(expected, points) {
        if wanted.0 != point.0 { return "\(labels): a point at \(point.0), expected \(wanted.0)" }
        if let problem = ResultCheck.mismatch(wanted.1, point.1) {
          return "\(labels) at \(point.0): \(problem)"
        }
      }
    }
    let labels = Set(found.map(\.0))
    for (_, notation) in evaluation.series where !labels.contains(notation.labels) {
      if notation.samples.allSatisfy({ $0 == .missing }) { continue }
      return "missing series \(notation.labels)"
    }
    return nil
  }

  private static func mismatch(_ expected: ScriptSample, _ found: Double) -> String? {
    switch expected {
    case .missing: return "expected nothing, found \(found)"
    case .histogram: return "expected a histogram, found \(found)"
    case .float(let value):
      return almostEqual(value, found) ? nil : "expected \(value), found \(found)"
    }
  }

  /// Within a millionth.
  static func almostEqual(_ a: Double, _ b: Double) -> Bool {
    if StaleMarker.isStale(a) || StaleMarker.isStale(b) {
      return StaleMarker.isStale(a) && StaleMarker.isStale(b)
    }
    if a.isNaN && b.isNaN || a == b { return true }
    let sum = abs(a) + abs(b)
    let difference = abs(a - b)
    if a == 0 || b == 0 || sum < Double.leastNormalMagnitude {
      return difference < 1e-6 * Double.leastNormalMagnitude
    }
    return difference / min(sum, Double.greatestFiniteMagnitude) < 1e-6
  }
}
