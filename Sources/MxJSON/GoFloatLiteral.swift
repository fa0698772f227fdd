import Glibc

/// The rare spellings of Go's ParseFloat: hexadecimal floats and underscores.
enum GoFloatLiteral {
  /// No number that a person wrote is longer.
  private static let longest = 512

  static func parse(_ bytes: UnsafeRawBufferPointer) -> Double? {
    guard bytes.count <= longest, !bytes.isEmpty, underscoresSeparateDigits(bytes) else {
      return nil
    }
    let plain = bytes.filter { $0 != UInt8(ascii: "_") }
    if let hexadecimal = parseHexadecimal(plain) { return hexadecimal }
    guard plain.count < bytes.count else { return nil }
    return plain.withUnsafeBytes { FloatParser.parse($0) }
  }

  /// `[+-]? 0x hex* [. hex*] p [+-]? digits`, at least one hex digit.
  private static func parseHexadecimal(_ text: [UInt8]) -> Double? {
    var at = 0
    if text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+") { at = 1 }
    guard text.count > at + 2, text[at] == UInt8(ascii: "0"),
      text[at + 1] | 0x20 == UInt8(ascii: "x")
    else { return nil }
    at += 2
    var digits = skip(text, &at, isHexDigit)
    if at < text.count, text[at] == UInt8(ascii: ".") {
      at += 1
      digits += skip(text, &at, isHexDigit)
    }
    guard digits > 0, at < text.count, text[at] | 0x20 == UInt8(ascii: "p") else { return nil }
    at += 1
    if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") { at += 1 }
    guard skip(text, &at, isDigit) > 0, at == text.count else { return nil }
    let terminated = text.map { CChar(bitPattern: $0) } + [0]
    let value = strtod(terminated, nil)
    return value.isFinite ? value : nil
  }

  private static func skip(
    _ text: [UInt8], _ at: inout Int, _ belongs: (UInt8) -> Bool
  ) -> Int {
    let start = at
    while at < text.count, belongs(text[at]) { at += 1 }
    return at - start
  }

  /// Each `_` has a digit on both sides; the `x` of a prefix counts as one.
  private static func underscoresSeparateDigits(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let hexadecimal = bytes.contains { $0 | 0x20 == UInt8(ascii: "x") }
    for at in bytes.indices where bytes[at] == UInt8(ascii: "_") {
      guard at > 0, at + 1 < bytes.count else { return false }
      let before = bytes[at - 1]
      let after = bytes[at + 1]
      let beforeIsFine =
        isDigit(before) || (hexadecimal && (isHexDigit(before) || before | 0x20 == 0x78))
      guard beforeIsFine, hexadecimal ? isHexDigit(after) : isDigit(after) else { return false }
    }
    return true
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20) &- 0x61 <= 5
  }
}
