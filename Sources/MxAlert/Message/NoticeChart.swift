import MxJSON

/// How an alert's value went: for a picture in mails and a row of bars in texts.
package struct NoticeChart: Hashable, Sendable {
  /// Times in ms, ascending; NaN is a gap.
  package var times: [Int64]
  package var values: [Double]
  /// What the rule compares with.
  package var threshold: Double?
  package var title: String
  /// The same as a picture, SVG; nil where nobody drew one.
  package var svg: String?
  /// And as PNG, where a converter is installed.
  package var png: [UInt8]?

  package init(times: [Int64], values: [Double], threshold: Double?, title: String) {
    self.times = times
    self.values = values
    self.threshold = threshold
    self.title = title
  }

  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// At most 24 bars, from the least to the largest value, and the newest in digits.
  package var sparkline: String {
    let known = values.filter(\.isFinite)
    guard let least = known.min(), let most = known.max(), let last = known.last else { return "" }
    let width = min(24, values.count)
    var line = ""
    for column in 0..<width {
      let from = column * values.count / width
      let to = max(from + 1, (column + 1) * values.count / width)
      // The highest of its part: a spike must not vanish.
      guard let value = values[from..<to].filter(\.isFinite).max() else {
        line += " "
        continue
      }
      let share = most > least ? (value - least) / (most - least) : 0.5
      line.append(Self.bars[min(7, Int(share * 8))])
    }
    return "\(line) \(ValueText.text(last))"
  }
}

enum ValueText {
  static func text(_ value: Double) -> String { NumberText.template(value) }
}
