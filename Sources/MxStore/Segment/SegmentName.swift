import MxCodec

/// `0000000042-0000000051-9f3a…c1.seg`: the commits that a segment holds and its id, as the
/// name of its file. Names sort by age in a listing; the id alone makes them unique.
struct SegmentName: Hashable, Sendable {
  var first: UInt64
  var last: UInt64
  var id: UInt64

  static let suffix = ".seg"
  /// Digits of a number, with zeros in front; more where it is larger.
  private static let digits = 10

  init(first: UInt64, last: UInt64, id: UInt64) {
    self.first = first
    self.last = last
    self.id = id
  }

  /// Nil for every name that `text` would not write.
  init?(_ text: String) {
    var text = text
    guard let name = text.withUTF8({ SegmentName(bytes: UnsafeRawBufferPointer($0)) }) else {
      return nil
    }
    self = name
  }

  /// A directory holds thousands, and every commit looks at all of them.
  private init?(bytes: UnsafeRawBufferPointer) {
    let parts = bytes.count - SegmentName.suffix.utf8.count
    guard parts > 0, bytes[parts...].elementsEqual(SegmentName.suffix.utf8) else { return nil }
    var offset = 0
    guard let first = SegmentName.number(bytes, &offset),
      let last = SegmentName.number(bytes, &offset), first <= last, offset + 16 == parts,
      let id = SegmentName.id(bytes, from: offset)
    else { return nil }
    self.init(first: first, last: last, id: id)
  }

  var text: String {
    SegmentName.decimal(first) + "-" + SegmentName.decimal(last) + "-" + Hex.string(id)
      + SegmentName.suffix
  }

  /// A number and the dash behind it.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64? {
    let start = offset
    var value: UInt64 = 0
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "-") {
      let digit = bytes[offset] &- UInt8(ascii: "0")
      guard digit <= 9, value <= SegmentInfo.maxSequence / 10 else { return nil }
      value = value * 10 + UInt64(digit)
      offset += 1
    }
    let count = offset - start
    guard count >= digits, count == digits || bytes[start] != UInt8(ascii: "0"),
      value <= SegmentInfo.maxSequence
    else { return nil }
    offset += 1
    return value
  }

  private static func id(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> UInt64? {
    var value: UInt64 = 0
    for place in offset..<(offset + 16) {
      switch bytes[place] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(bytes[place] - 48)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(bytes[place] - 87)
      default: return nil
      }
    }
    return value
  }

  private static func decimal(_ number: UInt64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, self.digits - digits.count)) + digits
  }
}
