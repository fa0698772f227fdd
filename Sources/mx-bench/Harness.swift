import Glibc

/// Timing and tables shared by the benchmarks.
///
/// Time is CPU time of this thread: the machine is shared, and another
/// process' turn is not ours. What a neighbour takes from the cache and the
/// clock still shows, so every figure comes with its spread.
enum Harness {
  /// CPU time of this thread in seconds.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A rate measured several times.
  struct Rate {
    /// Units a second, sorted.
    let all: [Double]

    var median: Double { all[all.count / 2] }
    var best: Double { all[all.count - 1] }
    /// Half the distance between the tenth and the ninetieth percentile, as
    /// a share of the median.
    var spread: Double {
      (all[all.count - 1 - all.count / 10] - all[all.count / 10]) / 2 / median
    }
  }

  /// Runs `work` `times` times after one run to warm up; it processes `units`.
  static func rate(units: Int, times: Int, _ work: () -> Void) -> Rate {
    work()
    var rates: [Double] = []
    for _ in 0..<times {
      let start = now()
      work()
      rates.append(Double(units) / max(now() - start, 1e-9))
    }
    return Rate(all: rates.sorted())
  }

  /// `value` with `places` decimals.
  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let digits = String(Int64((abs(value) * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let sign = value < 0 ? "-" : ""
    return places == 0
      ? sign + padded : sign + padded.dropLast(places) + "." + padded.suffix(places)
  }

  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// `median ±spread`, in millions a second.
  static func millions(_ rate: Rate) -> String {
    right(fixed(rate.median / 1e6, 0), 6) + " ±" + right(fixed(rate.spread * 100, 0), 2) + "%"
      + right(fixed(rate.best / 1e6, 0), 6)
  }
}

/// SplitMix64, and the distributions the profiles are made of.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }

  /// In [0, 1).
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  mutating func exponential(_ mean: Double) -> Double { -mean * log(1 - uniform()) }

  mutating func poisson(_ mean: Double) -> Int {
    var left = mean
    var events = 0
    // Products of uniforms run out of exponent above a few hundred.
    while left > 0 {
      let limit = exp(-min(left, 50))
      left -= 50
      var product = uniform()
      while product > limit {
        events += 1
        product *= uniform()
      }
    }
    return events
  }
}
