/// The contents of tokens: only those that are asked for are made into values.
extension JSONTokenizer {
  /// A token's bytes as they stand, escapes included.
  @inline(__always)
  package func raw(_ token: JSONToken) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[token.range])
  }

  /// Whether a string or key is `text`.
  package func isEqual(_ token: JSONToken, _ text: StaticString) -> Bool {
    if token.isEscaped {
      return JSONText.unescaped(raw(token))
        .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
    let length = text.utf8CodeUnitCount
    guard token.end &- token.start == length else { return false }
    for index in 0..<length where bytes[token.start &+ index] != text.utf8Start[index] {
      return false
    }
    return true
  }

  /// A string's or key's contents.
  package func string(_ token: JSONToken) -> String {
    if token.isEscaped { return String(decoding: JSONText.unescaped(raw(token)), as: UTF8.self) }
    return String(decoding: raw(token), as: UTF8.self)
  }

  /// Calls `body` with a string's contents: the input's own bytes where nothing
  /// is escaped, otherwise `scratch`, which is overwritten and reused.
  @inline(__always)
  package func withText<Result>(
    _ token: JSONToken, scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard token.isEscaped else { return body(raw(token)) }
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(raw(token), into: &scratch)
    return scratch.withUnsafeBytes(body)
  }

  /// Appends a string's contents to `out`.
  package func appendText(_ token: JSONToken, to out: inout [UInt8]) {
    if token.isEscaped {
      JSONText.unescape(raw(token), into: &out)
    } else {
      out.append(contentsOf: raw(token))
    }
  }

  /// A number as the nearest double; beyond the largest, infinity.
  @inline(__always)
  package func double(_ token: JSONToken) -> Double {
    var value = 0.0
    _ = FloatParser.scan(raw(token), from: 0, into: &value)
    return value
  }

  /// A number exactly, where it is written as an integer and fits.
  package func int64(_ token: JSONToken) -> Int64? { IntegerParser.parse(raw(token)) }
}

/// Undoing a string's escapes, which the tokenizer has checked.
enum JSONText {
  static func unescaped(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    unescape(bytes, into: &out)
    return out
  }

  static func unescape(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) {
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte != 0x5C || at + 1 >= bytes.count {
        out.append(byte)
        at += 1
        continue
      }
      let kind = bytes[at + 1]
      at += 2
      switch kind {
      case 0x62: out.append(0x08)
      case 0x66: out.append(0x0C)
      case 0x6E: out.append(0x0A)
      case 0x72: out.append(0x0D)
      case 0x74: out.append(0x09)
      case 0x75: appendScalar(bytes, &at, to: &out)
      default: out.append(kind)
      }
    }
  }

  /// Reads four hex digits at `at`, and the second half of a surrogate pair.
  private static func appendScalar(
    _ bytes: UnsafeRawBufferPointer, _ at: inout Int, to out: inout [UInt8]
  ) {
    var code = hexWord(bytes, at)
    at += 4
    if code >= 0xD800, code < 0xDC00, at + 5 < bytes.count, bytes[at] == 0x5C,
      bytes[at + 1] == 0x75
    {
      let low = hexWord(bytes, at + 2)
      if low >= 0xDC00, low < 0xE000 {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        at += 6
      }
    }
    // A surrogate without its other half is no character.
    out.append(contentsOf: String(UnicodeScalar(code) ?? "\u{FFFD}").utf8)
  }

  private static func hexWord(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UInt32 {
    var word: UInt32 = 0
    for at in start..<(start + 4) where at < bytes.count {
      word = word << 4 | UInt32(hexDigit(bytes[at]) ?? 0)
    }
    return word
  }

  @inline(__always)
  static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
