/// The times at which an expression is evaluated: `first`, `first + step`, …
struct Grid: Hashable, Sendable {
  let first: Int64
  /// In ms; 0 where there is one time only.
  let step: Int64
  let count: Int

  init(first: Int64, step: Int64, count: Int) {
    self.first = first
    self.step = step
    self.count = count
  }

  @inline(__always)
  func time(_ index: Int) -> Int64 { first &+ Int64(index) &* step }

  var last: Int64 { time(max(0, count - 1)) }

  /// The same grid with its first time alone.
  var single: Grid { Grid(first: first, step: 0, count: 1) }
}

/// Arithmetic on times that input chose: saturates far outside what any calendar
/// names, so that sums of a few of them cannot overflow.
enum SafeTime {
  static let limit: Int64 = 1 << 56

  static func bounded(_ time: Int64) -> Int64 { max(-limit, min(limit, time)) }

  static func shifted(_ time: Int64, by offset: Int64) -> Int64 {
    bounded(bounded(time) - bounded(offset))
  }
}

/// The marker of 'no sample at this step' in rows of results.
///
/// It is the stale marker: arithmetic cannot make it, and selectors never pass
/// one on, so a value with these bits is no value.
enum Absent {
  static let value = Double(bitPattern: 0x7ff0_0000_0000_0002)

  @inline(__always)
  static func isAbsent(_ value: Double) -> Bool { value.bitPattern == 0x7ff0_0000_0000_0002 }

  @inline(__always)
  static func isPresent(_ value: Double) -> Bool { value.bitPattern != 0x7ff0_0000_0000_0002 }
}

/// One series' results, one value a step; see `Absent`.
typealias Row = UnsafeMutableBufferPointer<Double>

extension UnsafeMutableBufferPointer<Double> {
  /// Whether any step has a value.
  @inline(__always)
  var hasValues: Bool {
    for value in self where Absent.isPresent(value) { return true }
    return false
  }
}
