/// A column's header with everything placed: what lies where, and that all of
/// it lies inside the bytes.
struct ColumnLayout {
  var header: ColumnHeader
  /// Residuals in the column: values, less one a filled run under delta.
  var residuals: Int
  /// First value of a single run under delta.
  var first: Int64 = 0
  var frame = UnsafeRawBufferPointer(start: nil, count: 0)
  var low = UnsafeRawBufferPointer(start: nil, count: 0)

  init(_ header: ColumnHeader, values: Int, filledRuns: Int) {
    self.header = header
    residuals = header.isDelta ? values &- filledRuns : values
  }

  /// Takes the frame and the low bits, the last parts of a column.
  mutating func readBody(_ reader: inout ByteReader) throws(CodecError) {
    let start = reader.offset
    if header.residual == .constant { return }
    // Nothing to code means nothing to read: the encoder writes constant.
    guard residuals > 0 else { throw .malformed("shape", at: start) }
    frame = try reader.bytes(header.symbolBytes)
    low = try reader.bytes(BitPacking.byteCount(residuals, width: header.lowBits))
  }
}
