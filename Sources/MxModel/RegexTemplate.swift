/// The replacement text of relabelling and `label_replace`: `$1`, `${1}`,
/// `$name`, `${name}` stand for groups, `$$` for a dollar sign.
///
/// Go's rules: a name runs as far as letters, digits and underscores do, so
/// `$1x` is the group named `1x`; a group that does not exist or took no part
/// is empty text; a dollar sign that begins neither stays one.
package struct RegexTemplate: Sendable {
  private enum Part {
    case text([UInt8])
    case group(Int)
  }

  private var parts: [Part] = []

  package init(_ template: String, for regex: Regex) {
    var names: [String: Int] = [:]
    for index in 0..<regex.groupCount {
      if let name = regex.groupName(index + 1) { names[name] = index + 1 }
    }
    var text = String.UnicodeScalarView()
    var rest = template.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar != "$" {
        text.append(scalar)
      } else if rest.first == "$" {
        text.append(scalar)
        rest.removeFirst()
      } else if let (name, after) = Self.reference(rest) {
        rest = after
        guard let index = Self.number(name) ?? names[name], index <= regex.groupCount else {
          continue
        }
        if !text.isEmpty { parts.append(.text(Array(String(text).utf8))) }
        text = String.UnicodeScalarView()
        parts.append(.group(index))
      } else {
        text.append(scalar)
      }
    }
    if !text.isEmpty { parts.append(.text(Array(String(text).utf8))) }
  }

  /// The replacement for a match of `text`, whose groups `Regex.match` found.
  package func expand(_ text: UnsafeRawBufferPointer, _ groups: [Range<Int>?]) -> [UInt8] {
    var result: [UInt8] = []
    for part in parts {
      switch part {
      case .text(let bytes): result += bytes
      case .group(let index):
        if index < groups.count, let range = groups[index] { result += text[range] }
      }
    }
    return result
  }

  /// The name after a dollar sign and what follows it; nil where there is none.
  private static func reference(
    _ rest: Substring.UnicodeScalarView
  ) -> (name: String, rest: Substring.UnicodeScalarView)? {
    let isBraced = rest.first == "{"
    let inside = isBraced ? rest.dropFirst() : rest
    let name = inside.prefix { scalar in
      scalar == "_" || scalar.properties.isAlphabetic
        || scalar.properties.generalCategory == .decimalNumber
    }
    if name.isEmpty { return nil }
    var after = inside[name.endIndex...]
    if isBraced {
      guard after.popFirst() == "}" else { return nil }
    }
    return (String(Substring(name)), after)
  }

  /// A group's number: decimal digits without a leading zero, below 10⁸.
  private static func number(_ name: String) -> Int? {
    if name.utf8.count > 1 && name.hasPrefix("0") { return nil }
    guard name.utf8.count <= 8, name.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    return Int(name)
  }
}

extension Regex {
  /// `template` filled from a match of the whole of `text`, nil where it does not match.
  package func replaceWhole(_ text: String, with template: RegexTemplate) -> String? {
    var text = text
    return text.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      guard let groups = match(bytes, whole: true) else { return nil }
      return String(decoding: template.expand(bytes, groups), as: UTF8.self)
    }
  }
}
