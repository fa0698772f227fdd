/// A cursor over bytes that came from outside: every read is bounds-checked
/// and says where it ran out.
///
/// The reader borrows: the buffer must outlive it. All fixed-size integers
/// are little-endian and need no alignment.
package struct ByteReader {
  package let bytes: UnsafeRawBufferPointer
  /// Bytes consumed so far.
  package private(set) var offset: Int

  package init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    precondition(offset >= 0 && offset <= bytes.count, "BUG: reader starts outside its bytes")
    self.bytes = bytes
    self.offset = offset
  }

  /// Bytes not yet read.
  package var remaining: Int { bytes.count &- offset }
  package var isAtEnd: Bool { offset == bytes.count }

  package mutating func uint8() throws(CodecError) -> UInt8 {
    guard offset < bytes.count else { throw .truncated(at: bytes.count) }
    let value = bytes[offset]
    offset &+= 1
    return value
  }

  package mutating func uint16() throws(CodecError) -> UInt16 {
    UInt16(littleEndian: try fixed(UInt16.self))
  }

  package mutating func uint32() throws(CodecError) -> UInt32 {
    UInt32(littleEndian: try fixed(UInt32.self))
  }

  package mutating func uint64() throws(CodecError) -> UInt64 {
    UInt64(littleEndian: try fixed(UInt64.self))
  }

  package mutating func int64() throws(CodecError) -> Int64 {
    Int64(bitPattern: try uint64())
  }

  package mutating func double() throws(CodecError) -> Double {
    Double(bitPattern: try uint64())
  }

  package mutating func varint() throws(CodecError) -> UInt64 {
    try Varint.read(bytes, at: &offset)
  }

  package mutating func signedVarint() throws(CodecError) -> Int64 {
    Varint.unzigzag(try varint())
  }

  /// A varint that counts something: refused above `limit`, so that the
  /// caller may reserve memory by it.
  package mutating func count(atMost limit: Int) throws(CodecError) -> Int {
    let start = offset
    let value = try varint()
    guard value <= UInt64(clamping: limit) else {
      offset = start
      throw .tooLarge(limit: limit)
    }
    return Int(value)
  }

  /// The next `count` bytes, without copying them.
  package mutating func bytes(_ count: Int) throws(CodecError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw .truncated(at: bytes.count) }
    let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset &+ count)])
    offset &+= count
    return slice
  }

  package mutating func skip(_ count: Int) throws(CodecError) {
    _ = try bytes(count)
  }

  /// Throws unless everything was read.
  package func finish() throws(CodecError) {
    guard isAtEnd else { throw .trailingBytes(at: offset) }
  }

  @inline(__always)
  private mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type
  ) throws(CodecError) -> T {
    let size = MemoryLayout<T>.size
    guard size <= remaining else { throw .truncated(at: bytes.count) }
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    offset &+= size
    return value
  }
}
