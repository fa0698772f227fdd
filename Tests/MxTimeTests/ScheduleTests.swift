import Testing

@testable import MxTime

@Suite struct CronTests {
  private func times(
    _ spec: String, _ zone: String = "UTC", from: String, _ count: Int
  ) throws -> [String] {
    let zone = try Zone.named(zone)
    let start = try #require(RFC3339.parse(from)?.milliseconds)
    return try Cron(spec).times(after: start, through: .max, in: zone, limit: count)
      .map { zone.text(milliseconds: $0) }
  }

  @Test func ordinarySchedulesFireInOrder() throws {
    #expect(
      try times("*/20 9-10 * * *", from: "2026-11-20T09:50:00Z", 4) == [
        "2026-11-20T10:00:00Z", "2026-11-20T10:20:00Z", "2026-11-20T10:40:00Z",
        "2026-11-21T09:00:00Z",
      ])
    #expect(
      try times("0 22 * * fri-sun", from: "2026-11-20T22:00:00Z", 3) == [
        "2026-11-21T22:00:00Z", "2026-11-22T22:00:00Z", "2026-11-27T22:00:00Z",
      ])
    #expect(
      try times("0 0 1,15 jan,Jul *", from: "2026-11-20T00:00:00Z", 4) == [
        "2027-01-01T00:00:00Z", "2027-01-15T00:00:00Z", "2027-07-01T00:00:00Z",
        "2027-07-15T00:00:00Z",
      ])
    #expect(try times("@weekly", from: "2026-11-20T00:00:00Z", 1) == ["2026-11-22T00:00:00Z"])
    #expect(
      try times("5/25 * * * 7", from: "2026-11-22T23:00:00Z", 3) == [
        "2026-11-22T23:05:00Z", "2026-11-22T23:30:00Z", "2026-11-22T23:55:00Z",
      ])
  }

  @Test func eitherKindOfDayIsEnoughOnlyWhereBothAreRestricted() throws {
    #expect(
      try times("0 0 13 * fri", from: "2026-11-01T00:00:00Z", 4) == [
        "2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z",
        "2026-11-27T00:00:00Z",
      ])
    #expect(
      try times("0 0 */13 * fri", from: "2026-11-01T00:00:00Z", 2) == [
        "2026-11-27T00:00:00Z", "2027-01-01T00:00:00Z",
      ])
  }

  @Test func leapDaysComeEvenAcrossACentury() throws {
    #expect(try times("0 0 29 2 *", from: "2096-03-01T00:00:00Z", 1) == ["2104-02-29T00:00:00Z"])
    #expect(try times("0 0 30 2 *", from: "2026-01-01T00:00:00Z", 1) == [])
  }

  @Test func aNightlyJobRunsEveryNightAndOnce() throws {
    #expect(
      try times("30 2 * * *", "Europe/Warsaw", from: "2026-03-28T00:00:00Z", 3) == [
        "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
      ])
    #expect(
      try times("30 2 * * *", "Europe/Warsaw", from: "2026-10-24T10:00:00Z", 2) == [
        "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00",
      ])
    #expect(
      try times("0,30 2 * * *", "Australia/Sydney", from: "2026-10-03T00:00:00Z", 2) == [
        "2026-10-04T03:00:00+11:00", "2026-10-05T02:00:00+11:00",
      ])
  }

  @Test func anHourlyJobKeepsItsStepOverBothNights() throws {
    for (zone, start) in [
      ("Europe/Warsaw", "2026-03-28T12:00:00Z"), ("Europe/Warsaw", "2026-10-24T12:00:00Z"),
      ("Australia/Sydney", "2026-10-03T06:00:00Z"), ("Australia/Sydney", "2026-04-04T06:00:00Z"),
      ("America/St_Johns", "2026-03-07T12:00:00Z"), ("Asia/Kathmandu", "2026-03-07T12:00:00Z"),
    ] {
      let zone = try Zone.named(zone)
      let from = try #require(RFC3339.parse(start)?.milliseconds)
      let times = try Cron("*/15 * * * *").times(after: from, through: .max, in: zone, limit: 120)
      #expect(times == (1...120).map { from + Int64($0) * 900_000 })
    }
  }

  @Test(arguments: [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
    "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "*/61 * * * *", "a * * * *",
    "1,,2 * * * *", "-1 * * * *", "1- * * * *", "1-2-3 * * * *", "*/5/5 * * * *", "@often",
    "* * * foo *", "* * * * mondayish", "999999999999999999999 * * * *", "1/ * * * *",
  ])
  func otherTextsAreRefused(text: String) {
    #expect(throws: TimeError.self) { try Cron(text) }
  }

  @Test func theEndOfTimeIsNoTrap() throws {
    for instant in [Int64.min, .max] {
      _ = try Cron("0 0 * * *").next(after: instant, in: .utc)
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func randomTextsAreNeverMoreThanAnError(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("0123456789*/,- @jan")
    let text = String((0..<12).map { _ in alphabet.randomElement(using: &generator) ?? " " })
    _ = try? Cron(text).next(after: 0, in: .utc)
  }
}

@Suite struct TimeIntervalTests {
  private func holds(
    _ zone: String, _ text: String, _ configure: (inout TimeIntervalSpec) throws -> Void
  ) throws -> Bool {
    var spec = TimeIntervalSpec()
    try configure(&spec)
    let at = try #require(RFC3339.parse(text)?.milliseconds)
    return try spec.contains(at, in: Zone.named(zone))
  }

  @Test func officeHoursFollowTheClockOfThePlace() throws {
    let office = { (spec: inout TimeIntervalSpec) in
      spec.times = [try TimeIntervalSpec.parseTimes(start: "09:00", end: "17:00")]
      spec.weekdays = [try TimeIntervalSpec.parseWeekdays("monday:friday")]
    }
    #expect(try holds("Europe/Warsaw", "2026-11-20T08:00:00Z", office))
    #expect(try !holds("Europe/Warsaw", "2026-11-20T07:59:59Z", office))
    #expect(try !holds("Europe/Warsaw", "2026-11-20T16:00:00Z", office))
    #expect(try holds("Europe/Warsaw", "2026-07-20T07:00:00Z", office))
    #expect(try !holds("Europe/Warsaw", "2026-11-21T10:00:00Z", office))
    #expect(try holds("Asia/Kathmandu", "2026-11-20T03:15:00Z", office))
    #expect(try !holds("Asia/Kathmandu", "2026-11-20T03:14:59Z", office))
  }

  @Test func daysCountFromBothEndsOfTheMonth() throws {
    func day(_ date: String, _ range: String) throws -> Bool {
      try holds("UTC", date) { $0.daysOfMonth = [try TimeIntervalSpec.parseDaysOfMonth(range)] }
    }
    #expect(try day("2026-02-28", "-1"))
    #expect(try !day("2024-02-28", "-1"))
    #expect(try day("2024-02-27", "-3:-1"))
    #expect(try day("2026-02-01", "-31:-1"))
    #expect(try day("2026-02-28", "25:31"))
    #expect(try !day("2026-02-28", "30:31"))
    #expect(try day("2026-11-15", "15:-1"))
    #expect(try !day("2026-11-14", "15:-1"))
    #expect(try day("2026-11-05", "1:5"))
  }

  @Test func monthsAndYearsAreRanges() throws {
    let summer = { (spec: inout TimeIntervalSpec) in
      spec.months = [try TimeIntervalSpec.parseMonths("june:8")]
      spec.years = [try TimeIntervalSpec.parseYears("2026:2027")]
    }
    #expect(try holds("UTC", "2026-08-31", summer))
    #expect(try !holds("UTC", "2026-09-01", summer))
    #expect(try !holds("UTC", "2028-07-01", summer))
    #expect(try holds("UTC", "2028-07-01") { _ in })
    // Still the old year in the west.
    #expect(
      try holds("America/St_Johns", "2027-01-01T03:00:00Z") { spec in
        spec.years = [try TimeIntervalSpec.parseYears("2026")]
      })
  }

  @Test func wrongRangesAreRefused() {
    for text in ["", "24:01", "9", "09:60", "9:5", "-1:00", "09:00:00"] {
      #expect(throws: TimeError.self) { try TimeIntervalSpec.parseTime(text) }
    }
    #expect(throws: TimeError.self) {
      try TimeIntervalSpec.parseTimes(start: "17:00", end: "09:00")
    }
    for text in ["", "mon", "friday:monday", "monday:", "1", "monday:tuesday:friday"] {
      #expect(throws: TimeError.self) { try TimeIntervalSpec.parseWeekdays(text) }
    }
    for text in ["", "0", "13", "jan", "3:1", "1:2:3"] {
      #expect(throws: TimeError.self) { try TimeIntervalSpec.parseMonths(text) }
    }
    for text in ["", "0", "32", "-32", "5:1", "-1:-3", "-3:5", "1:2:3", "1:", "--1", "a"] {
      #expect(throws: TimeError.self) { try TimeIntervalSpec.parseDaysOfMonth(text) }
    }
    for text in ["", "20260", "2027:2026", "x"] {
      #expect(throws: TimeError.self) { try TimeIntervalSpec.parseYears(text) }
    }
  }
}
