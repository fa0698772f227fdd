import MxJSON

/// The escapes and values of the Influx line protocol, outwards.
///
/// The protocol cannot say some things: control characters in names, a
/// backslash at the end of one, an empty name. The encoder of samples replaces
/// what cannot be said by `_`; `canAppend` tells who would rather refuse.
enum InfluxEncoder {
  /// Commas and blanks are escaped, `=` is not. A `#` in front would be a comment.
  static func appendMeasurement(_ name: [UInt8], to out: inout [UInt8]) {
    append(name, escapes: [Byte.comma, Byte.space], to: &out)
  }

  /// A tag's key or value, or a field's key.
  static func appendKey(_ key: [UInt8], to out: inout [UInt8]) {
    append(key, escapes: [Byte.comma, Byte.space, Byte.equals], to: &out)
  }

  /// Whether a name comes back as it is.
  static func canAppend(_ name: [UInt8]) -> Bool {
    guard let last = name.last, last != Byte.backslash else { return false }
    return name.allSatisfy { !InfluxScanner.isUnprintable($0) }
  }

  private static func append(_ text: [UInt8], escapes: [UInt8], to out: inout [UInt8]) {
    if text.isEmpty { out.append(Byte.underscore) }
    for (index, byte) in text.enumerated() {
      if InfluxScanner.isUnprintable(byte) || (byte == Byte.backslash && index == text.count - 1) {
        out.append(Byte.underscore)
      } else {
        if escapes.contains(byte) { out.append(Byte.backslash) }
        out.append(byte)
      }
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
