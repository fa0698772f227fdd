import MxJSON
import MxModel

/// Numbers of the text formats.
enum TextNumber {
  /// A decimal number, all of `bytes`, or nil.
  @inline(__always)
  static func decimal(_ bytes: UnsafeRawBufferPointer) -> Double? { FloatParser.parse(bytes) }

  /// `decimal`, and `NaN`, `Inf`, `Infinity` in letters of any case.
  @inline(__always)
  static func value(_ bytes: UnsafeRawBufferPointer) -> Double? {
    FloatParser.parse(bytes) ?? special(bytes)
  }

  @inline(never)
  private static func special(_ bytes: UnsafeRawBufferPointer) -> Double? {
    guard let value = FloatParser.parseWithSpecials(bytes) else { return nil }
    return value.isNaN ? OrdinaryNaN.value : value
  }
}
