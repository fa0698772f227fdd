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
