/// A date and time of day as a wall calendar and clock show it, in no zone.
///
/// Proleptic Gregorian, year 0 is 1 BC. The conversions hold for every instant
/// of an Int64 of milliseconds, some 292 million years both ways, and trap
/// nowhere: a date out of that range is nil.
package struct Civil: Equatable, Hashable, Sendable {
  package var year: Int
  /// 1 to 12.
  package var month: Int
  /// 1 to 31.
  package var day: Int
  package var hour = 0
  package var minute = 0
  package var second = 0
  package var nanosecond = 0

  package init(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0,
    nanosecond: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
  }

  /// What a clock at UTC shows `seconds` after 1970.
  package init(secondsSince1970 seconds: Int64, nanosecond: Int = 0) {
    let (days, rest) = Self.floorDivide(seconds, 86_400)
    self = Civil(day: days)
    hour = Int(rest) / 3600
    minute = Int(rest) / 60 % 60
    second = Int(rest) % 60
    self.nanosecond = nanosecond
  }

  package init(millisecondsSince1970 milliseconds: Int64) {
    let (seconds, rest) = Self.floorDivide(milliseconds, 1000)
    self.init(secondsSince1970: seconds, nanosecond: Int(rest) * 1_000_000)
  }

  /// Midnight of a day, by its number since 1970-01-01.
  ///
  /// Counted from 1 March of year 0: February, with its leap day, ends the year
  /// then, and months have the lengths of a line of slope 153/5.
  package init(day number: Int64) {
    // Beyond Int64 milliseconds there is nothing to ask for; wrapping is harmless.
    let shifted = number &+ 719_468
    let era = Self.floorDivide(shifted, 146_097)
    let dayOfEra = era.remainder
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
    let year = Int(yearOfEra + era.quotient * 400) + (month <= 2 ? 1 : 0)
    self.init(year, month, Int(dayOfYear - (153 * marchMonth + 2) / 5) + 1)
  }

  /// The farthest years of which all arithmetic here stays within Int64.
  package static let years = -290_000_000...290_000_000

  /// The number of this day since 1970-01-01. Months and days out of their range
  /// carry over, within reason: month 13 is January of the next year.
  package var dayNumber: Int64? {
    guard Self.years.contains(year), (-10_000...10_000).contains(month),
      (-1_000_000...1_000_000).contains(day)
    else { return nil }
    let (carriedYears, monthIndex) = Self.floorDivide(Int64(month - 1), 12)
    let marchYear = Int64(year) + carriedYears - (monthIndex < 2 ? 1 : 0)
    let marchMonth = (monthIndex + 10) % 12
    let (era, yearOfEra) = Self.floorDivide(marchYear, 400)
    let dayOfYear = (153 * marchMonth + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// As if this were shown by a clock at UTC.
  package var secondsSince1970: Int64? {
    guard let days = dayNumber, abs(hour) <= 100_000, abs(minute) <= 1_000_000,
      abs(second) <= 100_000_000
    else { return nil }
    return days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }

  /// Parts of a millisecond are cut off.
  package var millisecondsSince1970: Int64? {
    guard let seconds = secondsSince1970 else { return nil }
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? nil : scaled + Int64(nanosecond / 1_000_000)
  }

  static func floorDivide(
    _ value: Int64, _ divisor: Int64
  ) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

// MARK: - The calendar

extension Civil {
  package static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  /// 28 to 31; 0 for a month that is none.
  package static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 1, 3, 5, 7, 8, 10, 12: 31
    case 4, 6, 9, 11: 30
    case 2: isLeap(year) ? 29 : 28
    default: 0
    }
  }

  /// Whether all fields are in range, the day within its month.
  package var isValid: Bool {
    (1...12).contains(month) && day >= 1 && day <= Self.days(inMonth: month, of: year)
      && (0...23).contains(hour) && (0...59).contains(minute) && (0...59).contains(second)
      && (0..<1_000_000_000).contains(nanosecond)
  }

  /// Sunday is 0, Saturday 6.
  package var weekday: Int {
    // 1970-01-01 was a Thursday.
    Int(Self.floorDivide((dayNumber ?? 0) + 4, 7).remainder)
  }

  /// From 1.
  package var dayOfYear: Int {
    Int((dayNumber ?? 0) - (Civil(year, 1, 1).dayNumber ?? 0)) + 1
  }

  /// ISO 8601: weeks start on Monday, and belong to the year of their Thursday.
  package var isoWeek: (year: Int, week: Int) {
    let mondayBased = (weekday + 6) % 7
    let thursday = Civil(day: (dayNumber ?? 0) + Int64(3 - mondayBased))
    return (thursday.year, (thursday.dayOfYear - 1) / 7 + 1)
  }
}
