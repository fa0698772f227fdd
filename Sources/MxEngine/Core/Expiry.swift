import Synchronization

/// Whether a query's time is over. Whoever works for long asks often, and throws or
/// stops.
final class Expiry: Sendable {
  private let hasExpired: (@Sendable () -> Bool)?
  private let found = Atomic<Bool>(false)

  init(_ hasExpired: (@Sendable () -> Bool)?) { self.hasExpired = hasExpired }

  /// Looks at the clock: 50 ns.
  func isOver() -> Bool {
    if found.load(ordering: .relaxed) { return true }
    guard let hasExpired, hasExpired() else { return false }
    found.store(true, ordering: .relaxed)
    return true
  }

  func check() throws {
    if isOver() { throw EngineError.timeout }
  }

  /// Asked at each of many items, which are so large: looks at the clock now and then.
  @inline(__always)
  func check(_ item: Int, size: Int) throws {
    if item & 15 == 0 || size > 4096 || found.load(ordering: .relaxed) { try check() }
  }
}
