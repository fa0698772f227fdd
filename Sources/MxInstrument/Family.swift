/// Metrics of one name that differ by labels.
///
///     let requests = try registry.counter(
///       "requests_total", help: "Requests.", labels: ["method", "code"])
///     requests.with("GET", "200").increment()
///
/// A family holds a limited number of series (`Registry.init`). What comes after
/// the limit is counted all together in one series with the sole label
/// `overflow="true"`: the total stays right and memory bounded.
public final class Family<Metric: Sendable>: Sendable {
  public let labels: [String]
  private let limit: Int
  private let make: @Sendable () -> Metric
  private let overflow: Metric
  private let state = Locked(State())

  private struct State {
    /// By the values' bytes, each followed by 0xff, which is never in UTF-8.
    var series: [[UInt8]: Series] = [:]
    var hasOverflown = false
  }

  struct Series {
    var values: [String]
    var metric: Metric
  }

  init(labels: [String], limit: Int, make: @escaping @Sendable () -> Metric) {
    self.labels = labels
    self.limit = limit
    self.make = make
    overflow = make()
  }

  /// The metric with these label values, in the order in which the labels were
  /// declared. Keep it where it is used often: finding it takes a lock.
  public func with(_ values: String...) -> Metric { with(values) }

  public func with(_ values: [String]) -> Metric {
    precondition(
      values.count == labels.count, "BUG: \(values.count) values for labels \(labels)")
    var key: [UInt8] = []
    for value in values {
      key += value.utf8
      key.append(0xff)
    }
    return state.withLock { state in
      if let found = state.series[key] { return found.metric }
      if state.series.count >= limit {
        state.hasOverflown = true
        return overflow
      }
      let metric = make()
      state.series[key] = Series(values: values, metric: metric)
      return metric
    }
  }

  /// All series in the order of their label values, the overflow last, with
  /// their labels.
  func all() -> [(labels: [(name: String, value: String)], metric: Metric)] {
    let state = state.withLock { $0 }
    let sorted = state.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    var result = sorted.map { entry in
      (
        labels: zip(labels, entry.value.values).map { (name: $0, value: $1) },
        metric: entry.value.metric
      )
    }
    if state.hasOverflown { result.append(([(Name.overflow, "true")], overflow)) }
    return result
  }
}
