import MxModel
import MxPromQL

/// Fills a row from one series' windows; false where those do not say enough.
typealias CellKernel =
  @Sendable (_ cells: borrowing WindowColumns, _ row: Row) throws -> Bool

/// The functions of ranges that windows answer exactly: docs/rollups.md has the list.
///
/// What windows lie in a range is told by their ends, as the plan has cut the time at
/// all borders of the query.
struct CellFunction: Sendable {
  let fields: WindowFields
  let kernel: CellKernel

  /// Whether windows answer it exactly.
  static func answers(_ function: FunctionID) -> Bool {
    switch function {
    case .countOverTime, .presentOverTime, .sumOverTime, .avgOverTime, .minOverTime,
      .maxOverTime, .firstOverTime, .lastOverTime, .tsOfFirstOverTime, .tsOfLastOverTime,
      .resets, .rate, .increase, .delta:
      true
    default: false
    }
  }

  /// `hasSamples`: what windows do not say can be asked of samples.
  init?(_ function: FunctionID, _ windows: Windows, hasSamples: Bool) {
    switch function {
    case .countOverTime:
      (fields, kernel) = ([], CellFunction.fold(windows) { $0.counts($1) })
    case .presentOverTime:
      (fields, kernel) = ([], CellFunction.fold(windows) { _, _ in 1 })
    case .sumOverTime:
      (fields, kernel) = (.sums, CellFunction.sums(windows, isMean: false, hasSamples))
    case .avgOverTime:
      (fields, kernel) = (.sums, CellFunction.sums(windows, isMean: true, hasSamples))
    case .minOverTime:
      (fields, kernel) = (.minima, CellFunction.fold(windows) { $0.minimum($1) })
    case .maxOverTime:
      (fields, kernel) = (.maxima, CellFunction.fold(windows) { $0.maximum($1) })
    case .firstOverTime:
      (fields, kernel) = (.firsts, CellFunction.fold(windows) { $0.firsts[$1.lowerBound] })
    case .lastOverTime:
      (fields, kernel) = (.lasts, CellFunction.fold(windows) { $0.lasts[$1.upperBound - 1] })
    case .tsOfFirstOverTime:
      (fields, kernel) = (
        .firstTimes, CellFunction.fold(windows) { Double($0.firstTimes[$1.lowerBound]) / 1000 }
      )
    case .tsOfLastOverTime:
      (fields, kernel) = (
        .lastTimes, CellFunction.fold(windows) { Double($0.lastTimes[$1.upperBound - 1]) / 1000 }
      )
    case .resets:
      fields = [.resets, .firsts, .lasts]
      kernel = CellFunction.counters(windows) { cells, range, _ in cells.resets(range) }
    case .rate, .increase, .delta:
      let rate = ExtrapolatedRate(
        isCounter: function != .delta, isRate: function == .rate, windows: windows)
      fields = [.firsts, .lasts, .firstTimes, .lastTimes, .resets]
      kernel = rate.cellKernel
    default: return nil
    }
  }

  /// Calls `body` for each step with the windows that count in it, the first and the
  /// last of which have samples; the kernel is done where `body` says nil.
  static func each(
    _ cells: borrowing WindowColumns, _ windows: Windows, _ row: Row,
    _ body: (_ cells: Range<Int>, _ step: Int) -> Double?
  ) -> Bool {
    guard let times = cells.ends.baseAddress else { return true }
    let counts = cells.counts
    var isExact = true
    Slide.each(times, cells.ends.count, windows, row) { low, high, step in
      var (low, high) = (low, high)
      while low < high, counts[low] == 0 { low += 1 }
      while high > low, counts[high - 1] == 0 { high -= 1 }
      guard low < high else { return Absent.value }
      guard let value = body(low..<high, step) else {
        isExact = false
        return Absent.value
      }
      return value
    }
    return isExact
  }

  private static func fold(
    _ windows: Windows, _ value: @escaping @Sendable (WindowColumns, Range<Int>) -> Double
  ) -> CellKernel {
    { cells, row in
      let columns = copy cells
      return each(cells, windows, row) { range, _ in value(columns, range) }
    }
  }

  /// Sums whose terms left the range of doubles are taken from samples, where there
  /// are any.
  private static func sums(
    _ windows: Windows, isMean: Bool, _ hasSamples: Bool
  ) -> CellKernel {
    { cells, row in
      let columns = copy cells
      return each(cells, windows, row) { range, _ in
        let total = columns.sum(range)
        guard total.value.isFinite else { return hasSamples ? nil : total.value }
        return isMean ? total.mean(of: columns.counts(range)) : total.value
      }
    }
  }

  /// Windows of values that fall too often keep no resets.
  fileprivate static func counters(
    _ windows: Windows, _ value: @escaping @Sendable (WindowColumns, Range<Int>, Int) -> Double
  ) -> CellKernel {
    { cells, row in
      let columns = copy cells
      let hides = columns.flags.contains { $0 & WindowFlags.noResets.rawValue != 0 }
      return each(cells, windows, row) { range, step in
        if hides, columns.hidesResets(range) { return nil }
        return value(columns, range, step)
      }
    }
  }
}

extension ExtrapolatedRate {
  /// The same change over the same samples, of which the borders of windows tell enough.
  fileprivate var cellKernel: CellKernel {
    let rate = self
    let value: @Sendable (WindowColumns, Range<Int>, Int) -> Double = { cells, range, step in
      let (low, last) = (range.lowerBound, range.upperBound - 1)
      let gaps = Int(cells.counts(range)) - 1
      if gaps < 1 { return Absent.value }
      var change = cells.lasts[last] - cells.firsts[low]
      if rate.isCounter { change = cells.withResets(change, range) }
      let end = rate.windows.ends.time(step)
      var stretch = Stretch()
      return rate.extrapolated(
        change, first: cells.firsts[low],
        Seen(
          sampled: cells.lastTimes[last] - cells.firstTimes[low], gaps: gaps,
          covered: cells.lastTimes[last] - cells.firstTimes[low],
          beforeFirst: cells.firstTimes[low] - (end - rate.windows.range),
          afterLast: end - cells.lastTimes[last], hasBegun: false),
        &stretch)
    }
    if rate.isCounter { return CellFunction.counters(windows, value) }
    let windows = windows
    return { cells, row in
      let columns = copy cells
      return CellFunction.each(cells, windows, row) { range, step in value(columns, range, step) }
    }
  }
}

/// What windows that follow each other say together; those without samples say nothing.
extension WindowColumns {
  fileprivate func counts(_ range: Range<Int>) -> Double {
    var count = 0.0
    for index in range { count += counts[index] }
    return count
  }

  fileprivate func minimum(_ range: Range<Int>) -> Double {
    var best = minima[range.lowerBound]
    for index in range where counts[index] > 0 {
      if minima[index] < best || best.isNaN { best = minima[index] }
    }
    return best
  }

  fileprivate func maximum(_ range: Range<Int>) -> Double {
    var best = maxima[range.lowerBound]
    for index in range where counts[index] > 0 {
      if maxima[index] > best || best.isNaN { best = maxima[index] }
    }
    return best
  }

  /// Knuth's two-sum: what Neumaier's step gives, without its branches. Windows without
  /// samples have sums of 0.
  fileprivate func sum(_ range: Range<Int>) -> CompensatedSum {
    var (sum, tail) = (0.0, 0.0)
    for index in range {
      let term = sums[index]
      let total = sum + term
      let part = total - sum
      tail += (sum - (total - part)) + (term - part)
      tail += sumTails[index]
      sum = total
    }
    if (sum + tail).isFinite { return CompensatedSum(sum: sum, tail: tail) }
    return carefulSum(range)
  }

  /// Of sums that leave the range of doubles.
  private func carefulSum(_ range: Range<Int>) -> CompensatedSum {
    var total = CompensatedSum()
    for index in range where counts[index] > 0 {
      total.add(CompensatedSum(sum: sums[index], tail: sumTails[index]))
    }
    return total
  }

  fileprivate func hidesResets(_ range: Range<Int>) -> Bool {
    range.contains { flags[$0] & WindowFlags.noResets.rawValue != 0 }
  }

  fileprivate func resets(_ range: Range<Int>) -> Double {
    var count = resetCounts[range.lowerBound]
    var last = lasts[range.lowerBound]
    for index in range.dropFirst() where counts[index] > 0 {
      if firsts[index] < last { count += 1 }
      count += resetCounts[index]
      last = lasts[index]
    }
    return count
  }

  /// `change` and what resets took from it, in the order of time.
  fileprivate func withResets(_ change: Double, _ range: Range<Int>) -> Double {
    var change = change + resetSums[range.lowerBound]
    var last = lasts[range.lowerBound]
    for index in range.dropFirst() where counts[index] > 0 {
      if firsts[index] < last { change += last }
      change += resetSums[index]
      last = lasts[index]
    }
    return change
  }
}
