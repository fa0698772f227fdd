import Testing

@testable import MxFormats

@Suite struct RawTextTableTests {
  /// Texts are told apart by their hash alone, so every bit of it must count:
  /// once `cpu="0"` and `cpu="1"` were one series at some offsets.
  @Test func textsThatDifferInOneBitHaveDifferentNumbers() {
    for length in 1...67 {
      var table = RawTextTable()
      var text = [UInt8](repeating: UInt8(ascii: "0"), count: length)
      table.insert(text.withUnsafeBytes { table.hash($0) }, 0)
      for bit in 0..<length * 8 {
        text[bit / 8] ^= 1 << UInt8(bit % 8)
        let hash = text.withUnsafeBytes { table.hash($0) }
        #expect(table.find(hash) == nil, "length \(length), bit \(bit)")
        table.insert(hash, UInt32(bit + 1))
        text[bit / 8] ^= 1 << UInt8(bit % 8)
      }
      #expect(text.withUnsafeBytes { table.find(table.hash($0)) } == 0)
    }
  }

  @Test func aHundredThousandTextsKeepTheirNumbers() {
    var table = RawTextTable()
    let texts = (0..<100_000).map { Array("metric_\($0 % 10){host=\"h\($0 / 10)\"}".utf8) }
    for (number, text) in texts.enumerated() {
      let hash = text.withUnsafeBytes { table.hash($0) }
      #expect(table.find(hash) == nil)
      table.insert(hash, UInt32(number))
    }
    for (number, text) in texts.enumerated() {
      #expect(text.withUnsafeBytes { table.find(table.hash($0)) } == UInt32(number))
    }
  }

  @Test func textsOfOneLetterInDifferentNumberDiffer() {
    var table = RawTextTable()
    for length in 0..<300 {
      let text = [UInt8](repeating: 0, count: length)
      let hash = text.withUnsafeBytes { table.hash($0) }
      #expect(table.find(hash) == nil, "length \(length)")
      table.insert(hash, UInt32(length))
    }
  }
}

@Suite struct ByteTextTests {
  @Test func aZeroOrOneByteIsFoundAnywhereAndNothingElseIs() {
    for length in 0...20 {
      var text = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37) | 2 }
      #expect(text.withUnsafeBytes { !$0.hasZeroOrOne })
      for at in 0..<length {
        for byte in [0, 1] as [UInt8] {
          let before = text[at]
          text[at] = byte
          #expect(text.withUnsafeBytes { $0.hasZeroOrOne }, "\(length) \(at)")
          text[at] = before
        }
      }
    }
    for byte in 2...255 as ClosedRange<UInt8> {
      #expect([UInt8](repeating: byte, count: 9).withUnsafeBytes { !$0.hasZeroOrOne })
    }
  }

  @Test func theLastOffsetOfAByteIsFoundInAnyLength() {
    for length in 0...40 {
      var text = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 91) & 0x7C }
      #expect(text.withUnsafeBytes { $0.lastOffset(of: 0x7D) } == nil)
      for at in 0..<length {
        text[at] = 0x7D
        #expect(text.withUnsafeBytes { $0.lastOffset(of: 0x7D) } == at)
      }
    }
  }

  @Test func timesRoundToTheNearestMillisecondExactly() {
    let cases: [(String, TimePrecision, Int64?)] = [
      ("1700215884.373", .seconds, 1_700_215_884_373),
      ("1700215884.372999907", .seconds, 1_700_215_884_373), ("-1.1", .seconds, -1100),
      ("0.0005", .seconds, 1), ("0.000499999", .seconds, 0), ("-0.0005", .seconds, -1),
      ("1.5e3", .seconds, 1_500_000), ("1767225602696499999", .nanoseconds, 1_767_225_602_696),
      ("1767225602696500000", .nanoseconds, 1_767_225_602_697), ("1500", .microseconds, 2),
      ("9007199254740992", .milliseconds, 9_007_199_254_740_992),
      ("9007199254740993", .milliseconds, nil), ("99999999999999999999", .nanoseconds, nil),
      ("NaN", .seconds, nil), ("", .seconds, nil), ("1_0", .seconds, nil), ("-", .seconds, nil),
    ]
    for (text, unit, expected) in cases {
      let found = Array(text.utf8).withUnsafeBytes { Instant($0, unit)?.rounded }
      #expect(found == expected, "\(text)")
    }
  }
}
