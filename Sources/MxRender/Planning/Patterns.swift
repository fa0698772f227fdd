import MxModel

/// Regular expressions as dashboards write them: bare, or between slashes with flags.
enum Patterns {
  /// `/abc/i` as RE2 writes it: `(?i)abc`.
  static func body(_ text: String) -> String {
    guard text.hasPrefix("/"), let end = text.lastIndex(of: "/"), end > text.startIndex else {
      return text
    }
    let inner = String(text[text.index(after: text.startIndex)..<end])
    let flags = text[text.index(after: end)...]
    return flags.contains("i") ? "(?i)" + inner : inner
  }

  /// Nil for what RE2 does not know, such as look-ahead: it matches nothing.
  static func compile(_ pattern: String) -> Regex? {
    do {
      return try Regex(pattern)
    } catch {
      return nil
    }
  }

  /// Whether the text contains a match of a pattern, bare or between slashes.
  static func contains(_ text: String, _ pattern: String) -> Bool {
    compile(body(pattern))?.search(text) ?? false
  }

  /// The groups of the first match anywhere, whole match first.
  static func search(_ regex: Regex, _ text: String) -> [String?]? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { raw in
      regex.match(raw, whole: false)?.map { range in
        range.map { String(decoding: raw[$0], as: UTF8.self) }
      }
    }
  }

  /// Every match replaced; `$1` and `$<name>` stand for groups.
  static func replace(_ text: String, _ pattern: String, with replacement: String) -> String {
    guard let regex = compile(body(pattern)) else { return text }
    let template = RegexTemplate(replacement, for: regex)
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    bytes.withUnsafeBytes { raw in
      var at = 0
      while at <= raw.count, let groups = regex.match(raw, from: at, whole: false),
        let whole = groups.first ?? nil
      {
        out += raw[at..<whole.lowerBound]
        out += template.expand(raw, groups)
        if whole.isEmpty {
          // An empty match moves on by a byte that stays.
          if whole.lowerBound < raw.count { out.append(raw[whole.lowerBound]) }
          at = whole.lowerBound + 1
        } else {
          at = whole.upperBound
        }
      }
      if at < raw.count { out += raw[at...] }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// `host2` before `host10`.
  static func naturalLess(_ left: String, _ right: String) -> Bool {
    let first = Array(left.utf8)
    let second = Array(right.utf8)
    var i = 0
    var j = 0
    while i < first.count && j < second.count {
      if first[i] &- 0x30 <= 9 && second[j] &- 0x30 <= 9 {
        let one = digits(first, &i)
        let other = digits(second, &j)
        if one.count != other.count { return one.count < other.count }
        if one != other { return one.lexicographicallyPrecedes(other) }
      } else {
        if first[i] != second[j] { return first[i] < second[j] }
        i += 1
        j += 1
      }
    }
    return first.count - i < second.count - j
  }

  private static func digits(_ bytes: [UInt8], _ at: inout Int) -> ArraySlice<UInt8> {
    while at < bytes.count - 1, bytes[at] == 0x30, bytes[at + 1] &- 0x30 <= 9 { at += 1 }
    let start = at
    while at < bytes.count, bytes[at] &- 0x30 <= 9 { at += 1 }
    return bytes[start..<at]
  }
}
