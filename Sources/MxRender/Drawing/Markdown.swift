/// A small Markdown: headings, paragraphs, lists, quotes, code, tables,
/// rules, emphasis, code spans and links. Everything else is text.
///
/// Raw HTML is not part of it: a `<` comes out as `&lt;`. Links go to http, https
/// and mailto only, or stay on the page; everything else is left as text.
enum Markdown {
  /// Longer texts are cut off.
  static let limit = 200_000

  static func draw(_ text: String, _ markup: inout Markup) {
    var blocks = Blocks(lines: lines(text))
    blocks.draw(&markup)
  }

  private static func lines(_ text: String) -> [String] {
    let bytes = Array(text.utf8.prefix(limit))
    return bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      let trimmed = line.last == 0x0D ? line.dropLast() : line
      return String(decoding: trimmed, as: UTF8.self)
    }
  }

  /// Line by line; blocks do not nest.
  private struct Blocks {
    let lines: [String]
    var at = 0

    mutating func draw(_ markup: inout Markup) {
      while at < lines.count {
        let line = TextTools.trim(lines[at])
        if line.isEmpty {
          at += 1
        } else if line.hasPrefix("```") {
          drawCode(&markup)
        } else if let level = Self.heading(line) {
          drawHeading(line, level, &markup)
        } else if Self.isRule(line) {
          markup.raw("<hr>")
          at += 1
        } else if isTable {
          drawTable(&markup)
        } else if Self.item(line) != nil {
          drawList(&markup)
        } else {
          drawParagraph(&markup)
        }
      }
    }

    private static func heading(_ line: String) -> Int? {
      let level = line.prefix { $0 == "#" }.count
      guard (1...6).contains(level), line.dropFirst(level).first == " " else { return nil }
      return level
    }

    private static func isRule(_ line: String) -> Bool {
      line.count >= 3 && (line.allSatisfy { $0 == "-" } || line.allSatisfy { $0 == "*" })
    }

    /// The text of a list's item, and whether it is numbered.
    private static func item(_ line: String) -> (text: String, isOrdered: Bool)? {
      for mark in ["- ", "* ", "+ "] where line.hasPrefix(mark) {
        return (String(line.dropFirst(2)), false)
      }
      let digits = line.prefix { $0.isASCII && $0.isNumber }
      let rest = line.dropFirst(digits.count)
      guard !digits.isEmpty, digits.count < 6, rest.hasPrefix(". ") else { return nil }
      return (String(rest.dropFirst(2)), true)
    }

    private mutating func drawCode(_ markup: inout Markup) {
      markup.raw("<pre><code>")
      at += 1
      while at < lines.count, !TextTools.trim(lines[at]).hasPrefix("```") {
        markup.text(lines[at])
        markup.newline()
        at += 1
      }
      at += 1
      markup.raw("</code></pre>")
    }

    private mutating func drawHeading(_ line: String, _ level: Int, _ markup: inout Markup) {
      // The page has its title, sections and panels above.
      let tags: [(StaticString, StaticString)] = [
        ("<h4>", "</h4>"), ("<h5>", "</h5>"), ("<h6>", "</h6>"),
      ]
      let tag = tags[min(level, 3) - 1]
      markup.raw(tag.0)
      Inline(TextTools.trim(line.dropFirst(level))).draw(&markup)
      markup.raw(tag.1)
      at += 1
    }

    private mutating func drawList(_ markup: inout Markup) {
      let isOrdered = Self.item(TextTools.trim(lines[at]))?.isOrdered ?? false
      markup.raw(isOrdered ? "<ol>" : "<ul>")
      while at < lines.count, let item = Self.item(TextTools.trim(lines[at])),
        item.isOrdered == isOrdered
      {
        markup.raw("<li>")
        Inline(item.text).draw(&markup)
        markup.raw("</li>")
        at += 1
      }
      markup.raw(isOrdered ? "</ol>" : "</ul>")
    }

    /// A line of cells over a line of dashes.
    private var isTable: Bool {
      guard at + 1 < lines.count, lines[at].contains("|") else { return false }
      let rule = TextTools.trim(lines[at + 1])
      return rule.contains("|") && rule.contains("-")
        && rule.allSatisfy { "|-: ".contains($0) }
    }

    private mutating func drawTable(_ markup: inout Markup) {
      let alignments = Self.cells(lines[at + 1]).map { rule in
        rule.hasSuffix(":") ? rule.hasPrefix(":") ? "center" : "num" : ""
      }
      markup.raw("<table><thead><tr>")
      drawRow(Self.cells(lines[at]), alignments, isHead: true, &markup)
      markup.raw("</tr></thead><tbody>")
      at += 2
      while at < lines.count, lines[at].contains("|") {
        markup.raw("<tr>")
        drawRow(Self.cells(lines[at]), alignments, isHead: false, &markup)
        markup.raw("</tr>")
        at += 1
      }
      markup.raw("</tbody></table>")
    }

    private func drawRow(
      _ cells: [String], _ alignments: [String], isHead: Bool, _ markup: inout Markup
    ) {
      for (cell, alignment) in zip(cells, alignments) {
        if isHead {
          markup.open("th", .class(alignment), .text("scope", "col"))
        } else {
          markup.open("td", .class(alignment))
        }
        Inline(cell).draw(&markup)
        markup.raw(isHead ? "</th>" : "</td>")
      }
    }

    private static func cells(_ line: String) -> [String] {
      var line = TextTools.trim(line)
      if line.hasPrefix("|") { line.removeFirst() }
      if line.hasSuffix("|") { line.removeLast() }
      return line.split(separator: "|", omittingEmptySubsequences: false).map { TextTools.trim($0) }
    }

    private mutating func drawParagraph(_ markup: inout Markup) {
      let isQuote = TextTools.trim(lines[at]).hasPrefix(">")
      markup.raw(isQuote ? "<blockquote>" : "<p>")
      var isFirst = true
      while at < lines.count {
        var line = TextTools.trim(lines[at])
        if line.isEmpty || line.hasPrefix("```") || Self.heading(line) != nil { break }
        if !isFirst && (Self.item(line) != nil || Self.isRule(line) || isTable) { break }
        if !isFirst { markup.raw("<br>") }
        if isQuote, line.hasPrefix(">") { line = TextTools.trim(line.dropFirst()) }
        Inline(line).draw(&markup)
        isFirst = false
        at += 1
      }
      markup.raw(isQuote ? "</blockquote>" : "</p>")
    }
  }
}

/// Emphasis, code and links within a line.
private struct Inline {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  func draw(_ markup: inout Markup) { draw(bytes[...], depth: 0, &markup) }

  private func draw(_ slice: ArraySlice<UInt8>, depth: Int, _ markup: inout Markup) {
    var plain: [UInt8] = []
    var at = slice.startIndex
    while at < slice.endIndex {
      // Marks that never close must not be looked for through the whole text.
      let rest = slice[at...].prefix(1000)
      if rest.first == 0x5C, let next = rest.dropFirst().first, Self.isPunctuation(next) {
        plain.append(next)
        at += 2
        continue
      }
      guard depth < 8, let span = Span(rest) else {
        plain.append(slice[at])
        at += 1
        continue
      }
      flush(&plain, &markup)
      draw(span, depth, &markup)
      at = span.end
    }
    flush(&plain, &markup)
  }

  private func flush(_ plain: inout [UInt8], _ markup: inout Markup) {
    if plain.isEmpty { return }
    markup.text(String(decoding: plain, as: UTF8.self))
    plain.removeAll()
  }

  private func draw(_ span: Span, _ depth: Int, _ markup: inout Markup) {
    switch span.kind {
    case .code: markup.element("code", String(decoding: span.inner, as: UTF8.self))
    case .strong:
      markup.raw("<strong>")
      draw(span.inner, depth: depth + 1, &markup)
      markup.raw("</strong>")
    case .emphasis:
      markup.raw("<em>")
      draw(span.inner, depth: depth + 1, &markup)
      markup.raw("</em>")
    case .link(let url):
      if let safe = SafeLink.href(url) {
        markup.open("a", .text("href", safe), .text("rel", "noopener noreferrer nofollow"))
        draw(span.inner, depth: depth + 1, &markup)
        markup.close("a")
      } else {
        draw(span.inner, depth: depth + 1, &markup)
      }
    }
  }

  static func isPunctuation(_ byte: UInt8) -> Bool {
    (0x21...0x2F).contains(byte) || (0x3A...0x40).contains(byte) || (0x5B...0x60).contains(byte)
      || (0x7B...0x7E).contains(byte)
  }

  private struct Span {
    enum Kind {
      case code, strong, emphasis
      case link(String)
    }

    var kind: Kind
    var inner: ArraySlice<UInt8>
    var end: Int

    init?(_ rest: ArraySlice<UInt8>) {
      guard let first = rest.first else { return nil }
      switch first {
      case 0x60:
        guard let end = rest.dropFirst().firstIndex(of: 0x60), end > rest.startIndex + 1 else {
          return nil
        }
        (kind, inner, self.end) = (.code, rest[(rest.startIndex + 1)..<end], end + 1)
      case 0x2A, 0x5F:
        let isDouble = rest.dropFirst().first == first
        let width = isDouble ? 2 : 1
        let body = rest.dropFirst(width)
        guard let start = body.first, start != 0x20,
          let end = Self.closing(body, first, width), end > body.startIndex
        else { return nil }
        (kind, inner, self.end) = (isDouble ? .strong : .emphasis, body[..<end], end + width)
      case 0x5B:
        guard let bracket = rest.firstIndex(of: 0x5D), bracket + 1 < rest.endIndex,
          rest[bracket + 1] == 0x28, let end = rest[bracket...].firstIndex(of: 0x29)
        else { return nil }
        let url = rest[(bracket + 2)..<end].prefix { $0 != 0x20 }
        kind = .link(String(decoding: url, as: UTF8.self))
        (inner, self.end) = (rest[(rest.startIndex + 1)..<bracket], end + 1)
      default: return nil
      }
    }

    /// Where `width` marks end what they began; underscores not within a word.
    private static func closing(_ body: ArraySlice<UInt8>, _ mark: UInt8, _ width: Int) -> Int? {
      var at = body.startIndex
      while at + width <= body.endIndex {
        let isMark = body[at] == mark && (width == 1 || body[at + 1] == mark)
        if isMark, at > body.startIndex, body[at - 1] != 0x20 {
          let after = at + width
          let isWord = after < body.endIndex && (body[after] | 0x20) &- 0x61 < 26
          if !(mark == 0x5F && isWord) { return at }
        }
        at += 1
      }
      return nil
    }
  }
}

/// Which links may stand on a page.
enum SafeLink {
  /// http, https, mailto, or a place on the page. Nil for everything else:
  /// `javascript:`, `data:`, `vbscript:`, with whatever blanks and cases.
  static func href(_ text: String) -> String? {
    let trimmed = TextTools.trim(text)
    let isPlain = trimmed.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x5C }
    guard isPlain, !trimmed.isEmpty, trimmed.utf8.count <= 2000 else { return nil }
    let lower = trimmed.lowercased()
    for scheme in ["http://", "https://", "mailto:"] where lower.hasPrefix(scheme) {
      return trimmed
    }
    return trimmed.hasPrefix("#") ? trimmed : nil
  }
}
