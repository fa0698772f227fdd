import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// A segment gives back exactly what was written, and says what is damaged.
@Suite struct SegmentTests {
  /// One series: its slot, whether it starts a metric, its samples.
  struct Series {
    var startsMetric: Bool
    var times: [Int64]
    var values: [Double]
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func randomSeriesComeBackBitForBit(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let all = SegmentTests.randomSeries(&random)
    let files = SimulatedFileSystem()
    let reader = try SegmentTests.write(all, to: files)
    #expect(reader.info.samples == all.reduce(0) { $0 + $1.times.count })
    let cursor = SegmentCursor(reader, decoder: ColumnDecoder())
    for (slot, series) in all.enumerated() {
      let (times, values) = try SegmentTests.read(cursor, slot, wanted: 0..<all.count, .all)
      #expect(times == series.times, "slot \(slot)")
      #expect(values.map(\.bitPattern) == series.values.map(\.bitPattern), "slot \(slot)")
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func anyStretchOfAnySeriesIsFoundAlone(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let all = SegmentTests.randomSeries(&random)
    let reader = try SegmentTests.write(all, to: SimulatedFileSystem())
    for _ in 0..<50 {
      let slot = Int.random(in: all.indices, using: &random)
      let series = all[slot]
      let from = series.times.randomElement(using: &random) ?? 0
      let to = from + Int64.random(in: -5...100_000, using: &random)
      let cursor = SegmentCursor(reader, decoder: ColumnDecoder())
      let (times, _) = try SegmentTests.read(
        cursor, slot, wanted: slot..<slot + 1, TimeRange(from: from, to: to))
      #expect(times == series.times.filter { from <= $0 && $0 <= to })
    }
  }

  @Test func seriesOfOneClockStoreItOnce() throws {
    let times = (0..<1000).map { Int64($0) * 15_000 + Int64($0 * 7919 % 13) }
    var random = SeededGenerator(seed: 1)
    func series(_ part: Range<Int>) -> Series {
      Series(
        startsMetric: false, times: Array(times[part]),
        values: part.map { _ in Double(Int.random(in: 0...1, using: &random)) })
    }
    let one = try SegmentTests.write([series(0..<1000)], to: SimulatedFileSystem()).info.bytes
    let many = [series(0..<1000)] + (0..<50).map { series($0..<1000 - $0) }
    let all = try SegmentTests.write(many, to: SimulatedFileSystem()).info.bytes
    // 50 more series of one bit a sample: 125 bytes each and a little; no timestamps.
    #expect(all - one < 50 * 160)
  }

  /// Whatever bit is flipped: the same answer or damage that names the file.
  @Test func everyFlippedBitIsHarmlessOrNamed() throws {
    var random = SeededGenerator(seed: 7)
    let all = Array(SegmentTests.randomSeries(&random).prefix(6)).map { series in
      Series(
        startsMetric: series.startsMetric, times: Array(series.times.prefix(40)),
        values: Array(series.values.prefix(40)))
    }
    let files = SimulatedFileSystem()
    let path = try SegmentTests.write(all, to: files).region.path
    let size = try #require(try files.status(path)).size
    var named = 0
    for bit in 0..<size * 8 {
      try files.damage(path) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
      do {
        let reader = try SegmentReader(opening: path, in: files)
        let cursor = SegmentCursor(reader, decoder: ColumnDecoder())
        for (slot, series) in all.enumerated() {
          let (times, values) = try SegmentTests.read(cursor, slot, wanted: 0..<all.count, .all)
          #expect(times == series.times && values.elementsEqual(series.values, by: ===), "\(bit)")
        }
      } catch let error as StoreError {
        named += 1
        switch error {
        case .damaged(let damage): #expect(damage.path == path)
        case .newer, .foreign: break
        default: Issue.record("bit \(bit): \(error)")
        }
      }
      try files.damage(path) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
    }
    // The three bytes of the set inside, which this test made up, check themselves.
    #expect(named == (size - 3) * 8, "no byte is outside a checksum")
  }

  // MARK: Helpers

  static func randomSeries(_ random: inout SeededGenerator) -> [Series] {
    let count = Int.random(in: 1...60, using: &random)
    let clock = (0..<400).map { Int64($0) * 10_000 + Int64.random(in: 0..<9, using: &random) }
    return (0..<count).map { index in
      // Mostly a stretch of one clock; now and then a clock of its own, or a long one.
      var times: [Int64]
      switch Int.random(in: 0..<10, using: &random) {
      case 0: times = (0..<300).map { Int64($0 * 977 + index) }
      case 1 where index % 7 == 0: times = (0..<40_000).map { Int64($0) * 1000 }
      default:
        let from = Int.random(in: 0..<200, using: &random)
        times = Array(clock[from..<Int.random(in: from + 1...400, using: &random)])
      }
      let kind = Int.random(in: 0..<6, using: &random)
      var level = Double(Int.random(in: 0..<1000, using: &random))
      let values = times.map { _ -> Double in
        level += Double(Int.random(in: -3...3, using: &random)) / (kind == 1 ? 100 : 1)
        switch kind {
        case 2: return Double.random(in: 0..<1, using: &random)
        case 3: return Int.random(in: 0..<40, using: &random) == 0 ? StaleMarker.value : level
        case 4: return 42
        case 5: return [0, -0.0, .infinity, -.infinity, .nan].randomElement(using: &random) ?? 0
        default: return level
        }
      }
      return Series(
        startsMetric: Int.random(in: 0..<5, using: &random) == 0, times: times, values: values)
    }
  }

  static func write(_ all: [Series], to files: SimulatedFileSystem) throws -> SegmentReader {
    let store = Store(path: "/s", files: files)
    try files.makeDirectory(store.segmentDirectory)
    let draft = try SegmentDraft(store, id: 0xabc, effort: .merged)
    for (slot, series) in all.enumerated() {
      try series.times.withUnsafeBufferPointer { times in
        try series.values.withUnsafeBufferPointer { values in
          try draft.writer.add(
            slot: slot, startsMetric: series.startsMetric, times: times, values: values)
        }
      }
    }
    try draft.finishColumns(.stretch(0..<all.count), set: nil, inline: [1, 2, 3], early: false)
    let info = try draft.seal(
      SegmentFooter(
        info: draft.info(sequences: 1...1, level: 0), storeID: ContentHash(high: 1, low: 2)))
    return try SegmentReader(opening: store.segmentPath(info), in: files)
  }

  static func read(
    _ cursor: SegmentCursor, _ slot: Int, wanted: Range<Int>, _ range: TimeRange
  ) throws -> ([Int64], [Double]) {
    var times: [Int64] = []
    var values: [Double] = []
    try cursor.read(slot: slot, wanted: wanted, range: range) {
      times += $0
      values += $1
    }
    return (times, values)
  }
}

private func === (left: Double, right: Double) -> Bool { left.bitPattern == right.bitPattern }
