import MxCodec
import Testing

/// What columns may cost, in the cases pages are made of. The limits come
/// from the entropy of the data and a header of some 10 bytes, not from what
/// the encoder happens to do.
@Suite struct ColumnSizeTests {
  private var g = SeededGenerator(seed: 5)

  private mutating func integers(_ count: Int, in range: ClosedRange<Int64>) -> [Int64] {
    (0..<count).map { _ in Int64.random(in: range, using: &g) }
  }

  private func size(_ values: [Double], runs: [Int32]? = nil, effort: Effort = .merged) -> Int {
    let column = encoded(values, runs: runs, effort: effort)
    #expect(
      decodedDoubles(column, runs: runs ?? [Int32(values.count)])
        == .success(values.map(\.bitPattern)))
    return column.count
  }

  @Test func aHundredThousandShortSeriesCostTheirBits() {
    var g = self.g
    // A page of 3,276 series of 5 samples: 10 bits each.
    let values = (0..<16_380).map { _ in Double(Int.random(in: 0...999, using: &g)) }
    let runs = [Int32](repeating: 5, count: 3276)
    for effort in [Effort.fresh, .merged] {
      #expect(Double(size(values, runs: runs, effort: effort)) / 16_380 <= 1.255)
    }
  }

  @Test mutating func oneSampleOfEachOfAHundredSeriesCostsItsBits() {
    let values = integers(100, in: 0...999).map(Double.init)
    let runs = [Int32](repeating: 1, count: 100)
    #expect(size(values, runs: runs, effort: .fresh) <= 125 + 8)
    let decimals = values.map { $0 / 100 }
    #expect(size(decimals, runs: runs, effort: .fresh) <= 125 + 8)
  }

  @Test func tinyColumnsCostAHandfulOfBytes() {
    #expect(size([0]) == 3)
    #expect(size([1]) == 3)
    #expect(size([0, 0, 0, 0]) == 3)
    #expect(size([1.5]) <= 4)
    #expect(size([1, 2, 3, 4]) <= 4 + 2)
    #expect(size([.nan]) <= 12)
    #expect(size([Double(bitPattern: 0x7ff0_0000_0000_0002)]) <= 12)
    #expect(encoded([Int64]()).isEmpty)
  }

  @Test mutating func runsThatAreConstantCostOnlyTheirFirst() {
    let levels = integers(20, in: 0...999_999)
    let values = levels.flatMap { [Double](repeating: Double($0), count: 700) }
    #expect(size(values, runs: [Int32](repeating: 700, count: 20)) <= 20 * 20 / 8 + 20)
    let many = integers(3000, in: 0...999)
    let short = many.flatMap { [Double](repeating: Double($0), count: 5) }
    #expect(size(short, runs: [Int32](repeating: 5, count: 3000)) <= 3000 * 10 / 8 + 20)
  }

  @Test mutating func countersOfShortRunsCostTheirSteps() {
    var values: [Double] = []
    for _ in 0..<3000 {
      var last = Double(Int64.random(in: 0...1_000_000, using: &g))
      for _ in 0..<5 {
        values.append(last)
        last += Double(Int.random(in: 0...15, using: &g))
      }
    }
    // 20 bits a first, 4 bits each of four steps.
    let ideal = 3000 * (20 + 16) / 8
    #expect(size(values, runs: [Int32](repeating: 5, count: 3000)) <= ideal + ideal / 50)
  }

  @Test mutating func staleMarkersAtTheEndOfRunsCostLittle() {
    var values: [Double] = []
    for _ in 0..<1000 {
      values += integers(4, in: 0...255).map(Double.init)
      values.append(Double(bitPattern: 0x7ff0_0000_0000_0002))
    }
    // 5,000 bytes of values, the places regular, the bits constant.
    #expect(size(values, runs: [Int32](repeating: 5, count: 1000)) <= 5000 + 60)
  }

  @Test func timestampsCostTheirSurprises() {
    let start: Int64 = 1_700_000_000_000
    #expect(encoded((0..<8640).map { start + $0 * 10_000 }).count <= 14)
    // Three gaps a day.
    let gaps = (0..<8640).map { start + ($0 + $0 / 2500 * 7) * 10_000 }
    #expect(encoded(gaps).count <= 50)
    // The same clock in each of 20 runs.
    let shared = (0..<20).flatMap { _ in (0..<700).map { start + $0 * 10_000 } }
    #expect(encoded(shared, runs: [Int32](repeating: 700, count: 20)).count <= 25)
  }

  @Test func onOffSeriesCostTheirChanges() {
    let values = (0..<8640).map { Double($0 / 1000 % 2) }
    #expect(size(values) <= 60)
  }

  @Test mutating func oneOddValueDoesNotSpoilTheColumn() {
    var values = integers(8640, in: 0...255).map(Double.init)
    let plain = size(values)
    values[4000] = 0.1 + 0.2
    values[4001] = .infinity
    values[4002] = -0.0
    #expect(size(values) <= plain + 60)
    values[0] = .nan
    #expect(size(values) <= plain + 80)
  }
}

@Suite struct IntegerColumnTests {
  private func size(_ values: [Int64]) throws -> Int {
    let column = IntegerColumn.encode(values)
    let back = try column.withUnsafeBytes { try IntegerColumn.decode($0, limit: values.count) }
    #expect(back == values)
    return column.count
  }

  @Test func bytesAreAsDocumented() {
    #expect(IntegerColumn.encode([7, 7, 7] as [Int64]) == bytes(hex: "03 03 00 00 0e"))
    #expect(IntegerColumn.encode([] as [Int64]) == [0])
  }

  @Test func indexArraysCostLittle() throws {
    var g = SeededGenerator(seed: 9)
    // Symbol ids of label-sorted series: long runs of one value.
    #expect(try size((0..<100_000).map { $0 / 1000 * 3 }) <= 400)
    let runs = (0..<300).flatMap { id -> [Int64] in
      [Int64](repeating: Int64(id * 17 % 1000), count: Int.random(in: 1...100, using: &g))
    }
    #expect(try size(runs) <= 300 * 3)
    // A histogram's buckets under each of many series.
    let buckets: [Int64] = [3, 9, 4, 12, 77, 13, 5, 2, 21, 8, 1000]
    #expect(try size((0..<20_000).map { buckets[$0 % 11] }) <= 200)
    // Run lengths that are all the same, offsets that grow by the same.
    #expect(try size([Int64](repeating: 720, count: 50_000)) <= 24)
    #expect(try size((0..<50_000).map { $0 * 64 }) <= 40)
    // Postings: one in eight of a million series, 8 · H(1/8) bits each.
    let postings = (0..<Int64(1_000_000)).filter { _ in g.next() & 7 == 0 }
    #expect(Double(try size(postings)) * 8 / Double(postings.count) <= 4.35 * 1.05)
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func anyArrayRoundTripsWholeAndInParts(seed: UInt64) throws {
    var g = SeededGenerator(seed: seed)
    let count = [0, 1, 100, 16_384, 16_385, 40_000].randomElement(using: &g) ?? 0
    let bits = Int.random(in: 0...63, using: &g)
    let values = (0..<count).map { _ in Int64(bitPattern: g.next() >> UInt64(bits)) }
    #expect(try size(values) > 0)
    let column = IntegerColumn.encode(values)
    let low = Int.random(in: 0...count, using: &g)
    let high = Int.random(in: low...count, using: &g)
    let part = try column.withUnsafeBytes { try IntegerColumn.decode($0, range: low..<high) }
    #expect(part == Array(values[low..<high]))
  }

  @Test func idsOf32BitsAreCheckedToBe() throws {
    let ids: [UInt32] = [0, 5, .max, 7]
    try IntegerColumn.encode(ids).withUnsafeBytes { (buffer) throws in
      var reader = ByteReader(buffer)
      #expect(try IntegerColumn.decodeUInt32(&reader, limit: 4) == ids)
      #expect(reader.isAtEnd)
    }
    for wrong in [-1, 1 << 32] as [Int64] {
      IntegerColumn.encode([wrong]).withUnsafeBytes { buffer in
        var reader = ByteReader(buffer)
        #expect(throws: CodecError.malformed("32-bit integer", at: 0)) {
          try IntegerColumn.decodeUInt32(&reader, limit: 4)
        }
      }
    }
  }

  @Test func aCountBeyondTheLimitOrTheBytesReservesNothing() {
    let column = IntegerColumn.encode([Int64](repeating: 1, count: 20_000))
    #expect(throws: CodecError.tooLarge(limit: 100)) {
      try column.withUnsafeBytes { try IntegerColumn.decode($0, limit: 100) }
    }
    let lie = bytes(hex: "ff ff ff ff ff ff ff 7f 03 00 00 00")
    #expect(throws: CodecError.truncated(at: 12)) {
      try lie.withUnsafeBytes { try IntegerColumn.decode($0, limit: .max) }
    }
    #expect(throws: CodecError.malformed("range of integers", at: 0)) {
      try bytes(hex: "00").withUnsafeBytes { try IntegerColumn.decode($0, range: 0..<1) }
    }
  }

  @Test func everyPrefixAndEveryFlippedBitIsHandled() {
    let column = IntegerColumn.encode((0..<20_000).map { Int64($0 * $0 % 1000) })
    for length in 0..<column.count where length < 50 || length % 97 == 0 {
      #expect(throws: CodecError.self) {
        try Array(column.prefix(length)).withUnsafeBytes {
          try IntegerColumn.decode($0, limit: 20_000)
        }
      }
    }
    for bit in 0..<(column.count * 8) where bit < 400 || bit % 331 == 0 {
      var damaged = column
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let result = try? damaged.withUnsafeBytes { try IntegerColumn.decode($0, limit: 20_000) }
      if let result { #expect(result.count <= 20_000) }
    }
  }
}
