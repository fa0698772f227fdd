/// A sum and what rounding took from it.
///
/// Neumaier's algorithm: exact to the last bit or two however much the terms
/// cancel, as Prometheus sums.
struct CompensatedSum {
  var sum = 0.0
  var tail = 0.0

  init() {}

  init(sum: Double, tail: Double) {
    self.sum = sum
    self.tail = tail
  }

  @inline(__always)
  mutating func add(_ term: Double) {
    let total = sum + term
    if total.isInfinite {
      tail = 0
    } else if abs(sum) >= abs(term) {
      tail += (sum - total) + term
    } else {
      tail += (term - total) + sum
    }
    sum = total
  }

  /// Adds a part that was summed apart.
  @inline(__always)
  mutating func add(_ other: CompensatedSum) {
    add(other.sum)
    if !sum.isInfinite { tail += other.tail }
  }

  /// The mean of `count` terms: of the nearest double to the sum and of what that lacks,
  /// so that it is the same however the terms were gathered.
  @inline(__always)
  func mean(of count: Double) -> Double {
    let whole = sum + tail
    let part = whole - sum
    let rest = (sum - (whole - part)) + (tail - part)
    return whole / count + rest / count
  }

  /// An infinite sum has no tail worth adding.
  @inline(__always)
  var value: Double { sum.isInfinite ? sum : sum + tail }
}

/// Sums of runs of samples, eight lanes at a time.
///
/// What a sum is must not depend on threads or merges, so the lanes are fixed:
/// under 32 terms one after the other, as Prometheus; from there on term i of the
/// run goes to lane i % 8, and the lanes are added in order. A run whose result is
/// not finite is summed again one after the other, since the lanes do not know
/// about infinities.
enum RunSum {
  static func sum(_ values: UnsafePointer<Double>, _ count: Int) -> CompensatedSum {
    if count < 32 { return sequential(values, count) }
    let fast = lanes(values, count)
    return (fast.sum + fast.tail).isFinite ? fast : sequential(values, count)
  }

  static func sequential(_ values: UnsafePointer<Double>, _ count: Int) -> CompensatedSum {
    var result = CompensatedSum()
    for index in 0..<count { result.add(values[index]) }
    return result
  }

  private static func lanes(_ values: UnsafePointer<Double>, _ count: Int) -> CompensatedSum {
    // Eight lanes of sums and tails are eight of SSE2's sixteen registers, so that all
    // stay in them: 16 lanes took 9 instructions a sample (callgrind, 2026-11).
    var sum = SIMD8<Double>(repeating: 0)
    var tail = SIMD8<Double>(repeating: 0)
    let raw = UnsafeRawPointer(values)
    var index = 0
    while index &+ 8 <= count {
      // Knuth's two-sum: the rounding error of each addition, without a branch.
      let term = raw.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<Double>.self)
      let total = sum + term
      let part = total - sum
      tail += (sum - (total - part)) + (term - part)
      sum = total
      index &+= 8
    }
    var result = CompensatedSum()
    for lane in 0..<8 { result.add(sum[lane]) }
    while index < count {
      result.add(values[index])
      index &+= 1
    }
    for lane in 0..<8 { result.tail += tail[lane] }
    return result
  }

  /// The mean as Prometheus takes it: of the sum, and running once that overflows.
  static func mean(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
    let mean = sum(values, count).mean(of: Double(count))
    return mean.isFinite ? mean : carefulMean(values, count)
  }

  static func carefulMean(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
    var mean = RunningMean(values[0])
    for index in 1..<max(1, count) { mean.add(values[index]) }
    return mean.value
  }
}

/// A mean that survives sums beyond the largest double.
struct RunningMean {
  private var sum: Double
  private var tail = 0.0
  private var count = 1.0
  private var isIncremental = false

  init(_ first: Double) { sum = first }

  mutating func add(_ term: Double) {
    count += 1
    var next = CompensatedSum(sum: sum, tail: tail)
    if !isIncremental {
      next.add(term)
      if !next.sum.isInfinite {
        (sum, tail) = (next.sum, next.tail)
        return
      }
      isIncremental = true
      sum /= count - 1
      tail /= count - 1
    }
    let share = (count - 1) / count
    next = CompensatedSum(sum: share * sum, tail: share * tail)
    next.add(term / count)
    (sum, tail) = (next.sum, next.tail)
  }

  var value: Double { isIncremental ? sum + tail : sum / count + tail / count }
}

/// Sums of sliding windows that overlap a lot: every sample is added twice,
/// however many windows it is in, and nothing is ever subtracted.
///
/// Two stacks: sums of suffixes of the older half, one running sum of the newer.
struct SlidingSum {
  /// `older[i]` is the sum of samples `oldStart + i ..< oldEnd`.
  private var older: [CompensatedSum] = []
  private var oldStart = 0
  private var oldEnd = 0
  private var newer = CompensatedSum()
  private var newEnd = 0

  /// Windows that overlap more than so many times are worth it: a rescan costs about
  /// 0.9 ns a sample and window, this about 8 ns a sample once (mx-bench engine Q10).
  static let threshold = 16

  mutating func reset() {
    older.removeAll(keepingCapacity: true)
    (oldStart, oldEnd, newEnd) = (0, 0, 0)
    newer = CompensatedSum()
  }

  /// The sum of `low..<high`; neither may go back.
  mutating func sum(_ values: UnsafePointer<Double>, _ low: Int, _ high: Int) -> CompensatedSum {
    if low >= oldEnd {
      // Everything so far becomes the older part.
      oldStart = low
      oldEnd = high
      older.removeAll(keepingCapacity: true)
      var running = CompensatedSum()
      for index in stride(from: high - 1, through: low, by: -1) {
        running.add(values[index])
        older.append(running)
      }
      newer = CompensatedSum()
      newEnd = high
    }
    while newEnd < high {
      newer.add(values[newEnd])
      newEnd += 1
    }
    // `older` was filled from its end: the suffix from `low` is this far down.
    var total = older[oldEnd - 1 - low]
    if newEnd > oldEnd { total.add(newer) }
    return total
  }
}
