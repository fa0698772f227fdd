import MxModel
import Synchronization

/// The automatic lookback: a series is visible for two and a half times its pace.
///
/// A cron job that writes once an hour is there between its runs, and gone when it
/// missed one and a half. Only steps where the plain rule of five minutes found no
/// sample are looked at, so that series with a scraper's pace are as in Prometheus.
struct PacedFinder {
  /// The pace is the smallest gap between so many samples, stale markers aside.
  static let memory = 4

  let grid: Grid
  let base: Int64
  let aspect: SampleAspect
  private var times: [Int64] = []
  private var values: [Double] = []

  init(grid: Grid, base: Int64, aspect: SampleAspect) {
    self.grid = grid
    self.base = base
    self.aspect = aspect
  }

  /// The samples before what was read, oldest first.
  mutating func prepend(_ samples: [Sample]) {
    times.insert(contentsOf: samples.map(\.time), at: 0)
    values.insert(contentsOf: samples.map(\.value), at: 0)
  }

  /// What was read. Histograms have no pace: the plain rule answered for them.
  mutating func append(_ columns: borrowing SampleColumns) {
    guard columns.histograms == nil else { return }
    times.append(contentsOf: columns.times)
    values.append(contentsOf: columns.values)
  }

  /// Fills steps of `row` that have nothing; true where one got a value.
  func fill(_ row: Row) -> Bool {
    var next = 0
    var found = false
    for step in 0..<grid.count {
      let time = grid.time(step)
      while next < times.count, times[next] <= time { next += 1 }
      guard next > 0, times[next - 1] <= time - base, Absent.isPresent(values[next - 1]),
        time - times[next - 1] <= reach(before: next)
      else { continue }
      switch aspect {
      case .value: row[step] = values[next - 1]
      case .time: row[step] = Double(times[next - 1]) / 1000
      case .startTime: continue
      }
      found = true
    }
    return found
  }

  /// How old the sample before `next` may be.
  private func reach(before next: Int) -> Int64 {
    var gap = Int64.max
    var later: Int64?
    for index in (max(0, next - PacedFinder.memory)..<next).reversed() {
      guard Absent.isPresent(values[index]) else { continue }
      if let later { gap = min(gap, later - times[index]) }
      later = times[index]
    }
    return gap == .max ? 0 : Lookback.reach(ofPace: gap)
  }
}

/// Which series were seen by the automatic lookback only, for `explain`.
final class CronSeries: Sendable {
  /// More names than this help nobody.
  private static let limit = 100
  private let state = Mutex((names: Set<String>(), count: 0))

  func note(_ selection: any Selection, _ series: Int) throws {
    let labels = try selection.labels(series).description
    state.withLock { state in
      state.count += 1
      if state.names.count < CronSeries.limit { state.names.insert(labels) }
    }
  }

  var names: [String] { state.withLock { $0.names.sorted() } }
  var count: Int { state.withLock { $0.count } }
}
