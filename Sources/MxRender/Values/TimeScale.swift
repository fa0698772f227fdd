import MxTime

/// A time axis: its range, and ticks where clocks of the zone are round.
struct TimeScale: Sendable {
  struct Tick: Equatable, Sendable {
    /// Milliseconds since 1970.
    var at: Int64
    var text: String
  }

  let from: Int64
  let to: Int64
  let zone: Zone
  let ticks: [Tick]

  /// Ticks at most `count`, at least two where the range allows.
  init(from: Int64, to: Int64, zone: Zone, count: Int) {
    self.from = from
    self.to = max(to, from + 1)
    self.zone = zone
    let least = (self.to - from) / Int64(max(count, 1))
    ticks = Self.ticks(from, self.to, zone, least: max(least, 1))
  }

  /// 0 at the start, 1 at the end.
  func position(_ time: Int64) -> Double {
    Double(time - from) / Double(to - from)
  }

  private static let second: Int64 = 1000
  private static let minute: Int64 = 60_000
  private static let hour: Int64 = 3_600_000
  private static let day: Int64 = 86_400_000

  private static let steps: [Int64] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, second, 2 * second, 5 * second, 10 * second,
    15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute,
    30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day,
  ]

  private static func ticks(_ from: Int64, _ to: Int64, _ zone: Zone, least: Int64) -> [Tick] {
    guard let step = steps.first(where: { $0 >= least }) else {
      return months(from, to, zone, least: least)
    }
    if step >= day { return days(from, to, zone, step: step / day) }
    var ticks: [Tick] = []
    var at = firstRound(from, step, zone)
    while at <= to && ticks.count < 200 {
      if at >= from { ticks.append(Tick(at: at, text: text(at, step, zone))) }
      at = next(at, step, zone)
    }
    return ticks
  }

  /// Round on the wall clock, so that 6-hour ticks stand at 00, 06, 12, 18 there.
  private static func firstRound(_ from: Int64, _ step: Int64, _ zone: Zone) -> Int64 {
    let offset = Int64(zone.offset(at: floorDivide(from, second))) * second
    return floorDivide(from + offset, step) * step - offset
  }

  private static func next(_ at: Int64, _ step: Int64, _ zone: Zone) -> Int64 {
    let after = at + step
    guard step > hour else { return after }
    // Over a change of the clock the distance is an hour more or less.
    let change =
      Int64(zone.offset(at: floorDivide(after, second)) - zone.offset(at: floorDivide(at, second)))
      * second
    return change.magnitude < step.magnitude ? after - change : after
  }

  private static func days(
    _ from: Int64, _ to: Int64, _ zone: Zone, step: Int64
  ) -> [Tick] {
    var ticks: [Tick] = []
    guard var number = zone.civil(milliseconds: from).dayNumber else { return [] }
    // Day 4 was a Monday: weeks begin there, pairs of days at even numbers.
    let phase: Int64 = step == 7 ? 4 : 0
    number = floorDivide(number - phase, step) * step + phase
    while ticks.count < 200 {
      let civil = Civil(day: number)
      guard let at = zone.instants(of: civil).map({ $0.first * second }), at <= to else { break }
      if at >= from { ticks.append(Tick(at: at, text: dayText(civil))) }
      number += step
    }
    return ticks
  }

  private static func months(
    _ from: Int64, _ to: Int64, _ zone: Zone, least: Int64
  ) -> [Tick] {
    let count = [1, 2, 3, 6, 12, 24, 60, 120, 600, 6000, 60_000].first {
      Int64($0) * (day * 30 + 10 * hour) >= least
    }
    guard let count else { return [] }
    let start = zone.civil(milliseconds: from)
    let monthNumber = Int64(start.year * 12 + start.month - 1)
    var number = floorDivide(monthNumber, Int64(count)) * Int64(count)
    var ticks: [Tick] = []
    while ticks.count < 200 {
      let civil = Civil(
        Int(floorDivide(number, 12)), Int(number - floorDivide(number, 12) * 12) + 1, 1)
      guard let at = zone.instants(of: civil).map({ $0.first * second }), at <= to else { break }
      let text =
        count >= 12
        ? String(civil.year) : DateText.pad(civil.year, 4) + "-" + DateText.pad(civil.month)
      if at >= from { ticks.append(Tick(at: at, text: text)) }
      number += Int64(count)
    }
    return ticks
  }

  /// The clock, and at midnight the date.
  private static func text(_ at: Int64, _ step: Int64, _ zone: Zone) -> String {
    let civil = zone.civil(milliseconds: at)
    if step >= minute && civil.hour == 0 && civil.minute == 0 && civil.second == 0 {
      return dayText(civil)
    }
    let clock = DateText.pad(civil.hour) + ":" + DateText.pad(civil.minute)
    if step >= minute { return clock }
    let seconds = clock + ":" + DateText.pad(civil.second)
    return step >= second ? seconds : seconds + "." + DateText.pad(civil.nanosecond / 1_000_000, 3)
  }

  private static func dayText(_ civil: Civil) -> String {
    DateText.pad(civil.month) + "/" + DateText.pad(civil.day)
  }

  static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
