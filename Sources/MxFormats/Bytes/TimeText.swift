import MxTime

/// A moment as text said it: whole milliseconds and what is left, both with
/// the sign of the moment.
struct Instant: Comparable {
  var milliseconds: Int64
  /// -999,999 … 999,999.
  var nanoseconds: Int32

  /// To the nearest millisecond; exactly half a millisecond goes away from 1970.
  ///
  /// Nearest, not down: programs print a double of seconds with nine digits,
  /// and 12.372999907 was 12.373 when it was taken.
  @inline(__always)
  var rounded: Int64 {
    if nanoseconds >= 500_000 { return milliseconds &+ 1 }
    if nanoseconds <= -500_000 { return milliseconds &- 1 }
    return milliseconds
  }

  static func < (left: Instant, right: Instant) -> Bool {
    (left.milliseconds, left.nanoseconds) < (right.milliseconds, right.nanoseconds)
  }

  /// Times beyond ±2^53 ms (285,000 years) are refused, so that no later sum
  /// of a time and a duration can overflow.
  static let limit: Int64 = 1 << 53

  /// `value` units since 1970, nil beyond the limit.
  @inline(__always)
  init?(_ value: Int64, _ unit: TimePrecision) {
    self.init(magnitude: value.magnitude, fraction: 0, negative: value < 0, unit)
  }

  /// `magnitude` and `fraction` billionths of a unit.
  @inline(__always)
  init?(magnitude: UInt64, fraction: UInt64, negative: Bool, _ unit: TimePrecision) {
    let whole: UInt64
    let rest: UInt64
    switch unit {
    case .seconds:
      guard magnitude <= UInt64(Self.limit / 1000) else { return nil }
      whole = magnitude &* 1000 &+ fraction / 1_000_000
      rest = fraction % 1_000_000
    case .milliseconds:
      whole = magnitude
      rest = fraction / 1000
    case .microseconds:
      whole = magnitude / 1000
      rest = magnitude % 1000 &* 1000 &+ fraction / 1_000_000
    case .nanoseconds:
      whole = magnitude / 1_000_000
      rest = magnitude % 1_000_000
    }
    guard whole <= UInt64(Self.limit) else { return nil }
    milliseconds = negative ? 0 &- Int64(whole) : Int64(whole)
    nanoseconds = negative ? 0 &- Int32(rest) : Int32(rest)
  }

  /// `value` units as a double, nil where it is no number or beyond the limit.
  init?(_ value: Double, _ unit: TimePrecision) {
    guard value.magnitude < 9.2e18 else { return nil }
    let whole = value.rounded(.towardZero)
    let fraction = ((value - whole).magnitude * 1e9).rounded(.towardZero)
    self.init(
      magnitude: UInt64(whole.magnitude), fraction: UInt64(fraction), negative: value < 0, unit)
  }

  /// Reads `[+-]? digits [. digits]` exactly, and anything with an exponent
  /// through a double.
  init?(_ bytes: UnsafeRawBufferPointer, _ unit: TimePrecision) {
    guard let decimal = DecimalText(bytes) else {
      guard let value = TextNumber.decimal(bytes) else { return nil }
      self.init(value, unit)
      return
    }
    self.init(
      magnitude: decimal.whole, fraction: decimal.billionths, negative: decimal.negative, unit)
  }

  /// The same, with the unit that the magnitude suggests.
  init?(guessingUnit bytes: UnsafeRawBufferPointer) {
    if let decimal = DecimalText(bytes) {
      self.init(
        magnitude: decimal.whole, fraction: decimal.billionths, negative: decimal.negative,
        Self.unit(ofMagnitude: decimal.whole))
    } else if let value = TextNumber.decimal(bytes) {
      self.init(guessingUnit: value)
    } else {
      return nil
    }
  }

  /// A number of `precision` units (by magnitude where it is nil), or RFC 3339;
  /// a date and time without a zone is UTC.
  @inline(__always)
  init?(anyText bytes: UnsafeRawBufferPointer, _ precision: TimePrecision?) {
    if let number = MillisecondText.parse(bytes) {
      self.init(number, precision ?? Self.unit(ofMagnitude: number.magnitude))
    } else {
      self.init(rareText: bytes, precision)
    }
  }

  @inline(never)
  private init?(rareText bytes: UnsafeRawBufferPointer, _ precision: TimePrecision?) {
    if bytes.count >= 10, bytes[4] == Byte.minus, bytes[7] == Byte.minus {
      guard
        let stamp = RFC3339.parse(bytes)
          ?? RFC3339.parse(String(decoding: bytes.prefix(40), as: UTF8.self) + "Z")
      else { return nil }
      self.init(stamp)
    } else if let precision {
      self.init(bytes, precision)
    } else {
      self.init(guessingUnit: bytes)
    }
  }

  init?(_ stamp: Timestamp) {
    // Before 1970 the nanoseconds still count upwards: make both negative.
    let borrows = stamp.seconds < 0 && stamp.nanoseconds > 0
    let seconds = borrows ? stamp.seconds + 1 : stamp.seconds
    let fraction = borrows ? 1_000_000_000 - stamp.nanoseconds : stamp.nanoseconds
    self.init(
      magnitude: seconds.magnitude, fraction: UInt64(fraction), negative: stamp.seconds < 0,
      .seconds)
  }

  init?(guessingUnit value: Double) {
    guard value.magnitude < 9.2e18 else { return nil }
    self.init(value, Self.unit(ofMagnitude: UInt64(value.magnitude)))
  }

  /// The unit in which `magnitude` is a date people have samples of: seconds
  /// up to the year 5138, milliseconds from March 1973 on, and so forth.
  @inline(__always)
  static func unit(ofMagnitude magnitude: UInt64) -> TimePrecision {
    if magnitude < 100_000_000_000 { return .seconds }
    if magnitude < 100_000_000_000_000 { return .milliseconds }
    if magnitude < 100_000_000_000_000_000 { return .microseconds }
    return .nanoseconds
  }
}

/// `[+-]? digits [. digits]` taken apart, without rounding.
struct DecimalText {
  var negative = false
  var whole: UInt64 = 0
  /// The first nine digits behind the point; later ones are dropped.
  var billionths: UInt64 = 0

  /// Nil for anything else, and for more than 19 digits before the point.
  @inline(__always)
  init?(_ bytes: UnsafeRawBufferPointer) {
    var at = 0
    let count = bytes.count
    if at < count, bytes[at] == Byte.minus || bytes[at] == Byte.plus {
      negative = bytes[at] == Byte.minus
      at = 1
    }
    let start = at
    while at < count, Byte.isDigit(bytes[at]) {
      whole = whole &* 10 &+ UInt64(bytes[at] &- Byte.zero)
      at &+= 1
    }
    if at == start { return nil }
    // Zeros in front do not count, but text of this length is rare enough to go the long way.
    if at &- start > 19, !Self.fits(bytes.part(start..<at)) { return nil }
    if at == count { return }
    guard bytes[at] == Byte.point else { return nil }
    at &+= 1
    var scale: UInt64 = 100_000_000
    while at < count {
      guard Byte.isDigit(bytes[at]) else { return nil }
      billionths &+= UInt64(bytes[at] &- Byte.zero) &* scale
      scale /= 10
      at &+= 1
    }
  }

  @inline(never)
  private static func fits(_ digits: UnsafeRawBufferPointer) -> Bool {
    digits.drop { $0 == Byte.zero }.count <= 19
  }
}

/// A whole number of milliseconds, as the Prometheus text format has it.
enum MillisecondText {
  /// `[+-]? digits` of at most 18 digits; nil for anything else.
  @inline(__always)
  static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var at = 0
    let count = bytes.count
    var negative = false
    if at < count, bytes[at] == Byte.minus || bytes[at] == Byte.plus {
      negative = bytes[at] == Byte.minus
      at = 1
    }
    guard at < count, count &- at <= 18 else { return nil }
    var value: Int64 = 0
    while at < count {
      let digit = bytes[at] &- Byte.zero
      guard digit <= 9 else { return nil }
      value = value &* 10 &+ Int64(digit)
      at &+= 1
    }
    return negative ? 0 &- value : value
  }
}
