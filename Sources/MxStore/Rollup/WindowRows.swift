import MxModel

/// Windows of one series as columns, for a reader.
struct WindowRows {
  private var ends: [Int64] = []
  private var firstTimes: [Int64] = []
  private var lastTimes: [Int64] = []
  private var flags: [UInt8] = []
  /// Nine columns of doubles, in the order of `WindowColumns`.
  private var values = [[Double]](repeating: [], count: 9)

  var count: Int { ends.count }

  mutating func removeAll() {
    ends.removeAll(keepingCapacity: true)
    firstTimes.removeAll(keepingCapacity: true)
    lastTimes.removeAll(keepingCapacity: true)
    flags.removeAll(keepingCapacity: true)
    for column in values.indices { values[column].removeAll(keepingCapacity: true) }
  }

  mutating func append(_ window: Window) {
    ends.append(window.end)
    firstTimes.append(window.firstTime)
    lastTimes.append(window.lastTime)
    flags.append(window.flags.rawValue)
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
