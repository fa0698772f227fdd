/// One element of an Alertmanager `time_intervals` list.
///
/// An instant is in it if it meets every field that is given; a field is met by
/// any of its ranges. Nothing given at all is always.
package struct TimeIntervalSpec: Equatable, Sendable {
  /// Minutes of the day; the end is not in it, and may be 1440.
  package var times: [Range<Int>] = []
  /// Sunday is 0.
  package var weekdays: [ClosedRange<Int>] = []
  package var daysOfMonth: [DaysOfMonth] = []
  package var months: [ClosedRange<Int>] = []
  package var years: [ClosedRange<Int>] = []

  /// From 1 to 31, or from the month's end: -1 is its last day.
  package struct DaysOfMonth: Equatable, Sendable {
    package var begin: Int
    package var end: Int
  }

  package init() {}

  /// Whether it holds at an instant, by the clocks of `zone`.
  package func contains(_ milliseconds: Int64, in zone: Zone) -> Bool {
    let civil = zone.civil(milliseconds: milliseconds)
    func meets<Span>(_ spans: [Span], _ holds: (Span) -> Bool) -> Bool {
      spans.isEmpty || spans.contains(where: holds)
    }
    let minute = civil.hour * 60 + civil.minute
    return meets(times) { $0.contains(minute) }
      && meets(weekdays) { $0.contains(civil.weekday) }
      && meets(daysOfMonth) { $0.contains(civil) }
      && meets(months) { $0.contains(civil.month) }
      && meets(years) { $0.contains(civil.year) }
  }
}

extension TimeIntervalSpec.DaysOfMonth {
  /// `1:31` is every day of each month: what lies beyond its end is cut off, and
  /// a range that starts beyond it (`30:31` in February) holds no day.
  func contains(_ civil: Civil) -> Bool {
    let length = Civil.days(inMonth: civil.month, of: civil.year)
    let first = begin < 0 ? length + begin + 1 : begin
    let last = end < 0 ? length + end + 1 : end
    guard first <= length else { return false }
    return civil.day >= max(first, 1) && civil.day <= min(last, length)
  }
}

// MARK: - As configuration files write it

extension TimeIntervalSpec {
  /// `09:00` and `24:00`, as minutes.
  package static func parseTime(_ text: String) throws(TimeError) -> Int {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let hour = digits(parts[0], 1...2),
      let minute = digits(parts[1], 2...2),
      hour < 24 || (hour == 24 && minute == 0), minute < 60
    else { throw .badInterval(text, "expected a time from 00:00 to 24:00") }
    return hour * 60 + minute
  }

  package static func parseTimes(
    start: String, end: String
  ) throws(TimeError) -> Range<Int> {
    let first = try parseTime(start)
    let last = try parseTime(end)
    guard first < last else {
      throw .badInterval("\(start) to \(end)", "the start must lie before the end")
    }
    return first..<last
  }

  /// `saturday` or `monday:friday`.
  package static func parseWeekdays(_ text: String) throws(TimeError) -> ClosedRange<Int> {
    try parseRange(text, "a weekday such as monday, or monday:friday") { part in
      Names.weekdays.firstIndex(of: part)
    }
  }

  /// `january`, `1:3` or `may:august`.
  package static func parseMonths(_ text: String) throws(TimeError) -> ClosedRange<Int> {
    try parseRange(text, "a month such as january or 1, or january:march") { part in
      if let index = Names.months.firstIndex(of: part) { return index + 1 }
      return digits(part[...], 1...2).flatMap { (1...12).contains($0) ? $0 : nil }
    }
  }

  /// `2026` or `2026:2028`.
  package static func parseYears(_ text: String) throws(TimeError) -> ClosedRange<Int> {
    try parseRange(text, "a year, or years such as 2026:2028") { digits($0[...], 1...4) }
  }

  /// `1`, `1:5`, `-3:-1` or `15:-1`.
  package static func parseDaysOfMonth(_ text: String) throws(TimeError) -> DaysOfMonth {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part -> Int? in
      let isNegative = part.utf8.first == 0x2D
      guard let value = digits(isNegative ? part.dropFirst() : part, 1...2),
        (1...31).contains(value)
      else { return nil }
      return isNegative ? -value : value
    }
    guard numbers.count == parts.count, let begin = numbers.first, let end = numbers.last,
      parts.count <= 2
    else {
      throw .badInterval(text, "expected days from 1 to 31 or from -31 to -1, as 1:5 or -3:-1")
    }
    if begin < 0, end > 0 {
      throw .badInterval(text, "a start from the month's end needs an end from there, too")
    }
    if (begin < 0) == (end < 0), begin > end {
      throw .badInterval(text, "the start must not lie behind the end")
    }
    return DaysOfMonth(begin: begin, end: end)
  }

  private static func parseRange(
    _ text: String, _ expected: String, _ value: (String) -> Int?
  ) throws(TimeError) -> ClosedRange<Int> {
    let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
    let values = parts.compactMap { value(String($0)) }
    guard values.count == parts.count, parts.count <= 2, let first = values.first,
      let last = values.last
    else { throw .badInterval(text, "expected \(expected)") }
    guard first <= last else {
      throw .badInterval(text, "the start must not lie behind the end")
    }
    return first...last
  }

  private static func digits(_ text: Substring, _ width: ClosedRange<Int>) -> Int? {
    guard width.contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 <= 9 }) else {
      return nil
    }
    return Int(text)
  }
}
