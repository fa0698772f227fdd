extension FormText {
  /// `a=1&b=two%20words`: what `pairs` reads back.
  package static func encoded(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
  }

  /// One part of a URL: all but letters, digits and `-._~` as `%2F`.
  package static func encoded(_ text: String) -> String {
    var out: [UInt8] = []
    for byte in text.utf8 {
      let isPlain =
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x2E
        || byte == 0x5F || byte == 0x7E
      if isPlain {
        out.append(byte)
      } else {
        out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static let digits = Array("0123456789ABCDEF".utf8)
}
