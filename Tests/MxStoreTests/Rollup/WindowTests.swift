import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Windows of any width say what a naive walk over their samples says.
@Suite struct WindowTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func windowsAreWhatTheirSamplesSay(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let samples = RollupData.samples(&random, count: 3000)
    let widths: [Int64] = [30_000, 60_000, 300_000, 900_000, 3_600_000]
    let windows = RollupData.windows(of: samples, widths)
    for width in widths {
      let expected = NaiveWindow.all(samples, width)
      #expect(windows[width]?.count == expected.count)
      for (window, naive) in zip(windows[width] ?? [], expected) {
        #expect(naive.agrees(with: window), "width \(width), end \(naive.end)")
      }
    }
  }

  /// Coarse windows do not depend on how samples were handed over, nor on which other
  /// tiers are computed.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func windowsDoNotDependOnTheWayTheyWereComputed(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let samples = RollupData.samples(&random, count: 2000)
    let all = RollupData.windows(of: samples, [60_000, 300_000, 3_600_000])
    let alone = RollupData.windows(of: samples, [3_600_000])[3_600_000] ?? []
    #expect(alone.elementsEqual(all[3_600_000] ?? []) { $0.isIdentical(to: $1) })
    var chain = RollupChain([300_000])
    var rest = samples[...]
    while !rest.isEmpty {
      let part = rest.prefix(Int.random(in: 1...100, using: &random))
      rest = rest.dropFirst(part.count)
      RollupData.add(Array(part), to: &chain)
    }
    chain.finish()
    let parts = chain.index(of: 300_000).map { chain.windows[$0] } ?? []
    #expect(parts.elementsEqual(all[300_000] ?? []) { $0.isIdentical(to: $1) })
  }

  @Test func aWindowEndsWithItsEdgeAndBeginsAfterTheLast() {
    for width: Int64 in [1000, 60_000, 86_400_000] {
      for edge: Int64 in [-2, -1, 0, 1, 2].map({ $0 * width }) {
        #expect(WindowGrid.end(of: edge, width) == edge)
        #expect(WindowGrid.end(of: edge + 1, width) == edge + width)
        #expect(WindowGrid.floor(edge, width) == edge)
        #expect(WindowGrid.floor(edge - 1, width) == edge - width)
      }
      for time in [Int64.min, .min + 1, .max - 1, .max] {
        #expect(WindowGrid.end(of: time, width) % width == 0)
        #expect(WindowGrid.floor(time, width) % width == 0)
      }
    }
  }

  @Test func theTailOfASumComesBackBitForBit() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<20_000 {
      let sum =
        Double.random(in: -1e6...1e6, using: &random)
        * [1e-300, 1e-20, 1, 1e20, 1e300].randomElement(using: &random, or: 1)
      let tail = sum.ulp * Double.random(in: -0.5...0.5, using: &random)
      let back = SumTail.unscaled(SumTail.scaled(tail, sum: sum), sum: sum)
      #expect(back.bitPattern == tail.bitPattern, "\(sum) \(tail)")
    }
    for sum in [0.0, -0.0, .infinity, .nan, .leastNonzeroMagnitude] {
      for tail in [0.0, -0.0, 1.5, .leastNonzeroMagnitude] {
        let back = SumTail.unscaled(SumTail.scaled(tail, sum: sum), sum: sum)
        #expect(back.bitPattern == tail.bitPattern, "\(sum) \(tail)")
      }
    }
  }
}

extension Array {
  fileprivate func randomElement(using random: inout SeededGenerator, or other: Element) -> Element
  {
    randomElement(using: &random) ?? other
  }
}

/// Series as rollups meet them.
enum RollupData {
  /// Samples every 10 s or so, some on the edges of windows, with gaps, markers, NaN and resets.
  static func samples(_ random: inout SeededGenerator, count: Int) -> [Sample] {
    var samples: [Sample] = []
    var time: Int64 = 1_700_000_040_000
    var level = 0.0
    let isOnGrid = Bool.random(using: &random)
    let isOrdinary = Int.random(in: 0..<3, using: &random) > 0
    for _ in 0..<count {
      time += isOnGrid ? 10_000 : Int64.random(in: 1...20_000, using: &random)
      switch Int.random(in: 0..<200, using: &random) {
      case 0: time += Int64.random(in: 1...90, using: &random) * 60_000
      case 1: level = 0
      case 2:
        samples.append(Sample(time: time, value: StaleMarker.value))
        continue
      case 3 where !isOrdinary:
        samples.append(Sample(time: time, value: [.nan, .infinity, -.infinity][samples.count % 3]))
        continue
      default: level += Double(Int.random(in: 0...2000, using: &random)) / 100
      }
      samples.append(Sample(time: time, value: level))
    }
    return samples
  }

  static func add(_ samples: [Sample], to chain: inout RollupChain) {
    samples.map(\.time).withUnsafeBufferPointer { times in
      samples.map(\.value).withUnsafeBufferPointer { chain.add(times, $0) }
    }
  }

  static func windows(of samples: [Sample], _ widths: [Int64]) -> [Int64: [Window]] {
    var chain = RollupChain(widths)
    add(samples, to: &chain)
    chain.finish()
    var result: [Int64: [Window]] = [:]
    for width in widths { result[width] = chain.index(of: width).map { chain.windows[$0] } }
    return result
  }
}

/// A window the simplest way: from all its samples at once.
struct NaiveWindow {
  let end: Int64
  let samples: [Sample]
  let markers: [Int64]

  static func all(_ samples: [Sample], _ width: Int64) -> [NaiveWindow] {
    let ends = Set(samples.map { ($0.time + width - 1) / width * width }).sorted()
    return ends.map { end in
      let inside = samples.filter { end - width < $0.time && $0.time <= end }
      return NaiveWindow(
        end: end, samples: inside.filter { !StaleMarker.isStale($0.value) },
        markers: inside.filter { StaleMarker.isStale($0.value) }.map(\.time))
    }
  }

  func agrees(with window: Window) -> Bool {
    let values = samples.map(\.value)
    var resetSum = 0.0
    var resets = 0.0
    for (before, after) in zip(values, values.dropFirst()) where after < before {
      resetSum += before
      resets += 1
    }
    let numbers = values.filter { !$0.isNaN }
    var flags: WindowFlags = markers.isEmpty ? [] : .stale
    if values.count > numbers.count { flags.insert(.nan) }
    if let marker = markers.last, marker > samples.last?.time ?? .min { flags.insert(.endsStale) }
    let gaps = zip(samples, samples.dropFirst()).map { $1.time - $0.time }
    return window.end == end && window.count == Double(values.count)
      && (values.isEmpty || same(window.minimum, numbers.min() ?? .nan))
      && (values.isEmpty || same(window.maximum, numbers.max() ?? .nan))
      && (values.isEmpty || window.first.bitPattern == values[0].bitPattern)
      && (values.isEmpty || window.last.bitPattern == values[values.count - 1].bitPattern)
      && window.firstTime == samples.first?.time ?? 0
      && window.lastTime == samples.last?.time ?? 0
      && close(window.resetSum, resetSum) && window.resetCount == resets
      && window.flags == flags && window.closest == gaps.min() ?? .max
      && sumAgrees(window, values)
  }

  private func same(_ left: Double, _ right: Double) -> Bool {
    left == right || (left.isNaN && right.isNaN)
  }

  private func close(_ left: Double, _ right: Double) -> Bool {
    same(left, right) || abs(left - right) <= abs(right) * 1e-12
  }

  /// Values of two decimals: the true sum is a whole number of hundredths.
  private func sumAgrees(_ window: Window, _ values: [Double]) -> Bool {
    let naive = values.reduce(0, +)
    if !naive.isFinite { return same(window.sum, naive) && window.tail == 0 }
    let stored = window.stored
    return stored.sum == window.sum + window.tail && stored.sum + stored.tail == stored.sum
      && close(stored.sum, naive)
  }
}

/// What a tier writes comes back to the bit, whatever the values are.
@Suite struct WindowCoderTests {
  @Test(arguments: 0..<30 as Range<UInt64>)
  func windowsComeBack(seed: UInt64) {
    var random = SeededGenerator(seed: seed &* 7919)
    let scale = [1.0, 100, 1000, 1e-7, 1e12, .pi][Int(seed % 6)]
    // Around 0, above and below.
    let middle = [0, 12_000, -12_000][Int(seed / 6 % 3)]
    var samples: [Sample] = []
    for index in 0..<2000 as Range<Int64> {
      var value = Double(middle + Int.random(in: -9999...9999, using: &random)) / scale
      switch Int.random(in: 0..<200, using: &random) {
      case 0: value = .nan
      case 1: value = .infinity
      case 2: value = -0.0
      case 3: value = .random(in: -1...1, using: &random)
      case 4: value = StaleMarker.value
      default: break
      }
      samples.append(Sample(time: 1_700_000_000_000 + index * 10_000, value: value))
    }
    var coder = WindowCoder()
    var decimal = 0
    for (width, windows) in RollupData.windows(of: samples, [60_000, 300_000, 3_600_000]) {
      for window in windows.map(\.stored) {
        let coded = coder.coded(window)
        if coded.form > 0 { decimal += 1 }
        var read = Window(end: window.end)
        for column in WindowColumn.allCases {
          column.set(column.value(of: coded, width: width), of: &read, width: width)
        }
        read = WindowCoder.decoded(read)
        if read.count == 0 { (read.firstTime, read.lastTime) = (0, 0) }
        #expect(read.isIdentical(to: window), "\(window)")
      }
    }
    #expect(decimal > 100 || scale == .pi || scale == 1e12, "\(decimal)")
  }

  /// What the nearest doubles are off by is told in few bits, above and below 0.
  @Test(arguments: [1.0, -1])
  func restsAreAFewPlaces(side: Double) throws {
    var random = SeededGenerator(seed: 5)
    var coder = WindowCoder()
    for _ in 0..<300 {
      var window = Window(end: 300_000)
      for index in 1...30 as ClosedRange<Int64> {
        // One power of two: all have the same last place.
        let whole = Int.random(in: 6400..<12_800, using: &random)
        window.add(index * 10_000, side * (Double(whole) / 100))
      }
      let stored = window.stored
      let coded = coder.coded(stored)
      #expect(coded.form == 19)
      #expect(coded.tail == coded.tail.rounded() && abs(coded.tail) <= 8, "\(coded.tail)")
      #expect(WindowCoder.decoded(coded).isIdentical(to: stored))
    }
  }

  /// The numbers of `EarlierCoding`'s documentation: one place, u = 0.1.
  private static let earlier: [WindowColumn: Double] = [
    .count: 4, .minimum: 10 - 5, .maximum: 25 - 20, .sum: 61 - (4 * (10 + 20 + 5 + 25)) / 4,
    .tail: 0, .first: 1, .last: 2, .places: 2,
  ]

  @Test func earlierWindowsAreRead() {
    var window = Window(end: 60_000)
    for (column, value) in WindowCoderTests.earlier {
      column.set(value, of: &window, width: 60_000)
    }
    let read = WindowCoder.decoded(window)
    #expect(read.minimum == 0.5 && read.maximum == 2.5 && read.sum == 6.1 && read.tail == 0)
    #expect(read.form == 0)
  }

  /// Of segments with both layouts those columns are there that each needs.
  @Test(arguments: [WindowFields.sums, .minima, [.sums, .maxima], .lasts, []])
  func segmentsOfBothLayoutsAreReadTogether(fields: WindowFields) {
    var earlier = TierLayout(windows: 1)
    earlier.columns = WindowColumn.allCases.filter { $0 != .form }
    var window = Window(end: 60_000)
    window.count = 4
    (window.minimum, window.maximum, window.first, window.last) = (0.5, 2.5, 1, 2)
    window.sum = 6.1
    var coder = WindowCoder()
    let coded = coder.coded(window)
    #expect(coded.form == 18)
    var rows = WindowRows()
    for (index, isEarlier) in [false, true, true, false, true].enumerated() {
      let layout = isEarlier ? earlier : TierLayout(windows: 1)
      let before = rows.count
      rows.begin(fields, layout)
      for column in layout.columns where column.isNeeded(fields, of: layout) {
        let value =
          isEarlier
          ? WindowCoderTests.earlier[column] ?? 0 : column.value(of: coded, width: 60_000)
        [Int64(index) * 60_000].withUnsafeBufferPointer { ends in
          [value].withUnsafeBufferPointer { rows.append(column, ends, $0, width: 60_000) }
        }
      }
      let isWhole = rows.isWhole(fields, of: layout)
      #expect(isWhole)
      rows.decode(from: before, fields)
    }
    rows.withColumns { columns in
      #expect(columns.counts.elementsEqual(repeatElement(4, count: 5)))
      func holds(_ column: UnsafeBufferPointer<Double>, _ value: Double) -> Bool {
        column.elementsEqual(repeatElement(value, count: 5))
      }
      if fields.contains(.sums) { #expect(holds(columns.sums, 6.1) && holds(columns.sumTails, 0)) }
      if fields.contains(.minima) { #expect(holds(columns.minima, 0.5)) }
      if fields.contains(.maxima) { #expect(holds(columns.maxima, 2.5)) }
      if fields.contains(.lasts) { #expect(holds(columns.lasts, 2)) }
    }
  }

  @Test func damagedNumbersDoNotTrap() {
    for form in [-1, 0.5, 1, 3, 10, 11, 17, 17.5, 20, 26, 27, 255, .nan, .infinity] {
      for value in [0, -0.0, 1.5, -1e300, 1e18, .nan, .infinity, -.infinity] {
        var window = Window(end: 0)
        (window.count, window.first, window.last) = (value, value, value)
        (window.minimum, window.maximum, window.sum, window.tail) = (value, value, value, value)
        window.form = form
        _ = WindowCoder.decoded(window)
      }
    }
  }
}
