import MxModel

/// The float samples of one series, without stale markers; borrowed memory.
struct Samples {
  let times: UnsafePointer<Int64>
  let values: UnsafePointer<Double>
  let count: Int
  /// When each sample's counter began, `.min` unknown.
  var startTimes: UnsafePointer<Int64>?
}

/// The windows of a range selector or subquery: (end - range, end] at each step.
struct Windows: Sendable {
  /// The windows' ends, `@` and offset applied; one alone where `@` fixes it.
  var ends: Grid
  var range: Int64
  /// The times of evaluation. As many as ends, or there is one end only.
  var evaluation: Grid
  /// How much further samples before and after the window count (extended ranges).
  var reachBefore: Int64 = 0
  var reachAfter: Int64 = 0
  /// Sliding over samples ends early where the time is over: whoever made a row so looks.
  var expiry: Expiry?

  /// How far before its end a window begins to look.
  var reach: Int64 { range + reachBefore }

  var span: TimeRange {
    TimeRange(
      from: ends.first - range - reachBefore + 1, to: ends.last + reachAfter)
  }

  /// Whether a sample at `time` counts in any window.
  func cover(_ time: Int64) -> Bool {
    let first = ends.first - reachBefore - range
    if ends.step == 0 { return time > first && time <= ends.first + reachAfter }
    // The first window that ends at or after `time`.
    let steps = max(0, (time - ends.first - reachAfter + ends.step - 1) / ends.step)
    return steps < ends.count && time > first + steps * ends.step
  }
}

/// Makes `Samples` of what a source reads: drops stale markers, refuses histograms.
///
/// Nearly all series have neither, and then nothing is copied.
struct SampleCleaner {
  private var times: [Int64] = []
  private var values: [Double] = []
  private var starts: [Int64] = []

  mutating func clean(
    _ columns: borrowing SampleColumns, _ windows: Windows, _ name: () throws -> String,
    body: (Samples) throws -> Void
  ) throws {
    guard let columnTimes = columns.times.baseAddress,
      let columnValues = columns.values.baseAddress
    else { return }
    let count = columns.count
    if columns.histograms == nil, !Scan.containsNaN(columnValues, count) {
      try body(
        Samples(
          times: columnTimes, values: columnValues, count: count,
          startTimes: columns.startTimes?.baseAddress))
      return
    }
    times.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    for index in 0..<count {
      if let histograms = columns.histograms, let histogram = histograms[index] {
        if !StaleMarker.isStale(histogram.sum), windows.cover(columnTimes[index]) {
          throw EngineError.nativeHistogram(try name())
        }
        continue
      }
      if Absent.isAbsent(columnValues[index]) { continue }
      times.append(columnTimes[index])
      values.append(columnValues[index])
      if let startTimes = columns.startTimes { starts.append(startTimes[index]) }
    }
    if times.isEmpty { return }
    try times.withUnsafeBufferPointer { times in
      try values.withUnsafeBufferPointer { values in
        try starts.withUnsafeBufferPointer { starts in
          guard let timesBase = times.baseAddress, let valuesBase = values.baseAddress else {
            return
          }
          try body(
            Samples(
              times: timesBase, values: valuesBase, count: times.count,
              startTimes: starts.isEmpty ? nil : starts.baseAddress))
        }
      }
    }
  }
}

/// Passes over columns.
enum Scan {
  /// Whether any value is a NaN of whatever kind.
  static func containsNaN(_ values: UnsafePointer<Double>, _ count: Int) -> Bool {
    var index = 0
    // A NaN makes the sum of differences a NaN, and so does an infinity: those few
    // series are looked at one by one.
    var first = SIMD8<Double>(repeating: 0)
    var second = SIMD8<Double>(repeating: 0)
    let raw = UnsafeRawPointer(values)
    while index + 16 <= count {
      let a = raw.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self)
      let b = raw.loadUnaligned(fromByteOffset: index * 8 + 64, as: SIMD8<Double>.self)
      first += a - a
      second += b - b
      index += 16
    }
    let total = (first + second).sum()
    var isSuspect = total.isNaN
    while index < count {
      if values[index].isNaN { isSuspect = true }
      index += 1
    }
    guard isSuspect else { return false }
    for index in 0..<count where values[index].isNaN { return true }
    return false
  }
}

/// Steps through sorted times in strides, since clocks are nearly regular.
enum Gallop {
  /// The first index from `from` on whose time is after `limit`; `guess` is how far
  /// it lay the last time.
  @inline(__always)
  static func first(
    after limit: Int64, _ times: UnsafePointer<Int64>?, _ count: Int, from: Int, guess: Int
  ) -> Int {
    guard let times, from < count, times[from] <= limit else { return from }
    // times[low] <= limit from here on.
    var low = from
    var stride = max(1, guess)
    var high = from &+ stride
    if high < count, times[high] <= limit {
      if high &+ 1 >= count { return count }
      if times[high &+ 1] > limit { return high &+ 1 }
    } else if high < count, times[high &- 1] <= limit {
      return high
    }
    while true {
      high = low &+ stride
      if high >= count {
        high = count
        break
      }
      if times[high] > limit { break }
      low = high
      stride &*= 2
    }
    // Now times[low] <= limit and high == count or times[high] > limit.
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if times[middle] <= limit { low = middle } else { high = middle }
    }
    return high
  }
}
