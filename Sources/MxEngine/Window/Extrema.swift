import MxPromQL

/// The largest or smallest value of each window, and when it was.
///
/// NaN counts only where all are NaN, as the first value is taken as it is and
/// replaced while it is NaN.
struct Extremum: Sendable {
  let isMaximum: Bool
  /// The result is the time, in seconds; of equal values that of the last.
  let asTime: Bool

  func kernel(_ windows: Windows) -> WindowKernel {
    let step = max(1, windows.ends.step)
    let overlaps = windows.ends.step > 0 && windows.range / step > 8
    if asTime || overlaps {
      return { samples, row in
        var deque = MonotonicDeque(isMaximum: isMaximum)
        Slide.each(samples, windows, row) { low, high, _ in
          let best = deque.best(samples.values, low, high)
          return asTime ? Double(samples.times[best]) / 1000 : samples.values[best]
        }
      }
    }
    return { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        let found =
          isMaximum
          ? RunExtremum.maximum(samples.values + low, high - low)
          : -RunExtremum.maximum(negated: samples.values + low, high - low)
        return found.isNaN ? samples.values[low] : found
      }
    }
  }
}

/// Maxima of runs, eight lanes at a time. A NaN never wins; NaN where nothing does.
enum RunExtremum {
  static func maximum(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
    var best = -Double.infinity
    var isFound = false
    var index = 0
    if count >= 16 {
      let raw = UnsafeRawPointer(values)
      var a = SIMD8<Double>(repeating: -.infinity)
      var b = a
      while index &+ 16 <= count {
        let x = raw.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<Double>.self)
        let y = raw.loadUnaligned(fromByteOffset: index &* 8 &+ 64, as: SIMD8<Double>.self)
        a.replace(with: x, where: x .> a)
        b.replace(with: y, where: y .> b)
        index &+= 16
      }
      a.replace(with: b, where: b .> a)
      best = a.max()
      isFound = best > -Double.infinity
    }
    while index < count {
      if values[index] > best { best = values[index] }
      index &+= 1
    }
    if isFound || best > -Double.infinity { return best }
    // All are NaN or -Inf.
    for index in 0..<count where !values[index].isNaN { return values[index] }
    return .nan
  }

  /// The maximum of the negated values, which is the minimum negated.
  static func maximum(negated values: UnsafePointer<Double>, _ count: Int) -> Double {
    var best = -Double.infinity
    var index = 0
    if count >= 16 {
      let raw = UnsafeRawPointer(values)
      var a = SIMD8<Double>(repeating: .infinity)
      var b = a
      while index &+ 16 <= count {
        let x = raw.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<Double>.self)
        let y = raw.loadUnaligned(fromByteOffset: index &* 8 &+ 64, as: SIMD8<Double>.self)
        a.replace(with: x, where: x .< a)
        b.replace(with: y, where: y .< b)
        index &+= 16
      }
      a.replace(with: b, where: b .< a)
      best = -a.min()
    }
    while index < count {
      if -values[index] > best { best = -values[index] }
      index &+= 1
    }
    if best > -Double.infinity { return best }
    for index in 0..<count where !values[index].isNaN { return -values[index] }
    return .nan
  }
}

/// The candidates for the extremum of a window whose ends only move on: each is
/// better than all that came after it. Every sample enters and leaves once.
struct MonotonicDeque {
  private let isMaximum: Bool
  private var indices: [Int] = []
  private var head = 0
  private var next = 0

  init(isMaximum: Bool) { self.isMaximum = isMaximum }

  /// The index of the last best value among `low..<high`; of the last NaN where
  /// there is nothing else.
  mutating func best(_ values: UnsafePointer<Double>, _ low: Int, _ high: Int) -> Int {
    if next < low {
      indices.removeAll(keepingCapacity: true)
      head = 0
      next = low
    }
    while next < high {
      while indices.count > head, let last = indices.last, yields(values[last], values[next]) {
        indices.removeLast()
      }
      indices.append(next)
      next += 1
    }
    while indices[head] < low { head += 1 }
    if head > 1024, head * 2 > indices.count {
      indices.removeFirst(head)
      head = 0
    }
    return indices[head]
  }

  /// Whether `old` can never be the answer again once `new` is there.
  @inline(__always)
  private func yields(_ old: Double, _ new: Double) -> Bool {
    if old.isNaN { return true }
    if new.isNaN { return false }
    return isMaximum ? old <= new : old >= new
  }
}
