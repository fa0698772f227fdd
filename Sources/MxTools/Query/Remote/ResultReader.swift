import MxCLI
import MxEngine
import MxJSON
import MxModel

/// Reads `{"resultType":…,"result":…}` of Prometheus' API.
struct ResultReader {
  private let answer: PrometheusClient.Answer
  private let window: QueryWindow

  init(_ answer: PrometheusClient.Answer, _ window: QueryWindow) {
    self.answer = answer
    self.window = window
  }

  /// One series with its points.
  private struct Series {
    var labels: LabelSet
    var times: [Int64] = []
    var values: [Double] = []
  }

  func result() throws(Diagnostic) -> EngineResult {
    var annotations = Annotations()
    annotations.warnings = answer.warnings
    annotations.infos = answer.infos
    let (first, step, count) = steps
    func made(_ value: EngineResult.Value) -> EngineResult {
      EngineResult(value, firstStep: first, step: step, steps: count, annotations)
    }
    let found = answer.data["result"]
    switch answer.data["resultType"]?.string {
    case "string": return made(.string(found?[1]?.string ?? ""))
    case "scalar":
      guard let value = found?[1].flatMap(ResultReader.number) else { throw garbled("a scalar") }
      return made(.scalar([value]))
    case "vector", "matrix":
      var all: [Series] = []
      for item in found?.array ?? [] { all.append(try series(item)) }
      let histograms = all.count { $0.times.isEmpty }
      if histograms > 0 {
        annotations.warnings.append(
          "\(histograms) series hold native histograms only and are left out")
        all.removeAll { $0.times.isEmpty }
      }
      let isSorted = answer.data["resultType"]?.string == "vector"
      if !isSorted { all.sort { $0.labels < $1.labels } }
      return made(table(all, first, step, count))
    case let other: throw garbled("the result type '\(other ?? "none")'")
    }
  }

  private var steps: (first: Int64, step: Int64, count: Int) {
    switch window {
    case .instant(let time): return (time, 0, 1)
    case .range(let start, let end, let step):
      return (start, step, Int(clamping: (end - start) / step + 1))
    }
  }

  private func garbled(_ what: String) -> Diagnostic {
    Diagnostic(.system, "the server's answer cannot be read: \(what)")
  }

  static func labels(_ item: JSONValue?) -> LabelSet {
    LabelSet((item?.members ?? []).map { ($0.name, $0.value.string ?? "") })
  }

  private static func number(_ item: JSONValue) -> Double? {
    guard let text = item.string else { return item.double }
    switch text {
    case "NaN": return OrdinaryNaN.value
    case "+Inf", "Inf": return .infinity
    case "-Inf": return -.infinity
    default: return Double(text)
    }
  }

  private func series(_ item: JSONValue) throws(Diagnostic) -> Series {
    var series = Series(labels: ResultReader.labels(item["metric"]))
    let points = item["values"]?.array ?? item["value"].map { [$0] } ?? []
    for point in points {
      guard let time = point[0]?.double, let value = point[1].flatMap(ResultReader.number),
        time.magnitude < 1e15
      else { throw garbled("a sample of \(series.labels)") }
      series.times.append(Int64((time * 1000).rounded()))
      series.values.append(value)
    }
    return series
  }

  /// On the steps asked for; with times of their own where a server has others.
  private func table(
    _ all: [Series], _ first: Int64, _ step: Int64, _ count: Int
  ) -> EngineResult.Value {
    func place(_ time: Int64) -> Int? {
      if step == 0 { return time == first ? 0 : nil }
      let (place, rest) = (time - first).quotientAndRemainder(dividingBy: step)
      return rest == 0 && place >= 0 && place < Int64(count) ? Int(place) : nil
    }
    let isVector = step > 0 || answer.data["resultType"]?.string == "vector"
    let isOnSteps = all.allSatisfy { $0.times.allSatisfy { place($0) != nil } }
    guard isVector, isOnSteps, all.count < Int.max / max(1, count) else {
      var table = EngineResult.SampleTable()
      for one in all { table.append(one.labels, one.times, one.values) }
      return .samples(table)
    }
    var table = EngineResult.SeriesTable(all.map(\.labels), steps: count)
    for (series, one) in all.enumerated() {
      for (time, value) in zip(one.times, one.values) {
        guard let step = place(time) else { continue }
        table.set(series, step, to: value)
      }
    }
    return .series(table)
  }
}
