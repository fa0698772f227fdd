/// What a query answered, in a neutral form: no engine's types, no store's.
package struct QueryResult: Sendable {
  package struct Label: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Samples at steps; where a step has none, `times` has no entry: a gap.
  package struct Series: Sendable {
    /// In label order, `__name__` among them where the result has one.
    package var labels: [Label]
    /// Milliseconds since 1970, ascending.
    package var times: [Int64]
    package var values: [Double]

    package init(labels: [Label], times: [Int64], values: [Double]) {
      precondition(times.count == values.count, "BUG: \(times.count) times, \(values.count) values")
      self.labels = labels
      self.times = times
      self.values = values
    }

    func label(_ name: String) -> String? { labels.first { $0.name == name }?.value }
  }

  package var series: [Series]
  /// Why there is nothing: shown in the panel's place.
  package var error: String?
  /// Annotations of the engine: shown under the title.
  package var notes: [String]

  package init(series: [Series] = [], error: String? = nil, notes: [String] = []) {
    self.series = series
    self.error = error
    self.notes = notes
  }
}
