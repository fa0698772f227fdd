/// Uninitialised memory that is kept from call to call and only grows, so
/// that a codec allocates nothing once it has seen its largest page.
final class Scratch<Element: BitwiseCopyable> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var capacity: Int

  init(_ capacity: Int) {
    self.capacity = max(capacity, 1)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// At least `count` elements. What was in them is lost when it has to grow.
  func reserve(_ count: Int) -> UnsafeMutablePointer<Element> {
    if count > capacity {
      base.deallocate()
      capacity = max(count, capacity &* 2)
      base = .allocate(capacity: capacity)
    }
    return base
  }
}
