private import CLinux

/// The processors that a thread may run on.
///
/// A new thread often begins on the processor of the one that started it, and waits until
/// that has had its turn: the kernel moves it a few milliseconds later, and that is as
/// long as most queries take (100 series of a year in 28 ms instead of 21, 2026-11-29).
/// So a helper is started anywhere but there, and may go anywhere from then on.
struct Processors: Sendable {
  /// A bit for each of 1024, as the kernel's masks have.
  private var mask = InlineArray<16, UInt64>(repeating: 0)
  private static let bytes = 128

  private init() {}

  /// Those of the calling thread; nil where the system does not say.
  static var allowed: Processors? {
    var found = Processors()
    return linux_get_processors(0, bytes, &found.mask) == 0 ? found : nil
  }

  /// All but the one that the calling thread is on now; nil where there are no others.
  var others: Processors? {
    let own = Int(linux_current_processor())
    guard numbers.contains(own), numbers.count > 1 else { return nil }
    var others = self
    others.mask[own / 64] &= ~(1 << UInt64(own % 64))
    return others
  }

  var numbers: [Int] {
    (0..<Processors.bytes * 8).filter { mask[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
  }

  /// From here on the calling thread may run on these.
  func take() {
    var mask = mask
    _ = linux_set_processors(0, Processors.bytes, &mask)
  }

  /// A thread with these attributes (a `pthread_attr_t`) is started on one of these.
  func note(in attributes: UnsafeMutableRawPointer) {
    var mask = mask
    _ = linux_start_on(attributes, Processors.bytes, &mask)
  }
}
