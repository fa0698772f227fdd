/// The text panel. HTML is shown as its text: what a dashboard's file says can
/// never become markup of the page.
struct TextDrawing {
  let planned: PlannedPanel

  func draw(_ canvas: inout Canvas) {
    let options = planned.panel.options.text
    let content = planned.interpolation.expand(options.content, format: .text)
    canvas.markup.open(
      "div", .class("prose"), .text("tabindex", "0"), .text("role", "region"),
      .text("aria-label", planned.panel.title.isEmpty ? "Text" : planned.panel.title))
    switch options.mode {
    case .markdown: Markdown.draw(content, &canvas.markup)
    case .html: Markdown.draw(HTMLText.text(of: content), &canvas.markup)
    case .code:
      canvas.markup.raw("<pre><code>")
      canvas.markup.text(content)
      canvas.markup.raw("</code></pre>")
    }
    canvas.markup.close("div")
  }
}

/// The text of an HTML fragment: tags become nothing or line ends, and scripts
/// and styles are gone.
enum HTMLText {
  static func text(of html: String) -> String {
    var out: [UInt8] = []
    var rest = Array(html.utf8.prefix(Markdown.limit))[...]
    var hidden: String?
    while let byte = rest.first {
      if byte == 0x3C, let end = rest.prefix(2000).firstIndex(of: 0x3E) {
        let name = tagName(rest[rest.index(after: rest.startIndex)..<end])
        rest = rest[rest.index(after: end)...]
        if let open = hidden {
          if name == "/" + open { hidden = nil }
        } else if name == "script" || name == "style" {
          hidden = name
        } else if breaks.contains(name) {
          out.append(0x0A)
        }
        continue
      }
      if hidden == nil { out.append(byte) }
      rest.removeFirst()
    }
    var text = String(decoding: out, as: UTF8.self)
    for (entity, character) in entities {
      text = TextTools.replacing(text, entity, with: character)
    }
    return text
  }

  private static func tagName(_ tag: ArraySlice<UInt8>) -> String {
    let name = tag.prefix { $0 == 0x2F || (($0 | 0x20) &- 0x61 < 26) || $0 &- 0x30 <= 9 }
    return String(decoding: name, as: UTF8.self).lowercased()
  }

  private static let breaks: Set<String> = [
    "br", "br/", "p", "/p", "div", "/div", "/h1", "/h2", "/h3", "/h4", "/li", "/tr", "hr",
  ]
  private static let entities = [
    ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"),
    ("&amp;", "&"),
  ]
}
