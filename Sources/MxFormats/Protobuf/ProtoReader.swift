/// Reads the fields of one protobuf message, without copying.
///
/// Nothing nests by itself: who meets a message field makes a reader of its
/// bytes, so the depth is that of the code.
struct ProtoReader {
  struct Fault: Error {
    /// From the start of this message.
    var offset: Int
    var what: StaticString
  }

  struct Field {
    var number: Int
    /// A varint's or fixed number's bits.
    var bits: UInt64 = 0
    /// A string's, bytes' or message's bytes; nil for numbers.
    var bytes: UnsafeRawBufferPointer?
    /// Where it began, its tag included, and where it ended.
    var start: Int
    var end: Int

    var double: Double { Double(bitPattern: bits) }
    var int64: Int64 { Int64(bitPattern: bits) }
    var text: String { bytes?.text ?? "" }
    var message: ProtoReader { ProtoReader(bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)) }
    /// Zigzag, as sint32 and sint64 are.
    var signed: Int64 { Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1) }
  }

  let bytes: UnsafeRawBufferPointer
  private(set) var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next field, nil at the message's end.
  @inline(__always)
  mutating func next() throws(Fault) -> Field? {
    if at == bytes.count { return nil }
    let start = at
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 <= 0x1FFF_FFFF else {
      throw Fault(offset: start, what: "a bad tag")
    }
    var field = Field(number: Int(tag >> 3), start: start, end: start)
    switch tag & 7 {
    case 0: field.bits = try varint()
    case 1: field.bits = try fixed(8)
    case 5: field.bits = try fixed(4)
    case 2:
      let length = try varint()
      guard length <= UInt64(bytes.count - at) else {
        throw Fault(offset: start, what: "a field longer than its message")
      }
      field.bytes = bytes.part(at..<at + Int(length))
      at += Int(length)
    default: throw Fault(offset: start, what: "an unknown wire type")
    }
    field.end = at
    return field
  }

  @inline(__always)
  mutating func varint() throws(Fault) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while at < bytes.count {
      let byte = bytes[at]
      at &+= 1
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
      if shift > 63 { break }
    }
    throw Fault(offset: at, what: "a number that does not end")
  }

  private mutating func fixed(_ size: Int) throws(Fault) -> UInt64 {
    guard size <= bytes.count - at else { throw Fault(offset: at, what: "a number cut short") }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[at + index]) << (8 * UInt64(index)) }
    at += size
    return value
  }

  /// The next message of a run of length-prefixed ones, nil at the end.
  mutating func delimited() throws(Fault) -> ProtoReader? {
    if at == bytes.count { return nil }
    let start = at
    let length = try varint()
    guard length <= UInt64(bytes.count - at) else {
      throw Fault(offset: start, what: "a message longer than the input")
    }
    let message = ProtoReader(bytes.part(at..<at + Int(length)))
    at += Int(length)
    return message
  }

  /// Appends all numbers of a repeated field, packed or not. A packed number is
  /// at least one byte, so the result is bounded by the input.
  static func append(
    _ field: Field, fixed: Bool, to numbers: inout [UInt64]
  ) throws(Fault) {
    guard let packed = field.bytes else {
      numbers.append(field.bits)
      return
    }
    var reader = ProtoReader(packed)
    while reader.at < packed.count {
      numbers.append(fixed ? try reader.fixed(8) : try reader.varint())
    }
  }
}
