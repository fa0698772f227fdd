import Synchronization

/// A number that only grows: requests served, bytes sent.
///
///     let registry = Registry()
///     let runs = try registry.counter("backup_runs_total", help: "Backups begun.")
///     runs.increment()
///     try runs.add(2.5)
///
/// Exact from any number of threads: whole amounts are one atomic addition,
/// others go to a fraction beside it.
public final class Counter: Sendable {
  private let whole = Atomic<UInt64>(0)
  private let rest = AtomicDouble()

  init() {}

  public func increment() { whole.wrappingAdd(1, ordering: .relaxed) }

  /// Refuses what would make it smaller or no number.
  public func add(_ amount: Double) throws(InstrumentError) {
    guard amount >= 0, amount.isFinite else { throw .decrease(amount) }
    // Below 2⁵³ every whole amount is exact, and 2¹¹ of them fit the counter.
    if amount < 9_007_199_254_740_992, amount == amount.rounded(.towardZero) {
      whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    } else {
      rest.add(amount)
    }
  }

  public var value: Double { Double(whole.load(ordering: .relaxed)) + rest.value }
}

/// A number that goes up and down: a queue's length, a temperature.
///
///     let queued = try registry.gauge("jobs_queued", help: "Jobs that wait.")
///     queued.set(17)
///     queued.add(-1)
public final class Gauge: Sendable {
  private let current = AtomicDouble()

  init() {}

  public func set(_ value: Double) { current.set(value) }

  public func add(_ amount: Double) { current.add(amount) }

  public var value: Double { current.value }
}

/// A Double that threads may add to at once.
final class AtomicDouble: Sendable {
  private let bits = Atomic<UInt64>(0)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var old = bits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let result = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if result.exchanged { return }
      old = result.original
    }
  }
}
