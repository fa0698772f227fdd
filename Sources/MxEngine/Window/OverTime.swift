import MxPromQL

/// Sums, means, counts and picks: what one pass over a window gives.
enum OverTime {
  static func sums(_ windows: Windows, isMean: Bool) -> WindowKernel {
    let step = max(1, windows.ends.step)
    if windows.ends.step > 0, windows.range / step > Int64(SlidingSum.threshold) {
      return { samples, row in
        var sliding = SlidingSum()
        Slide.each(samples, windows, row) { low, high, _ in
          let total = sliding.sum(samples.values, low, high)
          let count = Double(high - low)
          let result = isMean ? total.mean(of: count) : total.value
          if result.isFinite { return result }
          return isMean
            ? RunSum.carefulMean(samples.values + low, high - low)
            : RunSum.sequential(samples.values + low, high - low).value
        }
      }
    }
    if isMean {
      return { samples, row in
        Slide.each(samples, windows, row) { low, high, _ in
          RunSum.mean(samples.values + low, high - low)
        }
      }
    }
    return { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        RunSum.sum(samples.values + low, high - low).value
      }
    }
  }

  /// What needs only the window's borders.
  static func pick(_ function: FunctionID, _ windows: Windows) -> WindowKernel? {
    switch function {
    case .countOverTime:
      return { samples, row in
        Slide.each(samples, windows, row) { low, high, _ in Double(high - low) }
      }
    case .presentOverTime, .absentOverTime:
      return { samples, row in Slide.each(samples, windows, row) { _, _, _ in 1 } }
    case .lastOverTime:
      return { samples, row in
        Slide.each(samples, windows, row) { _, high, _ in samples.values[high - 1] }
      }
    case .firstOverTime:
      return { samples, row in
        Slide.each(samples, windows, row) { low, _, _ in samples.values[low] }
      }
    case .tsOfLastOverTime:
      return { samples, row in
        Slide.each(samples, windows, row) { _, high, _ in Double(samples.times[high - 1]) / 1000 }
      }
    case .tsOfFirstOverTime:
      return { samples, row in
        Slide.each(samples, windows, row) { low, _, _ in Double(samples.times[low]) / 1000 }
      }
    default: return nil
    }
  }

  /// Neighbours that differ, or fall.
  static func changes(_ windows: Windows) -> WindowKernel {
    { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        var changes = 0
        for index in low + 1..<max(low + 1, high)
        where isChange(samples.values[index - 1], samples.values[index]) {
          changes += 1
        }
        return Double(changes)
      }
    }
  }

  /// NaN to NaN is no change.
  @inline(__always)
  static func isChange(_ before: Double, _ after: Double) -> Bool {
    before != after && !(before.isNaN && after.isNaN)
  }

  static func resets(_ windows: Windows) -> WindowKernel {
    { samples, row in
      Slide.each(samples, windows, row) { low, high, _ in
        var resets = 0
        for index in low + 1..<max(low + 1, high)
        where samples.values[index] < samples.values[index - 1] || samples.startsAnew(index) {
          resets += 1
        }
        return Double(resets)
      }
    }
  }
}

/// Fills one series' row from its samples.
typealias WindowKernel = @Sendable (_ samples: Samples, _ row: Row) throws -> Void

extension Samples {
  /// Whether the counter was known to begin anew between sample `index - 1` and
  /// `index`: it began after the former, or exactly then where the former is not
  /// itself the beginning (a series of deltas).
  @inline(__always)
  func startsAnew(_ index: Int) -> Bool {
    guard let startTimes else { return false }
    let start = startTimes[index]
    guard start != .min else { return false }
    let before = times[index - 1]
    if start > before { return start < times[index] }
    return start == before && startTimes[index - 1] != .min && startTimes[index - 1] < before
  }

  /// Whether a sample claims to have begun before the one in front of it was taken,
  /// though that one began elsewhere.
  func overlapsStart(_ index: Int) -> Bool {
    guard let startTimes else { return false }
    let start = startTimes[index]
    return start != .min && start < times[index - 1] && start != startTimes[index - 1]
  }
}
