import Glibc

/// Numbers of the text formats.
enum TextNumber {
  /// A decimal number, all of `bytes`, or nil.
  static func decimal(_ bytes: UnsafeRawBufferPointer) -> Double? {
    guard !bytes.isEmpty, bytes.count < 400 else { return nil }
    for byte in bytes
    where !(Byte.isDigit(byte) || byte == Byte.point || byte | 0x20 == UInt8(ascii: "e")
      || byte == Byte.minus || byte == Byte.plus)
    {
      return nil
    }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { copy in
      for index in 0..<bytes.count { copy[index] = CChar(bitPattern: bytes[index]) }
      copy[bytes.count] = 0
      guard let base = copy.baseAddress else { return nil }
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(base, &end)
      return end == base + bytes.count && value.isFinite ? value : nil
    }
  }

  /// `decimal`, and `NaN`, `Inf`, `Infinity` in letters of any case.
  static func value(_ bytes: UnsafeRawBufferPointer) -> Double? {
    if let value = decimal(bytes) { return value }
    switch bytes.text.lowercased() {
    case "nan": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: return nil
    }
  }
}
