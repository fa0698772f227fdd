/// Decimal text to an exact Int64: what does not fit is refused, never rounded.
package enum IntegerParser {
  /// `[+-]? digits`, all of `bytes`.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var at = 0
    var negative = false
    if let first = bytes.first, first == 0x2D || first == 0x2B {
      negative = first == 0x2D
      at = 1
    }
    guard at < bytes.count else { return nil }
    // Downwards, because there is one more negative number than positive ones.
    var value: Int64 = 0
    while at < bytes.count {
      let digit = bytes[at] &- 0x30
      guard digit <= 9 else { return nil }
      let tenfold = value.multipliedReportingOverflow(by: 10)
      let next = tenfold.partialValue.subtractingReportingOverflow(Int64(digit))
      if tenfold.overflow || next.overflow { return nil }
      value = next.partialValue
      at &+= 1
    }
    if negative { return value }
    return value == .min ? nil : 0 - value
  }

  package static func parse(_ text: String) -> Int64? {
    FloatParser.withBytes(of: text) { parse($0) }
  }
}
