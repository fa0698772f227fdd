import MxModel
import Synchronization

/// What retention has taken of a selection, and what it has left.
extension StoreSelection {
  /// What retention has taken of a selection's samples.
  struct Lost {
    /// Of samples at this time and before some may be gone.
    let through: Int64
    /// The widths of the tiers that tell of them, ascending.
    let tiers: [Int64]
  }

  func lost() throws -> Lost {
    if let known = lostSamples.withLock({ $0 }) { return known }
    let offered = try resolutions(in: .all)
    let lost = Lost(
      through: offered.tiers.isEmpty ? .min : offered.rawAfter, tiers: offered.tiers.map(\.width))
    lostSamples.withLock { $0 = lost }
    return lost
  }

  func isWhole(_ series: Range<Int>, _ range: TimeRange, worker: Int) throws -> Bool {
    let lost = try lost()
    let range = range.intersection(TimeRange(from: .min, to: lost.through))
    guard !range.isEmpty, let widest = lost.tiers.last else { return true }
    let ends = TimeRange(
      from: WindowGrid.end(of: range.from, widest), to: WindowGrid.end(of: range.to, widest))
    for one in series where try !isWhole(one, lost.tiers, ends, widest, worker) { return false }
    return true
  }

  /// Whether one series has as many samples in each window as were counted there.
  private func isWhole(
    _ one: Int, _ tiers: [Int64], _ ends: TimeRange, _ widest: Int64, _ worker: Int
  ) throws -> Bool {
    var times: [Int64] = []
    try read(one..<one + 1, WindowGrid.samples(of: ends, widest), worker: worker) { _, samples in
      for index in 0..<samples.count where !StaleMarker.isStale(samples.values[index]) {
        times.append(samples.times[index])
      }
    }
    var isWhole = true
    for width in tiers where isWhole {
      let own = TimeRange(from: ends.from &- widest &+ 1, to: ends.to)
      try readStored(one..<one + 1, tier: width, ends: own, worker: worker) { _, windows in
        isWhole = windows.allSatisfy { window in
          let from = times.partition { $0 <= window.end &- width }
          let to = times.partition { $0 <= window.end }
          return window.flags.contains(.void) || Double(to - from) >= window.count
        }
      }
    }
    return isWhole
  }
}
