/// Which line of its input each row of a batch came from.
///
/// Most inputs have one row a line, so only the places where that is not so
/// are kept: a line costs a comparison, and memory where comments, bad lines
/// or several rows stand.
package struct LineMarks: Sendable {
  private var rows: [Int] = []
  private var lines: [Int] = []
  /// line - row of the last mark.
  private var offset = Int.min
  private var lastLine = 0

  package init() {}

  /// The rows from `row` on come from `line` and those behind it.
  @inline(__always)
  package mutating func mark(line: Int, row: Int) {
    lastLine = line
    if line &- row != offset { note(line, row) }
  }

  @inline(never)
  private mutating func note(_ line: Int, _ row: Int) {
    offset = line &- row
    // Also where the line before had none: it is the end of the rows before it.
    rows.append(row)
    lines.append(line)
  }

  /// The line of `row`, counted from 1; 0 where the input has no lines.
  package func line(of row: Int) -> Int {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] <= row { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return 0 }
    // Behind a line of several rows the next mark says where the lines went on.
    let end = low < rows.count ? lines[low] - 1 : lastLine
    return min(lines[low - 1] + row - rows[low - 1], max(end, lines[low - 1]))
  }

  /// Rows start at 0 again; lines go on.
  package mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    lines.removeAll(keepingCapacity: true)
    offset = .min
  }
}
