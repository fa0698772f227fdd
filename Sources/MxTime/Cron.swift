/// A cron schedule: minute, hour, day of month, month and day of week.
///
/// `*`, numbers, names (`mon`, `jan`, first three letters), ranges `a-b`, lists
/// with commas and steps `/n`; Sunday is 0 and 7; `@hourly @daily @midnight
/// @weekly @monthly @yearly @annually`. As in every cron: where day of month
/// *and* day of week are restricted (neither starts with `*`), either is enough.
///
/// On the days when clocks are changed:
///
/// - A schedule for certain hours fires once for each time it names. A time that
///   is skipped fires when the clock jumps over it, and one that comes twice
///   fires the first time: a nightly job runs every night, and once.
/// - A schedule for every hour (its hour field starts with `*`) follows the clock
///   as it is: nothing fires in an hour that does not exist, and an hour that
///   comes twice fires twice, so the steps in real time stay even.
package struct Cron: Equatable, Sendable {
  package let text: String
  /// Bit n: minute n.
  private let minutes: UInt64
  private let hours: UInt64
  private let days: UInt64
  private let months: UInt64
  private let weekdays: UInt64
  private let everyHour: Bool
  private let eitherDay: Bool

  package init(_ text: String) throws(TimeError) {
    self.text = text
    let fields = try Self.fields(text)
    minutes = try Field(text, fields[0], "minute", 0...59).bits
    let hourField = try Field(text, fields[1], "hour", 0...23)
    let dayField = try Field(text, fields[2], "day of month", 1...31)
    months = try Field(text, fields[3], "month", 1...12, names: Names.months, firstName: 1).bits
    let weekdayField = try Field(
      text, fields[4], "day of week", 0...7, names: Names.weekdays, firstName: 0)
    hours = hourField.bits
    days = dayField.bits
    weekdays = (weekdayField.bits | weekdayField.bits >> 7) & 0x7F
    everyHour = hourField.startsWithStar
    eitherDay = !dayField.startsWithStar && !weekdayField.startsWithStar
  }

  /// The first time after `milliseconds` that it fires; nil for a date which no
  /// year has, such as 30 February.
  package func next(after milliseconds: Int64, in zone: Zone) -> Int64? {
    let (seconds, _) = Civil.floorDivide(milliseconds, 1000)
    guard let today = zone.civil(milliseconds: milliseconds).dayNumber else { return nil }
    // A day earlier: a skipped midnight fires on the day after. 29 February can
    // be eight years away, and forty cover a weekday with it.
    for day in (today - 1)...(today + 41 * 366) where fires(on: Civil(day: day)) {
      if let first = instants(on: Civil(day: day), in: zone).first(where: { $0 > seconds }) {
        let (scaled, overflow) = first.multipliedReportingOverflow(by: 1000)
        return overflow ? nil : scaled
      }
    }
    return nil
  }

  /// All times of firing after `start`, up to and with `end`, at most `limit`.
  package func times(
    after start: Int64, through end: Int64, in zone: Zone, limit: Int
  ) -> [Int64] {
    var found: [Int64] = []
    var last = start
    while found.count < limit, let next = next(after: last, in: zone), next <= end {
      found.append(next)
      last = next
    }
    return found
  }

  private func fires(on day: Civil) -> Bool {
    guard months >> UInt64(day.month) & 1 == 1 else { return false }
    let byDay = days >> UInt64(day.day) & 1 == 1
    let byWeekday = weekdays >> UInt64(day.weekday) & 1 == 1
    return eitherDay ? byDay || byWeekday : byDay && byWeekday
  }

  /// In seconds, ascending.
  private func instants(on day: Civil, in zone: Zone) -> [Int64] {
    var found: [Int64] = []
    for hour in 0..<24 where hours >> UInt64(hour) & 1 == 1 {
      for minute in 0..<60 where minutes >> UInt64(minute) & 1 == 1 {
        let civil = Civil(day.year, day.month, day.day, hour, minute)
        switch zone.instants(of: civil) {
        case .once(let seconds): found.append(seconds)
        case .twice(let first, let second): found += everyHour ? [first, second] : [first]
        case .never(let skippedAt): if !everyHour { found.append(skippedAt) }
        case nil: break
        }
      }
    }
    return found.sorted()
  }

  private static func fields(_ text: String) throws(TimeError) -> [String] {
    switch text.lowercased() {
    case "@hourly": return ["0", "*", "*", "*", "*"]
    case "@daily", "@midnight": return ["0", "0", "*", "*", "*"]
    case "@weekly": return ["0", "0", "*", "*", "0"]
    case "@monthly": return ["0", "0", "1", "*", "*"]
    case "@yearly", "@annually": return ["0", "0", "1", "1", "*"]
    default: break
    }
    let fields = text.lowercased().split { $0 == " " || $0 == "\t" }.map(String.init)
    guard fields.count == 5 else {
      throw .badSchedule(
        text, "\(fields.count) fields, expected 5: minute hour day-of-month month day-of-week")
    }
    return fields
  }

  /// One field as a set of numbers.
  private struct Field {
    var bits: UInt64 = 0
    var startsWithStar: Bool

    init(
      _ schedule: String, _ field: String, _ what: String, _ range: ClosedRange<Int>,
      names: [String] = [], firstName: Int = 0
    ) throws(TimeError) {
      startsWithStar = field.utf8.first == 0x2A
      func number(_ text: Substring) -> Int? {
        if let index = names.firstIndex(where: { $0.prefix(3) == text || $0 == text }) {
          return firstName + index
        }
        guard !text.isEmpty, text.utf8.count <= 2,
          text.utf8.allSatisfy({ $0 &- 0x30 <= 9 }), let value = Int(text)
        else { return nil }
        return range.contains(value) ? value : nil
      }
      func bad(_ item: Substring) -> TimeError {
        .badSchedule(
          schedule,
          "'\(item)' is no \(what), expected \(range.lowerBound) to \(range.upperBound)")
      }
      for item in field.split(separator: ",", omittingEmptySubsequences: false) {
        let halves = item.split(separator: "/", omittingEmptySubsequences: false)
        guard let body = halves.first, halves.count <= 2 else { throw bad(item) }
        var step = 1
        if halves.count == 2 {
          guard let written = Int(halves[1]), (1...60).contains(written) else { throw bad(item) }
          step = written
        }
        var span = range
        let ends = body.split(separator: "-", omittingEmptySubsequences: false)
        if body != "*" {
          guard let first = ends.first, ends.count <= 2, let low = number(first) else {
            throw bad(item)
          }
          // `5/15` is from 5 to the end.
          var high = halves.count == 2 ? range.upperBound : low
          if ends.count == 2 {
            guard let written = number(ends[1]) else { throw bad(item) }
            // `fri-sun`: Sunday is 7 at the end of a range.
            high = written == 0 && low > 0 && range.upperBound == 7 ? 7 : written
          }
          guard low <= high else { throw bad(item) }
          span = low...high
        }
        for value in stride(from: span.lowerBound, through: span.upperBound, by: step) {
          bits |= 1 << UInt64(value)
        }
      }
    }
  }
}

enum Names {
  static let weekdays = [
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
  ]
  static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
  ]
}
