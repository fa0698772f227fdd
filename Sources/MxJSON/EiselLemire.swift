/// The double nearest to `mantissa × 10^exponent`, from one or two 64-bit
/// products instead of big integers.
///
/// The power of ten is 5^q · 2^q; 5^q comes from a table cut to 128 bits. The
/// error of the cut can reach the rounding bit only in cases which the second
/// product settles, so the answer is always the correctly rounded one, ties to
/// even, subnormals and infinity included.
enum EiselLemire {
  /// `mantissa` must be the exact decimal mantissa. Overflow gives infinity.
  @inline(__always)
  static func nearest(_ mantissa: UInt64, exponent: Int) -> Double {
    if mantissa == 0 || exponent < PowersOfFive.smallestExponent { return 0 }
    if exponent > PowersOfFive.largestExponent { return .infinity }
    let leadingZeros = mantissa.leadingZeroBitCount
    let (high, low) = product(mantissa &<< UInt64(leadingZeros), exponent)
    let upperBit = Int(high &>> 63)
    let shift = UInt64(upperBit &+ 9)
    // 54 bits: the 53 of a double and one to round by.
    var bits = high &>> shift
    // 217706 / 2^16 is log2(10) to the precision that |exponent| <= 342 needs.
    var power = ((217_706 &* exponent) &>> 16) &+ 63 &+ upperBit &- leadingZeros &+ 1023
    if power <= 0 { return subnormal(bits, power) }
    // Exactly between two doubles, which only small powers can be: to even.
    if low <= 1, exponent >= -4, exponent <= 23, bits & 3 == 1, bits &<< shift == high {
      bits &-= 1
    }
    bits = (bits &+ (bits & 1)) &>> 1
    if bits >= 1 &<< 53 {
      bits = 1 &<< 52
      power &+= 1
    }
    if power >= 2047 { return .infinity }
    return Double(bitPattern: (bits & ((1 &<< 52) &- 1)) | (UInt64(power) &<< 52))
  }

  /// The top 128 bits of `normalised × 5^exponent`, exact where it matters.
  @inline(__always)
  private static func product(
    _ normalised: UInt64, _ exponent: Int
  ) -> (high: UInt64, low: UInt64) {
    let index = (exponent &- PowersOfFive.smallestExponent) &* 2
    var (high, low) = normalised.multipliedFullWidth(by: PowersOfFive.words[index])
    // All ones below the rounding bit: a carry from the next word could ripple up.
    if high & 0x1FF == 0x1FF {
      let next = normalised.multipliedFullWidth(by: PowersOfFive.words[index &+ 1]).high
      let sum = low.addingReportingOverflow(next)
      low = sum.partialValue
      if sum.overflow { high &+= 1 }
    }
    return (high, low)
  }

  private static func subnormal(_ bits: UInt64, _ power: Int) -> Double {
    let shift = 1 &- power
    if shift >= 64 { return 0 }
    let shifted = bits &>> UInt64(shift)
    let rounded = (shifted &+ (shifted & 1)) &>> 1
    // Rounding up may reach 2^52, whose bit pattern is the smallest normal number.
    return Double(bitPattern: rounded)
  }
}
