/// Unsigned integers in as many bytes as they need: LEB128, low seven bits
/// first, the top bit of a byte set while more follow.
///
/// Lengths, counts and small differences fill these files, and most are under
/// 128. Ten bytes hold any `UInt64`; an encoding may not be longer, and the
/// tenth byte may be only 0 or 1. Leading zero groups (`80 00`) are accepted:
/// no reader needs them refused, since every varint lies under a checksum.
///
/// Example: 300 is `ac 02`; zigzag(-1) is `01`, zigzag(1000) is `d0 0f`.
package enum Varint {
  /// Longest encoding, in bytes.
  package static let maxBytes = 10

  /// Appends `value` to `out`.
  package static func append(_ value: UInt64, to out: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest &>>= 7
    }
    out.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends `value` in zigzag, so that small negative numbers stay short.
  package static func append(signed value: Int64, to out: inout [UInt8]) {
    append(zigzag(value), to: &out)
  }

  /// The number of bytes `append(value)` writes.
  package static func byteCount(_ value: UInt64) -> Int {
    max(1, (70 &- value.leadingZeroBitCount) / 7)
  }

  /// 0, -1, 1, -2 … become 0, 1, 2, 3 ….
  @inline(__always)
  package static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
  }

  @inline(__always)
  package static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value &>> 1) ^ (0 &- Int64(bitPattern: value & 1))
  }

  /// Reads one varint of `bytes` at `offset` and moves `offset` behind it.
  /// After an error `offset` is where it was.
  package static func read(
    _ bytes: UnsafeRawBufferPointer, at offset: inout Int
  ) throws(CodecError) -> UInt64 {
    guard offset >= 0, offset < bytes.count else { throw .truncated(at: bytes.count) }
    let first = bytes[offset]
    if first < 0x80 {
      offset &+= 1
      return UInt64(first)
    }
    var value = UInt64(first & 0x7f)
    var shift: UInt64 = 7
    var index = offset &+ 1
    while index < bytes.count {
      let byte = bytes[index]
      index &+= 1
      if shift == 63, byte > 1 { throw .varintTooLong(at: offset) }
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 {
        offset = index
        return value
      }
      shift &+= 7
    }
    throw .truncated(at: bytes.count)
  }
}
