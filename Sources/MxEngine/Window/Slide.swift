/// Moves both ends of a window over one series' samples.
enum Slide {
  /// Samples in windows between two looks at the clock: 10 ms, or 50 where they are sorted.
  static let glance = 1 << 19

  @inline(never)
  static func isOver(_ windows: Windows) -> Bool { windows.expiry?.isOver() ?? false }

  /// Calls `body` for each step with the samples `low..<high` that lie in the
  /// window; steps without any get no value.
  @inline(__always)
  static func each(
    _ samples: Samples, _ windows: Windows, _ row: Row,
    _ body: (_ low: Int, _ high: Int, _ step: Int) throws -> Double
  ) rethrows {
    try each(samples.times, samples.count, windows, row, body)
  }

  /// The same over any ascending times.
  @inline(__always)
  static func each(
    _ times: UnsafePointer<Int64>, _ count: Int, _ windows: Windows, _ row: Row,
    _ body: (_ low: Int, _ high: Int, _ step: Int) throws -> Double
  ) rethrows {
    var low = 0
    var high = 0
    var lowStride = 1
    var highStride = 1
    var work = 0
    for step in 0..<windows.ends.count {
      let end = windows.ends.time(step)
      let oldHigh = high
      high = Gallop.first(
        after: end, times, count, from: high, guess: highStride)
      highStride = high &- oldHigh
      let oldLow = low
      low = Gallop.first(
        after: end &- windows.range, times, count, from: low, guess: lowStride)
      lowStride = low &- oldLow
      row[step] = low < high ? try body(low, high, step) : Absent.value
      work &+= high &- low &+ 1
      if work > glance {
        work = 0
        if isOver(windows) { return row[(step + 1)...].update(repeating: Absent.value) }
      }
    }
  }
}
