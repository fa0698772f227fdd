/// Appending the fixed-size little-endian fields `ByteReader` reads.
extension [UInt8] {
  package mutating func append(littleEndian value: UInt16) { appendBytes(of: value.littleEndian) }
  package mutating func append(littleEndian value: UInt32) { appendBytes(of: value.littleEndian) }
  package mutating func append(littleEndian value: UInt64) { appendBytes(of: value.littleEndian) }

  package mutating func append(littleEndian value: Int64) {
    append(littleEndian: UInt64(bitPattern: value))
  }

  /// The eight bytes of the bit pattern: NaN payloads survive.
  package mutating func append(littleEndian value: Double) {
    append(littleEndian: value.bitPattern)
  }

  package mutating func append(varint value: UInt64) { Varint.append(value, to: &self) }
  package mutating func append(varint value: Int) {
    precondition(value >= 0, "BUG: negative count \(value)")
    Varint.append(UInt64(value), to: &self)
  }
  package mutating func append(signedVarint value: Int64) {
    Varint.append(signed: value, to: &self)
  }

  @inline(__always)
  private mutating func appendBytes<T: FixedWidthInteger>(of value: T) {
    Swift.withUnsafeBytes(of: value) { self.append(contentsOf: $0) }
  }
}
