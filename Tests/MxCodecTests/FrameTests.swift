import MxCodec
import Testing

/// Pushes `input` in pieces of `piece` bytes; returns all output.
private func inflated(
  _ input: [UInt8], piece: Int = 7, limits: Inflater.Limits = .init(), acceptsPlain: Bool = false
) throws -> [UInt8] {
  let inflater = Inflater(limits: limits, acceptsPlain: acceptsPlain)
  var out: [UInt8] = []
  var offset = 0
  while offset < input.count {
    let end = min(offset + piece, input.count)
    try input.withUnsafeBytes {
      try inflater.push(UnsafeRawBufferPointer(rebasing: $0[offset..<end])) {
        out.append(contentsOf: $0)
      }
    }
    offset = end
  }
  try inflater.finish { out.append(contentsOf: $0) }
  #expect(inflater.inputBytes == input.count)
  #expect(inflater.outputBytes == out.count)
  return out
}

private func gzip(_ input: [UInt8], level: Int = 6) -> [UInt8] {
  let deflater = Deflater(level: level)
  var out: [UInt8] = []
  input.withUnsafeBytes { deflater.push($0) { out.append(contentsOf: $0) } }
  deflater.finish { out.append(contentsOf: $0) }
  return out
}

private func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var g = SeededGenerator(seed: seed)
  let letters = Array("abcde 012345678\n".utf8)
  var out: [UInt8] = []
  out.reserveCapacity(count + 16)
  while out.count < count {
    var word = g.next()
    for _ in 0..<16 {
      out.append(letters[Int(word & 15)])
      word >>= 4
    }
  }
  return Array(out.prefix(count))
}

@Suite struct FrameTests {
  @Test(arguments: [0, 1, 5, 1000, 200_000])
  func blobsRoundTripAtEveryLevel(count: Int) throws {
    let input = text(count)
    for level in [1, 3, 9, 19] {
      let frame = ZstdCompressor(level: level).compress(input)
      #expect(try ZstdDecompressor().decompress(frame, limit: count) == input)
    }
  }

  @Test func aBlobBeyondItsLimitIsRefusedWhateverItsHeaderSays() {
    let frame = ZstdCompressor().compress([UInt8](repeating: 0, count: 1 << 20))
    #expect(throws: CodecError.tooLarge(limit: 1000)) {
      try ZstdDecompressor().decompress(frame, limit: 1000)
    }
  }

  @Test func aDamagedBlobIsAnError() {
    let input = text(300)
    let frame = ZstdCompressor().compress(input)
    let decompressor = ZstdDecompressor()
    for length in 0..<frame.count {
      #expect(throws: CodecError.self) {
        try decompressor.decompress(Array(frame.prefix(length)), limit: 1000)
      }
    }
    #expect(throws: CodecError.trailingBytes(at: frame.count)) {
      try decompressor.decompress(frame + [0], limit: 1000)
    }
    for bit in 0..<(frame.count * 8) {
      var damaged = frame
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      // Other bytes or an error, but never more than the limit.
      if let out = try? decompressor.decompress(damaged, limit: 1000) { #expect(out.count <= 1000) }
    }
  }

  @Test(arguments: [1, 3, 64, 1_000_000])
  func streamsInflateWhateverTheirPieces(piece: Int) throws {
    for count in [0, 1, 1000, 300_000] where count < 10_000 || piece > 3 {
      let input = text(count)
      #expect(try inflated(gzip(input), piece: piece) == input)
      #expect(try inflated(ZstdCompressor().compress(input), piece: piece) == input)
    }
  }

  @Test(arguments: [1, 5, 1_000_000])
  func membersAndFramesFollowEachOther(piece: Int) throws {
    let (a, b) = (text(1000, seed: 1), text(2000, seed: 2))
    #expect(try inflated(gzip(a) + gzip([]) + gzip(b), piece: piece) == a + b)
    #expect(try inflated(gzip(a) + [0, 0, 0], piece: piece) == a)
    let zstd = ZstdCompressor()
    let skippable = bytes(hex: "50 2a 4d 18 03 00 00 00 01 02 03")
    #expect(
      try inflated(skippable + zstd.compress(a) + skippable + zstd.compress(b), piece: piece)
        == a + b)
  }

  @Test(arguments: [1, 1_000_000])
  func everyStreamCutShortIsAnError(piece: Int) throws {
    let input = text(200)
    for stream in [gzip(input), ZstdCompressor().compress(input)] {
      for length in 0..<stream.count {
        #expect(throws: CodecError.self, "prefix of \(length)") {
          try inflated(Array(stream.prefix(length)), piece: piece)
        }
      }
      let second = gzip(input).count
      if stream[0] == 0x1f {
        #expect(throws: CodecError.truncated(at: second + 5)) {
          try inflated(stream + stream.prefix(5), piece: piece)
        }
      }
    }
  }

  @Test(arguments: [1, 1_000_000])
  func foreignBytesBehindAStreamAreAnError(piece: Int) {
    let input = text(200)
    let stream = gzip(input)
    #expect(throws: CodecError.trailingBytes(at: stream.count)) {
      try inflated(stream + Array("junk".utf8), piece: piece)
    }
    #expect(throws: CodecError.self) {
      try inflated(stream + [0, 0] + Array("junk".utf8), piece: piece)
    }
    #expect(throws: CodecError.self) {
      try inflated(ZstdCompressor().compress(input) + Array("junk".utf8), piece: piece)
    }
  }

  @Test func plainBytesPassOnlyWhereAccepted() throws {
    for input in [[], [0x1f], Array("up 1\n".utf8), Array("u".utf8)] as [[UInt8]] {
      #expect(throws: CodecError.notCompressed) { try inflated(input) }
      #expect(try inflated(input, acceptsPlain: true) == input)
    }
    #expect(StreamFormat.detect(bytes(hex: "1f 8b 08 00")) == .gzip)
    #expect(StreamFormat.detect(bytes(hex: "28 b5 2f fd")) == .zstd)
    #expect(StreamFormat.detect(bytes(hex: "28 b5 2f")) == .plain)
  }

  @Test func bombsEndInAnErrorSoon() {
    let bomb = gzip([UInt8](repeating: 0, count: 4 << 20))
    #expect(throws: CodecError.tooDense(ratio: 400)) { try inflated(bomb, piece: 4096) }
    let tight = ZstdCompressor().compress([UInt8](repeating: 0, count: 8 << 20))
    #expect(throws: CodecError.tooDense(ratio: 400)) { try inflated(tight, piece: 4096) }
    #expect(throws: CodecError.tooLarge(limit: 100_000)) {
      try inflated(gzip(text(200_000)), limits: .init(maxOutput: 100_000))
    }
  }

  @Test func aWindowBeyondTheLimitIsRefused() throws {
    let input = text(1_500_000)
    let frame = ZstdCompressor(level: 19).compress(input)
    #expect(throws: CodecError.self) {
      try inflated(frame, piece: 65_536, limits: .init(windowLog: 20))
    }
    #expect(try inflated(frame, piece: 65_536) == input)
  }

  @Test func flippedBitsOfAStreamNeverCrash() {
    let input = text(200)
    for stream in [gzip(input), ZstdCompressor().compress(input)] {
      for bit in 0..<(stream.count * 8) {
        var damaged = stream
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        do {
          _ = try inflated(damaged, piece: 50, acceptsPlain: true)
        } catch {
          #expect(error is CodecError)
        }
      }
    }
  }

  @Test func anErrorOfTheConsumerComesThroughAndLaterCallsStillFail() {
    struct Full: Error {}
    let inflater = Inflater()
    let stream = gzip(text(10))
    #expect(throws: Full.self) {
      try stream.withUnsafeBytes { try inflater.push($0) { _ in throw Full() } }
    }
    let refused = Inflater()
    #expect(throws: CodecError.notCompressed) {
      try Array("plain text".utf8).withUnsafeBytes { try refused.push($0) { _ in } }
    }
    #expect(throws: CodecError.notCompressed) { try refused.finish { _ in } }
  }

  @Test func gzipOfTheSameBytesIsTheSame() {
    #expect(gzip(text(5000)) == gzip(text(5000)))
  }
}
