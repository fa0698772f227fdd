/// `a=1&b=two+words`: what stands behind the `?` of a URL, and the body of a form.
package enum FormText {
  /// The pairs in their order, a name as often as it comes; nil where an escape is
  /// none or the text is not UTF-8.
  package static func pairs(_ text: String) -> [(name: String, value: String)]? {
    pairs(Array(text.utf8))
  }

  package static func pairs(_ bytes: [UInt8]) -> [(name: String, value: String)]? {
    var found: [(name: String, value: String)] = []
    for part in bytes.split(separator: UInt8(ascii: "&")) {
      let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      guard let name = decoded(part[..<equals], plusIsSpace: true),
        let value = decoded(part[equals...].dropFirst(), plusIsSpace: true)
      else { return nil }
      found.append((name, value))
    }
    return found
  }

  /// Without `%2F` and their like.
  static func decoded(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool) -> String? {
    var plain: [UInt8] = []
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "+") where plusIsSpace: plain.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(hex), let low = iterator.next().flatMap(hex)
        else { return nil }
        plain.append(high << 4 | low)
      default: plain.append(byte)
      }
    }
    return String(validating: plain, as: UTF8.self)
  }

  static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}
