import MxCLI
import MxEngine
import MxJSON
import MxModel
import Synchronization

/// Answers as CSV or TSV: a row a sample, a column a label.
///
/// The columns are `time`, all labels that any series has in name order, `value`; a label
/// of such a name is `label_value`. Of several expressions the first column says which. One header for all.
struct SeparatedResults: Sendable {
  let writer: SeparatedWriter
  let times: TimePrinter
  let hasHeader: Bool
  let namesExpression: Bool
  let threads: Int

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    let columns = LabelColumns(answers)
    if hasHeader {
      let first = (namesExpression ? ["expr"] : []) + ["time"]
      try writer.write(first + columns.titles(besides: first + ["value"]) + ["value"], to: output)
    }
    for answer in answers {
      var head: [UInt8] = []
      if namesExpression {
        writer.append(answer.expression, to: &head)
        head.append(writer.separator)
      }
      try write(answer.result, head, columns, to: output)
    }
  }

  private func write(
    _ result: QueryResult, _ head: [UInt8], _ columns: LabelColumns, to output: Output
  ) throws {
    var row: [UInt8] = []
    if case .string(let text) = result.value {
      row = head
      times.append(result.firstStep, to: &row)
      row += [UInt8](repeating: writer.separator, count: columns.names.count + 1)
      writer.append(text, to: &row)
      row.append(0x0A)
      return try output.write(row)
    }
    // Half of the time of a large answer is making text of numbers: that is cut into
    // pieces for all threads, and written in order.
    let series = result.seriesCount
    let clock = StepTexts(result, times)
    let pieces = min(series, result.pointCount / SeparatedResults.pieceSize)
    if pieces < 2 || threads < 2 {
      return try append(result, 0..<series, clock, head, columns) { try output.write($0) }
    }
    let wave = threads * 16
    for start in stride(from: 0, to: pieces, by: wave) {
      let count = min(wave, pieces - start)
      let texts = Mutex([[UInt8]](repeating: [], count: count))
      try parallelFor(count: count, workers: threads) { item, _ in
        let piece = start + item
        var text: [UInt8] = []
        let range = series * piece / pieces..<series * (piece + 1) / pieces
        try append(result, range, clock, head, columns) { text += $0 }
        texts.withLock { $0[item] = text }
      }
      for text in texts.withLock({ $0 }) { try output.write(text) }
    }
  }

  /// Points a piece: a quarter of a millisecond of work, so that no thread waits long for another.
  private static let pieceSize = 2048
  /// Bytes that are handed on at once.
  private static let portion = 32 << 10

  private func append(
    _ result: QueryResult, _ series: Range<Int>, _ clock: StepTexts, _ head: [UInt8],
    _ columns: LabelColumns, to write: ([UInt8]) throws -> Void
  ) throws {
    var text: [UInt8] = []
    var cells: [UInt8] = []
    try result.forEachSeries(in: series) { labels, points in
      cells.removeAll(keepingCapacity: true)
      columns.append(labels, writer, to: &cells)
      cells.append(writer.separator)
      for index in 0..<points.count {
        if !head.isEmpty { text += head }
        clock.append(points.times[index], to: &text)
        text += cells
        MxJSON.NumberText.append(points.values[index], .json, to: &text)
        text.append(0x0A)
      }
      if text.count >= SeparatedResults.portion {
        try write(text)
        text.removeAll(keepingCapacity: true)
      }
    }
    if !text.isEmpty { try write(text) }
  }
}

/// The labels of all series as columns.
struct LabelColumns: Sendable {
  /// In byte order, as the keys of label sets have them.
  let names: [String]
  private let keys: [[UInt8]]

  init(_ answers: [QueryAnswer]) {
    var found: Set<[UInt8]> = []
    // The names of the set before: neighbours mostly have the same.
    var last: [[UInt8]] = []
    for answer in answers {
      let labels: [LabelSet]
      switch answer.result.value {
      case .series(let table): labels = table.labels
      case .samples(let table): labels = table.labels
      case .scalar, .string: labels = []
      }
      for set in labels {
        set.key.withUnsafeBytes { key in
          var cursor = LabelCursor(key)
          var place = 0
          while let pair = cursor.next() {
            defer { place += 1 }
            if place < last.count,
              last[place].withUnsafeBytes({ LabelKey.compare($0, pair.name) == 0 })
            {
              continue
            }
            let name = Array(pair.name)
            last.removeLast(max(0, last.count - place))
            last.append(name)
            found.insert(name)
          }
        }
      }
    }
    keys = found.sorted { $0.lexicographicallyPrecedes($1) }
    names = keys.map { key in key.withUnsafeBytes { LabelKey.text($0) } }
  }

  /// The names; a label that is called as another column is has `label_` before it.
  func titles(besides others: [String]) -> [String] {
    var taken = Set(names).union(others)
    return names.map { name in
      guard others.contains(name) else { return name }
      var title = "label_" + name
      while !taken.insert(title).inserted { title = "label_" + title }
      return title
    }
  }

  /// A separator and the value for each column; empty where the set lacks the label.
  func append(_ labels: LabelSet?, _ writer: SeparatedWriter, to out: inout [UInt8]) {
    guard let labels else {
      out += [UInt8](repeating: writer.separator, count: keys.count)
      return
    }
    labels.key.withUnsafeBytes { key in
      var cursor = LabelCursor(key)
      var pair = cursor.next()
      for name in keys {
        out.append(writer.separator)
        guard let found = pair, name.withUnsafeBytes({ LabelKey.compare($0, found.name) == 0 })
        else { continue }
        if found.value.contains(1) {
          writer.append(LabelKey.text(found.value), to: &out)
        } else {
          writer.append(found.value, to: &out)
        }
        pair = cursor.next()
      }
    }
  }
}
