package import MxModel
package import MxStore

/// What the store knows of series and metrics before a run adds to it.
///
/// Everything is read when it is first asked for: a run far below the limits
/// reads the headers of a few sets and nothing else.
package final class SeriesCatalogue {
  private let store: Store?
  private let report: Report
  private var snapshot: Snapshot??
  private var openSets: [SeriesSet]?
  private var totalBound: Int?
  private var bounds: [String: Int]?
  private var everything: Set<UInt64>?
  private var declared: [String: MetricMetadata]?
  private var waitingMetadata: WaitingMetadata?

  package init(_ store: Store, _ report: Report) {
    self.store = store
    self.report = report
  }

  /// A store that holds nothing.
  package init() {
    store = nil
    report = Report()
  }

  /// How a series is known: a hash of its key.
  @inline(__always)
  static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { ByteHash.hash(key) }

  /// At most so many series are in the store.
  func seriesBound() throws -> Int {
    if let totalBound { return totalBound }
    let bound = try opened()?.seriesBound(report) ?? 0
    totalBound = bound
    return bound
  }

  /// At most so many series of `metric` are in the store.
  func seriesBound(of metric: String) throws -> Int {
    if let bounds { return bounds[metric] ?? 0 }
    if try seriesBound() == 0 { return 0 }
    var found: [String: Int] = [:]
    try walk { set in
      for stretch in try set.metrics() { found[stretch.name, default: 0] += stretch.series.count }
    }
    bounds = found
    return found[metric] ?? 0
  }

  /// The series of `metric`, exactly, by hash.
  func series(of metric: String) throws -> Set<UInt64> {
    var found: Set<UInt64> = []
    try keys(of: metric) { key in found.insert(Self.hash(key)) }
    return found
  }

  /// All series, exactly, by hash.
  func allSeries() throws -> Set<UInt64> {
    if let everything { return everything }
    var found: Set<UInt64> = []
    try walk { set in
      try set.keys(set.allRefs) { _, key in found.insert(Self.hash(key)) }
    }
    everything = found
    return found
  }

  /// The keys of the series of `metric`; a series of several sets comes several times.
  func keys(of metric: String, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    try walk { set in
      for stretch in try set.metrics() where stretch.name == metric {
        try set.keys(SeriesRefs(stretch.series)) { _, key in body(key) }
      }
    }
  }

  /// What was declared of a family when it first came.
  func metadata(of family: String) throws -> MetricMetadata? {
    if let declared { return declared[family] }
    var found: [String: MetricMetadata] = [:]
    try walk { set in
      for entry in try set.allMetadata() where found[entry.family] == nil {
        found[entry.family] = entry
      }
    }
    declared = found
    return found[family]
  }

  /// The types and helps that wait for samples; nil where there is no store.
  func waiting() throws -> WaitingMetadata? {
    guard let store else { return nil }
    if let waitingMetadata { return waitingMetadata }
    let found = try WaitingMetadata(store)
    waitingMetadata = found
    return found
  }

  func change(_ body: (inout WaitingMetadata) -> Void) {
    if var changed = waitingMetadata {
      body(&changed)
      waitingMetadata = changed
    }
  }

  func saveWaiting() throws { try waitingMetadata?.save() }

  /// Every set that can be read: damage is named, and must not keep samples out.
  private func walk(_ body: (SeriesSet) throws -> Void) throws {
    for set in try sets() {
      do {
        try body(set)
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
      }
    }
  }

  private func sets() throws -> [SeriesSet] {
    if let openSets { return openSets }
    let sets = try opened()?.seriesSets(report) ?? []
    openSets = sets
    return sets
  }

  private func opened() throws -> Snapshot? {
    if let snapshot { return snapshot }
    guard let store else { return nil }
    do throws(StoreError) {
      let found = try Snapshot(store, report)
      snapshot = .some(found)
      return found
    } catch .missing {
      snapshot = .some(nil)
      return nil
    }
  }
}
