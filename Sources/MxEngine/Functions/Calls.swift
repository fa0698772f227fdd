import Glibc
import MxModel
import MxPromQL

extension Evaluator {
  /// A call that yields a vector.
  func call(_ node: Call, _ grid: Grid) throws -> VectorStream {
    switch node.function {
    case .absent: return try absent(node, grid)
    case .clamp, .clampMin, .clampMax, .round: return try bounded(node, grid)
    case .vector:
      let value = try scalar(node.arguments[0], grid)
      return constant(value, grid)
    case .timestamp: return try timestamp(node, grid)
    case .startTimestamp: return try startTimestamp(node, grid)
    case .minute, .hour, .dayOfWeek, .dayOfMonth, .dayOfYear, .daysInMonth, .month, .year:
      return try calendar(node, grid)
    case .labelReplace: return try labelReplace(node, grid)
    case .labelJoin: return try labelJoin(node, grid)
    case .sort, .sortDesc, .sortByLabel, .sortByLabelDesc: return try sorted(node, grid)
    case .histogramQuantile, .histogramQuantiles: return try histogramQuantile(node, grid)
    case .histogramFraction: return try histogramFraction(node, grid)
    case .histogramAvg, .histogramCount, .histogramSum, .histogramStddev, .histogramStdvar:
      // Of native histograms alone: floats are no input, and a histogram is refused
      // where it is read.
      return try floatsIgnored(node, grid)
    case .info: return try info(node, grid)
    default:
      if let function = MathFunction.of(node.function) {
        let argument = try vector(node.arguments[0], grid)
        return try droppingName(argument.mapping { _, row in function.apply(row) })
      }
      return try rangeCall(node, grid)
    }
  }

  /// Reads all of the argument, for the error if there is a native histogram.
  private func floatsIgnored(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let stream = try vector(node.arguments[0], grid)
    try forEachBlock(Blocks.count(stream.roster.count)) { block, worker in
      try stream.rows(Blocks.range(block, of: stream.roster.count), worker) { _, _ in }
    }
    return .empty(steps: grid.count)
  }

  /// One series without labels.
  func constant(_ value: ScalarColumn, _ grid: Grid) -> VectorStream {
    let table = Table(roster: Roster([LabelSet.empty]), steps: grid.count)
    let row = table.row(0)
    for step in row.indices { row[step] = value[step] }
    return table.stream
  }

  /// A call that yields a scalar.
  func scalarCall(_ node: Call, _ grid: Grid) throws -> ScalarColumn {
    switch node.function {
    case .pi: return ScalarColumn(Double.pi)
    case .time:
      return ScalarColumn(values: (0..<grid.count).map { Double(grid.time($0)) / 1000 })
    case .start: return ScalarColumn(Double(times.start) / 1000)
    case .end: return ScalarColumn(Double(times.end) / 1000)
    case .step: return ScalarColumn(Double(times.step) / 1000)
    case .range: return ScalarColumn(Double(times.end - times.start) / 1000)
    case .minOf, .maxOf:
      let isMaximum = node.function == .maxOf
      let left = try scalar(node.arguments[0], grid)
      let right = try scalar(node.arguments[1], grid)
      return ScalarColumn(
        values: (0..<grid.count).map { step in
          let (a, b) = (left[step], right[step])
          return isMaximum ? Clamp.maximum(a, b) : Clamp.minimum(a, b)
        })
    case .scalar: return try scalarOf(vector(node.arguments[0], grid), grid)
    default: preconditionFailure("BUG: \(node.function.name) yields no scalar")
    }
  }

  /// The one element's value at each step, NaN where there is not exactly one.
  private func scalarOf(_ stream: VectorStream, _ grid: Grid) throws -> ScalarColumn {
    var counts = [Int](repeating: 0, count: grid.count)
    var values = [Double](repeating: OrdinaryNaN.value, count: grid.count)
    for block in 0..<Blocks.count(stream.roster.count) {
      try stream.rows(Blocks.range(block, of: stream.roster.count), 0) { _, row in
        for step in row.indices where Absent.isPresent(row[step]) {
          counts[step] += 1
          values[step] = counts[step] == 1 ? row[step] : OrdinaryNaN.value
        }
      }
    }
    return ScalarColumn(values: values)
  }

  /// `clamp` and `round`: elementwise with scalar parameters.
  private func bounded(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let argument = try vector(node.arguments[0], grid)
    let first = node.arguments.count > 1 ? try scalar(node.arguments[1], grid) : ScalarColumn(1)
    let second = node.arguments.count > 2 ? try scalar(node.arguments[2], grid) : first
    let function = node.function
    let stream = argument.mapping { _, row in
      for step in row.indices where Absent.isPresent(row[step]) {
        let value = row[step]
        switch function {
        case .clampMin: row[step] = Clamp.maximum(first[step], value)
        case .clampMax: row[step] = Clamp.minimum(first[step], value)
        case .clamp:
          let isEmpty = second[step] < first[step]
          row[step] =
            isEmpty
            ? Absent.value : Clamp.maximum(first[step], Clamp.minimum(second[step], value))
        default:
          let inverse = 1 / first[step]
          row[step] = (value * inverse + 0.5).rounded(.down) / inverse
        }
      }
    }
    return try droppingName(stream)
  }
}

/// Bounds as Go's `math.Max` and `math.Min` take them: any NaN gives NaN.
enum Clamp {
  static func maximum(_ a: Double, _ b: Double) -> Double {
    if a.isInfinite && a > 0 || b.isInfinite && b > 0 { return .infinity }
    return a.isNaN || b.isNaN ? OrdinaryNaN.value : Glibc.fmax(a, b)
  }

  static func minimum(_ a: Double, _ b: Double) -> Double {
    if a.isInfinite && a < 0 || b.isInfinite && b < 0 { return -.infinity }
    return a.isNaN || b.isNaN ? OrdinaryNaN.value : Glibc.fmin(a, b)
  }
}

/// Functions of one number.
struct MathFunction: Sendable {
  let body: @Sendable (Double) -> Double

  func apply(_ row: Row) {
    for step in row.indices where Absent.isPresent(row[step]) {
      row[step] = body(row[step])
    }
  }

  static func of(_ function: FunctionID) -> MathFunction? {
    body(function).map { MathFunction(body: $0) }
  }

  private static func body(_ function: FunctionID) -> (@Sendable (Double) -> Double)? {
    switch function {
    case .abs: { Swift.abs($0) }
    case .ceil: { $0.rounded(.up) }
    case .floor: { $0.rounded(.down) }
    case .sqrt: { $0.squareRoot() }
    case .exp: { Glibc.exp($0) }
    case .ln: { Glibc.log($0) }
    case .log2: { Glibc.log2($0) }
    case .log10: { Glibc.log10($0) }
    case .sgn: { $0 > 0 ? 1 : ($0 < 0 ? -1 : $0) }
    case .sin: { Glibc.sin($0) }
    case .cos: { Glibc.cos($0) }
    case .tan: { Glibc.tan($0) }
    case .asin: { Glibc.asin($0) }
    case .acos: { Glibc.acos($0) }
    case .atan: { Glibc.atan($0) }
    case .sinh: { Glibc.sinh($0) }
    case .cosh: { Glibc.cosh($0) }
    case .tanh: { Glibc.tanh($0) }
    case .asinh: { Glibc.asinh($0) }
    case .acosh: { Glibc.acosh($0) }
    case .atanh: { Glibc.atanh($0) }
    case .deg: { $0 * 180 / Double.pi }
    case .rad: { $0 * Double.pi / 180 }
    default: nil
    }
  }
}
