/// Why a query is no PromQL, and where.
///
/// One pointer wide: the parser recurses, and each of its frames has room for an error.
package struct PromQLError: Error, Hashable, Sendable, CustomStringConvertible {
  private indirect enum Storage: Hashable, Sendable {
    case error(Content)
  }

  private struct Content: Hashable, Sendable {
    var message: String
    var range: SourceRange
    var position: SourcePosition?
    var hint: String?
  }

  private var storage: Storage

  private var content: Content {
    get {
      switch storage {
      case .error(let content): content
      }
    }
    set { storage = .error(newValue) }
  }

  package init(
    _ message: String, _ range: SourceRange, position: SourcePosition? = nil, hint: String? = nil
  ) {
    storage = .error(
      Content(message: message, range: range, position: position, hint: hint))
  }

  /// As Prometheus words it, without the place.
  package var message: String { content.message }

  /// The offending part of the query.
  package var range: SourceRange { content.range }

  /// Line and column of its start; nil where the query is empty.
  package var position: SourcePosition? {
    get { content.position }
    set { content.position = newValue }
  }

  /// What may have been meant: `did you mean 'rate'?`
  package var hint: String? {
    get { content.hint }
    set { content.hint = newValue }
  }

  /// Prometheus' own line: `1:14: parse error: unexpected end of input`.
  package var description: String {
    "\(position?.description ?? "unknown position"): parse error: \(message)"
  }
}

extension PromQLError {
  /// The error for people: Prometheus' line, the line of the query it is about, and
  /// marks under what is wrong.
  ///
  ///     1:5: parse error: unexpected identifier "b"
  ///       sum b
  ///           ^
  package func render(source: String) -> String {
    var result = description
    if position != nil {
      let bytes = Array(source.utf8)
      let excerpt = bytes.withUnsafeBufferPointer { Excerpt($0, range) }
      result += "\n  \(excerpt.text)\n  \(excerpt.marks)"
    }
    if let hint { result += "\nhint: \(hint)" }
    return result
  }
}

/// One line of a query around an error, cut to what a terminal shows.
private struct Excerpt {
  var text = ""
  var marks = ""

  /// Characters shown before the error and in all, where the line is longer.
  private static let before = 50
  private static let total = 100

  init(_ source: UnsafeBufferPointer<UInt8>, _ range: SourceRange) {
    let newline = UInt8(ascii: "\n")
    let start = min(max(0, Int(range.start)), source.count)
    let end = min(max(start, Int(range.end)), source.count)
    let lineStart = source[..<start].lastIndex(of: newline).map { $0 + 1 } ?? 0
    let lineEnd = source[start...].firstIndex(of: newline) ?? source.count
    let head = Self.characters(source[lineStart..<start])
    let body = Self.characters(source[start..<min(end, lineEnd)])
    let tail = Self.characters(source[min(end, lineEnd)..<lineEnd])

    let hidden = max(0, head.count - Self.before)
    let shownHead = head.dropFirst(hidden)
    let shownRest = (body + tail).prefix(Self.total - shownHead.count)
    let left = hidden > 0 ? "..." : ""
    let right = shownRest.count < body.count + tail.count ? "..." : ""
    text = left + String(shownHead) + String(shownRest) + right
    let marked = max(1, min(body.count, shownRest.count))
    marks =
      String(repeating: " ", count: left.count + shownHead.count)
      + String(repeating: "^", count: marked)
  }

  /// Characters as a terminal has them, each one column; tabs and controls as blanks,
  /// so that the marks stand where they should.
  private static func characters(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> [Character] {
    String(decoding: bytes, as: UTF8.self).map { character in
      let isControl = character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
      return isControl ? " " : character
    }
  }
}
