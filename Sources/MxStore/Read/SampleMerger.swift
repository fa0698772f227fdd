import MxModel

/// Joins the samples of one series from several segments into one ascending
/// sequence: oldest commit first, each instant once.
///
/// Feed the sources in order of rank (`begin` before each), then take
/// `times` and `values`. Memory is kept from series to series.
struct SampleMerger {
  private(set) var times: [Int64] = []
  private(set) var values: [Double] = []
  private(set) var duplicates = DuplicateCounts()
  /// What came from the source being fed, not joined yet.
  private var newTimes: [Int64] = []
  private var newValues: [Double] = []
  private var spareTimes: [Int64] = []
  private var spareValues: [Double] = []

  var count: Int { times.count }

  mutating func reset() {
    times.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    newTimes.removeAll(keepingCapacity: true)
    newValues.removeAll(keepingCapacity: true)
  }

  /// Adds samples of the source being fed: later than its samples before.
  mutating func add(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) {
    newTimes.append(contentsOf: times)
    newValues.append(contentsOf: values)
  }

  /// Adds samples, leaving out those a deletion hides.
  mutating func add(
    _ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>,
    hidden: [TimeRange]
  ) {
    for index in times.indices where !hidden.contains(where: { $0.contains(times[index]) }) {
      newTimes.append(times[index])
      newValues.append(values[index])
    }
  }

  /// The source being fed has no more: join it with those before. The rule is
  /// asked for only where the two overlap.
  mutating func endSource(_ rule: @autoclosure () throws -> ConflictRule) rethrows {
    guard let first = newTimes.first else { return }
    if (times.last ?? .min) < first || times.isEmpty {
      times.append(contentsOf: newTimes)
      values.append(contentsOf: newValues)
    } else {
      interleave(try rule())
    }
    newTimes.removeAll(keepingCapacity: true)
    newValues.removeAll(keepingCapacity: true)
  }

  private mutating func interleave(_ rule: ConflictRule) {
    spareTimes.removeAll(keepingCapacity: true)
    spareValues.removeAll(keepingCapacity: true)
    var old = 0
    var new = 0
    while old < times.count || new < newTimes.count {
      if new == newTimes.count || (old < times.count && times[old] < newTimes[new]) {
        spareTimes.append(times[old])
        spareValues.append(values[old])
        old += 1
      } else if old == times.count || newTimes[new] < times[old] {
        spareTimes.append(newTimes[new])
        spareValues.append(newValues[new])
        new += 1
      } else {
        let isSame = values[old].bitPattern == newValues[new].bitPattern
        duplicates.identical += isSame && !rule.adds ? 1 : 0
        duplicates.conflicting += isSame || rule.adds ? 0 : 1
        spareTimes.append(times[old])
        spareValues.append(
          isSame && !rule.adds
            ? values[old] : rule.resolve(earlier: values[old], later: newValues[new]))
        old += 1
        new += 1
      }
    }
    swap(&times, &spareTimes)
    swap(&values, &spareValues)
  }

  func withSamples<R>(
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Double>) throws -> R
  ) rethrows -> R {
    try times.withUnsafeBufferPointer { times in
      try values.withUnsafeBufferPointer { try body(times, $0) }
    }
  }
}
