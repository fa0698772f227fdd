import Glibc

/// Series that stand for what is stored, made up with fixed seeds: 16 series
/// of 8,640 samples, a day at 10 s.
///
/// `target` is the bytes a sample to reach; 3 % above it is a failure.
struct CodecProfile: Sendable {
  enum Series {
    case doubles([Double])
    case integers([Int64])

    var count: Int {
      switch self {
      case .doubles(let values): values.count
      case .integers(let values): values.count
      }
    }
  }

  let name: String
  let target: Double
  let make: @Sendable (inout SeededGenerator, Int) -> Series

  static let samples = 8640
  static let series = 16

  /// The same series on every run.
  func allSeries() -> [Series] {
    (0..<Self.series).map { index in
      var generator = SeededGenerator(seed: UInt64(index + 1))
      return make(&generator, index)
    }
  }

  // What a series counts differs from series to series, fixed so that the
  // bytes a sample can be compared with other codecs' on the same mixture.
  private static let counterRates: [Double] = [
    20, 20, 300, 300, 300, 300, 300, 20, 300, 20, 20, 1, 20, 1, 20, 300,
  ]
  private static let bucketRates: [Double] = [
    0.1, 0.01, 0.5, 0.01, 0.01, 0.01, 0.01, 0.01, 0.5, 0.01, 0.01, 0.5, 0.5, 0.01, 0.1, 0.5,
  ]

  static let all: [CodecProfile] = [
    // A random walk in 0...100, as CPU use in per cent: two decimals, none.
    CodecProfile(name: "cpu2", target: 1.101) { g, _ in
      .doubles(walk(&g).map { ($0 * 100).rounded() / 100 })
    },
    CodecProfile(name: "cpuint", target: 0.286) { g, _ in .doubles(walk(&g).map { $0.rounded() }) },
    CodecProfile(name: "counter", target: 0.610) { g, index in .doubles(counter(&g, index)) },
    CodecProfile(name: "resets", target: 0.613) { g, index in
      var offset = 0.0
      let values = counter(&g, index).enumerated().map { place, value in
        if (place * 7 + index * 4) % 3001 == 3000 { offset = value }
        return value - offset
      }
      return .doubles(values)
    },
    // Network bytes: lognormal steps.
    CodecProfile(name: "bytes", target: 2.099) { g, _ in
      .doubles(sums(from: 1e9) { exp(10 + g.normal()).rounded(.down) })
    },
    // CPU seconds, two decimals.
    CodecProfile(name: "secs", target: 1.061) { g, _ in
      .doubles(
        sums(from: 1e5) { min(max(2.5 + 0.8 * g.normal(), 0), 10) }
          .map { ($0 * 100).rounded() / 100 })
    },
    CodecProfile(name: "bucket", target: 0.111) { g, index in
      .doubles(sums(from: 0) { g.uniform() < bucketRates[index] ? Double(g.poisson(2)) : 0 })
    },
    CodecProfile(name: "mem", target: 0.495) { g, _ in
      .doubles(
        sums(from: 4 * 0x1p30) {
          let step = Int.random(in: -50...50, using: &g)
          return g.uniform() < 0.4 ? Double(step) * 4096 : 0
        })
    },
    // All 53 bits: quotients, and sums of what has no decimals.
    CodecProfile(name: "ratio", target: 6.83) { g, _ in
      .doubles(
        (0..<samples).map { _ in
          Double(Int.random(in: 1..<1_000_000, using: &g))
            / Double(Int.random(in: 1_000_000..<2_000_000, using: &g))
        })
    },
    CodecProfile(name: "sumf", target: 5.66) { g, _ in
      .doubles(sums(from: 0) { g.exponential(0.013) })
    },
    CodecProfile(name: "const", target: 0.002) { _, index in
      .doubles([Double](repeating: [0, 1, 4, 1.5e10][index % 4], count: samples))
    },
    CodecProfile(name: "t regular", target: 0.002) { _, _ in
      .integers((0..<samples).map { start + 10_000 * Int64($0) })
    },
    CodecProfile(name: "t jitter", target: 0.532) { g, _ in
      .integers((0..<samples).map { start + 10_000 * Int64($0) + .random(in: -5...5, using: &g) })
    },
    CodecProfile(name: "t irregular", target: 1.866) { g, _ in
      .integers(
        sums(from: 0) { g.exponential(10_000).rounded(.down) + 1 }.map { start + Int64($0) })
    },
    CodecProfile(name: "t gaps", target: 0.022) { g, _ in
      .integers(
        sums(from: 0) { g.uniform() < 0.002 ? Double(Int.random(in: 2..<30, using: &g)) : 1 }
          .map { start + 10_000 * Int64($0) })
    },
  ]

  private static let start: Int64 = 1_700_000_000_000

  private static func walk(_ g: inout SeededGenerator) -> [Double] {
    var value = g.uniform() * 100
    return (0..<samples).map { _ in
      value = min(max(value + g.normal(), 0), 100)
      return value
    }
  }

  private static func counter(_ g: inout SeededGenerator, _ index: Int) -> [Double] {
    sums(from: 0) { Double(g.poisson(counterRates[index])) }
  }

  private static func sums(from first: Double, _ step: () -> Double) -> [Double] {
    var sum = first
    return (0..<samples).map { _ in
      sum += step()
      return sum
    }
  }
}
