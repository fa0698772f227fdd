import MxCodec
import Testing

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }

  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// Bytes from hex digits; blanks are ignored.
func bytes(hex: String) -> [UInt8] {
  var out: [UInt8] = []
  var high: UInt8?
  for character in hex.utf8 {
    let digit: UInt8
    switch character {
    case 0x30...0x39: digit = character - 0x30
    case 0x61...0x66: digit = character - 0x61 + 10
    default: continue
    }
    if let first = high {
      out.append(first << 4 | digit)
      high = nil
    } else {
      high = digit
    }
  }
  return out
}

func encoded(
  _ values: [Int64], runs: [Int32]? = nil, effort: Effort = .merged,
  encoder: ColumnEncoder = ColumnEncoder()
) -> [UInt8] {
  var out: [UInt8] = []
  let lengths = runs ?? [Int32(values.count)]
  values.withUnsafeBufferPointer { v in
    lengths.withUnsafeBufferPointer { r in
      encoder.encode(integers: v, runs: r, effort: effort, into: &out)
    }
  }
  return out
}

func encoded(
  _ values: [Double], runs: [Int32]? = nil, effort: Effort = .merged,
  encoder: ColumnEncoder = ColumnEncoder()
) -> [UInt8] {
  var out: [UInt8] = []
  let lengths = runs ?? [Int32(values.count)]
  values.withUnsafeBufferPointer { v in
    lengths.withUnsafeBufferPointer { r in
      encoder.encode(doubles: v, runs: r, effort: effort, into: &out)
    }
  }
  return out
}

/// What a decode gave: the bit patterns, or why not.
typealias Decoded = Result<[UInt64], CodecError>

func decodedDoubles(
  _ bytes: [UInt8], runs: [Int32], range: Range<Int>? = nil,
  decoder: ColumnDecoder = ColumnDecoder()
) -> Decoded {
  let asked = range ?? 0..<runs.count
  let count = runs[asked].reduce(0) { $0 + Int($1) }
  var out = [Double](repeating: 0, count: count)
  let result: Result<Void, CodecError> = bytes.withUnsafeBytes { b in
    runs.withUnsafeBufferPointer { r in
      out.withUnsafeMutableBufferPointer { o in
        do throws(CodecError) {
          try decoder.decodeDoubles(b, runs: r, range: asked, into: o)
          return .success(())
        } catch { return .failure(error) }
      }
    }
  }
  return result.map { out.map(\.bitPattern) }
}

func decodedIntegers(
  _ bytes: [UInt8], runs: [Int32], range: Range<Int>? = nil,
  decoder: ColumnDecoder = ColumnDecoder()
) -> Result<[Int64], CodecError> {
  let asked = range ?? 0..<runs.count
  let count = runs[asked].reduce(0) { $0 + Int($1) }
  var out = [Int64](repeating: 0, count: count)
  let result: Result<Void, CodecError> = bytes.withUnsafeBytes { b in
    runs.withUnsafeBufferPointer { r in
      out.withUnsafeMutableBufferPointer { o in
        do throws(CodecError) {
          try decoder.decodeIntegers(b, runs: r, range: asked, into: o)
          return .success(())
        } catch { return .failure(error) }
      }
    }
  }
  return result.map { out }
}
