/// How many columns of a terminal a text takes.
package enum TextWidth {
  /// Two for East Asian wide letters and emoji, none for combining marks, one
  /// for the rest. Ranges instead of tables: a column off by one is a blemish.
  package static func of(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    var width = 0
    for character in text { width += of(character) }
    return width
  }

  static func of(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    switch first.value {
    case 0x300...0x36f, 0x200b...0x200f, 0xfe00...0xfe0f: return 0
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff,
      0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff,
      0x1f900...0x1f9ff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }

  /// The front of `text` that fits into `width` columns.
  package static func clip(_ text: String, to width: Int) -> String {
    guard of(text) > width else { return text }
    var out = ""
    var used = 0
    for character in text {
      used += of(character)
      if used > width { break }
      out.append(character)
    }
    return out
  }
}

/// Rows in aligned columns, two spaces between them, as `--format table` prints.
///
/// Keeps all rows until the end since widths depend on them; a command with
/// millions of rows has `csv` and `ndjson` for that.
package struct TableWriter {
  package enum Alignment: Equatable, Sendable {
    case left, right
  }

  private let titles: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  package init(_ columns: [(title: String, alignment: Alignment)]) {
    titles = columns.map(\.title)
    alignments = columns.map(\.alignment)
  }

  package mutating func append(_ row: [String]) {
    precondition(row.count == titles.count, "BUG: \(row.count) cells in \(titles.count) columns")
    rows.append(row.map(Output.printable))
  }

  package func write(to output: Output, header: Bool = true) throws {
    let widths = titles.indices.map { column in
      rows.reduce(header ? TextWidth.of(titles[column]) : 0) {
        max($0, TextWidth.of($1[column]))
      }
    }
    if header { try output.write(line(titles, widths) + "\n") }
    for row in rows { try output.write(line(row, widths) + "\n") }
  }

  /// Without trailing spaces, so that output can be compared line by line.
  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: max(0, widths[column] - TextWidth.of(cell)))
      text += alignments[column] == .right ? padding + cell : cell + padding
      if column < cells.count - 1 { text += "  " }
    }
    while text.utf8.last == UInt8(ascii: " ") { text.unicodeScalars.removeLast() }
    return text
  }
}
