import MxCodec
import Testing

@Suite struct DigestTests {
  /// Vectors of the published algorithm: texts, and the reference program's
  /// own generated buffer under its two seeds.
  @Test func xxh64MatchesThePublishedVectors() {
    #expect(XXH64.hash(Array("".utf8)) == 0xef46_db37_51d8_e999)
    #expect(XXH64.hash(Array("a".utf8)) == 0xd24e_c4f1_a98c_6e5b)
    #expect(XXH64.hash(Array("abc".utf8)) == 0x44bc_2cf5_ad77_0999)
    #expect(
      XXH64.hash(Array("Nobody inspects the spammish repetition".utf8)) == 0xfbce_a83c_8a37_8bf1)
    let buffer = referenceBuffer(222)
    let prime: UInt64 = 0x9e37_79b1
    for (length, seed, expected) in [
      (0, UInt64(0), UInt64(0xef46_db37_51d8_e999)), (0, prime, 0xac75_fda2_929b_17ef),
      (1, 0, 0xe934_a84a_db05_2768), (1, prime, 0x5014_6076_43a9_b4c3),
      (4, 0, 0x9136_a0dc_a574_57ee), (14, 0, 0x8282_dcc4_994e_35c8),
      (14, prime, 0xc3bd_6bf6_3deb_6df0), (222, 0, 0xb641_ae8c_b691_c174),
      (222, prime, 0x20cb_8ab7_ae10_c14a),
    ] {
      let hash = XXH64.hash(Array(buffer.prefix(length)), seed: seed)
      #expect(hash == expected, "\(length) bytes, seed \(seed): \(Hex.string(hash))")
    }
  }

  private func referenceBuffer(_ count: Int) -> [UInt8] {
    var out: [UInt8] = []
    var state: UInt64 = 0x9e37_79b1
    for _ in 0..<count {
      out.append(UInt8(truncatingIfNeeded: state >> 56))
      state = state &* 0x9e37_79b1_85eb_ca8d
    }
    return out
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func theCutsBetweenPiecesDoNotMatter(seed: UInt64) {
    var g = SeededGenerator(seed: seed)
    let all = (0..<Int.random(in: 0...300, using: &g)).map { _ in
      UInt8.random(in: 0...255, using: &g)
    }
    var hash = XXH64(seed: seed)
    var content = ContentHasher()
    var rest = all[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(Int.random(in: 0...70, using: &g)))
      hash.update(piece)
      content.update(piece)
      rest = rest.dropFirst(piece.count)
    }
    #expect(hash.value == XXH64.hash(all, seed: seed))
    #expect(content.value == ContentHash.of(all))
  }

  @Test func contentHashesPrintAndParse() {
    let hash = ContentHash.of(Array("mx".utf8))
    #expect(hash.description.utf8.count == 32)
    #expect(ContentHash(hex: hash.description) == hash)
    #expect(ContentHash(hex: hash.description.uppercased()) == hash)
    #expect(ContentHash(hex: String(hash.description.dropLast())) == nil)
    #expect(ContentHash(hex: hash.description + "0") == nil)
    #expect(ContentHash(hex: "g" + hash.description.dropFirst()) == nil)
    #expect(ContentHash(high: 1, low: 2).description == "00000000000000010000000000000002")
    #expect(ContentHash(high: 1, low: 9) < ContentHash(high: 2, low: 0))
    #expect(Hex.string([0, 0xab, 0xff]) == "00abff")
  }

  @Test func oneFlippedBitChangesBothHalvesOfAContentHash() {
    var data = (0..<100).map { UInt8($0) }
    let before = ContentHash.of(data)
    for bit in 0..<800 {
      data[bit / 8] ^= 1 << UInt8(bit % 8)
      let after = ContentHash.of(data)
      #expect(after.high != before.high && after.low != before.low)
      data[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }
}
