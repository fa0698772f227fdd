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
  init?(_ text: some StringProtocol) {
    guard text.hasSuffix(SegmentName.suffix) else { return nil }
    let parts = text.utf8.dropLast(SegmentName.suffix.utf8.count).split(
      separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 3, let first = SegmentName.number(parts[0]),
      let last = SegmentName.number(parts[1]), first <= last, let id = SegmentName.id(parts[2])
    else { return nil }
    self.init(first: first, last: last, id: id)
  }

  var text: String {
    SegmentName.decimal(first) + "-" + SegmentName.decimal(last) + "-" + Hex.string(id)
      + SegmentName.suffix
  }

  private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
    guard digits.count >= self.digits else { return nil }
    if digits.count > self.digits, digits.first == UInt8(ascii: "0") { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit), value < .max / 10 - 1 else {
        return nil
      }
      value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
    }
    return value <= SegmentInfo.maxSequence ? value : nil
  }

  private static func id(_ digits: some Collection<UInt8>) -> UInt64? {
    guard digits.count == 16 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - 48)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - 87)
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
