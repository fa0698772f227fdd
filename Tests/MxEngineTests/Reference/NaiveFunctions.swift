import Glibc
import MxModel
import MxPromQL

extension NaiveEvaluator {
  func call(_ node: Call, _ time: Int64) throws -> [Element] {
    func argument() throws -> [Element] { try vector(node.arguments[0], time) }
    func parameter(_ index: Int) throws -> Double { try scalar(node.arguments[index], time) }
    func mapped(_ body: (Double) throws -> Double?) throws -> [Element] {
      try dropNames(
        argument().compactMap { element in
          try body(element.value).map {
            Element(labels: element.labels, value: $0, isMarked: element.isMarked)
          }
        })
    }
    switch node.function {
    case .vector: return [Element(labels: .empty, value: try parameter(0))]
    case .abs: return try mapped { Swift.abs($0) }
    case .ceil: return try mapped { Glibc.ceil($0) }
    case .floor: return try mapped { Glibc.floor($0) }
    case .sqrt: return try mapped { Glibc.sqrt($0) }
    case .exp: return try mapped { Glibc.exp($0) }
    case .ln: return try mapped { Glibc.log($0) }
    case .sgn: return try mapped { $0 > 0 ? 1 : ($0 < 0 ? -1 : $0) }
    case .round:
      let to = node.arguments.count > 1 ? 1 / (try parameter(1)) : 1
      return try mapped { Glibc.floor($0 * to + 0.5) / to }
    case .clamp:
      let (low, high) = (try parameter(1), try parameter(2))
      return try mapped { high < low ? nil : NaiveMath.max(low, NaiveMath.min(high, $0)) }
    case .clampMin:
      let low = try parameter(1)
      return try mapped { NaiveMath.max(low, $0) }
    case .clampMax:
      let high = try parameter(1)
      return try mapped { NaiveMath.min(high, $0) }
    case .timestamp:
      if case .selector(let selector) = node.arguments[0].unwrapped {
        return try dropNames(
          select(selector, time).map {
            Element(labels: $0.0, value: Double($0.1.time) / 1000)
          })
      }
      return try mapped { _ in Double(time) / 1000 }
    case .sort, .sortDesc: return try argument()
    case .absent:
      if try !argument().isEmpty { return [] }
      var matchers: [Matcher] = []
      if case .selector(let selector) = node.arguments[0].unwrapped { matchers = selector.matchers }
      return [Element(labels: NaiveEvaluator.known(matchers), value: 1)]
    case .absentOverTime:
      if try !windows(node.arguments[0], time).isEmpty { return [] }
      var matchers: [Matcher] = []
      if case .range(let range) = node.arguments[0].unwrapped { matchers = range.selector.matchers }
      return [Element(labels: NaiveEvaluator.known(matchers), value: 1)]
    case .labelReplace: return try labelReplace(node, time)
    case .labelJoin: return try labelJoin(node, time)
    case .histogramQuantile: return try histogramQuantile(node, time)
    default: return try overTime(node, time)
    }
  }

  private static func known(_ matchers: [Matcher]) -> LabelSet {
    LabelSet(
      matchers.filter { matcher in
        matcher.op == .equal && matcher.name != "__name__"
          && matchers.filter { $0.name == matcher.name }.count == 1
      }.map { ($0.name, $0.value) })
  }

  private func text(_ expr: Expr) -> String {
    if case .string(let literal) = expr.unwrapped { return literal.value }
    return ""
  }

  private func labelReplace(_ node: Call, _ time: Int64) throws -> [Element] {
    let texts = node.arguments.dropFirst().map(text)
    let regex = try Regex(texts[3])
    return try unique(
      vector(node.arguments[0], time).map { element in
        let value = Array((element.labels[texts[2]] ?? "").utf8)
        let groups = value.withUnsafeBytes { regex.match($0, whole: true) }
        guard let groups else { return element }
        // The generator uses `$1` and plain text only.
        var result = texts[1]
        if let range = result.firstIndex(of: "$") {
          let first = groups.count > 1 ? groups[1].map { Array(value[$0]) } ?? [] : []
          result =
            String(result[..<range]) + String(decoding: first, as: UTF8.self)
            + String(result[result.index(range, offsetBy: 2)...])
        }
        return Element(
          labels: element.labels.setting(texts[0], to: result), value: element.value,
          isMarked: texts[0] == "__name__" ? false : element.isMarked)
      })
  }

  private func labelJoin(_ node: Call, _ time: Int64) throws -> [Element] {
    let texts = node.arguments.dropFirst().map(text)
    return try unique(
      vector(node.arguments[0], time).map { element in
        let joined = texts.dropFirst(2).map { element.labels[$0] ?? "" }.joined(separator: texts[1])
        return Element(
          labels: element.labels.setting(texts[0], to: joined), value: element.value,
          isMarked: texts[0] == "__name__" ? false : element.isMarked)
      })
  }

  private func histogramQuantile(_ node: Call, _ time: Int64) throws -> [Element] {
    let level = try scalar(node.arguments[0], time)
    var groups: [LabelSet: [(Double, Double)]] = [:]
    var marks: [LabelSet: Bool] = [:]
    for element in try vector(node.arguments[1], time) {
      let key = element.labels.removing(["le"])
      guard let text = element.labels["le"], let bound = text == "+Inf" ? .infinity : Double(text)
      else { continue }
      groups[key, default: []].append((bound, element.value))
      marks[key] = element.isMarked
    }
    return try dropNames(
      groups.map { key, buckets in
        Element(
          labels: key, value: NaiveEvaluator.quantile(level, buckets),
          isMarked: marks[key] ?? false)
      })
  }

  static func quantile(_ level: Double, _ unsorted: [(Double, Double)]) -> Double {
    if level.isNaN { return .nan }
    if level < 0 { return -.infinity }
    if level > 1 { return .infinity }
    var buckets: [(bound: Double, count: Double)] = []
    for (bound, count) in unsorted.sorted(by: { $0.0 < $1.0 }) {
      if buckets.last?.bound == bound {
        buckets[buckets.count - 1].count += count
      } else {
        buckets.append((bound, count))
      }
    }
    guard buckets.count >= 2, buckets.last?.bound == .infinity else { return .nan }
    for index in buckets.indices.dropFirst() {
      let (before, now) = (buckets[index - 1].count, buckets[index].count)
      let isClose = abs(before - now) / (abs(before) + abs(now)) < 1e-12
      if now < before || (isClose && before != 0 && now != 0) { buckets[index].count = before }
    }
    let total = buckets[buckets.count - 1].count
    if total == 0 { return .nan }
    let rank = level * total
    let index = buckets.dropLast().firstIndex { $0.count >= rank } ?? buckets.count - 1
    if index == buckets.count - 1 { return buckets[index - 1].bound }
    if index == 0 {
      if buckets[0].bound <= 0 { return buckets[0].bound }
      return buckets[0].bound * (rank / buckets[0].count)
    }
    let (low, high) = (buckets[index - 1], buckets[index])
    return low.bound + (high.bound - low.bound) * ((rank - low.count) / (high.count - low.count))
  }

  // MARK: Functions of ranges

  private func overTime(_ node: Call, _ time: Int64) throws -> [Element] {
    let argument = node.arguments[node.function == .quantileOverTime ? 1 : 0]
    let keepsName = node.function == .lastOverTime || node.function == .firstOverTime
    let found = try windows(argument, time).compactMap { window -> Element? in
      try value(node, window, time).map {
        Element(labels: window.labels, value: $0, isMarked: window.isMarked)
      }
    }
    return keepsName ? found : try dropNames(found)
  }

  private func value(_ node: Call, _ window: Window, _ time: Int64) throws -> Double? {
    let points = window.points
    let values = points.map(\.value)
    let seconds = Double(window.end - window.start) / 1000
    switch node.function {
    case .sumOverTime: return NaiveMath.total(values)
    case .avgOverTime: return NaiveMath.mean(values)
    case .countOverTime: return Double(values.count)
    case .presentOverTime: return 1
    case .minOverTime: return NaiveMath.maximum(values, sign: -1)
    case .maxOverTime: return NaiveMath.maximum(values)
    case .lastOverTime: return values.last
    case .firstOverTime: return values.first
    case .tsOfLastOverTime: return points.last.map { Double($0.time) / 1000 }
    case .tsOfFirstOverTime: return points.first.map { Double($0.time) / 1000 }
    case .tsOfMaxOverTime, .tsOfMinOverTime:
      let sign = node.function == .tsOfMaxOverTime ? 1.0 : -1.0
      var best = points[0]
      for point in points
      where sign * point.value >= sign * best.value || best.value.isNaN {
        best = point
      }
      return Double(best.time) / 1000
    case .stdvarOverTime: return NaiveEvaluator.variance(values)
    case .stddevOverTime: return NaiveEvaluator.variance(values).squareRoot()
    case .quantileOverTime: return NaiveMath.quantile(values, try scalar(node.arguments[0], time))
    case .madOverTime:
      if values.contains(where: \.isNaN) { return .nan }
      let median = NaiveMath.quantile(values, 0.5)
      return NaiveMath.quantile(values.map { abs($0 - median) }, 0.5)
    case .changes:
      return Double(
        zip(values, values.dropFirst()).filter { $0 != $1 && !($0.isNaN && $1.isNaN) }.count)
    case .resets: return Double(zip(values, values.dropFirst()).filter { $1 < $0 }.count)
    case .irate, .idelta:
      guard points.count >= 2 else { return nil }
      let (before, last) = (points[points.count - 2], points[points.count - 1])
      if node.function == .idelta { return last.value - before.value }
      let change = last.value < before.value ? last.value : last.value - before.value
      return change / (Double(last.time - before.time) / 1000)
    case .rate: return extrapolated(window, isCounter: true).map { $0(seconds) }
    case .increase: return extrapolated(window, isCounter: true).map { $0(1) }
    case .delta: return extrapolated(window, isCounter: false).map { $0(1) }
    case .deriv:
      guard points.count >= 2 else { return nil }
      return NaiveEvaluator.line(points, origin: points[0].time).slope
    case .predictLinear:
      guard points.count >= 2 else { return nil }
      let line = NaiveEvaluator.line(points, origin: time)
      return line.slope * (try scalar(node.arguments[1], time)) + line.intercept
    case .doubleExponentialSmoothing:
      guard points.count >= 2 else { return nil }
      let (level, trend) = (
        try scalar(node.arguments[1], time), try scalar(node.arguments[2], time)
      )
      var (smooth, slope) = (values[0], values[1] - values[0])
      for index in 1..<values.count {
        let x = level * values[index]
        let y = (1 - level) * (smooth + slope)
        let next = x + y
        // The trend of the step after this one.
        if index + 1 < values.count { slope = trend * (next - smooth) + (1 - trend) * slope }
        smooth = next
      }
      return smooth
    default: throw NaiveError(message: "\(node.function.name) is not here")
    }
  }

  private func extrapolated(_ window: Window, isCounter: Bool) -> ((Double) -> Double)? {
    let points = window.points
    guard points.count >= 2, let first = points.first, let last = points.last else { return nil }
    var change = last.value - first.value
    if isCounter {
      for (before, after) in zip(points, points.dropFirst()) where after.value < before.value {
        change += before.value
      }
    }
    let sampled = Double(last.time - first.time) / 1000
    let spacing = sampled / Double(points.count - 1)
    var toStart = Double(first.time - window.start) / 1000
    var toEnd = Double(window.end - last.time) / 1000
    if toStart >= spacing * 1.1, !oldRules.contains(.zeroBeforeGap) { toStart = spacing / 2 }
    if isCounter, change > 0, first.value >= 0 {
      toStart = Swift.min(toStart, sampled * (first.value / change))
    }
    if toStart >= spacing * 1.1 { toStart = spacing / 2 }
    if toEnd >= spacing * 1.1 { toEnd = spacing / 2 }
    let factor = (sampled + toStart + toEnd) / sampled
    return { change * (factor / $0) }
  }

  static func variance(_ values: [Double]) -> Double {
    var (mean, meanTail, spread, spreadTail) = (0.0, 0.0, 0.0, 0.0)
    for (index, value) in values.enumerated() {
      let delta = value - (mean + meanTail)
      (mean, meanTail) = NaiveMath.add(delta / Double(index + 1), mean, meanTail)
      (spread, spreadTail) = NaiveMath.add(
        delta * (value - (mean + meanTail)), spread, spreadTail)
    }
    return (spread + spreadTail) / Double(values.count)
  }

  static func line(_ points: [Point], origin: Int64) -> (slope: Double, intercept: Double) {
    let first = points[0].value
    if points.allSatisfy({ $0.value == first }) {
      return first.isInfinite ? (.nan, .nan) : (0, first)
    }
    func sum(_ term: (Double, Double) -> Double) -> Double {
      let (sum, tail) = NaiveMath.sum(
        points.map { term(Double($0.time - origin) / 1000, $0.value) })
      return sum + tail
    }
    let count = Double(points.count)
    let (x, y) = (sum { x, _ in x }, sum { _, y in y })
    let covariance = sum { $0 * $1 } - x * y / count
    let slope = covariance / (sum { x, _ in x * x } - x * x / count)
    return (slope, y / count - slope * x / count)
  }
}
