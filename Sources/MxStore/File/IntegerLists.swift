import MxCodec

/// Lists of integers in indexes and page heads: a length and a column.
///
///     size  field
///     1…10  bytes of the column, varint
///     …     column of MxCodec, one run of all values (docs/format-columns.md)
///
/// The number of values is known from elsewhere; none takes no bytes but the length.
extension [UInt8] {
  mutating func appendColumn(_ values: [Int64]) {
    var column: [UInt8] = []
    IntegerColumn.encode(values, into: &column)
    append(varint: column.count)
    self += column
  }
}

extension ByteReader {
  mutating func column(_ count: Int) throws(CodecError) -> [Int64] {
    let length = try self.count(atMost: remaining)
    return try IntegerColumn.decode(try bytes(length), count: count)
  }
}
