import MxModel
import MxTime
import Testing

@testable import MxRender

@Suite struct ValueTests {
  private func check(
    _ value: Double, _ unit: String, _ wanted: String, decimals: Int? = nil,
    at location: SourceLocation = #_sourceLocation
  ) {
    let format = ValueFormat(unit: Unit.named(unit), decimals: decimals, now: 3_600_000)
    #expect(format.text(value) == wanted, sourceLocation: location)
  }

  @Test func unitsReadAsPeopleWriteThem() {
    check(0, "short", "0")
    check(42.345, "short", "42.3")
    check(1500, "short", "1.50 K")
    check(2_340_000, "short", "2.34 Mil")
    check(-1_200_000_000, "short", "-1.20 Bil")
    check(123_456, "none", "123456")
    check(1_234_567, "locale", "1,234,567")
    check(42.5, "percent", "42.5%")
    check(0.4236, "percentunit", "42.4%")
    check(1536, "bytes", "1.50 KiB")
    check(5_368_709_120, "bytes", "5 GiB")
    check(1_500_000, "decbytes", "1.50 MB")
    check(2048, "kbytes", "2 MiB")
    check(1_000_000, "bps", "1 Mb/s")
    check(1_250_000, "Bps", "1.25 MB/s")
    check(1024, "binBps", "1 KiB/s")
    check(1200, "reqps", "1.20K req/s")
    check(3, "ops", "3 ops/s")
    check(25, "pps", "25 p/s")
    check(12.5, "iops", "12.5 io/s")
    check(21.5, "celsius", "21.5 °C")
    check(2_400_000_000, "hertz", "2.40 GHz")
    check(12.3, "currencyUSD", "$12.3")
    check(1500, "currencySEK", "1.50Kkr")
    check(1500, "currencyCHF", "CHF1.50K")
    check(1500, "currency:€", "€1.50K")
    check(1_234_567.5, "currency:financial:€:suffix", "1,234,567.5€")
    check(1, "bool_yes_no", "Yes")
    check(0, "bool_yes_no", "No")
    check(255, "hex", "FF")
    check(7, "/ sec", "7 / sec")
    check(7, "suffix:rows", "7 rows")
    check(1500, "runs", "1500 runs")
    check(1500, "prefix:#", "#1500")
    check(1, "bool:up/down", "up")
  }

  /// An id may stand for thousands or thousandths of its base, and numbers below 1 take
  /// smaller names as those above 1000 take larger ones.
  @Test func unitsScaleFromWhereTheyStand() {
    check(3, "kwatt", "3 kW")
    check(1500, "kwatt", "1.50 MW")
    check(0.25, "kwatth", "250 Wh")
    check(2, "megwatt", "2 MW")
    check(1, "mvolt", "1 mV")
    check(1500, "mvolt", "1.50 V")
    check(0.0042, "volt", "4.20 mV")
    check(0.5, "Bps", "500 mB/s")
    check(0.5, "kbytes", "512 B")
    check(0.5, "bytes", "0.500 B")
    check(3, "Tbits", "3 Tb/s")
    check(1, "Kibits", "1 Kib/s")
    check(1, "KHs", "1 kH/s")
    check(1e-15, "farad", "1 fF")
    check(2, "μhenry", "2 µH")
    check(2, "µhenry", "2 µH")
    check(2, "radmsvh", "2 mSv/h")
    check(2500, "pressurepsi", "2.50 ksi")
    check(101.3, "pressurekpa", "101 kPa")
    check(1013.25, "pressurembar", "1.01 bar")
    check(6, "lengthft", "6 ft")
    check(1500, "velocitymph", "1500 mph")
    check(12, "flowlpm", "12 L/min")
    check(2, "conμgm3", "2 µg/m³")
    check(5, "si:mW", "5 mW")
    check(5000, "si:mW", "5 W")
    check(1500, "sishort", "1.50 k")
    check(2, "sishort", "2")
  }

  @Test func numbersReadAsTheirNotationSays() {
    check(1234.5678, "locale", "1,234.568")
    check(1234.5, "locale", "1,234.5", decimals: 3)
    check(1500, "sci", "1.5e+3")
    check(-0.00025, "sci", "-2.50e-4", decimals: 2)
    check(999_999, "sci", "1.0e+6", decimals: 1)
    check(0, "sci", "0e+0")
    check(1e300, "sci", "1e+300")
    check(255, "hex0x", "0xFF")
  }

  @Test func timesReadAsPeopleSayThem() {
    check(0, "s", "0 s")
    check(0.25, "s", "250 ms")
    check(0.0000021, "s", "2.10 µs")
    check(90, "s", "1.50 mins")
    check(3600, "s", "1 hour")
    check(200_000, "s", "2.31 days")
    check(1500, "ms", "1.50 s")
    check(3_000_000, "ns", "3 ms")
    check(250, "µs", "250 µs")
    check(90_061, "dtdurations", "1 day, 1 hour")
    check(3_661_000, "dtdurationms", "1 hour, 1 minute")
    check(90_061, "dtdurations", "1 day, 1 hour, 1 minute, 1 second", decimals: 3)
    check(3661, "dthms", "01:01:01")
    check(93_784, "dthms", "26:03:04")
    check(93_784, "dtdhms", "1 d 02:03:04")
    check(59, "dtdhms", "00:00:59")
    check(250, "clockms", "250ms")
    check(3_723_004, "clockms", "01h:02m:03s:004ms")
    check(3723, "clocks", "01h:02m", decimals: 1)
    check(61, "clocks", "01m:01s:000ms")
    check(0, "dateTimeAsIso", "1970-01-01 00:00:00")
    check(0, "dateTimeAsIsoNoDateIfToday", "00:00:00")
    check(90_000_000, "dateTimeAsUSNoDateIfToday", "01/02/1970 1:00:00 am")
    check(0, "dateTimeFromNow", "1 hour ago")
    check(0, "time:YYYY/MM/DD", "1970/01/01")
  }

  @Test func decimalsAreAsWanted() {
    check(3.14159, "short", "3.1416", decimals: 4)
    check(1234.5, "none", "1235", decimals: 0)
    check(-0.0001, "short", "0.00", decimals: 2)
    check(999_999, "short", "1 Mil", decimals: 0)
    check(.nan, "bytes", "NaN")
    check(-.infinity, "bytes", "-∞")
    check(1e300, "none", "1" + String(repeating: "0", count: 300))
  }

  @Test func everyUnitTakesAnyNumber() {
    let values = [
      0, -0.0, .leastNonzeroMagnitude, 1e300, -1e300, .nan, .infinity, 1, -1, 0x1p53, 0x1p63,
      -0x1p63,
    ]
    for id in UnitTable.ids + ["", "xyz", "time:", "si:mW", "count:x", "currency:financial"] {
      for value in values {
        for decimals in [nil, 0, 15] {
          let format = ValueFormat(unit: Unit.named(id), decimals: decimals)
          #expect(!format.text(value).isEmpty, "\(id) \(value)")
          #expect(!format.text(value, step: value).isEmpty, "\(id) \(value)")
        }
      }
    }
  }

  // MARK: - Axes

  private func scale(
    _ low: Double, _ high: Double, _ change: (inout ValueScale.Wishes) -> Void = { _ in }
  ) -> ValueScale {
    var wishes = ValueScale.Wishes(low: low, high: high)
    change(&wishes)
    return ValueScale.fitting(wishes)
  }

  @Test func ticksAreRound() {
    #expect(scale(0, 97).ticks == [0, 20, 40, 60, 80, 100])
    #expect(scale(3, 4.2).ticks == [3, 3.25, 3.5, 3.75, 4, 4.25])
    #expect(scale(-8, 12).ticks == [-10, -5, 0, 5, 10, 15])
    let mebibyte = 1024.0 * 1024
    #expect(
      scale(0, 5 * mebibyte) { $0.isBinary = true }.ticks == (0...5).map { Double($0) * mebibyte })
    let gibibyte = 1024 * mebibyte
    let large = scale(6.4 * gibibyte, 8.1 * gibibyte) { $0.isBinary = true }
    #expect(large.ticks == [6, 6.5, 7, 7.5, 8, 8.5].map { $0 * gibibyte })
    #expect(scale(0, 600) { $0.seconds = 1 }.ticks == [0, 120, 240, 360, 480, 600])
    #expect(scale(1, 900) { $0.logBase = 10 }.ticks == [1, 10, 100, 1000])
    #expect(scale(5, 5).ticks.contains(5))
    #expect(scale(0, 50) { $0.max = 100 }.high == 100)
  }

  /// Texts of an axis differ: what would be written alike is further apart.
  @Test func ticksAreAsFarApartAsTheirDecimals() {
    func least(_ unit: String, _ decimals: Int?) -> Double {
      ValueFormat(unit: Unit.named(unit)).leastStep(decimals: decimals)
    }
    #expect(scale(0, 1.5) { $0.leastStep = least("none", 0) }.ticks == [0, 1, 2])
    #expect(scale(0, 1.5) { $0.leastStep = least("none", 1) }.ticks == [0, 0.5, 1, 1.5])
    #expect(scale(0, 1) { $0.leastStep = least("bool_yes_no", nil) }.ticks == [0, 1])
    #expect(
      scale(0, 0.03) { $0.leastStep = least("percentunit", 0) }.ticks == [0, 0.01, 0.02, 0.03])
    // All there is to see is closer.
    #expect(scale(0, 0.3) { $0.leastStep = least("none", 0) }.ticks.count > 2)
    #expect(least("bytes", 0) == 0 && least("none", nil) == 0)
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func anyRangeHasAFewTicksWithinIt(seed: UInt64) {
    var random = SmallRandom("ticks \(seed)")
    let size = (random.next() - 0.5) * 600
    let low = (random.next() - 0.5) * exponent(size)
    let high = low + random.next() * exponent(size * random.next())
    let scale = scale(low, high) {
      $0.seconds = seed % 3 == 0 ? 1 : 0
      $0.isBinary = seed % 2 == 0
    }
    #expect(scale.low < scale.high)
    #expect((1...40).contains(scale.ticks.count), "\(low) \(high): \(scale.ticks.count)")
    #expect(scale.ticks.allSatisfy { $0.isFinite })
  }

  private func exponent(_ power: Double) -> Double {
    var value = 1.0
    for _ in 0..<Int(abs(power)) { value *= power < 0 ? 0.1 : 10 }
    return value
  }

  @Test func timeTicksAreRoundOnTheClockOfTheZone() throws {
    let start: Int64 = 1_795_262_400_000 - 21_600_000
    let utc = TimeScale(from: start, to: start + 21_600_000, zone: .utc, count: 6)
    #expect(
      utc.ticks.map(\.text) == ["06:00", "07:00", "08:00", "09:00", "10:00", "11:00", "12:00"])
    let india = Zone.fixed(offset: 19_800, name: "IST")
    let shifted = TimeScale(from: start, to: start + 21_600_000, zone: india, count: 6)
    #expect(shifted.ticks.first?.text == "12:00")
    let month = TimeScale(from: start - 30 * 86_400_000, to: start, zone: .utc, count: 5)
    #expect(month.ticks.map(\.text) == ["10/26", "11/02", "11/09", "11/16"])
    let years = TimeScale(from: 0, to: start, zone: .utc, count: 6)
    #expect(years.ticks.map(\.text) == ["1970", "1980", "1990", "2000", "2010", "2020"])
  }

  /// Clocks in Warsaw went back on 2026-10-25: ticks stay on round hours.
  @Test func ticksFollowAChangeOfTheClock() throws {
    let zone: Zone
    do { zone = try Zone.named("Europe/Warsaw") } catch {
      print("skipped: no tz database")
      return
    }
    let start: Int64 = 1_792_792_800_000
    let scale = TimeScale(from: start, to: start + 2 * 86_400_000, zone: zone, count: 8)
    #expect(scale.ticks.allSatisfy { zone.civil(milliseconds: $0.at).hour % 6 == 0 })
    #expect(scale.ticks.count >= 8)
  }

  // MARK: - Points

  @Test(arguments: 0..<20 as Range<UInt64>)
  func downsamplingKeepsEveryExtremeOfAPixel(seed: UInt64) {
    var random = SmallRandom("m4 \(seed)")
    let count = 5000
    let times = (0..<count).map { Int64($0) * 1000 }
    let values = times.map { _ in random.next() }
    let kept = Downsampling.m4(times, values, columns: 100)
    #expect(kept.count <= 400 + 4)
    #expect(kept == kept.sorted() && Set(kept).count == kept.count)
    #expect(kept.first == 0 && kept.last == count - 1)
    func column(_ index: Int) -> Int { Int(Double(times[index]) / Double(times[count - 1]) * 100) }
    let all = Dictionary(grouping: 0..<count, by: column).mapValues { $0.map { values[$0] } }
    let shown = Dictionary(grouping: kept, by: column).mapValues { $0.map { values[$0] } }
    #expect(shown.mapValues { $0.max() } == all.mapValues { $0.max() })
    #expect(shown.mapValues { $0.min() } == all.mapValues { $0.min() })
  }

  @Test func calculationsAreWhatTheirNamesSay() {
    let values = [1, .nan, 4, 2, .nan]
    func calc(_ one: Calculation) -> Double? { Reduction.reduce(values, one) }
    #expect(calc(.lastNotNull) == 2 && calc(.last) == nil && calc(.first) == 1)
    #expect(calc(.min) == 1 && calc(.max) == 4 && calc(.sum) == 7 && calc(.range) == 3)
    #expect(calc(.mean).map { abs($0 - 7.0 / 3) < 1e-12 } == true)
    #expect(calc(.delta) == 5 && calc(.diff) == 1 && calc(.count) == 5 && calc(.median) == 2)
    #expect(Reduction.reduce([], .mean) == nil && Reduction.reduce([.nan], .max) == nil)
  }

  // MARK: - Colours

  @Test func coloursStandOutFromTheGround() {
    for pair in Palette.series {
      #expect(Contrast.ratio(pair.light, Palette.lightGround) >= 3, "\(Palette.hex(pair.light))")
      #expect(Contrast.ratio(pair.dark, Palette.darkGround) >= 3, "\(Palette.hex(pair.dark))")
    }
    for (name, pair) in Palette.named {
      guard let light = pair.light, let dark = pair.dark else { continue }
      #expect(Contrast.ratio(light, Palette.lightGround) >= 3, "\(name)")
      #expect(Contrast.ratio(dark, Palette.darkGround) >= 3, "\(name)")
    }
  }

  @Test func colourBlindReadersTellTheFirstSeriesApart() {
    for palette in [Palette.series.map(\.light), Palette.series.map(\.dark)] {
      let first = palette.prefix(7)
      for vision in Vision.allCases {
        for (index, one) in first.enumerated() {
          for other in first.dropFirst(index + 1) {
            let distance = vision.distance(one, other)
            #expect(
              distance > 20, "\(vision) \(Palette.hex(one)) \(Palette.hex(other)) \(distance)")
          }
        }
      }
    }
  }

  @Test func coloursAreReadAsAuthorsWriteThem() {
    #expect(Ink.parse("#fff") == .rgb(0xFFFFFF))
    #expect(Ink.parse("#EAB839") == .rgb(0xEAB839))
    #expect(Ink.parse("rgba(245, 54, 54, 0.9)") == .rgb(0xF53636))
    #expect(Ink.parse("semi-dark-red") == .named("semi-dark-red"))
    for text in ["transparent", "text", "", "#12", "url(x)", "rgb(1)", "var(--x)"] {
      #expect(Ink.parse(text) == nil, "\(text)")
    }
  }

  @Test func textIsEscapedWhereItMustBe() {
    let texts = [
      ("", ""), ("plain", "plain"), ("<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"),
      ("\u{FFFE}", "\u{FFFD}"), ("a\u{FFFF}b", "a\u{FFFD}b"),
      ("\0\t\n\u{7F}", "\u{FFFD}\t\n\u{FFFD}"),
      ("é\u{FFFD}\u{2028}🦔¿¾", "é\u{FFFD}\u{2028}🦔¿¾"), ("\u{1B}[0m", "\u{FFFD}[0m"),
    ]
    for (text, escaped) in texts {
      var out: [UInt8] = []
      Markup.appendEscaped(text, to: &out)
      #expect(String(decoding: out, as: UTF8.self) == escaped)
    }
  }

  @Test func theHashIsSHA256() {
    #expect(
      SHA256.base64(SHA256.hash(Array("abc".utf8)))
        == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
    #expect(
      SHA256.base64(SHA256.hash([])) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    let long = [UInt8](repeating: 0x61, count: 1_000)
    #expect(
      SHA256.base64(SHA256.hash(long)) == "Qe3s5C1j6Nm/UVqbppMuHCDLyfWl0TRkWttdsblzfqM=")
    // In whatever parts it comes, and as often as it is asked meanwhile.
    for part in [1, 7, 63, 64, 65, 999] {
      var hash = SHA256()
      for start in stride(from: 0, to: long.count, by: part) {
        hash.update(Array(long[start..<min(start + part, long.count)]))
        _ = hash.digest
      }
      #expect(hash.digest == SHA256.hash(long), "\(part)")
    }
  }
}
