import MxCodec
import Testing

/// Bytes that no encoder wrote. A column has no checksum of its own, so a
/// flipped bit may give other numbers; it may never trap, hang, reserve by an
/// unchecked number or touch memory outside its bytes and its output. (These
/// tests are also run under the address sanitizer.)
@Suite struct ColumnDamageTests {
  struct Sample {
    let name: String
    let runs: [Int32]
    let column: [UInt8]
  }

  /// One column of each shape, small, in one and in many runs.
  private static let samples: [Sample] = {
    var out: [Sample] = []
    let encoder = ColumnEncoder()
    var g = SeededGenerator(seed: 77)
    for shape in Shape.allCases {
      for runs in [[300], [100, 0, 7, 1, 1, 191], [5], [1, 1, 1]] as [[Int32]] {
        let count = runs.reduce(0) { $0 + Int($1) }
        let values = shape.doubles(count, using: &g)
        for effort in [Effort.fresh, .merged, .index] {
          let name = "\(shape) \(effort) \(runs)"
          let column = encoded(values, runs: runs, effort: effort, encoder: encoder)
          out.append(Sample(name: name, runs: runs, column: column))
        }
      }
    }
    return out
  }()

  @Test func everyPrefixIsRefused() {
    let decoder = ColumnDecoder()
    for sample in Self.samples {
      let (name, runs, column) = (sample.name, sample.runs, sample.column)
      for length in 0..<column.count where length < 60 || length % 11 == 0 {
        let result = decodedDoubles(Array(column.prefix(length)), runs: runs, decoder: decoder)
        if case .success = result { Issue.record("\(name): prefix of \(length) was accepted") }
      }
      let longer = decodedDoubles(column + [0], runs: runs, decoder: decoder)
      #expect(longer == .failure(.trailingBytes(at: column.count)), "\(name)")
    }
  }

  @Test func everyFlippedBitGivesNumbersOrAnError() {
    let decoder = ColumnDecoder()
    for sample in Self.samples {
      let (name, runs, column) = (sample.name, sample.runs, sample.column)
      let count = runs.reduce(0) { $0 + Int($1) }
      for bit in 0..<(column.count * 8) where column.count < 60 || bit < 200 || bit % 41 == 0 {
        var damaged = column
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        if case .success(let values) = decodedDoubles(damaged, runs: runs, decoder: decoder) {
          #expect(values.count == count, "\(name)")
        }
        _ = decodedIntegers(damaged, runs: runs, range: 0..<1, decoder: decoder)
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func randomBytesGiveNumbersOrAnError(seed: UInt64) {
    var g = SeededGenerator(seed: seed)
    let decoder = ColumnDecoder()
    for _ in 0..<500 {
      var bytes = (0..<Int.random(in: 0...80, using: &g)).map { _ in
        UInt8.random(in: 0...255, using: &g)
      }
      // Mostly a plausible start, so that the inner parts are reached.
      if bytes.count > 3, g.next() & 3 > 0 {
        bytes[0] &= 0xe2
        bytes[1] &= 0x1f
        bytes[2] &= 0x3f
      }
      let runs = randomRuns(Int.random(in: 0...600, using: &g), using: &g)
      _ = decodedDoubles(bytes, runs: runs, decoder: decoder)
      _ = decodedIntegers(bytes, runs: runs, decoder: decoder)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func severalDamagedBytesGiveNumbersOrAnError(seed: UInt64) {
    var g = SeededGenerator(seed: seed)
    let decoder = ColumnDecoder()
    for sample in Self.samples {
      var damaged = sample.column
      for _ in 0..<Int.random(in: 1...4, using: &g) {
        damaged[Int.random(in: 0..<min(damaged.count, 40), using: &g)] =
          UInt8.random(in: 0...255, using: &g)
      }
      _ = decodedDoubles(damaged, runs: sample.runs, decoder: decoder)
    }
  }

  /// The runs come from another part of the file, which may be damaged too.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func runsThatDoNotBelongToTheColumnGiveNumbersOrAnError(seed: UInt64) {
    var g = SeededGenerator(seed: seed)
    let decoder = ColumnDecoder()
    for sample in Self.samples {
      let runs = randomRuns(Int.random(in: 0...600, using: &g), using: &g)
      let low = Int.random(in: 0...runs.count, using: &g)
      _ = decodedDoubles(sample.column, runs: runs, range: low..<runs.count, decoder: decoder)
    }
  }

  @Test func impossibleRunsAreRefused() {
    let column = encoded([1, 2, 3] as [Int64])
    func decode(_ runs: [Int32], room: Int) -> CodecError? {
      var out = [Int64](repeating: 0, count: room)
      return column.withUnsafeBytes { b in
        runs.withUnsafeBufferPointer { r in
          out.withUnsafeMutableBufferPointer { o in
            do throws(CodecError) {
              try ColumnDecoder().decodeIntegers(b, runs: r, into: o)
              return nil
            } catch { return error }
          }
        }
      }
    }
    #expect(decode([3], room: 3) == nil)
    #expect(decode([3], room: 2) == .malformed("value count", at: 0))
    #expect(decode([-1, 4], room: 3) == .malformed("run length", at: 0))
    #expect(decode([.max, .max, 5], room: 3) == .tooLarge(limit: 65_536))
    #expect(decode([65_537], room: 3) == .tooLarge(limit: 65_536))
    #expect(decode([Int32](repeating: 0, count: 65_537), room: 0) == .tooLarge(limit: 65_536))
    #expect(decode([], room: 0) == .trailingBytes(at: 0))
  }

  @Test(
    arguments: [
      // One value; header fields that nobody writes.
      ("", CodecError.truncated(at: 0)),
      ("03 00 00", .unknownKind(3)),
      ("10 00 00", .unknownKind(16)),
      ("1f 00 00", .unknownKind(31)),
      ("00 20 00", .malformed("shape", at: 1)),
      ("00 08 00", .malformed("shape", at: 1)),
      ("00 1a 02 00 00", .malformed("shape", at: 1)),
      ("01 00 0b 00", .malformed("decimal", at: 2)),
      ("01 00 31 00", .malformed("decimal", at: 2)),
      ("00 01 00 00", .malformed("width", at: 2)),
      ("00 01 41 00", .malformed("width", at: 2)),
      ("80 00 00 01", .malformed("gcd", at: 3)),
      ("80 00 00 00", .malformed("gcd", at: 3)),
      ("00 00 00 00", .trailingBytes(at: 3)),
      ("00 01 08 00", .truncated(at: 4)),
      // A frame longer than the column, and one that is none.
      ("00 02 08 00 7f", .tooLarge(limit: 5)),
      ("00 02 08 00 02 aa bb", .malformed("symbols", at: 0)),
      // Delta leaves no residual of one value: it must be constant.
      ("00 05 08 00 00 aa", .malformed("shape", at: 5)),
      // Patch lists: none, too many, out of range.
      ("20 00 00 00", .malformed("list count", at: 3)),
      ("20 00 00 02 00 00 00", .tooLarge(limit: 1)),
      ("20 00 00 01 00 00 02 00 00 00", .malformed("list position", at: 3)),
      ("20 00 00 01 00 00 01 00 00 00", .malformed("list position", at: 3)),
      // A nested column with patches of its own.
      ("20 00 00 01 20 00 00 00 00 00", .malformed("nested column", at: 4)),
      ("40 00 00 01 01 00 00 00 00 00", .malformed("nested column", at: 4)),
    ])
  func headersNobodyWritesAreRefused(hex: String, error: CodecError) {
    #expect(decodedDoubles(bytes(hex: hex), runs: [1]) == .failure(error), "\(hex)")
  }

  @Test func integersAreNotReadFromColumnsOfDoubles() {
    for values in [[1.5, 2.5, 3.25], [0.1 + 0.2, .pi, 1e300], [1, .nan, 3, 4, 5, 6]] {
      let column = encoded(values)
      #expect(
        decodedIntegers(column, runs: [Int32(values.count)])
          == .failure(.malformed("kind", at: 0)))
    }
  }

  /// A constant column of a few bytes may stand for many values, but only as
  /// many as the caller made room for.
  @Test func aFewBytesNeverBecomeMoreThanTheRunsSay() {
    let column = bytes(hex: "00 00 0e")
    let result = decodedIntegers(column, runs: [65_536])
    #expect(result == .success([Int64](repeating: 7, count: 65_536)))
  }
}
