import MxCodec
package import MxModel
import Synchronization

/// One state of the store, as of its manifest: what a run reads from.
///
/// Segments and sets are opened when they are needed and stay open. Damage is
/// reported and read around; a file that vanished (a reader slower than the
/// grace) is thrown as `vanished`: take a new snapshot and start over.
package final class Snapshot: SeriesSource {
  package let store: Store
  package let manifest: Manifest
  private let open = Mutex(Open())

  private struct Open {
    var segments: [UInt64: OpenSegment] = [:]
    var sets: [ContentHash: SeriesSet] = [:]
  }

  package init(_ store: Store, _ manifest: Manifest) {
    self.store = store
    self.manifest = manifest
  }

  /// The same state, of which only the segments `ids` are seen: what came since an
  /// earlier state was read.
  package func restricted(to ids: Set<UInt64>) -> Snapshot {
    var part = manifest
    part.segments = manifest.segments.filter { ids.contains($0.id) }
    return Snapshot(store, part)
  }

  package init(_ store: Store, _ report: Report) throws(StoreError) {
    self.store = store
    manifest = try store.manifest(report)
  }

  /// A segment with the set that names its series.
  struct OpenSegment: Sendable {
    let reader: SegmentReader
    let set: SeriesSet
  }

  /// The live segments of raw samples that may hold any of `range`, oldest
  /// commit first; those that cannot be opened are reported and left out.
  func segments(in range: TimeRange, _ report: Report) throws(StoreError) -> [OpenSegment] {
    try open(manifest.segments.filter { $0.kind == .samples && $0.range.overlaps(range) }, report)
  }

  /// The live segments of a tier that may hold windows whose ends lie in `ends`, likewise.
  func segments(
    ofTier tier: Int64, ends: TimeRange, _ report: Report
  ) throws(StoreError) -> [OpenSegment] {
    try open(
      manifest.segments.filter {
        $0.kind == .windows && $0.tier == tier && $0.samples > 0 && $0.range.overlaps(ends)
      }, report)
  }

  private func open(
    _ wanted: [SegmentInfo], _ report: Report
  ) throws(StoreError) -> [OpenSegment] {
    var result: [OpenSegment] = []
    for info in wanted.sorted(by: { $0.lastSequence < $1.lastSequence }) {
      do throws(StoreError) {
        result.append(try segment(info))
      } catch .damaged(let damage) {
        report.damaged(damage)
      } catch .vanished(let path) {
        // Where no newer snapshot would have it, it is lost, not removed behind a slow reader.
        guard try isNewest() else { throw .vanished(path: path) }
        report.damaged(Damage(path: path, part: "", reason: "is missing"))
      }
    }
    return result
  }

  private func isNewest() throws(StoreError) -> Bool {
    try store.manifestGenerations().first ?? 0 <= manifest.generation
  }

  /// The open segment `info`, opened now if it is not yet.
  func segment(_ info: SegmentInfo) throws(StoreError) -> OpenSegment {
    if let known = open.withLock({ $0.segments[info.id] }) { return known }
    let reader = try Snapshot.named("segment") { () throws(StoreError) in
      try SegmentReader(opening: store.segmentPath(info), in: store.files)
    }
    guard reader.info.id == info.id, reader.info.bytes == info.bytes else {
      throw reader.region.damaged("footer", "is not what the manifest says")
    }
    let segment = OpenSegment(reader: reader, set: try set(of: reader))
    open.withLock { $0.segments[info.id] = segment }
    return segment
  }

  /// Runs `body`; a foreign file under a name that the manifest knows is damage.
  private static func named<R>(
    _ what: String, _ body: () throws(StoreError) -> R
  ) throws(StoreError) -> R {
    do throws(StoreError) {
      return try body()
    } catch .foreign(let path) {
      throw .damaged(Damage(path: path, part: "", reason: "is no \(what)"))
    }
  }

  private func set(of reader: SegmentReader) throws(StoreError) -> SeriesSet {
    if let region = try reader.inlineSet {
      // Commits of the same series have the same set inside, each its own.
      let id = try SetHeader(region).id
      if let known = open.withLock({ $0.sets[id] }) { return known }
      let set = try SeriesSet(region: region)
      open.withLock { $0.sets[id] = set }
      return set
    }
    guard let id = reader.info.set else { throw reader.region.damaged("footer", "names no set") }
    return try namedSet(id)
  }

  /// The set in the file of that id, opened now if it is not yet.
  func namedSet(_ id: ContentHash) throws(StoreError) -> SeriesSet {
    if let known = open.withLock({ $0.sets[id] }) { return known }
    let set = try Snapshot.named("series set") { () throws(StoreError) in
      try SeriesSet(region: FileRegion(opening: store.setPath(id), in: store.files))
    }
    guard set.id == id else {
      throw .damaged(Damage(path: store.setPath(id), part: "", reason: "has another set's name"))
    }
    open.withLock { $0.sets[id] = set }
    return set
  }

  // MARK: SeriesSource

  package func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection] {
    try requests.map { try StoreSelection(self, $0, report) }
  }

  package func labelNames(
    matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    var names: Set<String> = []
    for selection in try selections(matchers, range, report) {
      // A selection names the labels of its sets; some of its own series has it, or not.
      for name in selection.labelNames where !names.contains(name) {
        if try matchers.isEmpty || selection.column(name).ids.contains(where: { $0 != 0 }) {
          names.insert(name)
        }
      }
    }
    return names.sorted()
  }

  package func labelValues(
    _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String] {
    var values: Set<String> = []
    for selection in try selections(matchers, range, report) {
      values.formUnion(try selection.column(name).values.dropFirst())
    }
    return values.sorted()
  }

  private func selections(
    _ matchers: [[Matcher]], _ range: TimeRange, _ report: Report
  ) throws -> [StoreSelection] {
    var hints = SelectHints()
    hints.labelsOnly = true
    return try (matchers.isEmpty ? [[]] : matchers).map {
      try StoreSelection(self, SelectRequest($0, range: range, hints: hints), report)
    }
  }

  package func metadata(of metric: String) throws -> MetricMetadata? {
    try metadata(of: metric, Report())
  }

  /// The newest that is known of a metric; sets that cannot be read are
  /// reported and passed over.
  func metadata(of metric: String, _ report: Report) throws(StoreError) -> MetricMetadata? {
    for set in try newestSets(report) {
      if let found = try set.metadata(ofSample: metric, report) { return found }
    }
    return nil
  }

  package func allMetadata() throws -> [MetricMetadata] {
    // Whoever reads these metrics' samples is told of damage.
    let report = Report()
    var result: [String: MetricMetadata] = [:]
    for set in try newestSets(report) {
      for entry in try readable(set, report) where result[entry.family] == nil {
        result[entry.family] = entry
      }
    }
    return result.values.sorted { $0.family < $1.family }
  }

  private func readable(
    _ set: SeriesSet, _ report: Report
  ) throws(StoreError) -> [MetricMetadata] {
    do throws(StoreError) {
      return try set.allMetadata()
    } catch .damaged(let damage) {
      report.damaged(damage)
      return []
    }
  }

  /// All sets that can be read, those of the newest commits first.
  private func newestSets(_ report: Report) throws(StoreError) -> [SeriesSet] {
    var sets: [SeriesSet] = []
    for segment in try segments(in: .all, report).reversed()
    where !sets.contains(where: { $0.id == segment.set.id }) {
      sets.append(segment.set)
    }
    return sets
  }

  package func fingerprint(_ requests: [SelectRequest]) throws -> UInt64 {
    var hash = XXH64()
    for request in requests {
      try StoreSelection(self, request, Report()).fingerprint(request.range, into: &hash)
    }
    return hash.value
  }
}

extension SeriesSet {
  /// What the set knows of a sample's metric, by its own name or its family's.
  fileprivate func metadata(
    ofSample metric: String, _ report: Report
  ) throws(StoreError) -> MetricMetadata? {
    do throws(StoreError) {
      for family in MetricFamily.candidates(of: metric) {
        if let found = try metadata(of: family) { return found }
      }
      return nil
    } catch .damaged(let damage) {
      report.damaged(damage)
      return nil
    }
  }
}

/// The family names under which a sample's metric may have been declared.
enum MetricFamily {
  private static let suffixes = [
    "_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum",
  ]

  static func candidates(of metric: String) -> [String] {
    [metric]
      + suffixes.compactMap { suffix in
        metric.hasSuffix(suffix) ? String(metric.dropLast(suffix.count)) : nil
      }
  }
}
