import Testing

@testable import MxTime

@Suite struct CalendarTests {
  @Test func knownDaysHaveTheirNumbers() {
    #expect(Civil(1970, 1, 1).dayNumber == 0)
    #expect(Civil(1969, 12, 31).dayNumber == -1)
    #expect(Civil(2000, 2, 29).dayNumber == 11016)
    #expect(Civil(2026, 11, 20).dayNumber == 20777)
    #expect(Civil(1, 1, 1).dayNumber == -719_162)
    #expect(Civil(9999, 12, 31).dayNumber == 2_932_896)
  }

  /// Every day from 1600 to 2400, by counting: the conversion and its way back.
  @Test func eightCenturiesOfDaysCountUp() throws {
    var number = try #require(Civil(1600, 1, 1).dayNumber)
    var weekday = Civil(1600, 1, 1).weekday
    #expect(weekday == 6)
    for year in 1600..<2400 {
      for month in 1...12 {
        for day in 1...Civil.days(inMonth: month, of: year) {
          let civil = Civil(year, month, day)
          guard civil.dayNumber == number, Civil(day: number) == civil, civil.weekday == weekday
          else {
            Issue.record("\(civil)")
            return
          }
          number += 1
          weekday = (weekday + 1) % 7
        }
      }
    }
  }

  @Test func isoWeeksFollowTheirThursday() {
    func week(_ year: Int, _ month: Int, _ day: Int) -> [Int] {
      let week = Civil(year, month, day).isoWeek
      return [week.year, week.week]
    }
    #expect(week(2021, 1, 3) == [2020, 53])
    #expect(week(2021, 1, 4) == [2021, 1])
    #expect(week(2018, 12, 31) == [2019, 1])
    #expect(week(2026, 11, 20) == [2026, 47])
    #expect(week(2016, 1, 1) == [2015, 53])
  }

  @Test func theEndsOfTimeDoNotTrap() {
    for instant in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] {
      let civil = Civil(millisecondsSince1970: instant)
      if instant > .min + 86_400_000, instant < .max - 86_400_000 {
        #expect(civil.millisecondsSince1970 == instant)
      }
      _ = civil.millisecondsSince1970
      _ = civil.isoWeek
      _ = RFC3339.text(milliseconds: instant)
      _ = Civil(secondsSince1970: instant).dayNumber
    }
    for year in [Int.min, -300_000_000, 300_000_000, Int.max] {
      #expect(Civil(year, 1, 1).dayNumber == nil)
    }
    #expect(Civil(2026, Int.max, 1).secondsSince1970 == nil)
    #expect(Civil(2026, 13, 1).dayNumber == Civil(2027, 1, 1).dayNumber)
    #expect(Civil(2026, 1, 32).dayNumber == Civil(2026, 2, 1).dayNumber)
  }
}

@Suite struct RFC3339Tests {
  @Test func timesAreReadInAllTheirSpellings() throws {
    func milliseconds(_ text: String) -> Int64? { RFC3339.parse(text)?.milliseconds }
    #expect(milliseconds("1970-01-01T00:00:00Z") == 0)
    #expect(milliseconds("2026-11-20T10:00:00Z") == 1_795_168_800_000)
    #expect(milliseconds("2026-11-20 10:00:00.5+01:00") == 1_795_165_200_500)
    #expect(milliseconds("2026-11-20t10:00:00z") == 1_795_168_800_000)
    #expect(milliseconds("2026-11-20") == 1_795_132_800_000)
    #expect(milliseconds("1969-12-31T23:59:59.999Z") == -1)
    #expect(milliseconds("2016-12-31T23:59:60Z") == milliseconds("2017-01-01T00:00:00Z"))
    #expect(milliseconds("0000-01-01T00:00:00Z") == -62_167_219_200_000)
    #expect(milliseconds("9999-12-31T23:59:59.999Z") == 253_402_300_799_999)
    let fine = try #require(RFC3339.parse("2026-11-20T10:00:00.123456789987Z"))
    #expect(fine.nanoseconds == 123_456_789)
    #expect(fine.nanosecondsSince1970 == 1_795_168_800_123_456_789)
    #expect(RFC3339.parse("1600-01-01T00:00:00Z")?.nanosecondsSince1970 == nil)
  }

  @Test(arguments: [
    "", "2026", "2026-13-01", "2026-02-30", "2026-00-10", "2026-11-20T", "2026-11-20T10:00Z",
    "2026-11-20T10:00:00", "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z",
    "2026-11-20T10:00:61Z", "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00+1:00",
    "2026-11-20T10:00:00+24:00", "2026-11-20T10:00:00Zx", "2026-11-2x", "-2026-11-20",
    "2026-11-20T10:00:00+01:60", "2026-11-20x10:00:00Z", "2025-02-29",
  ])
  func otherTextsAreNot(text: String) {
    #expect(RFC3339.parse(text) == nil)
  }

  @Test func timesArePrintedToTheWantedPrecision() {
    let time: Int64 = 1_795_168_800_500
    #expect(RFC3339.text(milliseconds: time) == "2026-11-20T10:00:00.5Z")
    #expect(RFC3339.text(milliseconds: time, precision: .seconds) == "2026-11-20T10:00:00Z")
    #expect(
      RFC3339.text(milliseconds: time, offset: 3600, precision: .milliseconds)
        == "2026-11-20T11:00:00.500+01:00")
    #expect(
      RFC3339.text(milliseconds: time, offset: -12_600, precision: .nanoseconds)
        == "2026-11-20T06:30:00.500000000-03:30")
    #expect(RFC3339.text(milliseconds: 253_402_300_800_000) == "253402300800")
    #expect(RFC3339.text(milliseconds: -62_167_219_200_001) == "-62167219201")
  }

  @Test func whatIsPrintedReadsBack() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<2000 {
      let time = Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
      let offset = Int.random(in: -1000...1000, using: &generator) * 60
      guard (0...9999).contains(Civil(millisecondsSince1970: time + Int64(offset) * 1000).year)
      else { continue }
      let text = RFC3339.text(milliseconds: time, offset: offset, precision: .milliseconds)
      #expect(RFC3339.parse(text)?.milliseconds == time, "\(text)")
    }
  }
}

@Suite struct DurationTests {
  @Test func durationsAreReadAsPrometheusReadsThem() throws {
    #expect(try Durations.parse("0") == 0)
    #expect(try Durations.parse("0s") == 0)
    #expect(try Durations.parse("1h30m") == 5_400_000)
    // 365 + 14 + 3 days, 4:05:06.007.
    let whole = (382 * 86_400 + 4 * 3600 + 5 * 60 + 6) * 1000 + 7 as Int64
    #expect(try Durations.parse("1y2w3d4h5m6s7ms") == whole)
    #expect(try Durations.parse("100ms") == 100)
    #expect(try Durations.parse("90m") == 5_400_000)
    #expect(try Durations.parse("292277024y") == 9_217_248_228_864_000_000)
  }

  @Test(arguments: [
    "", "1", "s", "1x", "1h1h", "1m1h", "1ms1s", "-1h", "1.5h", " 1h", "1h ", "1H", "1µs", "1e3s",
    "9223372036854775808ms", "292471209y", "99999999999999999999999y", "1d1y",
  ])
  func otherTextsAreRefused(text: String) {
    #expect(throws: TimeError.self) { try Durations.parse(text) }
  }

  @Test func durationsArePrintedAsPrometheusPrintsThem() {
    let cases: [(Int64, String)] = [
      (0, "0s"), (1000, "1s"), (5_400_000, "1h30m"), (86_400_000, "1d"), (604_800_000, "1w"),
      (691_200_000, "8d"), (31_536_000_000, "1y"), (31_622_400_000, "366d"), (100, "100ms"),
      (61_001, "1m1s1ms"), (-5000, "-5s"), (1_209_600_000, "2w"), (3_600_000 * 25, "1d1h"),
    ]
    for (milliseconds, text) in cases { #expect(Durations.text(milliseconds) == text) }
    #expect(Durations.text(.min).hasPrefix("-"))
    #expect(Durations.human(.min).hasPrefix("-"))
  }

  @Test func whatIsPrintedReadsBack() throws {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<1000 {
      let bits = UInt64.random(in: 1...62, using: &generator)
      let duration = Int64(generator.next() >> (bits + 1))
      #expect(try Durations.parse(Durations.text(duration)) == duration)
    }
  }

  @Test func peopleGetTwoUnitsAtMost() {
    #expect(Durations.human(273_600_000 + 60_000) == "3d 4h")
    #expect(Durations.human(3_605_000) == "1h")
    #expect(Durations.human(12_250) == "12s")
    #expect(Durations.human(250) == "250ms")
    #expect(Durations.human(-90_000) == "-1m 30s")
    #expect(Durations.human(0) == "0s")
    #expect(Durations.human(31_536_000_000 + 86_400_000 * 14) == "1y 14d")
  }
}

/// SplitMix64: the same sequence for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
