package import MxModel

/// Results that no engine computed: answers of servers, of tests.
extension QueryResult {
  package init(
    _ value: Value, firstStep: Int64, step: Int64, steps: Int, _ annotations: Annotations
  ) {
    self.init(
      value: value, firstStep: firstStep, step: step, stepCount: steps,
      annotations: annotations, pacedSeries: [], pacedSeriesCount: 0)
  }
}

extension QueryResult.SeriesTable {
  /// Without any value.
  package init(_ labels: [LabelSet], steps: Int) {
    let count = labels.count * steps
    self.init(
      labels: labels, steps: steps, values: [Double](repeating: .nan, count: count),
      presence: [UInt64](repeating: 0, count: (count + 63) / 64))
  }

  package mutating func set(_ series: Int, _ step: Int, to value: Double) {
    let index = series * steps + step
    values[index] = value
    presence[index >> 6] |= 1 << UInt64(index & 63)
  }
}

extension QueryResult.SampleTable {
  package init() { self.init(labels: [], ends: [], times: [], values: []) }

  package mutating func append(_ labels: LabelSet, _ times: [Int64], _ values: [Double]) {
    precondition(times.count == values.count, "BUG: \(times.count) times, \(values.count) values")
    self.labels.append(labels)
    self.times += times
    self.values += values
    ends.append(self.times.count)
  }
}
