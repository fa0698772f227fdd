package import MxModel
import MxPromQL

/// The answer to a query, as flat arrays.
package struct QueryResult: Sendable {
  package enum Value: Sendable {
    /// One value a step.
    case scalar([Double])
    case string(String)
    /// An instant vector at one or many steps.
    case series(SeriesTable)
    /// A range selector at one instant: samples with their own times.
    case samples(SampleTable)
  }

  package var value: Value
  /// The evaluation times: `firstStep`, `firstStep + step`, …, `stepCount` of them.
  package var firstStep: Int64
  package var step: Int64
  package var stepCount: Int
  package var annotations: Annotations
  /// Series seen only because of the automatic lookback; at most 100 are named.
  package var pacedSeries: [String]
  package var pacedSeriesCount: Int
  /// What each selector was read from, in the order of the query.
  package var readings: [SelectorReading] = []

  /// The width of the coarsest rollup windows that answered, 0 for raw samples.
  package var resolution: Int64 { readings.flatMap(\.resolutions).max() ?? 0 }

  package func time(_ step: Int) -> Int64 { firstStep + Int64(step) * self.step }

  /// Steps x series, a row a series; rows without any value are left out.
  package struct SeriesTable: Sendable {
    package var labels: [LabelSet]
    package var steps: Int
    /// `values[series * steps + step]`; what is not present is NaN.
    package var values: [Double]
    /// One bit a value, lowest first.
    package var presence: [UInt64]

    @inline(__always)
    package func isPresent(_ series: Int, _ step: Int) -> Bool {
      let index = series * steps + step
      return presence[index >> 6] >> UInt64(index & 63) & 1 == 1
    }

    @inline(__always)
    package func value(_ series: Int, _ step: Int) -> Double? {
      isPresent(series, step) ? values[series * steps + step] : nil
    }
  }

  package struct SampleTable: Sendable {
    package var labels: [LabelSet]
    /// The samples of series i are `ends[i - 1]..<ends[i]` (from 0 for the first).
    package var ends: [Int]
    package var times: [Int64]
    package var values: [Double]

    package func range(_ series: Int) -> Range<Int> {
      (series == 0 ? 0 : ends[series - 1])..<ends[series]
    }
  }
}

extension QueryResult.SeriesTable {
  /// In label order, or as `table` has them where the query sorts.
  init(_ table: Table, labels: [LabelSet], keepsOrder: Bool) {
    let order = keepsOrder ? Array(0..<table.count) : LabelSet.order(of: labels)
    let steps = table.steps
    self.labels = order.map { labels[$0] }
    self.steps = steps
    presence = [UInt64](repeating: 0, count: (table.count * steps + 63) / 64)
    values = []
    values.reserveCapacity(table.count * steps)
    for series in order {
      for value in table.row(series) {
        if Absent.isPresent(value) {
          presence[values.count >> 6] |= 1 << UInt64(values.count & 63)
          values.append(value)
        } else {
          values.append(.nan)
        }
      }
    }
  }
}

extension LabelSet {
  /// The numbers of `sets` in label order.
  fileprivate static func order(of sets: [LabelSet]) -> [Int] {
    // Nearly always they stand in order: those of one selector do.
    if zip(sets, sets.dropFirst()).allSatisfy({ $0 <= $1 }) { return Array(sets.indices) }
    var keys: [UInt8] = []
    var ends: [Int] = []
    keys.reserveCapacity(sets.reduce(0) { $0 + $1.key.count })
    for set in sets {
      keys += set.key
      ends.append(keys.count)
    }
    return keys.withUnsafeBytes { keys in
      ends.withUnsafeBufferPointer { ends in
        func key(_ set: Int) -> UnsafeRawBufferPointer {
          UnsafeRawBufferPointer(rebasing: keys[(set == 0 ? 0 : ends[set - 1])..<ends[set]])
        }
        return sets.indices.sorted { LabelKey.compare(key($0), key($1)) < 0 }
      }
    }
  }
}
