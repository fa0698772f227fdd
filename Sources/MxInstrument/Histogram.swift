import Synchronization

/// How values are distributed over fixed buckets: response times, sizes.
///
///     let seconds = try registry.histogram(
///       "request_seconds", help: "Time to answer.", buckets: [0.01, 0.1, 1])
///     seconds.observe(0.042)
///
/// A bucket counts the values at or below its bound; `+Inf`, which counts them
/// all, is there by itself. One lock holds counts and sum together, so that an
/// exposition never shows a count without its sum.
public final class Histogram: Sendable {
  /// The upper bounds, ascending, without `+Inf`.
  public let bounds: [Double]

  private struct State {
    /// One more than bounds: the last is for what is above all of them.
    var counts: [UInt64]
    var sum = 0.0
  }

  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
  }

  public func observe(_ value: Double) {
    let bucket = bucket(of: value)
    state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  public var count: UInt64 { state.withLock { $0.counts.reduce(0, +) } }

  public var sum: Double { state.withLock { $0.sum } }

  /// For each bound and `+Inf` the values at or below it, and the sum, of one instant.
  func cumulative() -> (counts: [UInt64], sum: Double) {
    let state = state.withLock { $0 }
    var total: UInt64 = 0
    let counts = state.counts.map { count in
      total += count
      return total
    }
    return (counts, state.sum)
  }

  /// The first bucket whose bound is not below `value`; a NaN is above all.
  private func bucket(of value: Double) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if value <= bounds[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Throws unless the bounds are finite and ascend; a last `+Inf` is left out.
  static func checked(_ bounds: [Double]) throws(InstrumentError) -> [Double] {
    let finite = bounds.last == .infinity ? Array(bounds.dropLast()) : bounds
    guard !finite.isEmpty, finite.count <= 1000, finite.allSatisfy(\.isFinite),
      zip(finite, finite.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw .badBuckets(bounds) }
    return finite
  }
}
