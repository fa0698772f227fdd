import Glibc
import MxModel

/// Spread and order statistics, and fitted lines, of windows.
enum WindowStatistics {
  /// Population variance by Welford's method, compensated.
  static func variance(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
    var mean = CompensatedSum()
    var spread = CompensatedSum()
    for index in 0..<count {
      let delta = values[index] - (mean.sum + mean.tail)
      mean.add(delta / Double(index + 1))
      spread.add(delta * (values[index] - (mean.sum + mean.tail)))
    }
    return (spread.sum + spread.tail) / Double(count)
  }

  static func spread(_ windows: Windows, isDeviation: Bool) -> WindowKernel {
    { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        let variance = variance(samples.values + low, high - low)
        return isDeviation ? variance.squareRoot() : variance
      }
    }
  }

  static func quantile(_ windows: Windows, _ level: @escaping @Sendable (Int) -> Double)
    -> WindowKernel
  {
    { samples, row in
      var sorted: [Double] = []
      Slide.each(samples, windows, row) { low, high, step in
        sorted.removeAll(keepingCapacity: true)
        sorted.append(
          contentsOf: UnsafeBufferPointer(start: samples.values + low, count: high - low))
        return Quantile.of(&sorted, level(step))
      }
    }
  }

  /// The median distance from the median.
  static func medianDeviation(_ windows: Windows) -> WindowKernel {
    { samples, row in
      var sorted: [Double] = []
      Slide.each(samples, windows, row) { low, high, _ in
        sorted.removeAll(keepingCapacity: true)
        sorted.append(
          contentsOf: UnsafeBufferPointer(start: samples.values + low, count: high - low))
        let median = Quantile.of(&sorted, 0.5)
        // NaN sorts first, so that one is seen there.
        if sorted[0].isNaN { return OrdinaryNaN.value }
        for index in low..<high { sorted[index - low] = abs(samples.values[index] - median) }
        return Quantile.of(&sorted, 0.5)
      }
    }
  }

  static func slope(_ windows: Windows) -> WindowKernel {
    { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        guard high - low >= 2 else { return Absent.value }
        return LineFit(samples, low, high, origin: samples.times[low]).slope
      }
    }
  }

  /// `predict_linear`: where the line is `ahead` seconds after the evaluation time.
  static func prediction(
    _ windows: Windows, _ ahead: @escaping @Sendable (Int) -> Double
  ) -> WindowKernel {
    { samples, row in
      Slide.each(samples, windows, row) { low, high, step in
        guard high - low >= 2 else { return Absent.value }
        let line = LineFit(samples, low, high, origin: windows.evaluation.time(step))
        return line.slope * ahead(step) + line.intercept
      }
    }
  }

  static func smoothing(
    _ windows: Windows,
    _ factors: @escaping @Sendable (Int) throws -> (level: Double, trend: Double)
  ) -> WindowKernel {
    { samples, row in
      try Slide.each(samples, windows, row) { low, high, step in
        let (level, trend) = try factors(step)
        guard high - low >= 2 else { return Absent.value }
        var before = 0.0
        var smooth = samples.values[low]
        var slope = samples.values[low + 1] - samples.values[low]
        for index in low + 1..<high {
          let part = level * samples.values[index]
          if index > low + 1 { slope = trend * (smooth - before) + (1 - trend) * slope }
          let rest = (1 - level) * (smooth + slope)
          before = smooth
          smooth = part + rest
        }
        return smooth
      }
    }
  }
}

/// Quantiles as PromQL takes them: between neighbours, NaN sorted first.
enum Quantile {
  /// Sorts `values` on the way.
  static func of(_ values: inout [Double], _ level: Double) -> Double {
    if values.isEmpty || level.isNaN { return .nan }
    if level < 0 { return -.infinity }
    if level > 1 { return .infinity }
    values.sort { $0 < $1 || ($0.isNaN && !$1.isNaN) }
    let rank = level * Double(values.count - 1)
    let low = max(0, Int(rank.rounded(.down)))
    let high = min(values.count - 1, low + 1)
    let weight = rank - rank.rounded(.down)
    return values[low] * (1 - weight) + values[high] * weight
  }
}

/// The least-squares line through samples, x in seconds from an origin.
struct LineFit {
  let slope: Double
  let intercept: Double

  init(_ samples: Samples, _ low: Int, _ high: Int, origin: Int64) {
    var sumX = CompensatedSum()
    var sumY = CompensatedSum()
    var sumXY = CompensatedSum()
    var sumXX = CompensatedSum()
    let first = samples.values[low]
    var isConstant = true
    let count = Double(high - low)
    for index in low..<high {
      let y = samples.values[index]
      if y != first { isConstant = false }
      let x = Double(samples.times[index] - origin) / 1000
      sumX.add(x)
      sumY.add(y)
      sumXY.add(x * y)
      sumXX.add(x * x)
    }
    if isConstant {
      slope = first.isInfinite ? .nan : 0
      intercept = first.isInfinite ? .nan : first
      return
    }
    let x = sumX.sum + sumX.tail
    let y = sumY.sum + sumY.tail
    let covariance = sumXY.sum + sumXY.tail - x * y / count
    let variance = sumXX.sum + sumXX.tail - x * x / count
    slope = covariance / variance
    intercept = y / count - slope * x / count
  }
}
