import MxModel

/// A batch in the order of a segment: series in label order, each with its
/// samples in time order, one an instant.
struct SortedSamples {
  /// The series that have samples, by label order: numbers in the batch's table.
  private(set) var order: [UInt32] = []
  /// Where the samples of `order[i]` are: `starts[i]..<starts[i] + counts[i]`.
  private var starts: [Int] = []
  private var counts: [Int] = []
  private var times: [Int64]
  private var values: [Double]
  private(set) var duplicates = DuplicateCounts()
  /// The first instant of a series that had two values: its place in `order`.
  private(set) var firstConflict: (index: Int, time: Int64)?

  var count: Int { counts.reduce(0, +) }

  /// `isEvent` tells by its number which series add up.
  init(_ batch: borrowing SampleBatch, policy: ConflictPolicy, isEvent: (UInt32) -> Bool) {
    // Counting sort by series: rows keep their order of arrival inside one.
    var perSeries = [Int](repeating: 0, count: batch.series.count)
    for ref in batch.refs { perSeries[Int(ref)] += 1 }
    order = batch.series.sortedRefs().filter { perSeries[Int($0)] > 0 }
    var next = [Int](repeating: 0, count: batch.series.count)
    var total = 0
    starts.reserveCapacity(order.count)
    counts.reserveCapacity(order.count)
    for ref in order {
      starts.append(total)
      counts.append(perSeries[Int(ref)])
      next[Int(ref)] = total
      total += perSeries[Int(ref)]
    }
    times = [Int64](unsafeUninitializedCapacity: total) { $1 = total }
    values = [Double](unsafeUninitializedCapacity: total) { $1 = total }
    scatter(batch, &next)
    for index in order.indices where !isAscending(index) {
      settle(index, ConflictRule(policy: policy, adds: isEvent(order[index])))
    }
  }

  /// Puts every row where its series goes on; `next`: by series, where that is.
  ///
  /// Through pointers: the checks of arrays took half the time of the whole
  /// sort (12 to 6 ns a row; mx-bench ingest, 2026-11).
  private mutating func scatter(_ batch: borrowing SampleBatch, _ next: inout [Int]) {
    let rows = batch.count
    precondition(
      batch.times.count == rows && batch.values.count == rows, "BUG: columns of unlike length")
    batch.refs.withUnsafeBufferPointer { refs in
      batch.times.withUnsafeBufferPointer { fromTimes in
        batch.values.withUnsafeBufferPointer { fromValues in
          times.withUnsafeMutableBufferPointer { times in
            values.withUnsafeMutableBufferPointer { values in
              next.withUnsafeMutableBufferPointer { next in
                for row in 0..<rows {
                  let ref = Int(refs[row])
                  let place = next[ref]
                  times[place] = fromTimes[row]
                  values[place] = fromValues[row]
                  next[ref] = place &+ 1
                }
              }
            }
          }
        }
      }
    }
  }

  private func isAscending(_ index: Int) -> Bool {
    let start = starts[index]
    let end = start + counts[index]
    return times.withUnsafeBufferPointer { times in
      var isAscending = true
      var at = start &+ 1
      while at < end {
        isAscending = isAscending && times[at &- 1] < times[at]
        at &+= 1
      }
      return isAscending
    }
  }

  /// Sorts one series by time and leaves one sample an instant.
  private mutating func settle(_ index: Int, _ rule: ConflictRule) {
    let range = starts[index]..<starts[index] + counts[index]
    var rows = range.map { Sample(time: times[$0], value: values[$0]) }
    // Array.sort is stable: equal instants stay in order of arrival.
    rows.sort { $0.time < $1.time }
    var end = range.lowerBound
    for row in rows {
      if end > range.lowerBound, times[end - 1] == row.time {
        let isSame = values[end - 1].bitPattern == row.value.bitPattern
        if isSame, !rule.adds {
          duplicates.identical += 1
        } else {
          duplicates.conflicting += rule.adds ? 0 : 1
          if !rule.adds, firstConflict == nil { firstConflict = (index, row.time) }
          values[end - 1] = rule.resolve(earlier: values[end - 1], later: row.value)
        }
      } else {
        times[end] = row.time
        values[end] = row.value
        end += 1
      }
    }
    counts[index] = end - range.lowerBound
  }

  /// The samples of the series at place `index` of `order`.
  func withSamples<R, E: Error>(
    _ index: Int,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Double>) throws(E) -> R
  ) throws(E) -> R {
    let range = starts[index]..<starts[index] + counts[index]
    let result: Result<R, E> = times.withUnsafeBufferPointer { times in
      values.withUnsafeBufferPointer { values in
        do throws(E) {
          return .success(
            try body(
              UnsafeBufferPointer(rebasing: times[range]),
              UnsafeBufferPointer(rebasing: values[range])))
        } catch {
          return .failure(error)
        }
      }
    }
    return try result.get()
  }
}
