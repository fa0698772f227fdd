import MxModel
package import MxTemplate

extension TemplateRegex {
  /// RE2, as Prometheus has it.
  package static let re2 = TemplateRegex(
    matches: { pattern, text in try Regex(pattern).search(text) },
    replaceAll: { pattern, text, replacement, limit in
      let regex = try Regex(pattern)
      return try regex.replaceAll(
        text, with: RegexTemplate(replacement, for: regex), limit: limit)
    })
}

extension Regex {
  /// Every match replaced, as Go's `ReplaceAllString` does: an empty match just
  /// behind the one before does not count.
  fileprivate func replaceAll(
    _ text: String, with template: RegexTemplate, limit: Int
  ) throws -> String {
    var text = text
    return try text.withUTF8 { buffer in
      let bytes = UnsafeRawBufferPointer(buffer)
      var out: [UInt8] = []
      var copied = 0
      var at = 0
      while at <= bytes.count, let groups = match(bytes, from: at, whole: false),
        let found = groups[0]
      {
        out += bytes[copied..<found.lowerBound]
        if !found.isEmpty || found.lowerBound > copied || found.lowerBound == 0 {
          out += template.expand(bytes, groups)
        }
        copied = found.upperBound
        if out.count > limit { throw TemplateFailure("result is longer than \(limit) bytes") }
        at = found.isEmpty ? Self.next(after: found.upperBound, in: bytes) : found.upperBound
      }
      out += bytes[min(copied, bytes.count)...]
      return String(decoding: out, as: UTF8.self)
    }
  }

  /// The start of the next character.
  private static func next(after place: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    var next = place + 1
    while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }
}
