import MxCLI
import Testing

@Suite struct ValueTests {
  static let now: Int64 = 1_795_244_690_123

  func time(_ text: String) -> Int64? {
    do throws(ValueError) {
      return try TimeText.milliseconds(text, now: ValueTests.now)
    } catch { return nil }
  }

  func timeError(_ text: String) -> String? {
    do throws(ValueError) {
      _ = try TimeText.milliseconds(text, now: ValueTests.now)
      return nil
    } catch { return error.message + (error.hint.map { " | \($0)" } ?? "") }
  }

  func duration(_ text: String) -> Int64? {
    do throws(ValueError) { return try DurationText.milliseconds(text) } catch { return nil }
  }

  func size(_ text: String) -> ByteSize? {
    do throws(ValueError) { return try ByteSize(parsing: text) } catch { return nil }
  }

  @Test func timesAreReadInAllTheirForms() {
    #expect(time("now") == ValueTests.now)
    #expect(time("now-6h") == ValueTests.now - 6 * 3_600_000)
    #expect(time("-6h") == ValueTests.now - 6 * 3_600_000)
    #expect(time("now+1m30s") == ValueTests.now + 90_000)
    #expect(time("0") == 0)
    #expect(time("1795244690") == 1_795_244_690_000)
    #expect(time("1795244690.1239") == 1_795_244_690_124)
    #expect(time("-1.5") == -1500)
    #expect(time("1970-01-01") == 0)
    #expect(time("2000-03-01") == 951_868_800_000)
    #expect(time("2024-02-29T12:30:15Z") == 1_709_209_815_000)
    #expect(time("2026-11-20T06:30:00.25+01:00") == 1_795_152_600_250)
    #expect(time("2026-11-20 06:30:00z") == 1_795_156_200_000)
    #expect(time("2026-11-20T06:30:00.123456789Z") == 1_795_156_200_123)
    #expect(time("0000-01-01") == -62_167_219_200_000)
    #expect(time("9999-12-31T23:59:59.999Z") == 253_402_300_799_999)
  }

  @Test(arguments: [
    "", "-", "+", "now-", "now6h", "nowhere", "6h", "+6h", "1e9", "1.2.3", ".", "2026-13-01",
    "2026-02-30", "2023-02-29", "1900-02-29", "2026-11-20T", "2026-11-20T24:00:00Z",
    "2026-11-20T06:30:00", "2026-11-20T06:30:00.Z", "2026-11-20T06:30:00+25:00", "2026-11-20x",
    "99999999999999999999", "now-99999999999999999999y", "now-300000000y", "1795244690123", "١",
    "inf", "nan", "0x10", " 1",
  ])
  func whatIsNoTimeIsRefused(text: String) {
    #expect(time(text) == nil)
  }

  @Test func timeErrorsSayWhatWasExpected() {
    #expect(
      timeError("noon")
        == "'noon' is not a time; expected RFC 3339, a date, Unix seconds, now, now-6h or -6h")
    #expect(
      timeError("1795244690123")
        == "'1795244690123' is not between the years 0000 and 9999"
        + " | a number is Unix seconds, not milliseconds")
  }

  /// Every 37th day of 10,000 years, and odd milliseconds, both ways.
  @Test func anyTimePrintedReadsBack() {
    var milliseconds: Int64 = -62_167_219_200_000
    while milliseconds < 253_402_300_800_000 {
      let text = TimeText.rfc3339(milliseconds)
      if time(text) != milliseconds {
        Issue.record("\(text) is \(String(describing: time(text))), not \(milliseconds)")
        return
      }
      milliseconds += 37 * 86_400_000 + 12_345_677
    }
  }

  @Test func durationsAreReadAndWritten() {
    let cases: [(String, Int64)] = [
      ("1h30m", 5_400_000), ("15s", 15_000), ("7d", 604_800_000), ("100ms", 100), ("0s", 0),
      ("1y2w3d4h5m6s7ms", 33_019_506_007), ("1m1ms", 60_001),
    ]
    for (text, milliseconds) in cases {
      #expect(duration(text) == milliseconds, "\(text)")
      #expect(duration(DurationText.format(milliseconds)) == milliseconds, "\(text)")
    }
    #expect(duration("0") == 0)
    #expect(DurationText.format(5_400_000) == "1h30m")
    #expect(DurationText.format(604_800_000) == "1w")
    #expect(DurationText.format(8 * 86_400_000) == "8d")
    #expect(DurationText.format(-1500) == "-1s500ms")
  }

  @Test(arguments: [
    "", "1", "h", "1x", "1m1h", "1h1h", "1.5h", "-1h", "1 h", "9223372036854775807y", "1h1",
    "99999999999999999999s", "ms", "1M",
  ])
  func whatIsNoDurationIsRefused(text: String) {
    #expect(duration(text) == nil)
  }

  @Test func sizesAreReadExactly() {
    #expect(size("4096") == .bytes(4096))
    #expect(size("64MiB") == .bytes(64 << 20))
    #expect(size("1.5GiB") == .bytes(3 << 29))
    #expect(size("2TiB") == .bytes(2 << 40))
    #expect(size("10B") == .bytes(10))
    #expect(size("5%") == .percent(5))
    #expect(size("0.5%") == .percent(0.5))
  }

  @Test(arguments: ["", "MiB", "-1", "1 MiB", "1MB", "1kib", "101%", "%", "9999999999GiB", "1.2.3"])
  func whatIsNoSizeIsRefused(text: String) {
    #expect(size(text) == nil)
  }

  @Test func aNearUnitIsSuggested() {
    do throws(ValueError) {
      _ = try ByteSize(parsing: "50GB")
      Issue.record("50GB was taken")
    } catch { #expect(error.hint == "did you mean '50GiB'?") }
  }

  @Test func numbersAreTheSameInEveryLocale() {
    do throws(ValueError) {
      #expect(try NumberText.number("-1.5e3") == -1500)
      _ = try NumberText.number("1,5")
      Issue.record("1,5 was taken")
    } catch { #expect(error.hint == "the decimal sign is '.' in every locale") }
    for text in ["inf", "nan", "", "1x"] {
      #expect(throws: ValueError.self) { try NumberText.number(text) }
    }
    for text in ["0", "11", "9223372036854775808", "1.5", ""] {
      #expect(throws: ValueError.self) { try NumberText.integer(text, in: 1...10) }
    }
  }

  @Test func severalNearWordsAreSuggestedNearestFirst() {
    let names = ["http_requests_total", "http_request_bytes", "node_load1", "node_load5"]
    func near(_ word: String) -> [String] {
      Suggestion.nearest(to: word, among: names, count: 2)
    }
    #expect(near("http_request_total") == ["http_requests_total"])
    #expect(near("node_load") == ["node_load1", "node_load5"])
    #expect(near("request") == ["http_request_bytes", "http_requests_total"])
    #expect(near("up") == [])
    #expect(
      Suggestion.hint(for: "node_load", among: names, count: 3)
        == "did you mean 'node_load1' or 'node_load5'?")
    #expect(Suggestion.hint(for: "up", among: names, count: 3) == nil)
  }
}
