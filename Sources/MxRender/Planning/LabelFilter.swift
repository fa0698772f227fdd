import MxModel

/// `{severity="critical", team!="db"}`: which alerts a panel is about.
package struct LabelFilter: Equatable, Sendable {
  struct Condition: Equatable, Sendable {
    var name: String
    var isEqual: Bool
    var isRegex: Bool
    var value: String
  }

  private(set) var conditions: [Condition] = []

  package init() {}

  /// Nil for what is no list of conditions; braces may be left out.
  package init?(_ text: String) {
    var rest = TextTools.trim(text)
    if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = String(rest.dropFirst().dropLast()) }
    var scanner = FilterScanner(Array(rest.utf8))
    while !scanner.isAtEnd {
      guard let condition = scanner.condition() else { return nil }
      conditions.append(condition)
    }
  }

  func matches(_ name: String, _ labels: [QueryResult.Label]) -> Bool {
    conditions.allSatisfy { condition in
      let value =
        condition.name == "alertname"
        ? name : labels.first { $0.name == condition.name }?.value ?? ""
      let isMatch =
        condition.isRegex
        ? Patterns.contains(value, "^(?:\(condition.value))$") : value == condition.value
      return isMatch == condition.isEqual
    }
  }
}

private struct FilterScanner {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.allSatisfy { $0 == 0x20 || $0 == 0x2C } }

  mutating func condition() -> LabelFilter.Condition? {
    rest = rest.drop { $0 == 0x20 || $0 == 0x2C }
    let name = rest.prefix { $0 != 0x20 && $0 != 0x3D && $0 != 0x21 }
    guard !name.isEmpty else { return nil }
    rest = rest[name.endIndex...].drop { $0 == 0x20 }
    guard let first = rest.first, first == 0x3D || first == 0x21 else { return nil }
    rest.removeFirst()
    var isRegex = false
    if rest.first == 0x7E {
      isRegex = true
      rest.removeFirst()
    } else if first == 0x21 {
      guard rest.first == 0x3D else { return nil }
      rest.removeFirst()
    }
    rest = rest.drop { $0 == 0x20 }
    guard let value = value() else { return nil }
    return LabelFilter.Condition(
      name: String(decoding: name, as: UTF8.self), isEqual: first == 0x3D, isRegex: isRegex,
      value: value)
  }

  /// In quotes, or a bare word.
  private mutating func value() -> String? {
    guard rest.first == 0x22 else {
      let word = rest.prefix { $0 != 0x2C }
      rest = rest[word.endIndex...]
      return TextTools.trim(String(decoding: word, as: UTF8.self))
    }
    rest.removeFirst()
    var out: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == 0x22 { return String(decoding: out, as: UTF8.self) }
      if byte == 0x5C, let next = rest.popFirst() {
        out.append(next == 0x6E ? 0x0A : next)
      } else {
        out.append(byte)
      }
    }
    return nil
  }
}
