/// Points for the eye: no more than a screen can show, and nothing lost that it would.
enum Downsampling {
  /// M4: of each of `columns` equal parts of the range the first, last, lowest and
  /// highest point stay, so the drawn line covers the same pixels as all points do,
  /// and no peak or dip is ever thinned away.
  ///
  /// Returns ascending indices; all of them where they are few enough.
  static func m4(_ times: [Int64], _ values: [Double], columns: Int) -> [Int] {
    let count = times.count
    guard count > 4 * columns, columns > 0, let first = times.first, let last = times.last,
      last > first
    else { return Array(0..<count) }
    var kept: [Int] = []
    kept.reserveCapacity(4 * columns + 4)
    let span = Double(last - first)
    var start = 0
    while start < count {
      let column = Int(Double(times[start] - first) / span * Double(columns))
      var end = start + 1
      while end < count, Int(Double(times[end] - first) / span * Double(columns)) == column {
        end += 1
      }
      var lowest = start
      var highest = start
      for index in start..<end {
        if values[index] < values[lowest] || values[lowest].isNaN { lowest = index }
        if values[index] > values[highest] || values[highest].isNaN { highest = index }
      }
      for index in [start, min(lowest, highest), max(lowest, highest), end - 1]
      where kept.last.map({ $0 < index }) ?? true { kept.append(index) }
      start = end
    }
    return kept
  }
}
