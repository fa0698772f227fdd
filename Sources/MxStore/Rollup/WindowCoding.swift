/// Windows as a tier writes them: where all values are decimals of few places, extrema
/// and sums as distances from what the other columns say.
///
/// The sum of a window's doubles is a decimal but for the last bits, which come of the
/// values being the nearest doubles; stored apart, the decimal takes two bytes and the
/// rest one and a half, together 6.5 + 1.3 without (cpu-L, 5m, 2026-11). All arithmetic
/// is on whole numbers of the last place, so nothing is rounded; a window that would
/// not come back to the bit is written as it is, with 0 places.
///
///     places   of p > 0: values are decimals of p - 1 places, u = 10^(1-p)
///     maximum  (maximum - max(first, last)) / u
///     minimum  (min(first, last) - minimum) / u
///     sum      s / u - floor(count * (first + last + minimum + maximum) / u / 4),
///              where s is the decimal nearest to the sum
///     tail     sum + tail - s, scaled by s (see SumTail)
struct WindowCoder {
  private static let most = 9
  private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
  /// Whole numbers up to here are exact, and so are their sums of four.
  private static let limit = 9e14

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
      let maximum = whole(window.maximum, power), let minimum = whole(window.minimum, power),
      window.count < 1e6, window.count == window.count.rounded()
    else { return nil }
    let scaled = (window.sum * power).rounded()
    guard abs(scaled) < limit * 4 else { return nil }
    let sum = Int64(scaled)
    let decimal = Double(sum) / power
    var coded = window
    coded.maximum = Double(maximum - max(first, last))
    coded.minimum = Double(min(first, last) - minimum)
    coded.sum = Double(sum - expected(window.count, first, last, minimum, maximum))
    coded.tail = SumTail.scaled((window.sum - decimal) + window.tail, sum: decimal)
    coded.places = Double(places + 1)
    guard abs(coded.sum) < limit, decoded(coded).hasSameValues(as: window) else { return nil }
    return coded
  }

  /// `value` as a whole number of the last place; nil where it is no such decimal.
  @inline(__always)
  private static func whole(_ value: Double, _ power: Double) -> Int64? {
    let scaled = (value * power).rounded()
    guard abs(scaled) < limit else { return nil }
    let number = Int64(scaled)
    return (Double(number) / power).bitPattern == value.bitPattern ? number : nil
  }

  private static func expected(
    _ count: Double, _ first: Int64, _ last: Int64, _ minimum: Int64, _ maximum: Int64
  ) -> Int64 {
    // Below 2^63: four numbers under 9e14 by a count under 1e6, in two steps.
    let (quarter, rest) = (first &+ last &+ minimum &+ maximum).quotientAndRemainder(dividingBy: 4)
    let count = Int64(count)
    return quarter &* count &+ (rest &* count) / 4
  }

  /// The other way round.
  static func decoded(_ coded: Window) -> Window {
    var window = coded
    window.places = 0
    decode(
      coded.places, count: coded.count, first: coded.first, last: coded.last, &window.minimum,
      &window.maximum, &window.sum, &window.tail)
    return window
  }

  /// Makes values of a window's columns. Damaged numbers give wrong ones, never a trap.
  @inline(__always)
  static func decode(
    _ places: Double, count: Double, first: Double, last: Double, _ minimum: inout Double,
    _ maximum: inout Double, _ sum: inout Double, _ tail: inout Double
  ) {
    guard let power = power(places) else {
      tail = SumTail.unscaled(tail, sum: sum)
      return
    }
    guard
      let whole = Whole(power, count: count, first: first, last: last, minimum, maximum),
      let rest = distance(sum)
    else { return }
    maximum = Double(whole.most) / power
    minimum = Double(whole.least) / power
    whole.add(rest, power, &sum, &tail)
  }

  /// The same where no one asks for the extrema.
  @inline(__always)
  static func decodeSum(
    _ power: Double?, count: Double, first: Double, last: Double, minimum: Double,
    maximum: Double, _ sum: inout Double, _ tail: inout Double
  ) {
    guard let power else {
      tail = SumTail.unscaled(tail, sum: sum)
      return
    }
    guard
      let whole = Whole(power, count: count, first: first, last: last, minimum, maximum),
      let rest = distance(sum)
    else { return }
    whole.add(rest, power, &sum, &tail)
  }

  /// What a stored number of places stands for; nil where the window is as it is.
  static func power(_ places: Double) -> Double? {
    places >= 1 && places <= Double(powers.count) ? powers[Int(places) - 1] : nil
  }

  /// A window's values as whole numbers of the last place.
  private struct Whole {
    let most: Int64
    let least: Int64
    private let expectedSum: Int64

    @inline(__always)
    init?(
      _ power: Double, count: Double, first: Double, last: Double, _ below: Double,
      _ above: Double
    ) {
      guard let last = distance(nearest(last * power)),
        let first = distance(nearest(first * power)), let above = distance(above),
        let below = distance(below), count >= 0, count < 1e6
      else { return nil }
      most = max(first, last) &+ above
      least = min(first, last) &- below
      expectedSum = expected(nearest(count), first, last, least, most)
    }

    @inline(__always)
    func add(_ rest: Int64, _ power: Double, _ sum: inout Double, _ tail: inout Double) {
      let decimal = Double(rest &+ expectedSum) / power
      let part = SumTail.unscaled(tail, sum: decimal)
      sum = decimal + part
      tail = (decimal - sum) + part
    }
  }

  /// The nearest whole number of what is below 2^51, without a call (a decimal is
  /// never halfway between two).
  @inline(__always)
  private static func nearest(_ value: Double) -> Double { (value + 0x1.8p52) - 0x1.8p52 }

  @inline(__always)
  private static func distance(_ value: Double) -> Int64? {
    abs(value) < limit ? Int64(value) : nil
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
