import Glibc

/// The shortest decimal digits that read back as a given double.
///
/// value = 0.d1 d2 d3 … × 10^point, without trailing zeros; zero has no digits.
/// Of finite values only, and of their magnitude: the sign is the caller's.
struct DecimalDigits {
  /// 17 digits are always enough.
  private(set) var digits = InlineArray<20, UInt8>(repeating: 0)
  private(set) var count = 0
  private(set) var point = 0

  init(_ value: Double) {
    if value == 0 { return }
    takeDescription(value.magnitude)
    dropTrailingZeros()
  }

  /// Zero, integers and values of at most four decimals; nil for all others.
  @inline(__always)
  init?(quick magnitude: Double) {
    if magnitude == 0 { return }
    guard takeScaled(magnitude) else { return nil }
    dropTrailingZeros()
  }

  private mutating func dropTrailingZeros() {
    while count > 0, digits[count - 1] == 0x30 { count -= 1 }
  }

  /// A decimal of at most 15 digits is the only one of that many that reads as
  /// its double, so no shorter one can be another. Four decimals cover most of
  /// what people measure, twice as fast as the general way.
  @inline(__always)
  private mutating func takeScaled(_ magnitude: Double) -> Bool {
    guard magnitude < 1e11, magnitude >= 1e-4 else {
      guard magnitude < 1e15, magnitude >= 1, magnitude.rounded() == magnitude else { return false }
      takeInteger(UInt64(magnitude), decimals: 0)
      return true
    }
    let whole = (magnitude * 10_000).rounded()
    guard whole / 10_000 == magnitude else { return false }
    takeInteger(UInt64(whole), decimals: 4)
    return true
  }

  private mutating func takeInteger(_ whole: UInt64, decimals: Int) {
    var rest = whole
    var length = 0
    while rest > 0 {
      rest /= 10
      length += 1
    }
    rest = whole
    for index in stride(from: length - 1, through: 0, by: -1) {
      digits[index] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
      rest /= 10
    }
    count = length
    point = length - decimals
  }

  /// Swift's own description has the shortest digits, in one of two spellings:
  /// `0.00123` or `1.23e-20`.
  private mutating func takeDescription(_ magnitude: Double) {
    var exponent = 0
    var negativeExponent = false
    var part = Part.whole
    var text = magnitude.description
    text.withUTF8 { bytes in
      for byte in bytes {
        switch byte {
        case 0x2E: part = .fraction
        case 0x65: part = .exponent
        case 0x2D: negativeExponent = true
        case 0x2B: break
        default:
          if part == .exponent {
            exponent = exponent &* 10 &+ Int(byte &- 0x30)
          } else {
            takeDigit(byte, isFraction: part == .fraction)
          }
        }
      }
    }
    point += negativeExponent ? -exponent : exponent
  }

  private enum Part { case whole, fraction, exponent }

  private mutating func takeDigit(_ byte: UInt8, isFraction: Bool) {
    if count == 0, byte == 0x30 {
      if isFraction { point -= 1 }
      return
    }
    // Swift writes 2^53 and more as `1.8014398509481984e+16`, so only zeros can
    // stand beyond the room there is; they move the point all the same.
    if count < 20 {
      digits[count] = byte
      count += 1
    }
    if !isFraction { point += 1 }
  }
}
