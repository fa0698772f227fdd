import MxCodec
import Testing

/// Columns of every shape the codec has a case for.
enum Shape: Int, CaseIterable {
  case constant, regular, jitter, uniform, walk, decimals, counter, resets, sparse, multiples
  case bits, accumulated, special, stale, odd, extremes, wideIntegers, constantRuns, tiny

  func doubles(_ count: Int, using g: inout SeededGenerator) -> [Double] {
    var last = Double.random(in: -100...100, using: &g).rounded()
    let step = Double.random(in: 1...50, using: &g).rounded()
    let scale = Double(Int.random(in: 1...10, using: &g))
    var out: [Double] = []
    for index in 0..<count {
      switch self {
      case .constant: break
      case .regular: last += step
      case .jitter: last = Double(index) * 10_000 + Double.random(in: -5...5, using: &g).rounded()
      case .uniform: last = Double(Int.random(in: 0...999, using: &g))
      case .walk: last += Double.random(in: -9...9, using: &g).rounded()
      case .decimals, .odd:
        last = (Double.random(in: -1e4...1e4, using: &g) * step).rounded() / (scale * 10)
        if self == .odd, g.uniform() > 0.02 { last = last.rounded() }
      case .counter: last += (g.uniform() * step).rounded(.down)
      case .resets: last = g.uniform() < 0.003 ? 0 : last + (g.uniform() * step).rounded(.down)
      case .sparse: last += g.uniform() < 0.02 ? step : 0
      case .multiples: last += Double(Int.random(in: -50...50, using: &g)) * 4096
      case .bits: last = g.uniform() / (g.uniform() + 0.01)
      case .accumulated: last += g.uniform() * 0.013
      case .special:
        last = [0.0, -0.0, .infinity, -.infinity, .nan, 1, 2, 3].randomElement(using: &g) ?? 0
      case .stale:
        last = g.uniform() < 0.1 ? Double(bitPattern: 0x7ff0_0000_0000_0002) : Double(index % 7)
      case .extremes: last = Double(bitPattern: g.next())
      case .wideIntegers: last = Double(Int64(bitPattern: g.next() >> 10))
      case .constantRuns: if index % 11 == 0 { last = Double(Int.random(in: 0...9, using: &g)) }
      case .tiny: last = g.uniform() * 1e-300
      }
      out.append(last)
    }
    return out
  }

  func integers(_ count: Int, using g: inout SeededGenerator) -> [Int64] {
    if self == .extremes {
      return (0..<count).map { _ in
        [.min, .max, 0, -1, Int64(bitPattern: g.next())].randomElement(using: &g) ?? 0
      }
    }
    return doubles(count, using: &g).map {
      Int64(exactly: $0.rounded()) ?? Int64($0.bitPattern >> 3)
    }
  }
}

/// Run lengths that add up to about `count`.
func randomRuns(_ count: Int, using g: inout SeededGenerator) -> [Int32] {
  let style = Int.random(in: 0...4, using: &g)
  var runs: [Int32] = []
  var left = count
  while left > 0 {
    let length: Int
    switch style {
    case 0: length = left
    case 1: length = 1
    case 2: length = min(left, 5)
    case 3: length = Int.random(in: 0...min(left, 20), using: &g)
    default: length = Int.random(in: 0...left, using: &g)
    }
    runs.append(Int32(length))
    left -= length
  }
  return runs
}

private let counts = [0, 1, 2, 3, 5, 16, 100, 255, 256, 257, 511, 512, 700, 1500, 4000]

@Suite struct ColumnRoundTripTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func everyShapeOfDoublesRoundTrips(seed: UInt64) {
    var g = SeededGenerator(seed: seed)
    let encoder = ColumnEncoder()
    let decoder = ColumnDecoder()
    for shape in Shape.allCases {
      let count = counts.randomElement(using: &g) ?? 0
      let values = shape.doubles(count, using: &g)
      let runs = randomRuns(count, using: &g)
      let effort: Effort = [.fresh, .merged, .index].randomElement(using: &g) ?? .fresh
      let column = encoded(values, runs: runs, effort: effort, encoder: encoder)
      #expect(
        decodedDoubles(column, runs: runs, decoder: decoder) == .success(values.map(\.bitPattern)),
        "\(shape) of \(count) in \(runs.count) runs, \(effort)")
      #expect(column == encoded(values, runs: runs, effort: effort), "\(shape): same bytes again")
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func everyShapeOfIntegersRoundTrips(seed: UInt64) {
    var g = SeededGenerator(seed: seed &+ 1000)
    let encoder = ColumnEncoder()
    let decoder = ColumnDecoder()
    for shape in Shape.allCases {
      let count = counts.randomElement(using: &g) ?? 0
      let values = shape.integers(count, using: &g)
      let runs = randomRuns(count, using: &g)
      let effort: Effort = [.fresh, .merged, .index].randomElement(using: &g) ?? .fresh
      let column = encoded(values, runs: runs, effort: effort, encoder: encoder)
      #expect(
        decodedIntegers(column, runs: runs, decoder: decoder) == .success(values),
        "\(shape) of \(count) in \(runs.count) runs, \(effort)")
    }
  }

  /// Random bit patterns of every width, so that each plane layout is met.
  @Test(arguments: 1...64)
  func everyWidthRoundTrips(width: Int) {
    var g = SeededGenerator(seed: UInt64(width))
    for count in [1, 7, 255, 256, 300, 1000] {
      for effort in [Effort.fresh, .merged, .index] {
        let values = (0..<count).map { _ in Int64(bitPattern: g.next() >> UInt64(64 - width)) }
        let column = encoded(values, effort: effort)
        #expect(decodedIntegers(column, runs: [Int32(count)]) == .success(values))
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func anyRangeOfRunsDecodesAsItsPartOfTheWhole(seed: UInt64) {
    var g = SeededGenerator(seed: seed &+ 2000)
    let decoder = ColumnDecoder()
    for shape in Shape.allCases {
      let count = counts.randomElement(using: &g) ?? 0
      let values = shape.doubles(count, using: &g)
      let runs = randomRuns(count, using: &g)
      let column = encoded(values, runs: runs)
      let low = Int.random(in: 0...runs.count, using: &g)
      let high = Int.random(in: low...runs.count, using: &g)
      let start = runs[..<low].reduce(0) { $0 + Int($1) }
      let end = start + runs[low..<high].reduce(0) { $0 + Int($1) }
      #expect(
        decodedDoubles(column, runs: runs, range: low..<high, decoder: decoder)
          == .success(values[start..<end].map(\.bitPattern)),
        "\(shape) of \(count), runs \(low)..<\(high) of \(runs.count)")
    }
  }

  /// The split reciprocal is tried on every value and dropped where one bit
  /// differs: whatever the digits, the doubles come back.
  @Test(arguments: 1...10)
  func decimalsOfEveryExponentAndSizeComeBack(exponent: Int) throws {
    var g = SeededGenerator(seed: UInt64(exponent))
    var scale = 1.0
    for _ in 0..<exponent { scale *= 10 }
    for bits in [4, 12, 20, 29, 30, 31, 35, 36, 37, 45, 50] {
      let values = (0..<2000).map { _ in
        Double(Int64(bitPattern: g.next() >> UInt64(64 - bits))) / scale
          * (g.next() & 1 == 0 ? 1 : -1)
      }.map { $0 == 0 ? 0 : $0 }
      let column = encoded(values, effort: .fresh)
      #expect(decodedDoubles(column, runs: [2000]) == .success(values.map(\.bitPattern)))
      let header = try column.withUnsafeBytes { try ColumnDecoder.header($0) }
      if header.kind == .decimal {
        if bits <= 29 { #expect(header.method == .split30) }
        if bits >= 45, header.exponent == exponent { #expect(header.method == .divide) }
      }
    }
  }
}
