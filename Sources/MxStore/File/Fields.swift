import MxCodec

/// Tagged fields: how manifests and segment footers say what they know, so
/// that a later version can say more.
///
///     size   field
///     1      tag: 1…127, plus 0x80 where a reader that does not know it must refuse
///     1…10   length of the value in bytes, varint
///     n      value
///
/// Fields stand in ascending order of their tag without the critical bit; a
/// tag may repeat where it is a list. Example: tag 5, critical, value 2a: `85 01 2a`.
struct FieldWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ tag: UInt8, critical: Bool = true, _ value: [UInt8]) {
    bytes.append(critical ? tag | 0x80 : tag)
    bytes.append(varint: value.count)
    bytes += value
  }

  mutating func add(_ tag: UInt8, critical: Bool = true, varint value: UInt64) {
    var encoded: [UInt8] = []
    encoded.append(varint: value)
    add(tag, critical: critical, encoded)
  }

  mutating func add(_ tag: UInt8, critical: Bool = true, signed value: Int64) {
    var encoded: [UInt8] = []
    encoded.append(signedVarint: value)
    add(tag, critical: critical, encoded)
  }

  mutating func add(_ tag: UInt8, critical: Bool = true, _ hash: ContentHash) {
    add(tag, critical: critical, hash.bytes)
  }

  mutating func add(_ tag: UInt8, critical: Bool = true, _ text: String) {
    add(tag, critical: critical, Array(text.utf8))
  }
}

/// Walks the fields of `FieldWriter`.
struct FieldReader {
  private var reader: ByteReader

  init(_ bytes: UnsafeRawBufferPointer) { reader = ByteReader(bytes) }

  /// The next field: its tag, whether it is critical, and a reader over its value.
  mutating func next() throws(CodecError) -> (tag: UInt8, critical: Bool, value: ByteReader)? {
    if reader.isAtEnd { return nil }
    let start = reader.offset
    let tag = try reader.uint8()
    guard tag & 0x7f != 0 else { throw .malformed("field tag", at: start) }
    let length = try reader.count(atMost: reader.remaining)
    return (tag & 0x7f, tag & 0x80 != 0, ByteReader(try reader.bytes(length)))
  }
}

extension ByteReader {
  /// A varint that must be all that is left, as `FieldWriter.add(varint:)` wrote it.
  mutating func onlyVarint() throws(CodecError) -> UInt64 {
    let value = try varint()
    try finish()
    return value
  }

  mutating func onlySigned() throws(CodecError) -> Int64 {
    let value = try signedVarint()
    try finish()
    return value
  }

  mutating func onlyHash() throws(CodecError) -> ContentHash {
    let value = try hash()
    try finish()
    return value
  }

  mutating func hash() throws(CodecError) -> ContentHash {
    let high = try uint64()
    return ContentHash(high: high, low: try uint64())
  }

  mutating func rest() throws(CodecError) -> UnsafeRawBufferPointer { try bytes(remaining) }
}

extension ContentHash {
  /// High word, low word, each little-endian: 16 bytes.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    result.append(littleEndian: high)
    result.append(littleEndian: low)
    return result
  }
}

/// `withUnsafeBytes` that keeps the type of what `body` throws.
func withBytes<R, E: Error>(
  of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(E) -> R
) throws(E) -> R {
  let result: Result<R, E> = bytes.withUnsafeBytes { buffer in
    do throws(E) { return .success(try body(buffer)) } catch { return .failure(error) }
  }
  return try result.get()
}
