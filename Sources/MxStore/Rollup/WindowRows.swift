import MxModel

/// Windows of one series as columns, for a reader.
struct WindowRows {
  private(set) var ends: [Int64] = []
  private var firstTimes: [Int64] = []
  private var lastTimes: [Int64] = []
  private(set) var flags: [UInt8] = []
  /// How minima, maxima, sums and tails that were added last are told; see `WindowCoder`.
  private var places: [Double] = []
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
    case .firstOffset, .lastOffset, .flags, .places: nil
    }
  }

  mutating func removeAll() { truncate(to: 0) }

  /// Takes off what was added last.
  mutating func truncate(to count: Int) {
    func cut<T>(_ column: inout [T]) {
      if column.count > count { column.removeLast(column.count - count) }
    }
    cut(&ends)
    cut(&firstTimes)
    cut(&lastTimes)
    cut(&flags)
    cut(&places)
    for column in values.indices { cut(&values[column]) }
  }

  mutating func append(_ window: Window) {
    ends.append(window.end)
    firstTimes.append(window.firstTime)
    lastTimes.append(window.lastTime)
    flags.append(window.flags.rawValue)
    places.append(0)
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
      self.ends.append(contentsOf: ends)
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
      // Almost all are 0.
      if stored.allSatisfy({ $0 == 0 }) {
        flags.append(contentsOf: repeatElement(0, count: stored.count))
      } else {
        flags.append(contentsOf: stored.lazy.map { UInt8(exactly: $0) ?? 0 })
      }
    case .places: places.append(contentsOf: stored)
    case .minimum, .maximum, .sum, .tail, .first, .last, .resetSum, .resetCount:
      if let place = WindowRows.place(column) { values[place].append(contentsOf: stored) }
    }
  }

  /// Whether all asked columns are as long as the ends; those that `layout` left out
  /// are filled with zeros.
  mutating func isWhole(_ fields: WindowFields, of layout: TierLayout) -> Bool {
    for column in WindowColumn.allCases where column.isNeeded(fields) {
      if !layout.columns.contains(column) { fill(column) }
      let length =
        switch column {
        case .firstOffset: firstTimes.count
        case .lastOffset: lastTimes.count
        case .flags: flags.count
        case .places: places.count
        default: WindowRows.place(column).map { values[$0].count } ?? ends.count
        }
      if length != ends.count { return false }
    }
    return true
  }

  /// Makes values of what was appended as files have it, from row `start` on.
  mutating func decode(from start: Int, _ fields: WindowFields) {
    if !WindowColumn.places.isNeeded(fields) {
      places.append(contentsOf: repeatElement(0, count: ends.count - places.count))
      return
    }
    let rows = start..<ends.count
    let hasExtrema = fields.contains(.minima) || fields.contains(.maxima)
    let hasSums = fields.contains(.sums)
    places.withUnsafeMutableBufferPointer { places in
      WindowRows.withColumns(&values, []) { columns in
        if hasExtrema {
          WindowRows.decodeAll(rows, places, columns, hasSums: hasSums)
        } else {
          WindowRows.decodeSums(rows, places, columns)
        }
      }
      places[rows].update(repeating: 0)
    }
  }

  private typealias Column = UnsafeMutableBufferPointer<Double>

  private static func decodeAll(
    _ rows: Range<Int>, _ places: Column, _ columns: [Column], hasSums: Bool
  ) {
    let (counts, firsts, lasts) = (columns[0], columns[5], columns[6])
    let (minima, maxima, sums, tails) = (columns[1], columns[2], columns[3], columns[4])
    for row in rows {
      var sum = hasSums ? sums[row] : 0
      var tail = hasSums ? tails[row] : 0
      WindowCoder.decode(
        places[row], count: counts[row], first: firsts[row], last: lasts[row], &minima[row],
        &maxima[row], &sum, &tail)
      if !hasSums { continue }
      sums[row] = sum
      tails[row] = tail
    }
  }

  /// Extrema stay as they are told: no one asked for them.
  private static func decodeSums(_ rows: Range<Int>, _ places: Column, _ columns: [Column]) {
    let (counts, firsts, lasts) = (columns[0], columns[5], columns[6])
    let (minima, maxima, sums, tails) = (columns[1], columns[2], columns[3], columns[4])
    // A series' windows mostly have the same places.
    var known = 0.0
    var power = WindowCoder.power(known)
    for row in rows {
      if places[row] != known {
        known = places[row]
        power = WindowCoder.power(known)
      }
      WindowCoder.decodeSum(
        power, count: counts[row], first: firsts[row], last: lasts[row], minimum: minima[row],
        maximum: maxima[row], &sums[row], &tails[row])
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
    case .places: zero(&places)
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

extension WindowColumn {
  /// Whether who asks for `fields` needs it; flags tell what is void, so all do. Extrema
  /// are told by first and last, sums by all of these.
  func isNeeded(_ fields: WindowFields) -> Bool {
    let sums = fields.contains(.sums)
    let extrema = sums || fields.contains(.minima) || fields.contains(.maxima)
    return switch self {
    case .count, .flags: true
    case .minimum, .maximum, .places: extrema
    case .sum, .tail: sums
    case .first: extrema || fields.contains(.firsts)
    case .last: extrema || fields.contains(.lasts)
    case .firstOffset: fields.contains(.firstTimes)
    case .lastOffset: fields.contains(.lastTimes)
    case .resetSum, .resetCount: fields.contains(.resets)
    }
  }
}
