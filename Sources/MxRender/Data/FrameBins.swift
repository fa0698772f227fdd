import Glibc

/// The `histogram` transformation: ranges of values, and how many values lie in each.
struct FrameBins {
  let options: TransformOptions.Bins

  /// More ranges than this come of a size that does not fit the values.
  private static let limit = 2000

  func apply(_ frames: [Frame]) -> [Frame] {
    let columns = frames.flatMap(\.columns).filter { $0.isNumber && !$0.isTime }
    let values = columns.map { $0.cells.map(\.number).filter(\.isFinite) }
    let all = values.flatMap { $0 }.sorted()
    guard let low = all.first, let high = all.last else { return frames }
    let size = size(all)
    func bin(_ value: Double) -> Double { ((value - options.offset) / size).rounded(.down) }
    let (first, last) = (bin(low), bin(high))
    guard last - first < Double(Self.limit) else { return frames }
    let starts = (0...Int(last - first)).map { (first + Double($0)) * size + options.offset }
    var counts = values.map { values in
      var counts = [Double](repeating: 0, count: starts.count)
      for value in values { counts[Int(bin(value) - first)] += 1 }
      return counts
    }
    var names = columns.map(\.name)
    if options.combines {
      counts = [starts.indices.map { bin in counts.reduce(0) { $0 + $1[bin] } }]
      names = ["count"]
    }
    let refID = frames.first?.refID ?? ""
    func column(_ name: String, _ numbers: [Double]) -> Frame.Column {
      Frame.Column(name: name, refID: refID, cells: numbers.map { .number($0) })
    }
    return [
      Frame(
        columns: [column("xMin", starts), column("xMax", starts.map { $0 + size })]
          + zip(names, counts).map(column), refID: refID)
    ]
  }

  /// The first round size that makes fewer ranges than wished, no finer than values are.
  private func size(_ sorted: [Double]) -> Double {
    if let size = options.size { return size }
    let span = (sorted.last ?? 0) - (sorted.first ?? 0)
    guard span > 0, span.isFinite else { return 1 }
    let finest = zip(sorted, sorted.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.min() ?? span
    let least = span / Double(options.count)
    var power = max(pow(10, floor(log10(max(least, finest)))), .leastNonzeroMagnitude)
    while true {
      for factor in [1, 2, 2.5, 4, 5] where factor * power > least && factor * power >= finest {
        return factor * power
      }
      power *= 10
    }
  }
}
