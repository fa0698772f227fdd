import MxModel
import MxTime

/// A MIME message with a dashboard's pictures, as sendmail takes it from a pipe.
package struct MailMessage: Sendable {
  package struct Part: Sendable {
    package var title: String
    /// What the picture says, for readers without pictures.
    package var words: String
    package var bytes: [UInt8]
    package var isPNG: Bool

    package init(title: String, words: String, bytes: [UInt8], isPNG: Bool) {
      self.title = title
      self.words = words
      self.bytes = bytes
      self.isPNG = isPNG
    }
  }

  let subject: String
  let recipient: String
  /// As RFC 5322 writes it.
  let date: String
  let range: String
  let parts: [Part]

  package init(subject: String, recipient: String, date: String, range: String, parts: [Part]) {
    self.subject = subject
    self.recipient = recipient
    self.date = date
    self.range = range
    self.parts = parts
  }

  package func bytes() -> [UInt8] {
    // Equal messages are equal bytes: the boundary comes from what is within.
    let mark = ContentMark.of(parts.flatMap(\.bytes) + Array(subject.utf8))
    let outer = "mx-related-\(mark)"
    let inner = "mx-words-\(mark)"
    var out = Lines()
    out.line("To: \(recipient)")
    out.line("Subject: \(Self.encodedWords(subject))")
    out.line("Date: \(date)")
    out.line("MIME-Version: 1.0")
    out.line(
      "Content-Type: multipart/related; boundary=\"\(outer)\"; type=\"multipart/alternative\"")
    out.line("")
    out.line("--\(outer)")
    out.line("Content-Type: multipart/alternative; boundary=\"\(inner)\"")
    out.line("")
    out.part(inner, "text/plain; charset=utf-8", Array(words().utf8))
    out.part(inner, "text/html; charset=utf-8", html())
    out.line("--\(inner)--")
    for (index, part) in parts.enumerated() {
      out.part(
        outer, part.isPNG ? "image/png" : "image/svg+xml", part.bytes,
        id: "\(index).\(mark)@mx", file: "panel-\(index + 1).\(part.isPNG ? "png" : "svg")")
    }
    out.line("--\(outer)--")
    return out.bytes
  }

  private func words() -> String {
    var text = "\(subject)\n\(range)\n"
    for part in parts { text += "\n\(part.title)\n\(part.words)\n" }
    return text
  }

  private func html() -> [UInt8] {
    let mark = ContentMark.of(parts.flatMap(\.bytes) + Array(subject.utf8))
    var out = Markup()
    out.raw("<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head>")
    out.raw("<body style=\"font-family:sans-serif;color:#1f2328;background:#fff\">")
    out.element("h1", subject, .text("style", "font-size:20px;margin:0 0 4px"))
    out.element("p", range, .text("style", "color:#59636e;margin:0 0 12px"))
    for (index, part) in parts.enumerated() {
      out.raw("<p style=\"margin:0 0 12px\">")
      out.open(
        "img", .text("src", "cid:\(index).\(mark)@mx"),
        .text("alt", "\(part.title): \(part.words)"),
        .text("style", "max-width:100%;border:0"))
      out.raw("</p>")
    }
    out.raw("</body></html>\n")
    return out.bytes
  }

  /// RFC 2047, in words of at most 75 letters; plain ASCII stays as it is.
  static func encodedWords(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && text.utf8.count < 60
    if isPlain && !text.contains("=?") { return text }
    var words: [String] = []
    var run: [UInt8] = []
    for character in text.unicodeScalars {
      let bytes = Array(String(character).utf8)
      if run.count + bytes.count > 42 {
        words.append(SHA256.base64(run))
        run = []
      }
      // What would end a header line is a blank.
      run += character.value < 0x20 || character.value == 0x7F ? [0x20] : bytes
    }
    words.append(SHA256.base64(run))
    return words.map { "=?utf-8?B?\($0)?=" }.joined(separator: "\r\n ")
  }

  private struct Lines {
    var bytes: [UInt8] = []

    mutating func line(_ text: String) {
      bytes += Array(text.utf8)
      bytes += [0x0D, 0x0A]
    }

    mutating func part(
      _ boundary: String, _ type: String, _ content: [UInt8], id: String? = nil, file: String? = nil
    ) {
      line("--\(boundary)")
      line("Content-Type: \(type)")
      line("Content-Transfer-Encoding: base64")
      if let id { line("Content-ID: <\(id)>") }
      if let file { line("Content-Disposition: inline; filename=\"\(file)\"") }
      line("")
      let text = Array(SHA256.base64(content).utf8)
      for start in stride(from: 0, to: text.count, by: 76) {
        bytes += text[start..<min(start + 76, text.count)]
        bytes += [0x0D, 0x0A]
      }
    }
  }
}

extension Plan {
  /// A panel in words: its series with their last values.
  package func words(_ position: Int, _ results: [Int: QueryResult]) -> String {
    let planned = panels[position]
    if let error = planned.queries.compactMap({ results[$0.target]?.error }).first {
      return "query failed: \(error)"
    }
    if planned.panel.kind == .alertList { return AlertListDrawing.words(planned, beside) }
    let canvas = Canvas(zone: zone, now: now)
    let fields = FieldBuilder(planned: planned, results: results, canvas: canvas).fields()
    if fields.isEmpty { return planned.panel.kind?.hasQueries == false ? "" : "no data" }
    let calculation = planned.panel.options.reduce.calculation
    let shown = fields.prefix(10).map { field in
      "\(field.name): \(field.display(Reduction.reduce(field.values, calculation)).text)"
    }
    let more = fields.count > 10 ? ", and \(fields.count - 10) more" : ""
    return shown.joined(separator: ", ") + more
  }

  package var rangeText: String {
    let from = DateText.text(Double(from), .pattern("YYYY-MM-DD HH:mm"), zone)
    let to = DateText.text(Double(to), .pattern("YYYY-MM-DD HH:mm"), zone)
    return "\(from) – \(to) \(zone.name)"
  }
}
