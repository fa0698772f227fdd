package import MxModel
import MxTemplate

/// Matchers as Alertmanager's files and amtool's arguments write them:
/// `severity="page"`, `{job=~"a|b", zone!=eu}`.
///
/// Alertmanager has two grammars. Names and values of any UTF-8 come first; what does
/// not parse so is tried as before version 0.27, where an unquoted value may hold
/// blanks and braces. What both refuse is an error, told by the first.
package enum MatcherText {
  package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
  }

  package static func parse(_ text: String) throws(Problem) -> [Matcher] {
    do throws(Problem) {
      var parser = Parser(Array(text.utf8), text)
      return try parser.matchers()
    } catch {
      if let classic = ClassicMatchers.parse(text) { return classic }
      throw error
    }
  }

  /// What a person typed as one argument: `host=db1`, a bare word that stands for an
  /// alert's name, or both as they are printed: `DiskFull{host="db1"}`.
  package static func argument(_ text: String) throws(Problem) -> [Matcher] {
    let name = text.prefix { !"=!~{}\",".contains($0) }
    let rest = text[name.endIndex...]
    if name.isEmpty || !(rest.isEmpty || rest.hasPrefix("{")) { return try parse(text) }
    let alert = String(name.prefix { $0 != " " })
    return [Matcher(equal: "alertname", alert)] + (rest.isEmpty ? [] : try parse(String(rest)))
  }

  private struct Parser {
    let bytes: [UInt8]
    let text: String
    var at = 0

    init(_ bytes: [UInt8], _ text: String) {
      self.bytes = bytes
      self.text = text
    }

    mutating func matchers() throws(Problem) -> [Matcher] {
      var found: [Matcher] = []
      skipBlanks()
      let isOpen = take(UInt8(ascii: "{"))
      skipBlanks()
      while at < bytes.count, bytes[at] != UInt8(ascii: "}") {
        found.append(try matcher())
        skipBlanks()
        if !take(UInt8(ascii: ",")) { break }
        skipBlanks()
      }
      let isClosed = take(UInt8(ascii: "}"))
      skipBlanks()
      if isOpen, !isClosed { throw problem("'}' is missing at the end") }
      if !isOpen, isClosed { throw problem("'}' without '{'") }
      if at < bytes.count { throw problem("unexpected '\(rest)', expected a comma or the end") }
      return found
    }

    private mutating func matcher() throws(Problem) -> Matcher {
      let name = try word("a label name")
      skipBlanks()
      let op = try comparison()
      skipBlanks()
      let value = try word("a value")
      do throws(ModelError) {
        return try Matcher(name, op, value)
      } catch {
        throw Problem(description: "'\(value)' is no regular expression: \(error.reason)")
      }
    }

    private mutating func comparison() throws(Problem) -> MatchOperator {
      for op in [MatchOperator.regex, .notRegex, .notEqual, .equal]
      where bytes[at...].starts(with: op.rawValue.utf8) {
        at += op.rawValue.utf8.count
        return op
      }
      throw problem(
        at < bytes.count
          ? "'\(rest)' is no operator, expected =, !=, =~ or !~"
          : "no operator at the end, expected =, !=, =~ or !~")
    }

    private mutating func word(_ what: String) throws(Problem) -> String {
      if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { return try quoted() }
      let start = at
      while at < bytes.count, !MatcherText.isReserved(bytes[at]) { at += 1 }
      if at == start {
        throw problem(
          at < bytes.count ? "unexpected '\(rest)', expected \(what)" : "\(what) is missing")
      }
      return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func quoted() throws(Problem) -> String {
      let start = at
      at += 1
      while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
        at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
      }
      guard at < bytes.count else {
        at = start
        throw problem("the quote at '\(rest)' is not closed")
      }
      at += 1
      let whole = String(decoding: bytes[start..<at], as: UTF8.self)
      guard let value = GoLiteral.string(whole) else {
        throw problem("\(whole) has an escape that means nothing")
      }
      return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard at < bytes.count, bytes[at] == byte else { return false }
      at += 1
      return true
    }

    private mutating func skipBlanks() {
      while at < bytes.count, MatcherText.isBlank(bytes[at]) { at += 1 }
    }

    private var rest: String { String(String(decoding: bytes[at...], as: UTF8.self).prefix(20)) }

    private func problem(_ message: String) -> Problem {
      Problem(description: "bad matcher '\(text.prefix(100))': \(message)")
    }
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private static func isReserved(_ byte: UInt8) -> Bool {
    isBlank(byte) || "{}!=~,\\\"'`".utf8.contains(byte)
  }
}

/// The older grammar: plain names, values to the next comma.
private enum ClassicMatchers {
  static func parse(_ text: String) -> [Matcher]? {
    var bytes = trimmed(Array(text.utf8)[...])
    if bytes.first == UInt8(ascii: "{") { bytes = bytes.dropFirst() }
    if bytes.last == UInt8(ascii: "}") { bytes = bytes.dropLast() }
    var found: [Matcher] = []
    for part in parts(bytes) {
      let part = trimmed(part)
      if part.isEmpty { continue }
      guard let matcher = matcher(part) else { return nil }
      found.append(matcher)
    }
    return found.isEmpty ? nil : found
  }

  /// Cut at commas outside of quotes.
  private static func parts(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var all: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    var isQuoted = false
    var isEscaped = false
    for (index, byte) in zip(bytes.indices, bytes) {
      if byte == UInt8(ascii: ","), !isQuoted {
        all.append(bytes[start..<index])
        start = index + 1
      } else if byte == UInt8(ascii: "\""), !isEscaped {
        isQuoted.toggle()
      }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    return all + [bytes[start...]]
  }

  private static func matcher(_ bytes: ArraySlice<UInt8>) -> Matcher? {
    let nameBytes = bytes.prefix { byte in
      (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 <= 9 || byte == 0x5F || byte == 0x3A
    }
    let name = String(decoding: nameBytes, as: UTF8.self)
    guard LabelName.isPlainMetric(name) else { return nil }
    let rest = trimmed(bytes.dropFirst(nameBytes.count))
    guard
      let op = [MatchOperator.regex, .notRegex, .notEqual, .equal].first(where: {
        rest.starts(with: $0.rawValue.utf8)
      }), let value = value(trimmed(rest.dropFirst(op.rawValue.utf8.count)))
    else { return nil }
    do throws(ModelError) {
      return try Matcher(name, op, value)
    } catch {
      return nil
    }
  }

  /// Quotes only around the whole; `\"`, `\\` and `\n` are escapes, others stay as they are.
  private static func value(_ bytes: ArraySlice<UInt8>) -> String? {
    var body = bytes
    let isQuoted = body.first == UInt8(ascii: "\"")
    if isQuoted {
      guard body.count >= 2, body.last == UInt8(ascii: "\"") else { return nil }
      body = body.dropFirst().dropLast()
    }
    var out: [UInt8] = []
    var isEscaped = false
    for byte in body {
      if isEscaped {
        isEscaped = false
        switch byte {
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
        default: out += [UInt8(ascii: "\\"), byte]
        }
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        return nil
      } else {
        out.append(byte)
      }
    }
    if isEscaped {
      // A backslash before the closing quote: that quote closed nothing.
      if isQuoted { return nil }
      out.append(UInt8(ascii: "\\"))
    }
    return String(validating: out, as: UTF8.self)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop(while: MatcherText.isBlank)
    while let last = bytes.last, MatcherText.isBlank(last) { bytes.removeLast() }
    return bytes
  }
}

extension ModelError {
  /// What is wrong, without the text that is.
  fileprivate var reason: String {
    switch self {
    case .badRegex(_, let reason): reason
    case .badDuration(let text): text
    case .badRelabelRule(let reason): reason
    }
  }
}
