import Glibc

/// A value axis: where it begins and ends, its ticks, and values to pixels.
struct ValueScale: Equatable, Sendable {
  var low: Double
  var high: Double
  var ticks: [Double]
  /// The distance of ticks; 0 on a logarithmic axis.
  var step: Double
  var logBase = 0.0

  /// What an axis must show.
  struct Wishes {
    var low: Double
    var high: Double
    /// Fixed ends, if the author set them.
    var min: Double?
    var max: Double?
    var softMin: Double?
    var softMax: Double?
    var logBase = 0.0
    var isCenteredOnZero = false
    /// Ticks at multiples of powers of two, for bytes.
    var isBinary = false
    /// Ticks at 60s and 24s; the unit in seconds, 0 for no time.
    var seconds = 0.0
    /// Ticks closer than this would be written alike; where all there is to see is
    /// closer, they are as close as that wants.
    var leastStep = 0.0
    var tickCount = 5
  }

  static func fitting(_ wishes: Wishes) -> ValueScale {
    var low = wishes.low
    var high = wishes.high
    if !low.isFinite || !high.isFinite || low > high { (low, high) = (0, 1) }
    if let soft = wishes.softMin { low = Swift.min(low, soft) }
    if let soft = wishes.softMax { high = Swift.max(high, soft) }
    if wishes.isCenteredOnZero {
      let reach = Swift.max(abs(low), abs(high))
      (low, high) = (-reach, reach)
    }
    // Far beyond what anything measures, and the arithmetic below stays finite.
    low = Swift.min(Swift.max(wishes.min ?? low, -1e300), 1e300)
    high = Swift.min(Swift.max(wishes.max ?? high, -1e300), 1e300)
    if wishes.logBase > 1, let scale = logarithmic(low, high, wishes) { return scale }
    // Ticks closer than the digits of a number would be one number.
    if !(high - low > Swift.max(abs(low), abs(high)) * 1e-10) {
      let margin = low == 0 ? 1 : abs(low) * 0.1
      if wishes.min == nil { low -= low == 0 ? 0 : margin }
      high = Swift.max(low, high) + Swift.max(margin, abs(low) * 1e-6)
    } else if wishes.min == nil && wishes.softMin == nil && low > 0 && low < high * 0.35 {
      // Close to zero: show it, lengths are to be compared.
      low = 0
    }
    let most = (high - low) / Double(Swift.max(wishes.tickCount, 1))
    let isCoarse = wishes.leastStep > most && high - low >= wishes.leastStep * (1 - 1e-9)
    let step =
      isCoarse ? wishes.leastStep : tickStep(most, Swift.max(abs(low), abs(high)), wishes)
    if wishes.min == nil { low = (low / step + 1e-9).rounded(.down) * step }
    if wishes.max == nil { high = (high / step - 1e-9).rounded(.up) * step }
    return ValueScale(low: low, high: high, ticks: ticks(low, high, step), step: step)
  }

  private static func ticks(_ low: Double, _ high: Double, _ step: Double) -> [Double] {
    let first = (low / step - 1e-9).rounded(.up)
    let count = (high / step + 1e-9).rounded(.down) - first
    guard step > 0, count >= 0, count < 1000, abs(first) < 1e14 else { return [low, high] }
    // Plus zero: no tick is -0.
    return (0...Int(count)).map { (first + Double($0)) * step + 0 }
  }

  /// The smallest round distance that is not below `least`.
  private static func tickStep(_ least: Double, _ reach: Double, _ wishes: Wishes) -> Double {
    guard least > 0, least.isFinite else { return 1 }
    if wishes.isBinary && least >= 1 {
      let power = pow(1024, floor(log(least) / log(1024)))
      // Written in the next larger unit only halves and quarters of it are short.
      let isWrittenLarger = reach >= 1024 * power
      let factors: [Double] =
        isWrittenLarger
        ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
        : [1, 2, 5, 10, 20, 50, 100, 200, 250, 500, 1024]
      for factor in factors where factor * power >= least * 0.9999 { return factor * power }
    }
    if wishes.seconds > 0 {
      let inSeconds = least * wishes.seconds
      for size in [
        1.0, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600,
        43_200, 86_400, 172_800, 604_800,
      ] where inSeconds > 0.5 && size >= inSeconds {
        return size / wishes.seconds
      }
    }
    let power = pow(10, floor(log10(least)))
    for factor in [1.0, 2, 2.5, 5] where factor * power >= least * 0.9999 { return factor * power }
    return 10 * power
  }

  private static func logarithmic(
    _ low: Double, _ high: Double, _ wishes: Wishes
  ) -> ValueScale? {
    guard high > 0 else { return nil }
    let base = Swift.min(Swift.max(wishes.logBase, 2), 1000)
    // What is not above zero has no logarithm: it lies at the bottom.
    let bottom = low > 0 ? low : Swift.min(high / 1e3, 1)
    var first = floor(log(bottom) / log(base) + 1e-9)
    let last = Swift.max(ceil(log(high) / log(base) - 1e-9), first + 1)
    first = Swift.max(first, last - 40)
    let stride = Swift.max(
      1, ((last - first) / Double(Swift.max(wishes.tickCount, 1))).rounded(.up))
    var ticks: [Double] = []
    var exponent = first
    while exponent <= last {
      ticks.append(pow(base, exponent))
      // Two decades alone would be an axis of two or three numbers.
      if base == 10, last - first <= 2, exponent < last {
        ticks += [2 * pow(base, exponent), 5 * pow(base, exponent)]
      }
      exponent += stride
    }
    return ValueScale(
      low: pow(base, first), high: pow(base, last), ticks: ticks, step: 0, logBase: base)
  }

  /// 0 at the bottom, 1 at the top, beyond them outside.
  func position(_ value: Double) -> Double {
    if logBase > 1 {
      guard value > 0 else { return 0 }
      return (log(value) - log(low)) / (log(high) - log(low))
    }
    return (value - low) / (high - low)
  }
}
