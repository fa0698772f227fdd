import MxModel

/// What a window of a tier knows of its samples.
///
/// Everything is a pure function of the samples inside: two windows that follow
/// each other combine to what their samples together give, sums in the order
/// of time. A stale marker is no sample, it sets a flag. NaN are samples; minimum
/// and maximum pass over them unless there is nothing else, as PromQL does.
struct Window: Equatable {
  /// The window covers (end - width, end], as PromQL ranges do.
  var end: Int64
  var count = 0.0
  var minimum = 0.0
  var maximum = 0.0
  /// The sum as double-double: `sum + tail`.
  var sum = 0.0
  var tail = 0.0
  var first = 0.0
  var last = 0.0
  var firstTime: Int64 = 0
  var lastTime: Int64 = 0
  /// The sum of the values before each reset inside: a counter's increase is
  /// `last - first + resetSum`.
  var resetSum = 0.0
  var resetCount = 0.0
  var flags = WindowFlags()
  /// How a window is told as it is written: 0, or see `WindowCoder`.
  var form = 0.0
  /// How close the closest two samples are, ms; `.max` for less than two.
  var closest = Int64.max

  init(end: Int64) { self.end = end }

  /// Takes in the next sample, which is no stale marker.
  @inline(__always)
  mutating func add(_ time: Int64, _ value: Double) {
    if count == 0 {
      minimum = value
      maximum = value
      first = value
      firstTime = time
      sum = value
    } else {
      if value < minimum || minimum.isNaN { minimum = value }
      if value > maximum || maximum.isNaN { maximum = value }
      if value < last {
        resetSum += last
        resetCount += 1
      }
      closest = min(closest, time &- lastTime)
      addToSum(value)
    }
    if value.isNaN { flags.insert(.nan) }
    flags.remove(.endsStale)
    last = value
    lastTime = time
    count += 1
  }

  @inline(__always)
  mutating func addMarker() { flags.formUnion([.stale, .endsStale]) }

  /// Takes in the window that follows.
  mutating func add(_ next: Window) {
    let endsStale = next.flags.contains(.endsStale) || (next.count == 0 && endsStale)
    if next.count > 0 {
      if count == 0 {
        let (end, flags) = (end, flags)
        self = next
        self.end = end
        self.flags.formUnion(flags)
      } else {
        combine(next)
      }
    }
    flags.formUnion(next.flags)
    if endsStale { flags.insert(.endsStale) } else { flags.remove(.endsStale) }
  }

  private var endsStale: Bool { flags.contains(.endsStale) }

  private mutating func combine(_ next: Window) {
    if next.minimum < minimum || minimum.isNaN { minimum = next.minimum }
    if next.maximum > maximum || maximum.isNaN { maximum = next.maximum }
    if next.first < last {
      resetSum += last
      resetCount += 1
    }
    resetSum += next.resetSum
    resetCount += next.resetCount
    closest = min(closest, next.closest, next.firstTime &- lastTime)
    addToSum(next.sum)
    if sum.isFinite { tail += next.tail }
    last = next.last
    lastTime = next.lastTime
    count += next.count
  }

  /// Neumaier's step, as the engine sums.
  @inline(__always)
  private mutating func addToSum(_ term: Double) {
    let total = sum + term
    if !total.isFinite {
      tail = 0
    } else if abs(sum) >= abs(term) {
      tail += (sum - total) + term
    } else {
      tail += (term - total) + sum
    }
    sum = total
  }
}

/// Window arithmetic: window k of width w covers (k·w - w, k·w].
enum WindowGrid {
  /// The end of the window that holds `time`, at most `Int64.max` rounded down.
  @inline(__always)
  static func end(of time: Int64, _ width: Int64) -> Int64 {
    let below = floor(time, width)
    return below == time || below > .max - width ? below : below &+ width
  }

  /// The newest end at or before `time`.
  @inline(__always)
  static func floor(_ time: Int64, _ width: Int64) -> Int64 {
    let rest = time % width
    if rest >= 0 { return time &- rest }
    return time < .min &+ width ? .min &- (.min % width) : time &- rest &- width
  }

  /// The samples of the windows whose ends lie in `ends`.
  static func samples(of ends: TimeRange, _ width: Int64) -> TimeRange {
    let from = ends.from.subtractingReportingOverflow(width - 1)
    return TimeRange(from: from.overflow ? .min : from.partialValue, to: ends.to)
  }
}

/// How windows come from samples: always by the same steps, raw -> 1m -> 5m ->
/// 1h, also where a step between is not stored. A sum is then the same to the
/// last bit whichever tiers a store keeps and however often it was computed.
struct RollupChain {
  struct Step {
    let width: Int64
    /// The step that it combines, nil where it reads samples.
    let source: Int?
  }

  private static let ladder: [Int64] = [60_000, 300_000, 3_600_000]

  private(set) var steps: [Step] = []
  /// Per step its windows of the series at hand.
  private(set) var windows: [[Window]] = []

  /// `tiers`: the widths that are wanted.
  init(_ tiers: [Int64]) {
    var needed = Set(tiers)
    for tier in tiers {
      var width = tier
      while let below = RollupChain.source(of: width) {
        needed.insert(below)
        width = below
      }
    }
    for width in needed.sorted() {
      let source = RollupChain.source(of: width)
      steps.append(Step(width: width, source: steps.firstIndex { $0.width == source }))
      windows.append([])
    }
  }

  /// The width whose windows make up those of `width`; nil for samples.
  static func source(of width: Int64) -> Int64? {
    ladder.last { $0 < width && width % $0 == 0 }
  }

  func index(of tier: Int64) -> Int? { steps.firstIndex { $0.width == tier } }

  mutating func reset() {
    for step in windows.indices { windows[step].removeAll(keepingCapacity: true) }
  }

  /// Adds samples, later than those before.
  mutating func add(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) {
    for step in steps.indices where steps[step].source == nil {
      RollupChain.derive(times, values, width: steps[step].width, into: &windows[step])
    }
  }

  /// All samples were added: combines what is coarser.
  mutating func finish() {
    for (step, description) in steps.enumerated() {
      guard let source = description.source else { continue }
      for window in windows[source] {
        let end = WindowGrid.end(of: window.end, description.width)
        if windows[step].last?.end != end { windows[step].append(Window(end: end)) }
        windows[step][windows[step].count - 1].add(window)
      }
    }
  }

  /// Windows of samples in time order, appended to (and going on from) `windows`.
  private static func derive(
    _ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>, width: Int64,
    into windows: inout [Window]
  ) {
    var index = 0
    while index < times.count {
      let end = WindowGrid.end(of: times[index], width)
      var window = Window(end: end)
      if let last = windows.last, last.end == end {
        window = last
        windows.removeLast()
      }
      repeat {
        if StaleMarker.isStale(values[index]) {
          window.addMarker()
        } else {
          window.add(times[index], values[index])
        }
        index += 1
      } while index < times.count && times[index] <= end
      windows.append(window)
    }
  }
}

extension Window {
  /// Makes `sum` the nearest double to the whole sum (of decimals: most often a
  /// decimal again, which is stored in half the bytes) and `tail` what is left.
  private mutating func normalizeSum() {
    let total = sum + tail
    guard total.isFinite else { return }
    let part = total - sum
    tail = (sum - (total - part)) + (tail - part)
    sum = total
  }

  /// Whether a tier keeps it: where samples are further apart than a tenth of the
  /// width, the window would weigh more than they do, and raw is kept as long.
  func isWorthKeeping(_ width: Int64) -> Bool { closest <= width / 10 }

  /// As a tier stores it: of values that fall in more than a quarter of their
  /// steps no resets are kept, for they are no counter's and cost as much as a
  /// column of values.
  var stored: Window {
    var window = self
    window.closest = .max
    window.normalizeSum()
    if resetCount * 4 > count {
      window.resetSum = 0
      window.resetCount = 0
      window.flags.insert(.noResets)
    }
    return window
  }
}
