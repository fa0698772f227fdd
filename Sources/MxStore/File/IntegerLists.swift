import MxCodec

/// Lists of integers in indexes and page heads: an `IntegerColumn` whose count
/// must be the one that is known from elsewhere.
extension [UInt8] {
  mutating func appendColumn(_ values: [Int64], with encoder: ColumnEncoder = ColumnEncoder()) {
    values.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &self, encoder: encoder) }
  }
}

extension ByteReader {
  mutating func column(
    _ count: Int, with decoder: ColumnDecoder = ColumnDecoder()
  ) throws(CodecError) -> [Int64] {
    let start = offset
    let values = try IntegerColumn.decode(&self, limit: count, decoder: decoder)
    guard values.count == count else { throw .malformed("length of a list", at: start) }
    return values
  }
}
