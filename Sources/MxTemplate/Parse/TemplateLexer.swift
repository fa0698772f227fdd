/// One word of a template.
struct TemplateToken {
  enum Kind: Equatable {
    case text
    case openAction, closeAction
    case space
    case identifier, field, variable, dot, bool, number, character, string
    case pipe, comma, declare, assign, openParen, closeParen
    case keyword(TemplateKeyword)
    case end
  }

  var kind: Kind
  var text: String
  /// Byte offset in the source.
  var position: Int
}

enum TemplateKeyword: String {
  case block, `break`, `continue`, define, `else`, end, `if`, `nil`, range, template, with
}

/// Cuts a template into words: text outside of `{{ }}`, Go's tokens inside.
///
/// `{{- ` eats white space before, ` -}}` after; a comment is an action of its own.
struct TemplateLexer {
  private let source: [UInt8]
  private var at = 0
  private var tokens: [TemplateToken] = []
  private let fail: (String, Int) -> TemplateError

  static func tokens(
    _ source: [UInt8], _ fail: @escaping (String, Int) -> TemplateError
  ) throws(TemplateError) -> [TemplateToken] {
    var lexer = TemplateLexer(source: source, fail: fail)
    try lexer.run()
    return lexer.tokens
  }

  private init(source: [UInt8], fail: @escaping (String, Int) -> TemplateError) {
    self.source = source
    self.fail = fail
  }

  private mutating func run() throws(TemplateError) {
    var trimsNext = false
    while true {
      let start = at
      var end = start
      while end < source.count, !has("{{", end) { end += 1 }
      var from = start
      var to = end
      if trimsNext { while from < to, Self.isSpace(source[from]) { from += 1 } }
      let opens = end < source.count
      let trims =
        opens && end + 3 < source.count && source[end + 2] == UInt8(ascii: "-")
        && Self.isSpace(source[end + 3])
      if trims { while to > from, Self.isSpace(source[to - 1]) { to -= 1 } }
      if from < to { add(.text, from, to) }
      at = end
      if !opens { break }
      at += trims ? 3 : 2
      trimsNext = try action(from: end)
    }
    tokens.append(TemplateToken(kind: .end, text: "", position: source.count))
  }

  private func has(_ word: StaticString, _ place: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard place + count <= source.count else { return false }
    for index in 0..<count where source[place + index] != word.utf8Start[index] { return false }
    return true
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || byte >= 0x80 || isDigit(byte) || isLetter(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private mutating func add(_ kind: TemplateToken.Kind, _ from: Int, _ to: Int) {
    tokens.append(
      TemplateToken(
        kind: kind, text: String(decoding: source[from..<to], as: UTF8.self), position: from))
  }

  /// Reads to the closing braces; whether they trim what follows.
  private mutating func action(from open: Int) throws(TemplateError) -> Bool {
    var place = at
    while place < source.count, Self.isSpace(source[place]) { place += 1 }
    if has("/*", at) || (place > at && source[at - 1] == UInt8(ascii: "-") && has("/*", place)) {
      return try comment(from: place)
    }
    add(.openAction, open, at)
    var parens = 0
    while true {
      if let closing = closing() {
        if parens > 0 { throw fail("unclosed left paren", at) }
        add(.closeAction, at, at + closing.length)
        at += closing.length
        return closing.trims
      }
      guard at < source.count else { throw fail("unclosed action", at) }
      try word(&parens)
    }
  }

  private func closing() -> (length: Int, trims: Bool)? {
    if at < source.count, Self.isSpace(source[at]), has("-}}", at + 1) { return (4, true) }
    return has("}}", at) ? (2, false) : nil
  }

  private mutating func comment(from place: Int) throws(TemplateError) -> Bool {
    at = place + 2
    while at < source.count, !has("*/", at) { at += 1 }
    guard at < source.count else { throw fail("unclosed comment", place) }
    at += 2
    guard let closing = closing() else {
      throw fail("comment ends before closing delimiter", at)
    }
    at += closing.length
    return closing.trims
  }

  private mutating func word(_ parens: inout Int) throws(TemplateError) {
    let start = at
    let byte = source[at]
    switch byte {
    case _ where Self.isSpace(byte):
      // The blank of ` -}}` belongs to the braces.
      while at < source.count, Self.isSpace(source[at]), closing() == nil { at += 1 }
      add(.space, start, at)
    case UInt8(ascii: "="): single(.assign)
    case UInt8(ascii: ":"):
      guard has(":=", at) else { throw fail("expected :=", at) }
      at += 2
      add(.declare, start, at)
    case UInt8(ascii: "|"): single(.pipe)
    case UInt8(ascii: ","): single(.comma)
    case UInt8(ascii: "("):
      parens += 1
      single(.openParen)
    case UInt8(ascii: ")"):
      parens -= 1
      if parens < 0 { throw fail("unexpected right paren", at) }
      single(.closeParen)
    case UInt8(ascii: "\""): try quoted(.string, byte)
    case UInt8(ascii: "'"): try quoted(.character, byte)
    case UInt8(ascii: "`"): try raw()
    case UInt8(ascii: "$"):
      at += 1
      try name(.variable, start)
    case UInt8(ascii: "."): try dot()
    case UInt8(ascii: "+"), UInt8(ascii: "-"): try number()
    case _ where Self.isDigit(byte): try number()
    case _ where Self.isWord(byte): try name(.identifier, start)
    default:
      let scalar = String(decoding: source[at...].prefix(4), as: UTF8.self).first ?? "?"
      throw fail("unexpected \(Self.codePoint(scalar)) in command", at)
    }
  }

  /// As Go's `%#U`: `U+0021 '!'`.
  private static func codePoint(_ character: Character) -> String {
    let value = character.unicodeScalars.first?.value ?? 0
    let digits = String(value, radix: 16, uppercase: true)
    return "U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits) '\(character)'"
  }

  private mutating func single(_ kind: TemplateToken.Kind) {
    at += 1
    add(kind, at - 1, at)
  }

  private mutating func quoted(
    _ kind: TemplateToken.Kind, _ quote: UInt8
  ) throws(TemplateError) {
    let start = at
    at += 1
    while at < source.count, source[at] != quote, source[at] != 0x0A {
      at += source[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard at < source.count, source[at] == quote else {
      let what = kind == .string ? "unterminated quoted string" : "unterminated character constant"
      throw fail(what, start)
    }
    at += 1
    add(kind, start, at)
  }

  private mutating func raw() throws(TemplateError) {
    let start = at
    at += 1
    while at < source.count, source[at] != UInt8(ascii: "`") { at += 1 }
    guard at < source.count else { throw fail("unterminated raw quoted string", start) }
    at += 1
    add(.string, start, at)
  }

  private mutating func dot() throws(TemplateError) {
    let start = at
    let next = at + 1 < source.count ? source[at + 1] : 0
    if Self.isDigit(next) { return try number() }
    at += 1
    if Self.isWord(next) { return try name(.field, start) }
    try checkEndOfWord("bad character")
    add(.dot, start, at)
  }

  private mutating func name(
    _ kind: TemplateToken.Kind, _ start: Int
  ) throws(TemplateError) {
    while at < source.count, Self.isWord(source[at]) { at += 1 }
    try checkEndOfWord("bad character")
    let text = String(decoding: source[start..<at], as: UTF8.self)
    if kind == .identifier, let keyword = TemplateKeyword(rawValue: text) {
      add(.keyword(keyword), start, at)
    } else if kind == .identifier, text == "true" || text == "false" {
      add(.bool, start, at)
    } else {
      add(kind, start, at)
    }
  }

  private func checkEndOfWord(_ what: String) throws(TemplateError) {
    guard at < source.count else { return }
    let byte = source[at]
    let ends: [UInt8] = Array(".,|:)(=".utf8)
    if Self.isSpace(byte) || ends.contains(byte) || has("}}", at) { return }
    let scalar = String(decoding: source[at...].prefix(4), as: UTF8.self).first ?? "?"
    throw fail("\(what) \(Self.codePoint(scalar))", at)
  }

  private mutating func number() throws(TemplateError) {
    let start = at
    if source[at] == UInt8(ascii: "+") || source[at] == UInt8(ascii: "-") { at += 1 }
    while at < source.count {
      let byte = source[at]
      let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      let before = source[at - 1] | 0x20
      let isHex = at > start + 1 && source[start..<at].contains { $0 | 0x20 == UInt8(ascii: "x") }
      let follows = before == UInt8(ascii: isHex ? "p" : "e")
      if Self.isWord(byte) || byte == UInt8(ascii: ".") || (isSign && follows && at > start) {
        at += 1
      } else {
        break
      }
    }
    let text = String(decoding: source[start..<at], as: UTF8.self)
    guard GoLiteral.number(text) != nil else {
      throw fail("bad number syntax: \(GoLiteral.quoted(text))", start)
    }
    add(.number, start, at)
  }
}
