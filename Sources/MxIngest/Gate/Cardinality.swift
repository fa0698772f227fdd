import MxModel

/// Counts series against the limits: those that are known get in, new ones
/// only while there is room.
///
/// While the most that there could be is below a limit, nothing is looked up;
/// only beyond it are the series of the store fetched, and then each is judged exactly.
struct Cardinality {
  /// A limit that refused series.
  struct Breach: Hashable {
    /// `series_per_metric`
    var limit: String
    var allowed: Int
  }

  /// One metric of this run.
  private struct Metric {
    var name: String
    /// Series that passed, and those of them that the store does not have
    /// (known once `known` is there).
    var passed = 0
    var new = 0
    var refused = 0
    var known: Set<UInt64>?
    var risky: String?
    var breach: Breach?
  }

  private let limits: GateLimits
  private let catalogue: SeriesCatalogue
  private var metrics: [Metric] = []
  private var numbers = SeriesTable()
  /// Series of the run -> metric.
  private(set) var metricOf: [UInt32] = []
  private var hasPassed: [Bool] = []
  /// Over all metrics, as in `Metric`.
  private(set) var passed = 0
  private var new = 0
  private var known: Set<UInt64>?

  init(_ limits: GateLimits, _ catalogue: SeriesCatalogue) {
    self.limits = limits
    self.catalogue = catalogue
  }

  private var isLimited: Bool {
    limits.seriesPerMetric < .max || limits.newSeriesPerRun < .max || limits.seriesTotal < .max
  }

  var count: Int { metricOf.count }
  var metricCount: Int { metrics.count }

  func metricName(_ number: UInt32) -> String { metrics[Int(number)].name }

  /// The number of a metric by its name; nil where the run has no series of it.
  func metric(named name: String) -> UInt32? {
    LabelKey.escaped(Array(name.utf8)).withUnsafeBytes { numbers.find($0) }
  }

  /// Judges the next series of `table`, which must be the one numbered `count`.
  /// Nil where it passes.
  mutating func admit(_ table: borrowing SeriesTable) throws -> Breach? {
    let ref = UInt32(count)
    let number = table.withKey(ref) { metric(of: $0) }
    metricOf.append(UInt32(number))
    // The hash is only wanted near a limit.
    let hash = isLimited ? table.withKey(ref) { SeriesCatalogue.hash($0) } : 0
    let breach = isLimited ? try breach(number, hash, table) : nil
    hasPassed.append(breach == nil)
    if let breach {
      metrics[number].refused += 1
      metrics[number].breach = breach
      return breach
    }
    passed += 1
    metrics[number].passed += 1
    if let known, !known.contains(hash) { new += 1 }
    if let known = metrics[number].known, !known.contains(hash) { metrics[number].new += 1 }
    return nil
  }

  /// Passes over the next series, which was refused for another reason.
  mutating func skip() {
    metricOf.append(.max)
    hasPassed.append(false)
  }

  private mutating func metric(of key: UnsafeRawBufferPointer) -> Int {
    MetricKey.withName(key) { name in
      let number = Int(numbers.intern(name))
      if number == metrics.count {
        metrics.append(
          Metric(name: LabelKey.text(name), risky: RiskyLabels.name(in: key)))
      }
      return number
    }
  }

  private mutating func breach(
    _ number: Int, _ hash: UInt64, _ table: borrowing SeriesTable
  ) throws -> Breach? {
    if limits.seriesPerMetric < .max {
      if try isNear(number) { try fetch(number, table) }
      if let known = metrics[number].known, !known.contains(hash),
        known.count + metrics[number].new >= limits.seriesPerMetric
      {
        return Breach(limit: "series_per_metric", allowed: limits.seriesPerMetric)
      }
    }
    if passed >= limits.newSeriesPerRun {
      try fetchAll(table)
      if let known, !known.contains(hash), new >= limits.newSeriesPerRun {
        return Breach(limit: "new_series_per_run", allowed: limits.newSeriesPerRun)
      }
    }
    if limits.seriesTotal < .max, try passed + catalogue.seriesBound() >= limits.seriesTotal {
      try fetchAll(table)
      if let known, !known.contains(hash), known.count + new >= limits.seriesTotal {
        return Breach(limit: "series_total", allowed: limits.seriesTotal)
      }
    }
    return nil
  }

  /// Whether one more series of the metric could be over the limit.
  private func isNear(_ number: Int) throws -> Bool {
    if metrics[number].known != nil { return false }
    let room = limits.seriesPerMetric - metrics[number].passed
    if try catalogue.seriesBound() < room { return false }
    return try catalogue.seriesBound(of: metrics[number].name) >= room
  }

  private mutating func fetch(_ number: Int, _ table: borrowing SeriesTable) throws {
    guard metrics[number].known == nil else { return }
    if try catalogue.seriesBound(of: metrics[number].name) == 0 {
      metrics[number].known = []
      metrics[number].new = metrics[number].passed
      return
    }
    let known = try catalogue.series(of: metrics[number].name)
    metrics[number].known = known
    metrics[number].new = passedSeries(table) { $0 == number }.count { !known.contains($0) }
  }

  private mutating func fetchAll(_ table: borrowing SeriesTable) throws {
    guard known == nil else { return }
    let found = try catalogue.allSeries()
    known = found
    new = passedSeries(table) { _ in true }.count { !found.contains($0) }
  }

  /// Hashes of the run's series that passed.
  private func passedSeries(
    _ table: borrowing SeriesTable, of wanted: (Int) -> Bool
  ) -> [UInt64] {
    var result: [UInt64] = []
    for ref in hasPassed.indices where hasPassed[ref] && wanted(Int(metricOf[ref])) {
      result.append(table.withKey(UInt32(ref)) { SeriesCatalogue.hash($0) })
    }
    return result
  }

  // MARK: - What is to be said

  /// Series that the store did not have, where that had to be found out.
  var newSeries: Int? { known == nil ? nil : new }

  /// A metric at 80 % of its limit or over it.
  struct Pressure {
    var metric: String
    /// Series in the store with this run's.
    var series: Int
    var allowed: Int
    var limit: String
    var refused: Int
    /// The label with most values, and how many.
    var label: (name: String, values: Int)?
  }

  /// The metrics that reached 80 % of a limit, those that were refused series first.
  mutating func pressure(_ table: borrowing SeriesTable) throws -> [Pressure] {
    var result: [Pressure] = []
    let limit = limits.seriesPerMetric
    for number in metrics.indices {
      if limit < .max, try isCrowded(number) { try fetch(number, table) }
      let metric = metrics[number]
      let series = (metric.known?.count ?? 0) + metric.new
      if let breach = metric.breach {
        result.append(
          Pressure(
            metric: metric.name, series: series, allowed: breach.allowed, limit: breach.limit,
            refused: metric.refused, label: widestLabel(of: number, table)))
      } else if limit < .max, metric.known != nil, series >= limit - limit / 5 {
        result.append(
          Pressure(
            metric: metric.name, series: series, allowed: limit, limit: "series_per_metric",
            refused: 0, label: widestLabel(of: number, table)))
      }
    }
    return result.sorted { ($0.refused, $0.series) > ($1.refused, $1.series) }
  }

  private func isCrowded(_ number: Int) throws -> Bool {
    if metrics[number].known != nil { return false }
    let room = limits.seriesPerMetric - limits.seriesPerMetric / 5 - metrics[number].passed
    if try catalogue.seriesBound() < room { return false }
    return try catalogue.seriesBound(of: metrics[number].name) >= room
  }

  /// The store as a whole at 80 % of `series_total`, the run at 80 % of
  /// `new_series_per_run`: the series of the store are fetched only where there could be so many.
  mutating func totalPressures(
    _ table: borrowing SeriesTable
  ) throws -> [(limit: String, series: Int, allowed: Int)] {
    var result: [(limit: String, series: Int, allowed: Int)] = []
    let total = limits.seriesTotal
    if total < .max, try passed + catalogue.seriesBound() >= total - total / 5 {
      try fetchAll(table)
      let series = (known?.count ?? 0) + new
      if series >= total - total / 5 { result.append(("series_total", series, total)) }
    }
    let fresh = limits.newSeriesPerRun
    if fresh < .max, passed >= fresh - fresh / 5 {
      try fetchAll(table)
      if new >= fresh - fresh / 5 { result.append(("new_series_per_run", new, fresh)) }
    }
    return result
  }

  private func widestLabel(
    of number: Int, _ table: borrowing SeriesTable
  ) -> (name: String, values: Int)? {
    var values: [String: Set<UInt64>] = [:]
    for ref in metricOf.indices where metricOf[ref] == number {
      table.withKey(UInt32(ref)) { key in
        var cursor = LabelCursor(key)
        while let (name, value) = cursor.next() {
          values[LabelKey.text(name), default: []].insert(ByteHash.hash(value))
        }
      }
    }
    values[LabelName.metric] = nil
    return values.map { (name: $0.key, values: $0.value.count) }
      .max { ($0.values, $1.name) < ($1.values, $0.name) }
  }

  /// Metrics with labels of names that promise endless values, of which this
  /// run brought at least `enough` new series.
  mutating func risky(_ table: borrowing SeriesTable, enough: Int) throws -> [(
    metric: String, label: String, series: Int
  )] {
    var result: [(metric: String, label: String, series: Int)] = []
    for number in metrics.indices {
      guard let label = metrics[number].risky, metrics[number].passed >= enough else { continue }
      try fetch(number, table)
      let new = metrics[number].new
      if new >= enough { result.append((metrics[number].name, label, new)) }
    }
    return result
  }
}
