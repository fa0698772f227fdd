/// The course of a series in one line: `▁▂▄▇█▆▃▁`, a blank where nothing is.
///
/// Each sign is the mean of its stretch of time, between the least and the greatest
/// value of the series itself: it shows the form, not the height.
package struct TextSparkline: Sendable {
  private let from: Int64
  private let to: Int64
  private let width: Int

  private static let signs: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Of steps at `from`, `from + step`, … up to `to`, in at most `width` signs, never
  /// more than there are steps.
  package init(from: Int64, to: Int64, step: Int64, width: Int) {
    precondition(step > 0 && to >= from, "BUG: a sparkline from \(from) to \(to) by \(step)")
    self.from = from
    self.to = to
    let steps = (to - from) / step + 1
    self.width = max(1, min(width, Int(clamping: steps)))
  }

  package func text(
    times: UnsafeBufferPointer<Int64>, values: UnsafeBufferPointer<Double>
  ) -> String {
    let means = means(times, values)
    let known = means.filter { !$0.isNaN }
    guard let low = known.min(), let high = known.max() else {
      return String(repeating: " ", count: width)
    }
    let line = means.map { mean -> Character in
      if mean.isNaN { return " " }
      // One height all along is the middle: neither low nor high.
      if high <= low { return Self.signs[3] }
      // Halves, because the distance of two finite values may not be finite.
      let place = (mean / 2 - low / 2) / (high / 2 - low / 2)
      return Self.signs[min(7, max(0, Int(place * 8)))]
    }
    return String(line)
  }

  private func means(
    _ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>
  ) -> [Double] {
    var means = [Double](repeating: .nan, count: width)
    var counts = [Double](repeating: 0, count: width)
    for (time, value) in zip(times, values) {
      if time < from || time > to || value.isNaN { continue }
      // What is beyond all numbers stands at the end of the scale.
      let value = min(max(value, -1e300), 1e300)
      let share = to > from ? Double(time - from) / Double(to - from) : 0
      let column = min(width - 1, Int(share * Double(width)))
      counts[column] += 1
      means[column] =
        counts[column] == 1 ? value : means[column] + (value - means[column]) / counts[column]
    }
    return means
  }
}
