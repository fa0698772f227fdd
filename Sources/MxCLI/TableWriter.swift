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
  /// Row after row, the text of all cells, where each ends and how wide it is.
  private var text: [UInt8] = []
  private var ends: [Int] = []
  private var cellWidths: [Int] = []

  package init(_ columns: [(title: String, alignment: Alignment)]) {
    titles = columns.map(\.title)
    alignments = columns.map(\.alignment)
  }

  package mutating func append(_ row: [String]) {
    precondition(row.count == titles.count, "BUG: \(row.count) cells in \(titles.count) columns")
    for cell in row { append(cell) }
  }

  private mutating func append(_ cell: String) {
    var cell = Output.printable(cell)
    cell.withUTF8 { text.append(contentsOf: $0) }
    ends.append(text.count)
    cellWidths.append(TextWidth.of(cell))
  }

  package func write(to output: Output, header: Bool = true) throws {
    let columns = titles.count
    var widths = titles.map { header ? TextWidth.of($0) : 0 }
    for (index, width) in cellWidths.enumerated() where width > widths[index % columns] {
      widths[index % columns] = width
    }
    var line: [UInt8] = []
    if header {
      for (column, title) in titles.enumerated() {
        pad(column, widths[column] - TextWidth.of(title), to: &line) { $0 += Array(title.utf8) }
      }
      try finish(&line, output)
    }
    var start = 0
    for index in ends.indices {
      let column = index % columns
      pad(column, widths[column] - cellWidths[index], to: &line) {
        $0.append(contentsOf: text[start..<ends[index]])
      }
      start = ends[index]
      if column == columns - 1 { try finish(&line, output) }
    }
  }

  private func pad(
    _ column: Int, _ padding: Int, to line: inout [UInt8], _ cell: (inout [UInt8]) -> Void
  ) {
    if column > 0 { line.append(contentsOf: repeatElement(0x20, count: 2)) }
    let spaces = repeatElement(UInt8(0x20), count: padding)
    if alignments[column] == .right { line.append(contentsOf: spaces) }
    cell(&line)
    if alignments[column] == .left { line.append(contentsOf: spaces) }
  }

  /// Without trailing spaces, so that output can be compared line by line.
  private func finish(_ line: inout [UInt8], _ output: Output) throws {
    while line.last == 0x20 { line.removeLast() }
    line.append(0x0A)
    try output.write(line)
    line.removeAll(keepingCapacity: true)
  }
}
