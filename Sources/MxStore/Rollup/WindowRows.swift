import MxModel

/// Windows of one series as columns, for a reader.
struct WindowRows {
  private(set) var ends: [Int64] = []
  private var firstTimes: [Int64] = []
  private var lastTimes: [Int64] = []
  private(set) var flags: [UInt8] = []
  /// All flags that any window has.
  private(set) var flagsOfAny: UInt8 = 0
  /// How many rows there will be, as far as is known: room for them is made at once.
  var expected = 0
  /// How minima, maxima, sums and tails that were added last are told; see `WindowCoder`.
  private var forms: [Double] = []
  /// Nine columns of doubles; see `place`.
  private var values = [[Double]](repeating: [], count: 9)

  var count: Int { ends.count }

  /// Where a column of doubles lies in `values`.
  private static func place(_ column: WindowColumn) -> Int? {
    switch column {
    case .count: 0
    case .minimum: 1
    case .maximum: 2
    case .sum: 3
    case .tail: 4
    case .first: 5
    case .last: 6
    case .resetSum: 7
    case .resetCount: 8
    case .firstOffset, .lastOffset, .flags, .places, .form: nil
    }
  }

  mutating func removeAll() {
    truncate(to: 0)
    flagsOfAny = 0
  }

  /// Takes off what was added last.
  mutating func truncate(to count: Int) {
    func cut<T>(_ column: inout [T]) {
      if column.count > count { column.removeLast(column.count - count) }
    }
    cut(&ends)
    cut(&firstTimes)
    cut(&lastTimes)
    cut(&flags)
    cut(&forms)
    for column in values.indices { cut(&values[column]) }
  }

  mutating func append(_ window: Window) {
    ends.append(window.end)
    firstTimes.append(window.firstTime)
    lastTimes.append(window.lastTime)
    append(flags: window.flags.rawValue, 1)
    forms.append(0)
    values[0].append(window.count)
    values[1].append(window.minimum)
    values[2].append(window.maximum)
    values[3].append(window.sum)
    values[4].append(window.tail)
    values[5].append(window.first)
    values[6].append(window.last)
    values[7].append(window.resetSum)
    values[8].append(window.resetCount)
  }

  /// Appends a stretch of one column as files have it; counts bring the ends with them.
  /// When all columns are there, `decode` makes values of them.
  mutating func append(
    _ column: WindowColumn, _ ends: UnsafeBufferPointer<Int64>,
    _ stored: UnsafeBufferPointer<Double>, width: Int64
  ) {
    switch column {
    case .count:
      self.ends.reserve(expected)
      self.ends.append(contentsOf: ends)
      values[0].reserve(expected)
      values[0].append(contentsOf: stored)
    case .firstOffset:
      for (index, offset) in stored.enumerated() {
        firstTimes.append(ends[index] &- width &+ (Int64(exactly: offset) ?? 0))
      }
    case .lastOffset:
      for (index, offset) in stored.enumerated() {
        lastTimes.append(ends[index] &- (Int64(exactly: offset) ?? 0))
      }
    case .flags:
      // Almost all are alike: 0, or those of gauges.
      let first = stored.first ?? 0
      if stored.allSatisfy({ $0 == first }) {
        append(flags: UInt8(exactly: first) ?? 0, stored.count)
      } else {
        for value in stored { append(flags: UInt8(exactly: value) ?? 0, 1) }
      }
    case .places, .form:
      forms.reserve(expected)
      forms.append(contentsOf: stored)
    case .minimum, .maximum, .sum, .tail, .first, .last, .resetSum, .resetCount:
      guard let place = WindowRows.place(column) else { return }
      values[place].reserve(expected)
      values[place].append(contentsOf: stored)
    }
  }

  /// Appends whole windows; no `decode` is to follow.
  mutating func append(
    _ stored: StoredWindows, ends: UnsafeBufferPointer<Int64>, _ fields: WindowFields,
    width: Int64
  ) {
    let start = self.ends.count
    let plain: [(WindowColumn, isAsked: Bool)] = [
      (.count, true), (.flags, true), (.first, fields.contains(.firsts)),
      (.last, fields.contains(.lasts)), (.firstOffset, fields.contains(.firstTimes)),
      (.lastOffset, fields.contains(.lastTimes)), (.resetSum, fields.contains(.resets)),
      (.resetCount, fields.contains(.resets)),
    ]
    for (column, isAsked) in plain where isAsked {
      append(column, ends, stored.buffer(column), width: width)
    }
    if fields.contains(.sums) {
      withRoom(.sum, .tail, from: start) { stored.decodeSums($0, $1) }
    }
    if fields.contains(.minima) || fields.contains(.maxima) {
      withRoom(.minimum, .maximum, from: start) { stored.decodeExtrema($0, $1) }
    }
  }

  /// Makes two columns as long as the ends; `body` fills them from row `start` on.
  private mutating func withRoom(
    _ one: WindowColumn, _ other: WindowColumn, from start: Int,
    _ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) {
    guard let place = WindowRows.place(one), let otherPlace = WindowRows.place(other) else {
      return
    }
    for place in [place, otherPlace] { values[place].reserve(expected) }
    fill(one)
    fill(other)
    // Taken out meanwhile, so that it is not copied.
    var column: [Double] = []
    swap(&column, &values[place])
    defer { swap(&column, &values[place]) }
    column.withUnsafeMutableBufferPointer { first in
      values[otherPlace].withUnsafeMutableBufferPointer { second in
        guard let first = first.baseAddress, let second = second.baseAddress else { return }
        body(first + start, second + start)
      }
    }
  }

  private mutating func append(flags: UInt8, _ count: Int) {
    flagsOfAny |= flags
    self.flags.append(contentsOf: repeatElement(flags, count: count))
  }

  /// Makes room where the segments before, of another layout, had a column that no one
  /// needed.
  mutating func begin(_ fields: WindowFields, _ layout: TierLayout) {
    for column in WindowColumn.allCases where column.isNeeded(fields, of: layout) { fill(column) }
  }

  /// Whether all asked columns are as long as the ends; those that `layout` left out
  /// are filled with zeros.
  mutating func isWhole(_ fields: WindowFields, of layout: TierLayout) -> Bool {
    for column in WindowColumn.allCases where column.isNeeded(fields, of: layout) {
      if !layout.columns.contains(column) { fill(column) }
      let length =
        switch column {
        case .firstOffset: firstTimes.count
        case .lastOffset: lastTimes.count
        case .flags: flags.count
        case .places, .form: forms.count
        default: WindowRows.place(column).map { values[$0].count } ?? ends.count
        }
      if length != ends.count { return false }
    }
    return true
  }

  /// Makes values of what was appended as files have it, from row `start` on.
  mutating func decode(from start: Int, _ fields: WindowFields) {
    let hasExtrema = fields.contains(.minima) || fields.contains(.maxima)
    let hasSums = fields.contains(.sums)
    if !hasExtrema, !hasSums {
      forms.append(contentsOf: repeatElement(0, count: ends.count - forms.count))
      return
    }
    let end = ends.count
    forms.withUnsafeMutableBufferPointer { forms in
      WindowRows.withColumns(&values, []) { columns in
        var row = start
        while row < end {
          // A series' windows mostly have one form.
          let form = forms[row]
          var next = row
          while next < end, forms[next] == form || next == row { next += 1 }
          if let power = WindowCoder.power(form) {
            if hasSums, let told = WindowRows.toldSums(columns),
              let sums = columns[3].baseAddress, let tails = columns[4].baseAddress
            {
              told.decode(row..<next, power, sums, tails)
            }
            if hasExtrema { WindowRows.decodeExtrema(row..<next, power, columns) }
          } else {
            WindowRows.decodeEarlier(row..<next, form, columns, hasSums: hasSums)
          }
          row = next
        }
      }
      forms[start..<end].update(repeating: 0)
    }
  }

  private typealias Column = UnsafeMutableBufferPointer<Double>

  /// Column 1 stays as it is told.
  private static func toldSums(_ columns: [Column]) -> ToldSums? {
    var stored = StoredWindows(count: columns[0].count)
    for column in [WindowColumn.count, .first, .last, .minimum, .sum, .tail] {
      stored[column] = place(column).flatMap { UnsafePointer(columns[$0].baseAddress) }
    }
    return ToldSums(stored)
  }

  private static func decodeExtrema(_ rows: Range<Int>, _ power: Double, _ columns: [Column]) {
    let (minima, maxima, firsts, lasts) = (columns[1], columns[2], columns[5], columns[6])
    for row in rows {
      WindowCoder.decodeExtrema(
        power, first: firsts[row], last: lasts[row], &minima[row], &maxima[row])
    }
  }

  /// Extrema too, whether they were asked for or not.
  private static func decodeEarlier(
    _ rows: Range<Int>, _ form: Double, _ columns: [Column], hasSums: Bool
  ) {
    let (counts, firsts, lasts) = (columns[0], columns[5], columns[6])
    let (minima, maxima, sums, tails) = (columns[1], columns[2], columns[3], columns[4])
    for row in rows {
      var sum = hasSums ? sums[row] : 0
      var tail = hasSums ? tails[row] : 0
      // Who asked for sums alone has no maxima of windows that are as they are.
      var maximum = row < maxima.count ? maxima[row] : 0
      EarlierCoding.decode(
        form, count: counts[row], first: firsts[row], last: lasts[row], &minima[row],
        &maximum, &sum, &tail)
      if row < maxima.count { maxima[row] = maximum }
      if !hasSums { continue }
      sums[row] = sum
      tails[row] = tail
    }
  }

  /// Opens the columns one inside the other.
  private static func withColumns(
    _ columns: inout [[Double]], _ open: [Column], _ body: ([Column]) -> Void
  ) {
    if open.count == columns.count { return body(open) }
    // Taken out meanwhile, so that it is not copied.
    var column: [Double] = []
    swap(&column, &columns[open.count])
    defer { swap(&column, &columns[open.count]) }
    column.withUnsafeMutableBufferPointer { pointer in
      withColumns(&columns, open + [pointer], body)
    }
  }

  private mutating func fill(_ column: WindowColumn) {
    func zero<T: Numeric>(_ column: inout [T]) {
      column.append(contentsOf: repeatElement(0, count: ends.count - column.count))
    }
    switch column {
    case .firstOffset: zero(&firstTimes)
    case .lastOffset: zero(&lastTimes)
    case .flags: zero(&flags)
    case .places, .form: zero(&forms)
    default: if let place = WindowRows.place(column) { zero(&values[place]) }
    }
  }

  func withColumns<R>(_ body: (borrowing WindowColumns) throws -> R) rethrows -> R {
    try ends.withUnsafeBufferPointer { ends in
      try firstTimes.withUnsafeBufferPointer { firstTimes in
        try lastTimes.withUnsafeBufferPointer { lastTimes in
          try flags.withUnsafeBufferPointer { flags in
            try withValues([]) { values in
              try body(
                WindowColumns(
                  ends: ends, counts: values[0], minima: values[1], maxima: values[2],
                  sums: values[3], sumTails: values[4], firsts: values[5], lasts: values[6],
                  firstTimes: firstTimes, lastTimes: lastTimes, resetSums: values[7],
                  resetCounts: values[8], flags: flags))
            }
          }
        }
      }
    }
  }

  /// Opens the columns of doubles one inside the other.
  private func withValues<R>(
    _ open: [UnsafeBufferPointer<Double>],
    _ body: ([UnsafeBufferPointer<Double>]) throws -> R
  ) rethrows -> R {
    if open.count == values.count { return try body(open) }
    return try values[open.count].withUnsafeBufferPointer { try withValues(open + [$0], body) }
  }
}

extension Array {
  /// Makes room in what is still empty.
  fileprivate mutating func reserve(_ count: Int) {
    if isEmpty { reserveCapacity(count) }
  }
}

extension WindowColumn {
  /// Whether who asks for `fields` of a segment needs it; flags tell what is void, so all
  /// do. Extrema are told by first and last, sums by all of these but one.
  func isNeeded(_ fields: WindowFields, of layout: TierLayout) -> Bool {
    let sums = fields.contains(.sums)
    let extrema = fields.contains(.minima) || fields.contains(.maxima)
    return switch self {
    case .count, .flags: true
    case .minimum: extrema || sums
    case .maximum: extrema || (sums && layout.isEarlier)
    case .places: layout.isEarlier && (extrema || sums)
    case .form: !layout.isEarlier && (extrema || sums)
    case .sum, .tail: sums
    case .first: extrema || sums || fields.contains(.firsts)
    case .last: extrema || sums || fields.contains(.lasts)
    case .firstOffset: fields.contains(.firstTimes)
    case .lastOffset: fields.contains(.lastTimes)
    case .resetSum, .resetCount: fields.contains(.resets)
    }
  }
}
