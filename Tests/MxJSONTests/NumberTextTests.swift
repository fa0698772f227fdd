import Testing

@testable import MxJSON

@Suite struct NumberTextTests {
  private func check(
    _ value: Double, fixed: String, json: String, template: String, openMetrics: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(NumberText.fixed(value) == fixed, sourceLocation: location)
    #expect(NumberText.prometheusJSON(value) == json, sourceLocation: location)
    #expect(NumberText.template(value) == template, sourceLocation: location)
    #expect(NumberText.openMetrics(value) == openMetrics, sourceLocation: location)
  }

  @Test func eachConventionHasItsSpelling() {
    check(0, fixed: "0", json: "0", template: "0", openMetrics: "0.0")
    check(-0.0, fixed: "-0", json: "-0", template: "-0", openMetrics: "-0.0")
    check(1, fixed: "1", json: "1", template: "1", openMetrics: "1.0")
    check(-1.5, fixed: "-1.5", json: "-1.5", template: "-1.5", openMetrics: "-1.5")
    check(100000, fixed: "100000", json: "100000", template: "100000", openMetrics: "100000.0")
    check(1e6, fixed: "1000000", json: "1000000", template: "1e+06", openMetrics: "1e+06")
    check(
      1_234_567, fixed: "1234567", json: "1234567", template: "1.234567e+06",
      openMetrics: "1.234567e+06")
    check(93784.5, fixed: "93784.5", json: "93784.5", template: "93784.5", openMetrics: "93784.5")
    check(
      0.00001234, fixed: "0.00001234", json: "0.00001234", template: "1.234e-05",
      openMetrics: "1.234e-05")
    check(0.0001, fixed: "0.0001", json: "0.0001", template: "0.0001", openMetrics: "0.0001")
    check(1e-6, fixed: "0.000001", json: "0.000001", template: "1e-06", openMetrics: "1e-06")
    check(1e-7, fixed: "0.0000001", json: "1e-07", template: "1e-07", openMetrics: "1e-07")
    check(
      1e20, fixed: "100000000000000000000", json: "100000000000000000000", template: "1e+20",
      openMetrics: "1e+20")
    check(
      1e21, fixed: "1000000000000000000000", json: "1e+21", template: "1e+21",
      openMetrics: "1e+21")
    check(
      0.1 + 0.2, fixed: "0.30000000000000004", json: "0.30000000000000004",
      template: "0.30000000000000004", openMetrics: "0.30000000000000004")
    check(.nan, fixed: "NaN", json: "NaN", template: "NaN", openMetrics: "NaN")
    check(.infinity, fixed: "+Inf", json: "+Inf", template: "+Inf", openMetrics: "+Inf")
    check(-.infinity, fixed: "-Inf", json: "-Inf", template: "-Inf", openMetrics: "-Inf")
  }

  @Test func theExtremesAreWrittenOut() {
    #expect(NumberText.prometheusJSON(.leastNonzeroMagnitude) == "5e-324")
    #expect(NumberText.prometheusJSON(.greatestFiniteMagnitude) == "1.7976931348623157e+308")
    #expect(NumberText.fixed(.greatestFiniteMagnitude).count == 309)
    #expect(NumberText.fixed(.leastNonzeroMagnitude).count == 326)
    #expect(NumberText.general(123_456_789) == "123456789")
    #expect(NumberText.general(1e21) == "1e+21")
    #expect(NumberText.general(0.00001) == "1e-05")
    #expect(NumberText.prometheusJSON(9_007_199_254_740_992) == "9007199254740992")
    #expect(NumberText.prometheusJSON(18_014_398_509_481_984) == "18014398509481984")
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func everySpellingReadsBackAsTheSameBits(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<300 {
      let random = Double(bitPattern: generator.next())
      let human =
        Double(Int64(bitPattern: generator.next()) >> Int64(round % 60 + 4))
        / ([1, 10, 100, 1000, 10000, 8, 3].randomElement(using: &generator) ?? 1)
      for value in [random, human] where value.isFinite {
        for rule in [NumberText.ExponentRule.never, .json, .below4(orFrom: 6), .below4(orFrom: 21)]
        {
          let text = NumberText.text(value, rule)
          #expect(FloatParser.parse(text)?.bitPattern == value.bitPattern, "\(text)")
        }
        // Not one digit more than Swift's own shortest form has.
        let count = { (text: String) in
          text.drop { "-0.".contains($0) }.prefix { $0 != "e" }.filter { $0 != "." }.count
        }
        let trimmed = { (text: String) in text.hasSuffix(".0") ? String(text.dropLast(2)) : text }
        let shortest = trimmed(value.description)
        if !shortest.hasSuffix("0"), shortest.contains(".") {
          #expect(count(NumberText.template(value)) == count(shortest), "\(value)")
        }
      }
    }
  }
}
