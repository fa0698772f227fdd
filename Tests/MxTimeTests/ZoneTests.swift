import Glibc
import Testing

@testable import MxTime

@Suite struct ZoneTests {
  @Test(
    arguments: [
      ("Europe/Warsaw", -3_000_000_000, 5040, "LMT"), ("Europe/Warsaw", 0, 3600, "CET"),
      ("Europe/Warsaw", 1_774_745_999, 3600, "CET"), ("Europe/Warsaw", 1_774_746_000, 7200, "CEST"),
      ("Europe/Warsaw", 7_258_118_400, 3600, "CET"), ("Europe/Warsaw", 7_273_756_800, 7200, "CEST"),
      ("Australia/Sydney", 1_774_746_000, 39600, "AEDT"),
      ("Australia/Sydney", 7_258_118_400, 39600, "AEDT"),
      ("Australia/Sydney", 7_273_756_800, 36000, "AEST"),
      ("America/St_Johns", -1_500_000_000, -9052, "NDT"),
      ("America/St_Johns", 1_774_746_000, -9000, "NDT"),
      ("America/St_Johns", 7_258_118_400, -12600, "NST"),
      ("Asia/Kathmandu", 0, 19800, "+0530"), ("Asia/Kathmandu", 7_258_118_400, 20700, "+0545"),
      ("Europe/Dublin", 1_774_746_000, 3600, "IST"), ("Europe/Dublin", 7_258_118_400, 0, "GMT"),
    ] as [(String, Int64, Int, String)])
  func clocksShowWhatTheyShould(name: String, at: Int64, offset: Int, text: String) throws {
    let period = try Zone.named(name).period(at: at)
    #expect(period.offset == offset)
    #expect(period.abbreviation == text)
  }

  @Test func theNightsOfChangeAreTakenApart() throws {
    let warsaw = try Zone.named("Europe/Warsaw")
    #expect(warsaw.instants(of: Civil(2026, 3, 29, 1, 59)) == .once(1_774_745_940))
    #expect(warsaw.instants(of: Civil(2026, 3, 29, 2, 0)) == .never(skippedAt: 1_774_746_000))
    #expect(warsaw.instants(of: Civil(2026, 3, 29, 2, 59)) == .never(skippedAt: 1_774_746_000))
    #expect(warsaw.instants(of: Civil(2026, 3, 29, 3, 0)) == .once(1_774_746_000))
    #expect(
      warsaw.instants(of: Civil(2026, 10, 25, 2, 30)) == .twice(1_792_888_200, 1_792_891_800))
    #expect(warsaw.instants(of: Civil(2026, 10, 25, 3, 0)) == .once(1_792_893_600))
    let sydney = try Zone.named("Australia/Sydney")
    #expect(sydney.instants(of: Civil(2026, 10, 4, 2, 30)) == .never(skippedAt: 1_791_043_200))
    #expect(
      sydney.instants(of: Civil(2026, 4, 5, 2, 30)) == .twice(1_775_316_600, 1_775_320_200))
    // By the rule at the file's end.
    #expect(warsaw.instants(of: Civil(2200, 3, 30, 2, 30)) == .never(skippedAt: 7_265_725_200))
    // Samoa had no 30 December 2011.
    let apia = try Zone.named("Pacific/Apia")
    #expect(apia.instants(of: Civil(2011, 12, 30, 12, 0)) == .never(skippedAt: 1_325_239_200))
  }

  @Test func everyClockTimeLeadsBackToItsInstant() throws {
    var generator = SeededGenerator(seed: 3)
    for name in ["Europe/Warsaw", "Australia/Sydney", "America/St_Johns", "Africa/Casablanca"] {
      let zone = try Zone.named(name)
      for _ in 0..<500 {
        let at = Int64.random(in: -2_000_000_000...8_000_000_000, using: &generator)
        switch zone.instants(of: zone.civil(milliseconds: at * 1000)) {
        case .once(let found): #expect(found == at)
        case .twice(let first, let second): #expect(at == first || at == second)
        case .never, nil: Issue.record("\(name) \(at)")
        }
      }
    }
  }

  @Test func transitionsAreListedFromTableAndRule() throws {
    let warsaw = try Zone.named("Europe/Warsaw")
    let year = warsaw.transitions(after: 1_767_222_000, through: 1_798_758_000, limit: 10)
    #expect(year.map(\.at) == [1_774_746_000, 1_792_890_000])
    #expect(year.map(\.to.offset) == [7200, 3600])
    let far = warsaw.transitions(
      after: 7_258_118_400, through: 7_258_118_400 + 31_536_000, limit: 10)
    #expect(far.map(\.at) == [7_265_725_200, 7_283_869_200])
    #expect(warsaw.transitions(after: 0, through: .max / 4, limit: 25).count == 25)
    #expect(warsaw.transitions(after: .min, through: .max, limit: 5).count == 5)
    #expect(Zone.utc.transitions(after: .min, through: .max, limit: 5).isEmpty)
  }

  @Test func utcNeedsNoFileAndNoOtherZoneIsMadeUp() throws {
    #expect(try Zone.named("UTC", directories: [], read: { _ in nil }).offset(at: 0) == 0)
    #expect(throws: TimeError.unknownZone("Mars/Olympus", searched: ["/a", "/b"])) {
      try Zone.named("Mars/Olympus", directories: ["/a", "/b"], read: { _ in nil })
    }
    #expect(throws: TimeError.self) { try Zone.named("Europe") }
  }

  @Test(arguments: [
    "../../etc/passwd", "/etc/passwd", "Europe/../../../etc/passwd", "Europe//Warsaw", "",
    "Europe/Warsaw/", "Europe/Wars\u{0}aw", ".", "a.tab", "~", "Europe/Zażółć",
    String(repeating: "a", count: 200),
  ])
  func aNameNeverLeavesTheDirectory(name: String) {
    #expect(throws: TimeError.unknownZone(name, searched: [])) {
      try Zone.named(name, directories: ["/usr/share/zoneinfo"]) { path in
        Issue.record("read \(path)")
        return nil
      }
    }
  }

  /// The other implementation on most machines, over all zones and 300 years.
  @Test func allZonesAgreeWithPython() throws {
    let script = """
      from datetime import datetime, timezone, timedelta
      from zoneinfo import ZoneInfo, available_timezones
      epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
      state = 42
      for name in sorted(available_timezones()):
        if name.startswith(('posix', 'right', 'System')) or '.' in name or name == 'localtime': continue
        zone = ZoneInfo(name)
        for i in range(60):
          state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
          t = (state >> 20) % 9460800000 - 2208988800
          there = (epoch + timedelta(seconds=t)).astimezone(zone)
          print(name, t, int(there.utcoffset().total_seconds()), there.tzname())
      """
    let lines = output(of: "python3 -c '\(script.replacingQuotes())' 2>/dev/null")
    if lines.count < 1000 {
      print("skipped: no python3 with zoneinfo")
      return
    }
    var zone = Zone.utc
    var wrong = 0
    for line in lines {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count == 4, let at = Int64(fields[1]), let offset = Int(fields[2]) else {
        continue
      }
      if zone.name != fields[0] { zone = try Zone.named(fields[0]) }
      let period = zone.period(at: at)
      if period.offset != offset || period.abbreviation != fields[3], zone.name == fields[0] {
        wrong += 1
        if wrong < 10 { Issue.record("\(line): found \(period)") }
      }
    }
    #expect(wrong == 0)
  }

  private func output(of command: String) -> [String] {
    guard let pipe = popen(command, "r") else { return [] }
    defer { pclose(pipe) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 {
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

extension String {
  fileprivate func replacingQuotes() -> String {
    split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
  }
}

@Suite struct PosixRuleTests {
  private func offsets(_ rule: String, _ instants: [Int64]) throws -> [Int] {
    let rule = try #require(PosixRule(Array(rule.utf8)))
    return instants.map { rule.period(at: $0).offset }
  }

  @Test func rulesOfAllKindsAreRead() throws {
    // 2026-01-15, 2026-07-15 at noon UTC.
    let days: [Int64] = [1_768_478_400, 1_784_116_800]
    #expect(try offsets("UTC0", days) == [0, 0])
    #expect(try offsets("<+0545>-5:45", days) == [20700, 20700])
    #expect(try offsets("CET-1CEST,M3.5.0,M10.5.0/3", days) == [3600, 7200])
    #expect(try offsets("AEST-10AEDT,M10.1.0,M4.1.0/3", days) == [39600, 36000])
    #expect(try offsets("NST3:30NDT,M3.2.0,M11.1.0", days) == [-12600, -9000])
    #expect(try offsets("IST-1GMT0,M10.5.0,M3.5.0/1", days) == [0, 3600])
    #expect(try offsets("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", days) == [-7200, -3600])
    #expect(try offsets("EST5EDT,0/0,J365/25", days) == [-14400, -14400])
    #expect(try offsets("AAA3BBB,J60/0,J200", days) == [-10800, -7200])
    #expect(try offsets("AAA3BBB2:30:10,59,250/-167", days) == [-10800, -9010])
  }

  /// Summer time all year long, seconds around New Year included.
  @Test func summerAllYearHasNoGapAtNewYear() throws {
    let newYear: Int64 = 1_767_225_600
    for shift in stride(from: -36_000 as Int64, through: 36_000, by: 600) {
      #expect(try offsets("EST5EDT,0/0,J365/25", [newYear + shift]) == [-14400])
    }
  }

  @Test(arguments: [
    "", "U0", "UTC", "UTC25", "UTC0X", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J100", "<+05-5",
    "CET-1CEST,J366,J1", "CET-1CEST,366,1", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1:60",
    "CET-1CEST,M3.5.0,M10.5.0/3,", "CET--1", "ABCDEFGHIJKLMNOPQRSTUVW1",
  ])
  func otherTextsAreNoRules(text: String) {
    #expect(PosixRule(Array(text.utf8)) == nil)
  }
}

@Suite struct TZifDamageTests {
  /// A small zone, made by hand: two types, two transitions, a footer.
  private var sample: [UInt8] {
    func header(_ counts: [UInt8]) -> [UInt8] {
      Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts.flatMap { [0, 0, 0, $0] }
    }
    let empty = header([0, 0, 0, 0, 1, 4]) + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    var block = header([0, 0, 0, 2, 2, 8])
    block += [0, 0, 0, 0, 0x69, 0xC8, 0x7B, 0x50]
    block += [0, 0, 0, 0, 0x6A, 0xDD, 0x54, 0xD0]
    block += [1, 0]
    block += [0, 0, 0x0E, 0x10, 0, 0] + [0, 0, 0x1C, 0x20, 1, 4]
    block += Array("CET\0CES\0".utf8)
    return empty + block + Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8)
  }

  @Test func theSampleIsFine() throws {
    let zone = try Zone.parse(sample, name: "Test/Zone")
    #expect(zone.offset(at: 0) == 3600)
    #expect(zone.offset(at: 0x69C8_7B50) == 7200)
    #expect(zone.offset(at: 0x6ADD_54D0) == 3600)
    #expect(zone.offset(at: 7_273_756_800) == 7200)
  }

  @Test func everyProperPrefixIsRefused() {
    for length in 0..<sample.count {
      #expect(throws: TimeError.self, "prefix of \(length) bytes") {
        try Zone.parse(Array(sample.prefix(length)), name: "x")
      }
    }
  }

  @Test(arguments: 0..<500 as Range<UInt64>)
  func damageIsNeverMoreThanAnError(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes = sample
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
        [0, 1, 0x7F, 0x80, 0xFF, 0x0A].randomElement(using: &generator) ?? 0
    }
    guard let zone = try? Zone.parse(bytes, name: "x") else { return }
    for at in [Int64.min, -1 << 60, 0, 1_774_746_000, 7_273_756_800, 1 << 60, .max] {
      _ = zone.offset(at: at)
      _ = zone.civil(milliseconds: at)
    }
    _ = zone.instants(of: Civil(2026, 3, 29, 2, 30))
    _ = zone.transitions(after: 0, through: .max, limit: 100)
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func randomBytesAreRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
      UInt8.random(in: 0...255, using: &generator)
    }
    #expect(throws: TimeError.self) { try Zone.parse(bytes, name: "x") }
    _ = try? Zone.parse(Array("TZif2".utf8) + bytes, name: "x")
    _ = PosixRule(bytes)
  }
}
