import MxJSON
package import MxModel

/// CSV with a header (RFC 4180), long or wide; see `CSVColumns`.
///
///     hostname,ts,usage_user,usage_idle
///     host_0,1767225600000,12.92,42.3
///
/// The separator is a comma, or the tab or semicolon of a header that has no
/// comma. An empty cell is no sample or no label. Times are numbers, whose unit
/// their magnitude tells, or RFC 3339; one without a zone is UTC. The label
/// cells of a row are hashed together: a known combination has the series of
/// all its value columns.
package struct CSVText {
  private let options: FormatOptions
  private(set) var line = 0
  private var separator = Byte.comma
  private var header: [[UInt8]]?
  private var headerText: [UInt8] = []
  private var columns: CSVColumns?
  private var known = RawTextTable()
  /// Combination × value column -> series, `unknown` where it had no sample yet.
  private var refs: [UInt32] = []
  private var builder = KeyBuilder()

  /// Where labels and values stand, once `columns` are known; nil where the quick
  /// way is not for them.
  private var layout: CSVLayout?

  // Of the row at hand.
  private var cells: [Range<Int>] = []
  private var values: [Double] = []
  /// Holds the cells of a row that has quotes, without them.
  private var unquoted: [UInt8] = []
  private var labelText: [UInt8] = []

  private static let unknown = UInt32.max

  var textsKnown: Int { known.count }

  package init(_ options: FormatOptions) { self.options = options }

  /// Decodes the whole rows of `bytes`, and the last one without a newline if
  /// `final`. Returns how many bytes it is done with.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    problems: inout Problems
  ) throws(FormatError) -> Int {
    var start = 0
    while start < bytes.count {
      if let end = readQuick(bytes, from: start, into: &batch) {
        start = end
        continue
      }
      guard let end = rowEnd(bytes, from: start, final: final) else { return start }
      line += 1
      batch.lines.mark(line: line, row: batch.count)
      let row = bytes.part(start..<end)
      do throws(LineFault) {
        try take(row, into: &batch)
      } catch {
        let problem = problem(error, row)
        if columns == nil { throw .refused(problem) }
        problems.add(problem)
      }
      start = end &+ 1
    }
    return min(start, bytes.count)
  }

  /// A row alone says nothing: its header goes with it.
  private func problem(_ fault: LineFault, _ row: UnsafeRawBufferPointer) -> Problem {
    var problem = fault.problem(line: line, row)
    if !headerText.isEmpty { problem.text = headerText + [Byte.newline] + problem.text }
    return problem
  }

  /// The newline that ends the row, which quotes may hold others of.
  @inline(__always)
  private func rowEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, final: Bool) -> Int? {
    guard let newline = bytes.offset(of: Byte.newline, from: start) else {
      return final ? bytes.count : nil
    }
    if bytes.part(start..<newline).offset(of: Byte.quote) == nil { return newline }
    var at = start
    var quoted = false
    while at < bytes.count {
      let byte = bytes[at]
      if quoted, byte == Byte.quote {
        if at + 1 < bytes.count, bytes[at + 1] == Byte.quote { at += 1 } else { quoted = false }
      } else if byte == Byte.quote, at == start || bytes[at - 1] == separator {
        // Inside a cell that does not begin with it, a quote is a letter.
        quoted = true
      } else if byte == Byte.newline, !quoted {
        return at
      }
      at += 1
    }
    return final ? bytes.count : nil
  }

  @inline(__always)
  private mutating func take(
    _ whole: UnsafeRawBufferPointer, into batch: inout SampleBatch
  ) throws(LineFault) {
    var row = whole
    if let last = row.last, last == Byte.carriageReturn { row = row.part(0..<row.count - 1) }
    if row.isEmpty { return }
    guard header != nil else {
      try readHeader(row)
      return
    }
    if row.offset(of: Byte.quote) != nil {
      try unquote(row)
      let text = unquoted
      // Typed errors do not pass through withUnsafeBytes: carry the outcome out.
      let outcome = text.withUnsafeBytes { text -> Result<Void, LineFault> in
        do throws(LineFault) {
          try place(text)
          try read(text, into: &batch)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
      try outcome.get()
      return
    }
    split(row)
    try place(row)
    try read(row, into: &batch)
  }

  private mutating func readHeader(_ row: UnsafeRawBufferPointer) throws(LineFault) {
    var row = row
    if row.hasPrefix("\u{FEFF}") { row = row.part(3..<row.count) }
    guard row.isUTF8 else { throw LineFault(0, "a CSV header that is not UTF-8") }
    headerText = Array(row)
    if row.offset(of: Byte.comma) == nil {
      for other in [Byte.tab, Byte.semicolon] where row.offset(of: other) != nil {
        separator = other
        break
      }
    }
    if row.offset(of: Byte.quote) != nil {
      try unquote(row)
      header = unquoted.withUnsafeBytes { text in cells.map { Array(Self.trimmed(text.part($0))) } }
    } else {
      split(row)
      header = cells.map { Array(Self.trimmed(row.part($0))) }
    }
  }

  private static func trimmed(_ cell: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var end = cell.count
    while end > 0, Byte.isBlank(cell[end - 1]) { end -= 1 }
    return cell.part(min(cell.skipBlanks(0), end)..<end)
  }

  /// The cells of a row without quotes.
  @inline(__always)
  private mutating func split(_ row: UnsafeRawBufferPointer) {
    cells.removeAll(keepingCapacity: true)
    let separator = separator
    var start = 0
    var at = 0
    let count = row.count
    while at < count {
      if row[at] == separator {
        cells.append(start..<at)
        start = at &+ 1
      }
      at &+= 1
    }
    cells.append(start..<count)
  }

  /// The cells of a row with quotes, copied without them into `unquoted`.
  private mutating func unquote(_ row: UnsafeRawBufferPointer) throws(LineFault) {
    cells.removeAll(keepingCapacity: true)
    unquoted.removeAll(keepingCapacity: true)
    var at = 0
    while true {
      let start = unquoted.count
      if at < row.count, row[at] == Byte.quote {
        let opening = at
        at += 1
        while at < row.count,
          row[at] != Byte.quote || (at + 1 < row.count && row[at + 1] == Byte.quote)
        {
          unquoted.append(row[at])
          at += row[at] == Byte.quote ? 2 : 1
        }
        guard at < row.count else { throw LineFault(opening, "a quote that is never closed") }
        at += 1
        guard at == row.count || row[at] == separator else {
          throw LineFault(at, SeriesText.found(row, at), expected: "the end of the quoted cell")
        }
      } else {
        while at < row.count, row[at] != separator {
          unquoted.append(row[at])
          at += 1
        }
      }
      cells.append(start..<unquoted.count)
      // One byte between the cells, so that joined cells differ where cells do.
      unquoted.append(separator)
      if at >= row.count { return }
      at += 1
    }
  }

  /// Checks the row's width, and settles the columns by the first row.
  @inline(__always)
  private mutating func place(_ row: UnsafeRawBufferPointer) throws(LineFault) {
    guard let header else { return }
    if columns == nil {
      columns = try CSVColumns(
        header: header, firstRow: cells.map { row.part($0) }, options.csv)
      layout = columns.flatMap { CSVLayout($0.roles) }
    }
    guard cells.count == header.count else {
      throw LineFault(
        row.count, "\(cells.count) cells", expected: "\(header.count) as in the header")
    }
  }

  @inline(__always)
  private mutating func read(
    _ row: UnsafeRawBufferPointer, into batch: inout SampleBatch
  ) throws(LineFault) {
    guard let columns else { return }
    var time = options.defaultTime
    var firstLabel = -1
    var lastLabel = -1
    var adjacent = true
    values.removeAll(keepingCapacity: true)
    for column in 0..<cells.count {
      let cell = cells[column]
      switch columns.roles[column] {
      case .label, .name:
        if firstLabel < 0 {
          firstLabel = column
        } else if lastLabel != column &- 1 {
          adjacent = false
        }
        lastLabel = column
      case .value: values.append(try value(row, cell))
      case .time where !cell.isEmpty: time = try self.time(row, cell)
      default: break
      }
    }
    let combination = try self.combination(row, firstLabel, lastLabel, adjacent)
    let first = combination &* columns.metrics.count
    for index in 0..<values.count where values[index].bitPattern != Self.missing {
      if refs[first &+ index] == Self.unknown {
        refs[first &+ index] = try intern(row, columns, index, &batch.series)
      }
      batch.push(refs[first &+ index], time, values[index])
    }
  }

  /// Takes a row of known series whose cells are plain, in one pass and without
  /// splitting it first; returns where the next row begins. Nil where anything is
  /// unusual: the row is then read cell by cell, from its start.
  @inline(__always)
  private mutating func readQuick(
    _ bytes: UnsafeRawBufferPointer, from start: Int, into batch: inout SampleBatch
  ) -> Int? {
    guard let layout else { return nil }
    let count = bytes.count
    let separator = separator
    var at = start
    var time = options.defaultTime
    var labels = start..<start
    var isWhole = false
    values.removeAll(keepingCapacity: true)
    for part in layout.parts {
      let first = at
      switch part {
      case .labels(var left):
        while true {
          guard at < count, bytes[at] != Byte.quote, !Self.endsRow(bytes[at]) else { return nil }
          if bytes[at] == separator {
            left &-= 1
            if left == 0 { break }
          }
          at &+= 1
        }
        labels = first..<at
      case .time:
        while at < count, bytes[at] != separator, !Self.endsRow(bytes[at]) { at &+= 1 }
        guard let number = MillisecondText.parse(bytes.part(first..<at)),
          let instant = Instant(
            number, options.precision ?? Instant.unit(ofMagnitude: number.magnitude))
        else { return nil }
        time = instant.rounded
      case .value:
        var value = 0.0
        at = FloatParser.scan(bytes, from: first, into: &value)
        guard at > first, value.isFinite else { return nil }
        values.append(value)
      }
      guard at < count else { return nil }
      if bytes[at] != separator {
        isWhole = values.count == layout.values
        break
      }
      at &+= 1
    }
    guard isWhole else { return nil }
    if bytes[at] == Byte.carriageReturn { at &+= 1 }
    guard at < count, bytes[at] == Byte.newline else { return nil }
    return push(bytes, labels, time, into: &batch) ? at &+ 1 : nil
  }

  @inline(__always)
  private static func endsRow(_ byte: UInt8) -> Bool {
    byte == Byte.newline || byte == Byte.carriageReturn
  }

  /// The row's values at `time`, where all its series are known.
  @inline(__always)
  private mutating func push(
    _ bytes: UnsafeRawBufferPointer, _ labels: Range<Int>, _ time: Int64,
    into batch: inout SampleBatch
  ) -> Bool {
    guard let number = known.find(known.hash(bytes.part(labels))) else { return false }
    let first = Int(number) &* values.count
    let row = refs[first..<first &+ values.count]
    for ref in row where ref == Self.unknown { return false }
    line &+= 1
    batch.lines.mark(line: line, row: batch.count)
    batch.refs.append(contentsOf: row)
    batch.times.append(contentsOf: repeatElement(time, count: values.count))
    batch.values.append(contentsOf: values)
    return true
  }

  /// What an empty cell is in `values`: a NaN that no text parses to.
  private static let missing: UInt64 = 0x7FF8_0000_0000_0BAD

  @inline(__always)
  private func value(
    _ row: UnsafeRawBufferPointer, _ cell: Range<Int>
  ) throws(LineFault) -> Double {
    let text = row.part(cell)
    if let value = TextNumber.value(text) { return value }
    return try otherValue(text, at: cell.lowerBound)
  }

  @inline(never)
  private func otherValue(
    _ text: UnsafeRawBufferPointer, at offset: Int
  ) throws(LineFault) -> Double {
    let trimmed = Self.trimmed(text)
    if trimmed.isEmpty || trimmed.equals("null") || trimmed.equals("NULL") {
      return Double(bitPattern: Self.missing)
    }
    if let value = TextNumber.value(trimmed) { return value }
    if trimmed.equals("true") || trimmed.equals("TRUE") { return 1 }
    if trimmed.equals("false") || trimmed.equals("FALSE") { return 0 }
    throw LineFault(offset, "a value '\(trimmed.shown)'", expected: "a number")
  }

  @inline(__always)
  private func time(
    _ row: UnsafeRawBufferPointer, _ cell: Range<Int>
  ) throws(LineFault) -> Int64 {
    guard let instant = Instant(anyText: row.part(cell), options.precision) else {
      throw LineFault(
        cell.lowerBound, "a time '\(row.part(cell).shown)'", expected: "a number or RFC 3339")
    }
    return instant.rounded
  }

  /// The number of the row's combination of labels.
  @inline(__always)
  private mutating func combination(
    _ row: UnsafeRawBufferPointer, _ first: Int, _ last: Int, _ adjacent: Bool
  ) throws(LineFault) -> Int {
    let hash: RawTextTable.Hash
    if first < 0 {
      hash = known.hash(row.part(0..<0))
    } else if adjacent {
      hash = known.hash(row.part(cells[first].lowerBound..<cells[last].upperBound))
    } else {
      hash = joinedHash(row)
    }
    if let number = known.find(hash) { return Int(number) }
    return try remember(hash, row, first, last)
  }

  @inline(never)
  private mutating func remember(
    _ hash: RawTextTable.Hash, _ row: UnsafeRawBufferPointer, _ first: Int, _ last: Int
  ) throws(LineFault) -> Int {
    guard let columns else { return 0 }
    guard first < 0 || row.part(cells[first].lowerBound..<cells[last].upperBound).isUTF8 else {
      throw LineFault(cells[first].lowerBound, "a label that is not UTF-8")
    }
    if known.count >= RawTextTable.limit {
      known.removeAll()
      refs.removeAll()
    }
    let number = refs.count / columns.metrics.count
    refs.append(contentsOf: repeatElement(Self.unknown, count: columns.metrics.count))
    known.insert(hash, UInt32(truncatingIfNeeded: number))
    return number
  }

  private mutating func joinedHash(_ row: UnsafeRawBufferPointer) -> RawTextTable.Hash {
    labelText.removeAll(keepingCapacity: true)
    guard let columns else { return known.hash(row.part(0..<0)) }
    for column in 0..<cells.count
    where columns.roles[column] == .label || columns.roles[column] == .name {
      labelText.append(contentsOf: row.part(cells[column]))
      labelText.append(separator)
    }
    return labelText.withUnsafeBytes { known.hash($0) }
  }

  @inline(never)
  private mutating func intern(
    _ row: UnsafeRawBufferPointer, _ columns: CSVColumns, _ value: Int,
    _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    builder.removeAll()
    columns.metrics[value].withUnsafeBytes {
      if !$0.isEmpty { builder.add(name: "__name__", value: $0) }
    }
    for column in 0..<cells.count {
      let cell = row.part(cells[column])
      switch columns.roles[column] {
      case .name:
        guard !cell.isEmpty else { throw LineFault(cells[column].lowerBound, "no metric name") }
        builder.add(name: "__name__", value: cell)
      case .label: columns.names[column].withUnsafeBytes { builder.add(name: $0, value: cell) }
      default: break
      }
    }
    guard let ref = builder.intern(into: &table) else {
      throw LineFault(0, "a label name that stands twice")
    }
    return ref
  }
}
