/// An array of integers as columns: run lengths, offsets, symbol ids, sorted
/// postings.
///
/// Such arrays may be longer than a column and are read in parts, so they are
/// cut in blocks of 16,384, each with its length in front to be skipped by.
/// Sorted lists become bit-packed differences, long runs of one value a few
/// patches, repeated sequences (the ids of `le` under each histogram) matches.
///
///     offset  size  field
///     0       v     count of values
///     …       v     bytes of the next block's column   ┐ for each 16,384
///     …       …     the column, one run (ColumnFormat) ┘ values begun
///
/// It delimits itself: what follows the last block is not looked at.
///
/// Example: 7, 7, 7 is `03 03 00 00 0e`: three values, three bytes of column,
/// integer, constant, base 7.
package enum IntegerColumn {
  package static let blockValues = 16_384
  // A block is at least a length, kind, shape and base.
  private static let smallestBlock = 4

  /// Appends `values`. Pass an encoder to reuse its scratch.
  package static func encode(
    _ values: UnsafeBufferPointer<Int64>, into out: inout [UInt8],
    encoder: ColumnEncoder = ColumnEncoder()
  ) {
    out.append(varint: values.count)
    var block: [UInt8] = []
    var start = 0
    while start < values.count {
      let end = min(start + blockValues, values.count)
      block.removeAll(keepingCapacity: true)
      withRun(of: end - start) { run in
        encoder.encode(
          integers: UnsafeBufferPointer(rebasing: values[start..<end]), runs: run,
          effort: .index, into: &block)
      }
      out.append(varint: block.count)
      out.append(contentsOf: block)
      start = end
    }
  }

  package static func encode(_ values: [Int64]) -> [UInt8] {
    var out: [UInt8] = []
    values.withUnsafeBufferPointer { encode($0, into: &out) }
    return out
  }

  package static func encode(_ values: [UInt32]) -> [UInt8] {
    encode(values.map { Int64($0) })
  }

  /// Decodes all values from `reader`, which then stands behind them. At most
  /// `limit` values: constant ones take no bytes, so the bytes bound little.
  package static func decode(
    _ reader: inout ByteReader, limit: Int, decoder: ColumnDecoder = ColumnDecoder()
  ) throws(CodecError) -> [Int64] {
    let count = try readCount(&reader, limit: limit)
    var out = [Int64](repeating: 0, count: count)
    var start = 0
    while start < count {
      let end = min(start + blockValues, count)
      let column = try readBlock(&reader)
      try decodeBlock(column, into: &out, start..<end, decoder)
      start = end
    }
    return out
  }

  /// Decodes all of `bytes`.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, limit: Int, decoder: ColumnDecoder = ColumnDecoder()
  ) throws(CodecError) -> [Int64] {
    var reader = ByteReader(bytes)
    let values = try decode(&reader, limit: limit, decoder: decoder)
    try reader.finish()
    return values
  }

  /// Decodes values that must all fit 32 bits, such as ids.
  package static func decodeUInt32(
    _ reader: inout ByteReader, limit: Int, decoder: ColumnDecoder = ColumnDecoder()
  ) throws(CodecError) -> [UInt32] {
    let start = reader.offset
    let wide = try decode(&reader, limit: limit, decoder: decoder)
    var all: Int64 = 0
    for value in wide { all |= value }
    guard all >= 0, all <= Int64(UInt32.max) else {
      throw .malformed("32-bit integer", at: start)
    }
    return wide.map { UInt32(truncatingIfNeeded: $0) }
  }

  /// Decodes only values `range`, and only the blocks they lie in. The range
  /// may not pass the count.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, range: Range<Int>, decoder: ColumnDecoder = ColumnDecoder()
  ) throws(CodecError) -> [Int64] {
    var reader = ByteReader(bytes)
    let count = try readCount(&reader, limit: Int.max)
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw .malformed("range of integers", at: 0)
    }
    if range.isEmpty { return [] }
    let first = range.lowerBound / blockValues
    let last = (range.upperBound - 1) / blockValues
    for _ in 0..<first { _ = try readBlock(&reader) }
    let start = first * blockValues
    let end = min((last + 1) * blockValues, count)
    var out = [Int64](repeating: 0, count: end - start)
    var position = 0
    while position < out.count {
      let next = min(position + blockValues, out.count)
      try decodeBlock(try readBlock(&reader), into: &out, position..<next, decoder)
      position = next
    }
    return Array(out[(range.lowerBound - start)..<(range.upperBound - start)])
  }

  // MARK: Parts

  private static func readCount(
    _ reader: inout ByteReader, limit: Int
  ) throws(CodecError) -> Int {
    let count = try reader.count(atMost: limit)
    // Before memory is reserved: are there bytes enough for that many blocks?
    let blocks = count / blockValues + (count % blockValues > 0 ? 1 : 0)
    guard blocks <= reader.remaining / smallestBlock else {
      throw .truncated(at: reader.bytes.count)
    }
    return count
  }

  private static func readBlock(
    _ reader: inout ByteReader
  ) throws(CodecError) -> UnsafeRawBufferPointer {
    let size = try reader.count(atMost: reader.bytes.count)
    return try reader.bytes(size)
  }

  private static func decodeBlock(
    _ column: UnsafeRawBufferPointer, into out: inout [Int64], _ range: Range<Int>,
    _ decoder: ColumnDecoder
  ) throws(CodecError) {
    let result: Result<Void, CodecError> = out.withUnsafeMutableBufferPointer { all in
      withRun(of: range.count) { run in
        do throws(CodecError) {
          try decoder.decodeIntegers(
            column, runs: run, into: UnsafeMutableBufferPointer(rebasing: all[range]))
          return .success(())
        } catch { return .failure(error) }
      }
    }
    try result.get()
  }

  private static func withRun<R>(of count: Int, _ body: (UnsafeBufferPointer<Int32>) -> R) -> R {
    var length = Int32(truncatingIfNeeded: count)
    return withUnsafePointer(to: &length) { body(UnsafeBufferPointer(start: $0, count: 1)) }
  }
}
