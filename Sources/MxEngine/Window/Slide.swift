/// Moves both ends of a window over one series' samples.
enum Slide {
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
    }
  }
}
