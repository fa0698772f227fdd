import Glibc
import Testing

@testable import MxJSON

@Suite struct FloatParserTests {
  @Test func edgesRoundAsIEEEWants() {
    for text in [
      "0", "-0", "1", "1.5", "123456789012345678", "9007199254740993", "9007199254740992.5",
      "1e22", "1e23", "8.5e22", "1e308", "1.7976931348623157e308", "1.7976931348623158e308",
      "4.9e-324", "5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-323",
      "2.2250738585072014e-308", "2.2250738585072011e-308", "2.225073858507201e-308",
      "0.1", "0.30000000000000004", "3.14159265358979323846264338327950288",
      "100000000000000016777215", "100000000000000016777216", "10000000000000000000000000000000",
      "1090544144181609348671888949248", "1090544144181609348835077142190", "0e999999999",
      "1e-999999999999999999999", "9355950000000000000.00000000000000000000000000000000001",
      "00000000000000000000000000000000000001.5", "0.00000000000000000000000000000000000001",
      ".5", "5.", "-.5e1", "+7",
    ] {
      #expect(FloatParser.parse(text)?.bitPattern == strtod(text, nil).bitPattern, "\(text)")
    }
  }

  /// The longest halfway case: 767 significant digits decide, then one more.
  @Test func aTieThatHundredsOfDigitsDecideIsDecided() {
    // 2^-1075 written out: half the smallest subnormal, a tie that goes to zero.
    var digits: [UInt8] = [1]
    for _ in 0..<1075 {
      var carry = 0
      for index in digits.indices.reversed() {
        let product = Int(digits[index]) * 5 + carry
        digits[index] = UInt8(product % 10)
        carry = product / 10
      }
      if carry > 0 { digits.insert(UInt8(carry), at: 0) }
    }
    let text = digits.map { "\($0)" }.joined() + "e-1075"
    #expect(FloatParser.parse(text) == 0)
    let above = digits.map { "\($0)" }.joined() + "000000000000000001e-1093"
    #expect(FloatParser.parse(above) == Double.leastNonzeroMagnitude)
    let farAbove =
      digits.map { "\($0)" }.joined() + String(repeating: "0", count: 5000) + "1e-6076"
    #expect(FloatParser.parse(farAbove) == Double.leastNonzeroMagnitude)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func everyDoubleReadsBackFromItsShortestText(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      #expect(FloatParser.parse(value.description)?.bitPattern == value.bitPattern)
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func randomDecimalsRoundAsStrtodDoes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<1000 {
      let digits = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        "\(Int.random(in: 0...9, using: &generator))"
      }
      let point = Int.random(in: 0...digits.count, using: &generator)
      let exponent = Int.random(in: -350...320, using: &generator)
      let text =
        digits[..<point].joined() + "." + digits[point...].joined() + "e\(exponent)"
      let expected = strtod(text, nil)
      #expect(FloatParser.parse(text) == (expected.isFinite ? expected : nil), "\(text)")
    }
  }

  /// Numbers just on, above and below the middle of two doubles.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func halfwayNumbersGoToEven(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let mantissa = (UInt64(1) << 53) + generator.next() >> 11
      let tails = ["5", ".5", ".50000000000000000000001", ".49999999999999999999999"]
      let text = "\(mantissa)" + (tails.randomElement(using: &generator) ?? "")
      #expect(FloatParser.parse(text) == strtod(text, nil), "\(text)")
    }
  }

  @Test func theGrammarIsGos() {
    for text in [
      "", "-", "+", ".", "e5", ".e5", "1e", "1e+", "1.5.5", " 1", "1 ", "0x10", "1_0", "nan",
      "inf", "--1", "1e400", "-1e400", "1e99999999999999999999", "1d5", "1f",
    ] {
      #expect(FloatParser.parse(text) == nil, "\(text)")
    }
    #expect(FloatParser.parseWithSpecials("NaN")?.isNaN == true)
    #expect(FloatParser.parseWithSpecials("nAn")?.isNaN == true)
    #expect(FloatParser.parseWithSpecials("+Inf") == .infinity)
    #expect(FloatParser.parseWithSpecials("-infINITY") == -.infinity)
    for text in ["+nan", "-nan", "in", "infin", "infinityx", "nanx", ""] {
      #expect(FloatParser.parseWithSpecials(text) == nil, "\(text)")
    }
    #expect(FloatParser.parseGoLiteral("0x1.8p3") == 12)
    #expect(FloatParser.parseGoLiteral("-0X_1p-2") == -0.25)
    #expect(FloatParser.parseGoLiteral("1_000.5_0e1_0") == 1000.5e10)
    for text in ["_1", "1_", "1__0", "1_.5", "0x1", "0x", "0xp1", "0x1p", "1._5", "1e_5", "0x1pz"] {
      #expect(FloatParser.parseGoLiteral(text) == nil, "\(text)")
    }
  }

  @Test func scanStopsBehindTheNumber() {
    let text = Array("x=1.25e3,y=7e,z".utf8)
    text.withUnsafeBytes { raw in
      var value = 0.0
      #expect(FloatParser.scan(raw, from: 2, into: &value) == 8)
      #expect(value == 1250)
      #expect(FloatParser.scan(raw, from: 11, into: &value) == 12)
      #expect(value == 7)
      #expect(FloatParser.scan(raw, from: 0, into: &value) == 0)
      #expect(FloatParser.scan(raw, from: raw.count, into: &value) == raw.count)
    }
  }

  @Test func integersAreExactOrRefused() {
    #expect(IntegerParser.parse("9223372036854775807") == .max)
    #expect(IntegerParser.parse("-9223372036854775808") == .min)
    #expect(IntegerParser.parse("+0012") == 12)
    for text in [
      "9223372036854775808", "-9223372036854775809", "", "-", "1.0", "1e3", " 1",
      "99999999999999999999999",
    ] {
      #expect(IntegerParser.parse(text) == nil, "\(text)")
    }
  }

  @Test func hugeTextsAreNoTrouble() {
    let zeros = String(repeating: "0", count: 100_000)
    #expect(FloatParser.parse("1" + zeros) == nil)
    #expect(FloatParser.parse("0." + zeros + "1") == 0)
    #expect(FloatParser.parse("1" + zeros + "e-100000") == 1)
    #expect(FloatParser.parse(zeros + "7" + "." + zeros) == 7)
  }

  /// The table, worked out a second way: repeated multiplication and division.
  @Test func thePowersOfFiveAreThePowersOfFive() {
    var power: [UInt32] = [1]
    for exponent in 0...PowersOfFive.largestExponent {
      check(exponent, topBits(power), roundUp: false)
      var carry: UInt64 = 0
      for index in power.indices {
        let product = UInt64(power[index]) * 5 + carry
        power[index] = UInt32(truncatingIfNeeded: product)
        carry = product >> 32
      }
      if carry > 0 { power.append(UInt32(carry)) }
    }
    var inverse = [UInt32](repeating: 0, count: 40) + [1]
    for exponent in 1...(-PowersOfFive.smallestExponent) {
      var remainder: UInt64 = 0
      for index in inverse.indices.reversed() {
        let dividend = remainder << 32 | UInt64(inverse[index])
        inverse[index] = UInt32(dividend / 5)
        remainder = dividend % 5
      }
      check(-exponent, topBits(inverse), roundUp: exponent <= 27)
    }
  }

  private func check(_ exponent: Int, _ expected: UInt128, roundUp: Bool) {
    let index = (exponent - PowersOfFive.smallestExponent) * 2
    let found =
      UInt128(PowersOfFive.words[index]) << 64 | UInt128(PowersOfFive.words[index + 1])
    #expect(found == expected + (roundUp ? 1 : 0), "5^\(exponent)")
  }

  private func topBits(_ limbs: [UInt32]) -> UInt128 {
    var top: UInt128 = 0
    var bits = 0
    for limb in limbs.reversed() {
      for bit in stride(from: 31, through: 0, by: -1) {
        let isSet = limb >> UInt32(bit) & 1 == 1
        if bits == 0, !isSet { continue }
        if bits == 128 { return top }
        top = top << 1 | (isSet ? 1 : 0)
        bits += 1
      }
    }
    return top << UInt128(128 - bits)
  }
}
