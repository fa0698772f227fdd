import MxModel
import Synchronization

/// The few newest samples of one series: they tell its pace, and how old it is.
extension StoreSelection {
  func latest(
    _ series: Int, atOrBefore time: Int64, limit: Int, worker: Int
  ) throws -> [Sample] {
    var found: [Sample] = []
    // Wider and wider: most series have what is asked for within the hour.
    for reach: Int64 in [3_600_000, 86_400_000, 8 * 86_400_000, .max] {
      let from = time.subtractingReportingOverflow(reach)
      let range = TimeRange(from: from.overflow ? .min : from.partialValue, to: time)
      found = try newest(series, range, limit: limit, worker: worker)
      if found.count >= limit { return found }
    }
    // What is newest is known; of what was before that, older segments may have more.
    guard !found.isEmpty, let whole = try wholeSelection() else { return found }
    guard let number = try whole.number(of: labels(series)) else { return found }
    return try whole.latest(number, atOrBefore: time, limit: limit, worker: worker)
  }

  /// The newest samples in `range`, or what windows know of them where they are gone.
  private func newest(
    _ series: Int, _ range: TimeRange, limit: Int, worker: Int
  ) throws -> [Sample] {
    let lost = try lost()
    let series = series..<series + 1
    var range = range
    var known = LatestSamples(limit: limit)
    guard range.from <= lost.through, let widest = lost.tiers.last else {
      try read(series, range, worker: worker) { known.append($1, last: limit) }
      return known.newest
    }
    // Windows are told whole.
    range.from = WindowGrid.floor(range.from, widest) &+ 1
    try read(series, range, worker: worker) { known.append($1, last: .max) }
    for width in lost.tiers {
      let end = WindowGrid.end(of: min(range.to, lost.through), width)
      let ends = TimeRange(from: range.from, to: min(range.to, end))
      if ends.isEmpty { continue }
      try readStored(series, tier: width, ends: ends, worker: worker) { _, windows in
        // Each has a sample at least: older ones tell nothing more.
        for window in windows.filter({ $0.count > 0 && !$0.flags.contains(.void) }).suffix(limit) {
          known.add(window, width)
        }
      }
    }
    return known.newest
  }

  /// Nil where this one has all segments.
  private func wholeSelection() throws -> StoreSelection? {
    let all = snapshot.manifest.segments.count { $0.kind == .samples }
    let hasAll = try segments.count == all && lost().through < request.range.from
    if hasAll || request.range == .all { return nil }
    if let known = whole.withLock({ $0 }) { return known }
    var request = request
    request.range = .all
    let selection = try StoreSelection(snapshot, request, report)
    whole.withLock { $0 = selection }
    return selection
  }

  /// The number of the series with these labels.
  private func number(of labels: LabelSet) throws -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if try self.labels(middle) < labels { low = middle + 1 } else { high = middle }
    }
    return try low < count && self.labels(low) == labels ? low : nil
  }
}

/// The newest samples of a series, put together from those that are left and from windows
/// of the others.
///
/// A window knows how many samples it had, the first and the last. Where fewer are
/// known in its time than it counts, the missing ones are put at even distances behind
/// its first: samples of a steady pace stand where they stood.
private struct LatestSamples {
  private struct Known {
    var sample: Sample
    /// How many samples it stands for: none where it is a stale marker, several where
    /// it is the oldest of those that nobody asks for one by one.
    var count: Double

    init(_ time: Int64, _ value: Double, count: Double = 1) {
      sample = Sample(time: time, value: value)
      self.count = StaleMarker.isStale(value) ? 0 : count
    }
  }

  let limit: Int
  /// In time order.
  private var known: [Known] = []

  init(limit: Int) { self.limit = limit }

  var newest: [Sample] { known.suffix(limit).map(\.sample) }

  /// Takes in the last so many samples of a read.
  mutating func append(_ columns: borrowing SampleColumns, last: Int) {
    for index in max(0, columns.count - last)..<columns.count {
      known.append(Known(columns.times[index], columns.values[index]))
    }
  }

  /// Takes in a window of samples that may be gone; those of finer tiers come first.
  mutating func add(_ window: Window, _ width: Int64) {
    let low = known.partition { $0.sample.time <= window.end &- width }
    let high = known.partition { $0.sample.time <= window.end }
    var inside = Array(known[low..<high])
    if missing(of: window, inside) <= 0 { return }
    if inside.last(where: { $0.count > 0 }).map({ $0.sample.time < window.lastTime }) ?? true {
      inside = [Known(window.lastTime, window.last)]
    }
    inside.insert(contentsOf: spread(missing(of: window, inside), of: window, inside), at: 0)
    if window.flags.contains(.endsStale), inside.last?.count != 0 {
      inside.append(Known(window.end, StaleMarker.value))
    }
    known.replaceSubrange(low..<high, with: inside)
  }

  private func missing(of window: Window, _ inside: [Known]) -> Double {
    window.count - inside.reduce(0) { $0 + $1.count }
  }

  /// So many samples from the window's first on, before those `inside`.
  private func spread(_ missing: Double, of window: Window, _ inside: [Known]) -> [Known] {
    guard missing >= 1, let next = inside.first?.sample.time else { return [] }
    let gap = Double(next &- window.firstTime) / missing
    // Late samples were folded in: they were counted, no more.
    if gap < 1 { return [] }
    let told = Int(min(missing, Double(limit)))
    return (1...told).reversed().map { place in
      Known(
        next &- Int64((Double(place) * gap).rounded()),
        Double(place) == missing ? window.first : window.last,
        count: place == told ? missing - Double(told) + 1 : 1)
    }
  }
}
