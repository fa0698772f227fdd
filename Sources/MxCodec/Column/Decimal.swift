/// How a decimal's integer becomes its double again.
package enum DecimalMethod: UInt8, Sendable {
  /// `m / 10^e`: always right, bound by the divider.
  case divide = 0
  /// `m·h + m·l` with h the top 23 bits of 10^-e: for |m| < 2^30.
  case split30 = 1
  /// The same with the top 17 bits: for |m| < 2^36.
  case split36 = 2
}

/// Doubles that were decimal text once, as integers: `m = v · 10^e`.
///
/// A value belongs to exponent e if `m / 10^e` gives back every bit of it.
/// Integers of magnitude under 2^51 convert by adding 1.5·2^52 and reading the
/// mantissa, which needs no conversion instruction SSE2 lacks.
///
/// Division runs at a third of the speed of multiplication, so 10^-e is split
/// in h + l: h has so few bits that m·h is exact, m·l is tiny, and the sum is
/// rounded once but for rare ties. The encoder tries it on the values at hand
/// and divides where one bit differs.
enum Decimal {
  static let maxExponent = 10
  static let magicInteger: Int64 = 0x4338_0000_0000_0000
  static let magicDouble = 6_755_399_441_055_744.0
  /// Integers of a mapped column lie in -limit..<limit.
  static let limit: Int64 = 1 &<< 51

  /// 10^e, exact for every e ≤ 22.
  static func power(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent { result *= 10 }
    return result
  }

  /// 10^-e = high + low, high with its lowest `bits` bits clear.
  static func split(_ exponent: Int, bits: UInt64) -> (high: Double, low: Double) {
    let scale = power(exponent)
    let reciprocal = 1.0 / scale
    let high = Double(bitPattern: reciprocal.bitPattern & ~((1 &<< bits) &- 1))
    // The fused step keeps the remainder exact: low is right to its last bit.
    let low = (1.0).addingProduct(-high, scale) / scale
    return (high, low)
  }

  @inline(__always)
  static func toDouble(_ m: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: m &+ magicInteger)) - magicDouble
  }

  /// The order-preserving integer of a bit pattern, and back: its own inverse.
  @inline(__always)
  static func flip(_ bits: Int64) -> Int64 { bits ^ ((bits &>> 63) & Int64.max) }

  /// Turns `count` mapped integers at `values` into the bit patterns of their
  /// doubles, in place. Any Int64 is safe; outside ±2^51 the result is junk.
  static func convert(
    _ values: UnsafeMutablePointer<Int64>, count: Int, kind: ColumnKind, exponent: Int,
    method: DecimalMethod
  ) {
    switch (kind, method) {
    case (.bits, _):
      for i in 0..<count { values[i] = flip(values[i]) }
    case (.integer, _):
      for i in 0..<count { values[i] = pattern(toDouble(values[i])) }
    case (.decimal, .divide):
      let scale = power(exponent)
      for i in 0..<count { values[i] = pattern(toDouble(values[i]) / scale) }
    case (.decimal, .split30), (.decimal, .split36):
      let (high, low) = split(exponent, bits: method == .split30 ? 30 : 36)
      for i in 0..<count {
        let m = toDouble(values[i])
        values[i] = pattern(m * high + m * low)
      }
    }
  }

  /// The fastest method that gives every value of `values` back as division
  /// would, all of them being mapped with `exponent`.
  static func fastestMethod(
    _ values: UnsafeMutablePointer<Int64>, count: Int, exponent: Int
  ) -> DecimalMethod {
    var magnitude: UInt64 = 0
    for i in 0..<count { magnitude |= UInt64(bitPattern: values[i] ^ (values[i] &>> 63)) }
    let width = 64 &- magnitude.leadingZeroBitCount
    guard width <= 36 else { return .divide }
    let bits: UInt64 = width <= 30 ? 30 : 36
    let scale = power(exponent)
    let (high, low) = split(exponent, bits: bits)
    var wrong: UInt64 = 0
    for i in 0..<count {
      let m = toDouble(values[i])
      wrong |= (m * high + m * low).bitPattern ^ (m / scale).bitPattern
    }
    guard wrong == 0 else { return .divide }
    return bits == 30 ? .split30 : .split36
  }

  @inline(__always)
  private static func pattern(_ x: Double) -> Int64 { Int64(bitPattern: x.bitPattern) }
}
