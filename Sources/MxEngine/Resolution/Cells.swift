import MxModel

/// One series' windows and, between them, samples as windows of their own: what the
/// stretches of a plan give, joined in time order.
struct CellBuffer {
  private var ends: [Int64] = []
  private var firstTimes: [Int64] = []
  private var lastTimes: [Int64] = []
  private var flags: [UInt8] = []
  private var counts: [Double] = []
  private var minima: [Double] = []
  private var maxima: [Double] = []
  private var sums: [Double] = []
  private var sumTails: [Double] = []
  private var firsts: [Double] = []
  private var lasts: [Double] = []
  private var resetSums: [Double] = []
  private var resetCounts: [Double] = []

  var isEmpty: Bool { ends.isEmpty }

  mutating func removeAll() {
    ends.removeAll(keepingCapacity: true)
    firstTimes.removeAll(keepingCapacity: true)
    lastTimes.removeAll(keepingCapacity: true)
    flags.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
    minima.removeAll(keepingCapacity: true)
    maxima.removeAll(keepingCapacity: true)
    sums.removeAll(keepingCapacity: true)
    sumTails.removeAll(keepingCapacity: true)
    firsts.removeAll(keepingCapacity: true)
    lasts.removeAll(keepingCapacity: true)
    resetSums.removeAll(keepingCapacity: true)
    resetCounts.removeAll(keepingCapacity: true)
  }

  mutating func append(_ windows: borrowing WindowColumns) {
    ends.append(contentsOf: windows.ends)
    firstTimes.append(contentsOf: windows.firstTimes)
    lastTimes.append(contentsOf: windows.lastTimes)
    flags.append(contentsOf: windows.flags)
    counts.append(contentsOf: windows.counts)
    minima.append(contentsOf: windows.minima)
    maxima.append(contentsOf: windows.maxima)
    sums.append(contentsOf: windows.sums)
    sumTails.append(contentsOf: windows.sumTails)
    firsts.append(contentsOf: windows.firsts)
    lasts.append(contentsOf: windows.lasts)
    resetSums.append(contentsOf: windows.resetSums)
    resetCounts.append(contentsOf: windows.resetCounts)
  }

  /// Samples as windows of one each; only the columns `fields` are kept.
  mutating func append(_ samples: borrowing SampleColumns, _ fields: WindowFields) {
    let count = samples.count
    ends.append(contentsOf: samples.times)
    if fields.contains(.firstTimes) { firstTimes.append(contentsOf: samples.times) }
    if fields.contains(.lastTimes) { lastTimes.append(contentsOf: samples.times) }
    if fields.contains(.minima) { minima.append(contentsOf: samples.values) }
    if fields.contains(.maxima) { maxima.append(contentsOf: samples.values) }
    if fields.contains(.sums) {
      sums.append(contentsOf: samples.values)
      sumTails.append(contentsOf: repeatElement(0, count: count))
    }
    if fields.contains(.firsts) { firsts.append(contentsOf: samples.values) }
    if fields.contains(.lasts) { lasts.append(contentsOf: samples.values) }
    if fields.contains(.resets) {
      resetSums.append(contentsOf: repeatElement(0, count: count))
      resetCounts.append(contentsOf: repeatElement(0, count: count))
    }
    for value in samples.values {
      let isMarker = StaleMarker.isStale(value)
      counts.append(isMarker ? 0 : 1)
      flags.append(isMarker ? WindowFlags([.stale, .endsStale]).rawValue : 0)
    }
  }

  func withColumns<R>(_ body: (borrowing WindowColumns) throws -> R) rethrows -> R {
    try withTimes { ends, firstTimes, lastTimes, flags in
      try counts.withUnsafeBufferPointer { counts in
        try minima.withUnsafeBufferPointer { minima in
          try maxima.withUnsafeBufferPointer { maxima in
            try withSums { sums, tails, resetSums, resetCounts in
              try firsts.withUnsafeBufferPointer { firsts in
                try lasts.withUnsafeBufferPointer { lasts in
                  try body(
                    WindowColumns(
                      ends: ends, counts: counts, minima: minima, maxima: maxima, sums: sums,
                      sumTails: tails, firsts: firsts, lasts: lasts, firstTimes: firstTimes,
                      lastTimes: lastTimes, resetSums: resetSums, resetCounts: resetCounts,
                      flags: flags))
                }
              }
            }
          }
        }
      }
    }
  }

  private typealias Times = UnsafeBufferPointer<Int64>
  private typealias Values = UnsafeBufferPointer<Double>

  private func withTimes<R>(
    _ body: (Times, Times, Times, UnsafeBufferPointer<UInt8>) throws -> R
  ) rethrows -> R {
    try ends.withUnsafeBufferPointer { ends in
      try firstTimes.withUnsafeBufferPointer { firstTimes in
        try lastTimes.withUnsafeBufferPointer { lastTimes in
          try flags.withUnsafeBufferPointer { try body(ends, firstTimes, lastTimes, $0) }
        }
      }
    }
  }

  private func withSums<R>(
    _ body: (Values, Values, Values, Values) throws -> R
  ) rethrows -> R {
    try sums.withUnsafeBufferPointer { sums in
      try sumTails.withUnsafeBufferPointer { tails in
        try resetSums.withUnsafeBufferPointer { resetSums in
          try resetCounts.withUnsafeBufferPointer { try body(sums, tails, resetSums, $0) }
        }
      }
    }
  }
}
