import MxCodec
import Testing

@Suite struct BytesTests {
  @Test func varintsAreAsDocumented() throws {
    for (value, hex) in [
      (UInt64(0), "00"), (1, "01"), (127, "7f"), (128, "80 01"), (300, "ac 02"),
      (UInt64.max, "ff ff ff ff ff ff ff ff ff 01"),
    ] {
      var out: [UInt8] = []
      Varint.append(value, to: &out)
      #expect(out == bytes(hex: hex))
      #expect(Varint.byteCount(value) == out.count)
      var offset = 0
      #expect(try out.withUnsafeBytes { try Varint.read($0, at: &offset) } == value)
      #expect(offset == out.count)
    }
    #expect(Varint.zigzag(-1) == 1)
    #expect(Varint.zigzag(1000) == 2000)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func anyVarintRoundTrips(seed: UInt64) throws {
    var g = SeededGenerator(seed: seed)
    var out: [UInt8] = []
    let values = (0..<200).map { _ in g.next() >> UInt64.random(in: 0...63, using: &g) }
    for value in values { out.append(varint: value) }
    for value in values { out.append(signedVarint: Int64(bitPattern: value)) }
    try out.withUnsafeBytes { (buffer) throws in
      var reader = ByteReader(buffer)
      for value in values { #expect(try reader.varint() == value) }
      for value in values { #expect(try reader.signedVarint() == Int64(bitPattern: value)) }
      try reader.finish()
    }
  }

  @Test func overlongVarintsAreRefusedAndMoveNothing() {
    for (hex, error) in [
      ("", CodecError.truncated(at: 0)), ("80", .truncated(at: 1)),
      ("ff ff ff ff ff ff ff ff ff 02", .varintTooLong(at: 0)),
      ("80 80 80 80 80 80 80 80 80 80 01", .varintTooLong(at: 0)),
    ] {
      bytes(hex: hex).withUnsafeBytes { buffer in
        var reader = ByteReader(buffer)
        #expect(throws: error) { try reader.varint() }
        #expect(reader.offset == 0)
      }
    }
  }

  @Test func fixedFieldsAreLittleEndianAndNeedNoAlignment() throws {
    var out: [UInt8] = [0xff]
    out.append(littleEndian: UInt16(0x0102))
    out.append(littleEndian: UInt32(0x0304_0506))
    out.append(littleEndian: UInt64(0x0708_090a_0b0c_0d0e))
    out.append(littleEndian: Int64(-2))
    out.append(littleEndian: Double(bitPattern: 0x7ff0_0000_0000_0002))
    #expect(
      out
        == bytes(
          hex: "ff 0201 06050403 0e0d0c0b0a090807 feffffffffffffff 020000000000f07f"))
    try out.withUnsafeBytes { (buffer) throws in
      var reader = ByteReader(buffer)
      #expect(try reader.uint8() == 0xff)
      #expect(try reader.uint16() == 0x0102)
      #expect(try reader.uint32() == 0x0304_0506)
      #expect(try reader.uint64() == 0x0708_090a_0b0c_0d0e)
      #expect(try reader.int64() == -2)
      #expect(try reader.double().bitPattern == 0x7ff0_0000_0000_0002)
      #expect(reader.isAtEnd)
      #expect(throws: CodecError.truncated(at: out.count)) { try reader.uint16() }
      #expect(throws: CodecError.truncated(at: out.count)) { try reader.bytes(1) }
    }
  }

  @Test func countsAreBoundedBeforeAnyoneReservesByThem() throws {
    try bytes(hex: "ff ff ff ff ff ff ff ff ff 01").withUnsafeBytes { (buffer) throws in
      var reader = ByteReader(buffer)
      #expect(throws: CodecError.tooLarge(limit: 1000)) { try reader.count(atMost: 1000) }
      #expect(reader.offset == 0)
      #expect(throws: CodecError.trailingBytes(at: 0)) { try reader.finish() }
      #expect(throws: CodecError.tooLarge(limit: .max)) { try reader.count(atMost: .max) }
      try reader.skip(10)
      #expect(reader.remaining == 0)
    }
  }
}
