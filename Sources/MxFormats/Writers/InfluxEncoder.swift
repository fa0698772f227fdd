import MxJSON

/// The escapes of the Influx line protocol, outwards.
///
/// The protocol cannot say some names: empty ones, those with control
/// characters or with a backslash at the end, and a measurement that begins
/// like a comment. `canSay` tells; what it denies must not be appended.
enum InfluxEncoder {
  /// Whether a name or tag value comes back as it is.
  static func canSay(_ name: [UInt8], isMeasurement: Bool = false) -> Bool {
    guard let first = name.first, let last = name.last, last != Byte.backslash else { return false }
    if isMeasurement, first == Byte.hash { return false }
    return name.allSatisfy { !InfluxScanner.isUnprintable($0) }
  }

  /// Commas and blanks are escaped, `=` is not.
  static func appendMeasurement(_ name: [UInt8], to out: inout [UInt8]) {
    for byte in name {
      if byte == Byte.comma || byte == Byte.space { out.append(Byte.backslash) }
      out.append(byte)
    }
  }

  /// A tag's key or value, or a field's key.
  static func appendKey(_ key: [UInt8], to out: inout [UInt8]) {
    for byte in key {
      if InfluxScanner.isEscapable(byte) { out.append(Byte.backslash) }
      out.append(byte)
    }
  }

  /// A string's quotes and escapes.
  static func appendString(_ text: [UInt8], to out: inout [UInt8]) {
    out.append(Byte.quote)
    for byte in text {
      switch byte {
      case Byte.quote, Byte.backslash: out += [Byte.backslash, byte]
      case Byte.newline: out += [Byte.backslash, UInt8(ascii: "n")]
      case Byte.carriageReturn: out += [Byte.backslash, UInt8(ascii: "r")]
      case Byte.tab: out += [Byte.backslash, UInt8(ascii: "t")]
      default: out.append(byte)
      }
    }
    out.append(Byte.quote)
  }
}
