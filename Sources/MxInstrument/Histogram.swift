import Synchronization

/// How values are distributed over fixed buckets: response times, sizes.
///
///     let seconds = try registry.histogram(
///       "request_seconds", help: "Time to answer.", buckets: [0.01, 0.1, 1])
///     seconds.observe(0.042)
///
/// A bucket counts the values at or below its bound; `+Inf`, which counts them
/// all, is there by itself. Threads do not wait for each other; so while some
/// observe, a text may have a value in its counts and not yet in its sum.
public final class Histogram: Sendable {
  /// The upper bounds, ascending, without `+Inf`.
  public let bounds: [Double]

  // One more than bounds: the last is for what is above all of them. Set up and
  // freed with the object; in between only atomic calls touch the memory.
  nonisolated(unsafe) private let counts: UnsafeMutablePointer<Atomic<UInt64>>
  private let total = AtomicDouble()

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = .allocate(capacity: bounds.count + 1)
    for bucket in 0...bounds.count { (counts + bucket).initialize(to: Atomic(0)) }
  }

  deinit {
    counts.deinitialize(count: bounds.count + 1)
    counts.deallocate()
  }

  public func observe(_ value: Double) {
    counts[bucket(of: value)].wrappingAdd(1, ordering: .relaxed)
    total.add(value)
  }

  public var count: UInt64 { cumulative().last ?? 0 }

  public var sum: Double { total.value }

  /// For each bound and `+Inf` the values at or below it.
  func cumulative() -> [UInt64] {
    var total: UInt64 = 0
    return (0...bounds.count).map { bucket in
      total &+= counts[bucket].load(ordering: .relaxed)
      return total
    }
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
