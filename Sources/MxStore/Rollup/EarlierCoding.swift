/// Windows of tiers whose layout has column 12: read only. What wrote them is in format
/// version 1 of 2026-11.
///
///     places   0: as they are. p > 0: values are decimals of p - 1 places, u = 10^(1-p)
///     maximum  (maximum - max(first, last)) / u
///     minimum  (min(first, last) - minimum) / u
///     sum      s / u - floor(count * (first + last + minimum + maximum) / u / 4),
///              where s is the decimal nearest to the sum
///     tail     sum + tail - s, scaled by s (see SumTail)
enum EarlierCoding {
  /// Whole numbers up to here are exact, and so are their sums of four.
  private static let limit = 9e14

  /// Makes values of a window's columns. Damaged numbers give wrong ones, never a trap.
  static func decode(
    _ places: Double, count: Double, first: Double, last: Double, _ minimum: inout Double,
    _ maximum: inout Double, _ sum: inout Double, _ tail: inout Double
  ) {
    guard places >= 1, places <= Double(WindowCoder.powers.count) else {
      tail = SumTail.unscaled(tail, sum: sum)
      return
    }
    let power = WindowCoder.powers[Int(places) - 1]
    guard let last = whole(WindowCoder.nearest(last * power)),
      let first = whole(WindowCoder.nearest(first * power)), let above = whole(maximum),
      let below = whole(minimum), let rest = whole(sum), count >= 0, count < 1e6
    else { return }
    let most = max(first, last) &+ above
    let least = min(first, last) &- below
    maximum = Double(most) / power
    minimum = Double(least) / power
    let expected = expected(WindowCoder.nearest(count), first, last, least, most)
    let decimal = Double(rest &+ expected) / power
    let part = SumTail.unscaled(tail, sum: decimal)
    sum = decimal + part
    tail = (decimal - sum) + part
  }

  private static func expected(
    _ count: Double, _ first: Int64, _ last: Int64, _ minimum: Int64, _ maximum: Int64
  ) -> Int64 {
    // Below 2^63: four numbers under 9e14 by a count under 1e6, in two steps.
    let (quarter, rest) = (first &+ last &+ minimum &+ maximum).quotientAndRemainder(dividingBy: 4)
    let count = Int64(count)
    return quarter &* count &+ (rest &* count) / 4
  }

  private static func whole(_ value: Double) -> Int64? {
    abs(value) < limit ? Int64(value) : nil
  }
}
