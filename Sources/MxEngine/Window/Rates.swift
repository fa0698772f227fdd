import MxModel
import MxPromQL

/// `rate`, `increase` and `delta` without extended ranges: the change over the
/// samples, stretched to the borders of the window.
struct ExtrapolatedRate: Sendable {
  let isCounter: Bool
  let isRate: Bool
  let windows: Windows

  var kernel: WindowKernel {
    let rate = self
    return { samples, row in
      var resets: [Int] = []
      if rate.isCounter { ResetScan.find(samples, into: &resets) }
      var stretch = Stretch()
      resets.withUnsafeBufferPointer { resets in
        var firstReset = 0
        Slide.each(samples, rate.windows, row) { low, high, step in
          while firstReset < resets.count, resets[firstReset] <= low { firstReset += 1 }
          return rate.value(samples, low, high, step, resets, firstReset, &stretch)
        }
      }
    }
  }

  /// How far the change is stretched, and of what spacing that is true: with a
  /// regular clock the next window's is the same, which saves all divisions.
  struct Stretch {
    fileprivate var seen = Seen(
      sampled: -1, gaps: 0, covered: 0, beforeFirst: 0, afterLast: 0, hasBegun: false)
    /// In seconds; what a counter's zero could shorten.
    fileprivate var sampledSeconds = 0.0
    fileprivate var toStart = 0.0
    fileprivate var toEnd = 0.0
    fileprivate var factor = 0.0
  }

  /// Where the samples lie in the window, in ms.
  struct Seen: Equatable {
    /// Between what the change is taken of: the first sample, or the counter's beginning,
    /// and the last.
    var sampled: Int64
    /// Samples less one.
    var gaps: Int
    /// Between the first and the last sample.
    var covered: Int64
    var beforeFirst: Int64
    var afterLast: Int64
    /// The counter began inside the window.
    var hasBegun: Bool
  }

  /// `resets[firstReset...]` are the samples after `low` before which the counter
  /// began anew.
  @inline(__always)
  private func value(
    _ samples: Samples, _ low: Int, _ high: Int, _ step: Int,
    _ resets: UnsafeBufferPointer<Int>, _ firstReset: Int, _ stretch: inout Stretch
  ) -> Double {
    let end = windows.ends.time(step)
    let start = end &- windows.range
    let last = high &- 1
    let began = isCounter && samples.startTimes != nil ? began(samples, low, after: start) : nil
    if low == last, began == nil { return Absent.value }
    let first = samples.values[low]
    var change = began == nil ? samples.values[last] - first : samples.values[last]
    var next = firstReset
    while next < resets.count, resets[next] <= last {
      change += samples.values[resets[next] - 1]
      next += 1
    }
    let firstTime = samples.times[low]
    let lastTime = samples.times[last]
    return extrapolated(
      change, first: first,
      Seen(
        sampled: lastTime &- (began ?? firstTime), gaps: last &- low,
        covered: lastTime &- firstTime, beforeFirst: firstTime &- start,
        afterLast: end &- lastTime, hasBegun: began != nil),
      &stretch)
  }

  /// `change` stretched to the borders of the window.
  @inline(__always)
  func extrapolated(
    _ change: Double, first: Double, _ seen: Seen, _ stretch: inout Stretch
  ) -> Double {
    if seen != stretch.seen { fit(&stretch, seen) }
    // A counter cannot have been below zero. The division is only needed where it may
    // be near: most counters are far from it.
    if isCounter, !seen.hasBegun, change > 0, first >= 0,
      stretch.sampledSeconds * first < stretch.toStart * change * 1.000_001
    {
      let toZero = stretch.sampledSeconds * (first / change)
      if toZero < stretch.toStart { return change * factor(stretch, toStart: toZero) }
    }
    return change * stretch.factor
  }

  private func fit(_ stretch: inout Stretch, _ seen: Seen) {
    let spacing = seen.gaps == 0 ? 0 : Double(seen.covered) / 1000 / Double(seen.gaps)
    let threshold = spacing * 1.1
    stretch.seen = seen
    stretch.sampledSeconds = Double(seen.sampled) / 1000
    stretch.toStart = seen.hasBegun ? 0 : Double(seen.beforeFirst) / 1000
    if stretch.toStart >= threshold { stretch.toStart = seen.hasBegun ? 0 : spacing / 2 }
    stretch.toEnd = Double(seen.afterLast) / 1000
    if stretch.toEnd >= threshold { stretch.toEnd = spacing / 2 }
    stretch.factor = factor(stretch, toStart: stretch.toStart)
  }

  @inline(__always)
  private func factor(_ stretch: Stretch, toStart: Double) -> Double {
    let sampled = stretch.sampledSeconds
    let factor = sampled == 0 ? 1 : (sampled + toStart + stretch.toEnd) / sampled
    return isRate ? factor / (Double(windows.range) / 1000) : factor
  }

  /// When the first sample's counter began, where that is inside the window: it
  /// was zero then.
  @inline(__always)
  private func began(_ samples: Samples, _ low: Int, after start: Int64) -> Int64? {
    guard let startTimes = samples.startTimes, startTimes[low] != .min else { return nil }
    let began = startTimes[low]
    return began > start && began < samples.times[low] ? began : nil
  }
}

/// Where counters begin anew.
enum ResetScan {
  /// Appends every index whose value is below the one before it, or whose counter is
  /// known to have begun between the two.
  static func find(_ samples: Samples, into resets: inout [Int]) {
    if samples.startTimes != nil {
      for index in 1..<max(1, samples.count)
      where samples.values[index] < samples.values[index - 1] || samples.startsAnew(index) {
        resets.append(index)
      }
      return
    }
    let raw = UnsafeRawPointer(samples.values)
    var index = 1
    while index &+ 8 <= samples.count {
      let before = raw.loadUnaligned(fromByteOffset: index &* 8 &- 8, as: SIMD8<Double>.self)
      let after = raw.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<Double>.self)
      if any(after .< before) {
        for lane in 0..<8 where after[lane] < before[lane] { resets.append(index &+ lane) }
      }
      index &+= 8
    }
    while index < samples.count {
      if samples.values[index] < samples.values[index - 1] { resets.append(index) }
      index &+= 1
    }
  }
}

/// `irate` and `idelta`: the last two samples of the window.
enum InstantRate {
  static func kernel(_ windows: Windows, isRate: Bool) -> WindowKernel {
    { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        guard high - low >= 2 else { return Absent.value }
        let last = samples.values[high - 1]
        let before = samples.values[high - 2]
        let elapsed = samples.times[high - 1] - samples.times[high - 2]
        guard elapsed != 0 else { return Absent.value }
        if !isRate { return last - before }
        let isReset = last < before || samples.startsAnew(high - 1)
        return (isReset ? last : last - before) / (Double(elapsed) / 1000)
      }
    }
  }
}

/// Ranges that look over their borders: `anchored` and `smoothed`.
struct ExtendedWindow: Sendable {
  let windows: Windows
  let isSmoothed: Bool

  /// The samples that count at one step, and the borders.
  private struct View {
    var first: Int
    var last: Int
    var start: Int64
    var end: Int64
  }

  /// A value on the line between two; a counter that began anew between them is
  /// taken to have begun with the first.
  static func interpolate(
    _ before: Double, _ after: Double, _ fraction: Double, isCounter: Bool
  ) -> Double {
    if isCounter, after < before { return after * fraction }
    return before + (after - before) * fraction
  }

  /// Finds the view of each step and asks `body` for the value.
  private func each(_ samples: Samples, _ row: Row, _ body: (View) -> Double) {
    var work = 0
    for step in 0..<windows.ends.count {
      let end = windows.ends.time(step)
      let start = end - windows.range
      // Everything that may be looked at, then the border samples among it.
      let lower = search(samples, after: start - windows.reachBefore, 0)
      let upper = search(samples, after: end + windows.reachAfter, lower)
      row[step] = Absent.value
      guard lower < upper else { continue }
      work &+= upper &- lower
      if work > Slide.glance {
        work = 0
        if Slide.isOver(windows) { return row[step...].update(repeating: Absent.value) }
      }
      let firstInside = search(samples, after: start, lower)
      let first = firstInside > lower ? min(firstInside - 1, upper - 1) : lower
      var last = upper - 1
      if isSmoothed {
        last = min(last, search(samples, after: end - 1, lower))
      }
      if samples.times[last] <= start || samples.times[first] > end { continue }
      row[step] = body(View(first: first, last: last, start: start, end: end))
    }
  }

  private func search(_ samples: Samples, after time: Int64, _ from: Int) -> Int {
    Gallop.first(after: time, samples.times, samples.count, from: from, guess: 1)
  }

  func rate(isCounter: Bool, isRate: Bool) -> WindowKernel {
    let window = self
    return { samples, row in
      window.each(samples, row) { view in
        let left = window.left(samples, view, isCounter: isCounter)
        let right = window.right(samples, view, isCounter: isCounter)
        var change = right - left
        if isCounter { change += window.correction(samples, view, left, right) }
        return isRate ? change / (Double(window.windows.range) / 1000) : change
      }
    }
  }

  private func left(_ samples: Samples, _ view: View, isCounter: Bool) -> Double {
    guard isSmoothed, samples.times[view.first] < view.start else {
      return samples.values[view.first]
    }
    return between(samples, view.first, view.start, isCounter)
  }

  private func right(_ samples: Samples, _ view: View, isCounter: Bool) -> Double {
    guard isSmoothed, view.last > 0, samples.times[view.last] > view.end, view.last > view.first
    else { return samples.values[view.last] }
    return between(samples, view.last - 1, view.end, isCounter)
  }

  private func between(
    _ samples: Samples, _ index: Int, _ time: Int64, _ isCounter: Bool
  ) -> Double {
    let fraction =
      Double(time - samples.times[index]) / Double(samples.times[index + 1] - samples.times[index])
    return ExtendedWindow.interpolate(
      samples.values[index], samples.values[index + 1], fraction, isCounter: isCounter)
  }

  /// What resets between the borders took from the counter.
  private func correction(
    _ samples: Samples, _ view: View, _ left: Double, _ right: Double
  ) -> Double {
    var first = view.first
    var last = view.last
    if samples.times[first] <= view.start { first += 1 }
    if samples.times[last] >= view.end { last -= 1 }
    var correction = 0.0
    var before = left
    for index in first..<max(first, last + 1) {
      if samples.values[index] < before { correction += before }
      before = samples.values[index]
    }
    if right < before {
      // Both borders lie between the same two samples: the left one is past the reset.
      if first <= last + 1 { correction += before }
    }
    return correction
  }

  /// `changes` and `resets` of an anchored range: the anchor counts as a neighbour.
  func neighbours(_ counts: @escaping @Sendable (Double, Double) -> Bool) -> WindowKernel {
    let window = self
    return { samples, row in
      window.each(samples, row) { view in
        var count = 0
        for index in view.first + 1..<max(view.first + 1, view.last + 1)
        where counts(samples.values[index - 1], samples.values[index]) {
          count += 1
        }
        return Double(count)
      }
    }
  }
}
