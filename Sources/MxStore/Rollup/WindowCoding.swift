/// Windows as a tier writes them: where all values are decimals of few places, extrema
/// and sums as distances from what the other columns say.
///
/// The sum of a window's doubles is a decimal but for what the nearest doubles of its
/// values are off by: a few last places of the smallest, whatever the decimal is. So both
/// are stored apart, the rest as a count of such places from the multiple of them that is
/// nearest to the decimal: under half a byte, and 1.5 as the distance from the decimal's
/// own nearest double (cpu-L, 5m, 2026-11). A window that would not come back to the bit
/// is written as it is, with form 0.
///
///     form     16 + p of p > 0: values are decimals of p - 1 places, u = 10^(1-p)
///     maximum  (maximum - max(first, last)) / u     these two change columns where
///     minimum  (min(first, last) - minimum) / u     last < 0
///     sum      s - round(count * (4 * (first + last) / u - 5 * i) / 8), halves to the even;
///              s * u is the decimal nearest to the sum, i column 1, less than 0 where it
///              is the maximum's
///     tail     (sum + tail - q) / g - round((s - q * P) / P / g), where P = 10^(p-1), q is
///              the double s / P, and g the last place of the extremum that is nearer to
///              0, or of u if that is 0 or last has not its sign
///
/// Earlier tiers have column 12 instead (`EarlierCoding`).
struct WindowCoder {
  private static let most = 9
  static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
  /// Whole numbers below this are rounded without a call (`nearest`), and sums of two
  /// of them are exact.
  private static let limit = 0x1p51
  private static let firstForm = 17.0

  /// The places of the window before: its neighbours mostly have as many.
  private var places = 0

  /// `window` as it is written. `stored` has been asked of it.
  mutating func coded(_ window: Window) -> Window {
    if window.count > 0, let found = decimal(window) { return found }
    var coded = window
    coded.tail = SumTail.scaled(window.tail, sum: window.sum)
    return coded
  }

  private mutating func decimal(_ window: Window) -> Window? {
    if let coded = WindowCoder.coded(window, places) { return coded }
    for other in 0...WindowCoder.most where other != places {
      guard let coded = WindowCoder.coded(window, other) else { continue }
      places = other
      return coded
    }
    return nil
  }

  private static func coded(_ window: Window, _ places: Int) -> Window? {
    let power = powers[places]
    guard let last = whole(window.last, power), let first = whole(window.first, power),
      let maximum = whole(window.maximum, power), let minimum = whole(window.minimum, power)
    else { return nil }
    let whole = (window.sum * power).rounded()
    guard abs(whole) < limit else { return nil }
    var coded = window
    coded.form = firstForm + Double(places)
    coded.maximum = maximum - max(first, last)
    coded.minimum = min(first, last) - minimum
    if last < 0 { swap(&coded.minimum, &coded.maximum) }
    let most = 4 * abs(first + last) + 5 * abs(coded.minimum)
    guard window.count * most < limit * 8 else { return nil }
    let told = WholeSums(
      power, count: window.count, first: window.first, last: window.last,
      inner: coded.minimum)
    coded.sum = whole - told.expected[0]
    let rest = told.rest(of: SIMD2(repeating: whole))
    coded.tail =
      ((window.sum - rest.quotient[0]) + window.tail) / told.place[0] - rest.places[0]
    return decoded(coded).hasSameValues(as: window) ? coded : nil
  }

  /// `value` as a whole number of the last place; nil where it is no such decimal.
  @inline(__always)
  private static func whole(_ value: Double, _ power: Double) -> Double? {
    let scaled = (value * power).rounded()
    guard abs(scaled) < limit else { return nil }
    // Not -0 for 0.
    return (scaled / power).bitPattern == value.bitPattern ? scaled + 0 : nil
  }

  /// The other way round.
  static func decoded(_ coded: Window) -> Window {
    var window = coded
    window.form = 0
    guard let power = power(coded.form) else {
      EarlierCoding.decode(
        coded.form, count: coded.count, first: coded.first, last: coded.last, &window.minimum,
        &window.maximum, &window.sum, &window.tail)
      return window
    }
    let told = WholeSums(
      power, count: coded.count, first: coded.first, last: coded.last, inner: coded.minimum)
    let total = told.total(
      SIMD2(repeating: coded.sum), tail: SIMD2(repeating: coded.tail))
    (window.sum, window.tail) = (total.sum[0], total.tail[0])
    decodeExtrema(
      power, first: coded.first, last: coded.last, &window.minimum, &window.maximum)
    return window
  }

  @inline(__always)
  static func decodeExtrema(
    _ power: Double, first: Double, last: Double, _ minimum: inout Double,
    _ maximum: inout Double
  ) {
    let whole = (first: nearest(first * power), last: nearest(last * power))
    if whole.last < 0 { swap(&minimum, &maximum) }
    minimum = (min(whole.first, whole.last) - minimum) / power
    maximum = (max(whole.first, whole.last) + maximum) / power
  }

  /// What one place of a window's values stands for; nil where it is told another way.
  static func power(_ form: Double) -> Double? {
    let places = form - firstForm
    return places >= 0 && places <= Double(most) ? powers[Int(places)] : nil
  }

  /// The nearest whole number of what is below 2^51, without a call (a decimal is
  /// never halfway between two).
  @inline(__always)
  static func nearest(_ value: Double) -> Double { (value + 0x1.8p52) - 0x1.8p52 }
}

/// What the other columns of two windows say of their sums. Doubles throughout, whole
/// numbers where it matters, and no branch: damaged numbers give wrong ones, never a trap.
struct WholeSums {
  private typealias Bits = SIMD2<UInt64>
  private static let sign = UInt64(1) << 63
  private static let exponent = UInt64(0x7ff) << 52

  private let power: Double
  /// As many values as there are samples, between the first and the last one, and below
  /// them by more than half of what the minimum is: a walk's mean, as far as column 1, which
  /// `place` needs anyway, tells it.
  let expected: SIMD2<Double>
  /// The last place of the value that is nearest to 0, as far as is known, and 1 by that.
  let place: SIMD2<Double>
  private let perPlace: SIMD2<Double>

  @inline(__always)
  init(_ power: Double, count: Double, first: Double, last: Double, inner: Double) {
    self.init(
      power, counts: SIMD2(repeating: count), firsts: SIMD2(repeating: first),
      lasts: SIMD2(repeating: last), inner: SIMD2(repeating: inner))
  }

  /// `inner`: column 1.
  @inline(__always)
  init(
    _ power: Double, counts: SIMD2<Double>, firsts: SIMD2<Double>, lasts: SIMD2<Double>,
    inner: SIMD2<Double>
  ) {
    self.power = power
    let first = WholeSums.nearest(firsts * power)
    let last = WholeSums.nearest(lasts * power)
    // As if the last value were positive.
    let side = unsafeBitCast(last, to: Bits.self) & WholeSums.sign
    let below = WholeSums.flipped(inner, side) * 5
    expected = WholeSums.nearest(counts * ((first + last) * 4 - below) * 0.125)
    let near = WholeSums.lesser(WholeSums.flipped(first, side), WholeSums.flipped(last, side))
    let nearest = WholeSums.greater(near - inner, SIMD2(repeating: 1)) / power
    let exponents = unsafeBitCast(nearest, to: Bits.self) & WholeSums.exponent
    place = unsafeBitCast(exponents &- (52 << 52), to: SIMD2<Double>.self)
    perPlace = unsafeBitCast(
      Bits(repeating: (2046 + 52) << 52) &- exponents, to: SIMD2<Double>.self)
  }

  /// Sums and tails from columns 3 and 4.
  @inline(__always)
  func total(
    _ sums: SIMD2<Double>, tail: SIMD2<Double>
  ) -> (sum: SIMD2<Double>, tail: SIMD2<Double>) {
    let rest = rest(of: sums + expected)
    let part = (tail + rest.places) * place
    let sum = rest.quotient + part
    return (sum, (rest.quotient - sum) + part)
  }

  /// The double nearest to a decimal, and how many places that is off.
  @inline(__always)
  func rest(
    of whole: SIMD2<Double>
  ) -> (quotient: SIMD2<Double>, places: SIMD2<Double>) {
    let quotient = whole / power
    // Exact: no power has more than 21 bits, and 27 of the quotient's are taken apart.
    let high = unsafeBitCast(
      unsafeBitCast(quotient, to: Bits.self) & ~0x7ff_ffff, to: SIMD2<Double>.self)
    let lacks = (whole - high * power) - (quotient - high) * power
    return (quotient, WholeSums.nearest(lacks / power * perPlace))
  }

  @inline(__always)
  private static func nearest(_ values: SIMD2<Double>) -> SIMD2<Double> {
    (values + 0x1.8p52) - 0x1.8p52
  }

  @inline(__always)
  private static func flipped(_ values: SIMD2<Double>, _ side: Bits) -> SIMD2<Double> {
    unsafeBitCast(unsafeBitCast(values, to: Bits.self) ^ side, to: SIMD2<Double>.self)
  }

  @inline(__always)
  private static func magnitude(_ values: SIMD2<Double>) -> SIMD2<Double> {
    unsafeBitCast(unsafeBitCast(values, to: Bits.self) & ~sign, to: SIMD2<Double>.self)
  }

  /// Exact for whole numbers below 2^51, and without a branch.
  @inline(__always)
  private static func lesser(_ one: SIMD2<Double>, _ other: SIMD2<Double>) -> SIMD2<Double> {
    (one + other - magnitude(one - other)) * 0.5
  }

  @inline(__always)
  private static func greater(_ one: SIMD2<Double>, _ other: SIMD2<Double>) -> SIMD2<Double> {
    (one + other + magnitude(one - other)) * 0.5
  }
}

extension Window {
  /// The same bits where the coding might change them.
  fileprivate func hasSameValues(as other: Window) -> Bool {
    minimum.bitPattern == other.minimum.bitPattern
      && maximum.bitPattern == other.maximum.bitPattern && sum.bitPattern == other.sum.bitPattern
      && tail.bitPattern == other.tail.bitPattern
  }
}
