import Glibc

/// Decimal text to the nearest double, always correctly rounded.
///
/// Three roads, by how often they are taken:
///
/// 1. at most 2^53 in the digits and a power of ten that is itself a double
///    (10^22): one multiplication or division;
/// 2. 128-bit products (`EiselLemire`); for more than 19 digits the first 19
///    and their successor must round to the same double;
/// 3. strtod, on at most 800 digits: 767 are the most that can decide, and what
///    follows is only told apart from zero.
///
/// The grammar is the decimal one of Go's strconv.ParseFloat, which Prometheus'
/// formats use: `[+-]? (digits [. digits?] | . digits) ([eE] [+-]? digits)?`.
/// Too large a number is refused as Go does, too small a one is zero.
package enum FloatParser {
  /// The number that `bytes` are, all of them, or nil.
  @inline(__always)
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Double? {
    var value = 0.0
    let end = scan(bytes, from: 0, into: &value)
    guard end == bytes.count, end > 0, value.isFinite else { return nil }
    return value
  }

  package static func parse(_ text: String) -> Double? {
    withBytes(of: text) { parse($0) }
  }

  /// `parse`, and Go's names: `inf`, `infinity` with a sign or without, and
  /// `nan` without; letters in any case.
  package static func parseWithSpecials(_ bytes: UnsafeRawBufferPointer) -> Double? {
    if let value = parse(bytes) { return value }
    return special(bytes)
  }

  package static func parseWithSpecials(_ text: String) -> Double? {
    withBytes(of: text) { parseWithSpecials($0) }
  }

  /// All that Go's ParseFloat takes: `parseWithSpecials`, hexadecimal floats
  /// (`0x1.8p3`, the exponent required) and `_` between digits.
  package static func parseGoLiteral(_ bytes: UnsafeRawBufferPointer) -> Double? {
    if let value = parseWithSpecials(bytes) { return value }
    return GoFloatLiteral.parse(bytes)
  }

  package static func parseGoLiteral(_ text: String) -> Double? {
    withBytes(of: text) { parseGoLiteral($0) }
  }

  /// Reads a number that starts at `start`, and returns the offset behind it, or
  /// `start` where there is none. For tokenizers that do not know the end yet.
  /// `value` may become infinite; a caller that follows Go refuses that.
  package static func scan(
    _ bytes: UnsafeRawBufferPointer, from start: Int, into value: inout Double
  ) -> Int {
    let decimal = Decimal(bytes, from: start)
    guard decimal.end > start else { return start }
    value = decimal.value(bytes)
    return decimal.end
  }

  static func withBytes<Result>(
    of text: String, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    var text = text
    return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }

  private static func special(_ bytes: UnsafeRawBufferPointer) -> Double? {
    if equals(bytes, 0, "nan") { return .nan }
    guard let first = bytes.first else { return nil }
    let signed = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
    let start = signed ? 1 : 0
    guard equals(bytes, start, "inf") || equals(bytes, start, "infinity") else { return nil }
    return first == UInt8(ascii: "-") ? -.infinity : .infinity
  }

  /// Whether the bytes from `start` on are `word`, in letters of any case.
  private static func equals(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ word: StaticString
  ) -> Bool {
    guard bytes.count - start == word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount
    where bytes[start + index] | 0x20 != word.utf8Start[index] {
      return false
    }
    return true
  }
}

/// What a decimal number's text says, before rounding.
struct Decimal {
  var negative = false
  /// The first 19 significant digits at most.
  var mantissa: UInt64 = 0
  /// value = mantissa × 10^exponent, if not `truncated`.
  var exponent = 0
  /// There were more than 19 significant digits.
  var truncated = false
  var digitsStart = 0
  /// Behind the last digit, before the exponent.
  var digitsEnd = 0
  /// Behind the number; the start where there is no number.
  var end = 0

  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
    let count = bytes.count
    var at = start
    end = start
    if at < count, bytes[at] == 0x2D || bytes[at] == 0x2B {
      negative = bytes[at] == 0x2D
      at &+= 1
    }
    digitsStart = at
    Self.readDigits(bytes, &at, &mantissa)
    var digits = at &- digitsStart
    if at < count, bytes[at] == 0x2E {
      at &+= 1
      let fraction = at
      Self.readEights(bytes, &at, &mantissa)
      Self.readDigits(bytes, &at, &mantissa)
      exponent = fraction &- at
      digits &+= at &- fraction
    }
    guard digits > 0 else { return }
    digitsEnd = at
    let written = Self.readExponent(bytes, &at)
    end = at
    // 19 digits always fit 64 bits; with more the mantissa has wrapped around.
    if digits > 19 { readAgain(bytes) }
    exponent &+= written
  }

  @inline(__always)
  private static func readDigits(
    _ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ mantissa: inout UInt64
  ) {
    while at < bytes.count {
      let digit = bytes[at] &- 0x30
      if digit > 9 { return }
      mantissa = mantissa &* 10 &+ UInt64(digit)
      at &+= 1
    }
  }

  /// Eight digits at a time, for as long as there are eight.
  @inline(__always)
  private static func readEights(
    _ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ mantissa: inout UInt64
  ) {
    while bytes.count &- at >= 8 {
      let raw = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let word = UInt64(littleEndian: raw)
      // A digit's upper half is 3, and stays 3 when 6 is added.
      let upper = word & 0xF0F0_F0F0_F0F0_F0F0
      let carried = ((word &+ 0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0) &>> 4
      guard upper | carried == 0x3333_3333_3333_3333 else { return }
      // Pairs, then fours, then all eight, by multiplications that add neighbours.
      var eight = word &- 0x3030_3030_3030_3030
      eight = eight &* 10 &+ (eight &>> 8)
      let even = (eight & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
      let odd = ((eight &>> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
      mantissa = mantissa &* 100_000_000 &+ ((even &+ odd) &>> 32)
      at &+= 8
    }
  }

  /// The exponent as written, at most ±1,000,000; leaves `at` alone where there is none.
  @inline(__always)
  private static func readExponent(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Int {
    guard at < bytes.count, bytes[at] | 0x20 == 0x65 else { return 0 }
    var here = at &+ 1
    var negative = false
    if here < bytes.count, bytes[here] == 0x2D || bytes[here] == 0x2B {
      negative = bytes[here] == 0x2D
      here &+= 1
    }
    let first = here
    var exponent = 0
    while here < bytes.count {
      let digit = bytes[here] &- 0x30
      if digit > 9 { break }
      if exponent < 1_000_000 { exponent = exponent &* 10 &+ Int(digit) }
      here &+= 1
    }
    guard here > first else { return 0 }
    at = here
    return negative ? 0 &- exponent : exponent
  }

  /// Takes the first 19 significant digits of a long number.
  @inline(never)
  private mutating func readAgain(_ bytes: UnsafeRawBufferPointer) {
    mantissa = 0
    exponent = 0
    var taken = 0
    var behindPoint = false
    for at in digitsStart..<digitsEnd {
      let byte = bytes[at]
      if byte == 0x2E {
        behindPoint = true
        continue
      }
      if taken < 19 {
        mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
        // Zeros in front are not significant.
        if mantissa > 0 { taken &+= 1 }
        if behindPoint { exponent &-= 1 }
      } else {
        if !behindPoint { exponent &+= 1 }
        if byte != 0x30 { truncated = true }
      }
    }
  }

  @inline(__always)
  func value(_ bytes: UnsafeRawBufferPointer) -> Double {
    let magnitude: Double
    if !truncated, mantissa <= 1 &<< 53, exponent >= -22, exponent <= 22 {
      let exact = Double(Int64(bitPattern: mantissa))
      magnitude =
        exponent < 0
        ? exact / Self.powersOfTen[0 &- exponent] : exact * Self.powersOfTen[exponent]
    } else {
      magnitude = rounded(bytes)
    }
    return negative ? -magnitude : magnitude
  }

  @inline(never)
  private func rounded(_ bytes: UnsafeRawBufferPointer) -> Double {
    let nearest = EiselLemire.nearest(mantissa, exponent: exponent)
    guard truncated else { return nearest }
    if EiselLemire.nearest(mantissa &+ 1, exponent: exponent) == nearest { return nearest }
    return byStrtod(bytes)
  }

  /// The exact road: a normalised copy, `digits` e `exponent`, given to strtod.
  private func byStrtod(_ bytes: UnsafeRawBufferPointer) -> Double {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.decidingDigits + 32) { copy in
      var count = 0
      var more = false
      for at in digitsStart..<digitsEnd where bytes[at] != 0x2E {
        if count == 0, bytes[at] == 0x30 { continue }
        if count < Self.decidingDigits {
          copy[count] = CChar(bitPattern: bytes[at])
          count += 1
        } else if bytes[at] != 0x30 {
          more = true
        }
      }
      // `exponent` belongs to 19 digits; those after them move the point.
      var scale = exponent - (count - 19)
      if more {
        copy[count] = CChar(bitPattern: 0x31)
        count += 1
        scale -= 1
      }
      copy[count] = CChar(bitPattern: 0x65)
      count += 1
      for byte in String(scale).utf8 {
        copy[count] = CChar(bitPattern: byte)
        count += 1
      }
      copy[count] = 0
      guard let base = copy.baseAddress else { return 0 }
      return strtod(base, nil)
    }
  }

  private static let decidingDigits = 800

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
