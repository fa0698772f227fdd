import MxCodec
import MxFiles
import MxModel

/// Decides which series set a commit's samples refer to.
///
/// Cron scrapes the same targets minute after minute: their series are in a set
/// that exists, and the segment then holds values only. Series that no set
/// knows get a set of their own, so that one new pod does not write the
/// labels of a thousand others again.
struct SetPlacement {
  /// A segment to write: some of the batch's series, and their set.
  struct Part {
    /// Places in the sorted samples, ascending.
    var indices: [Int]
    var series: SeriesList
    var set: ContentHash?
    var inline: [UInt8]?
  }

  /// How many of the newest sets are tried; each costs a look at a few keys.
  private static let tried = 16
  /// Known series are split off from new ones where they are this many.
  private static let worthSplitting = 64

  private let store: Store
  private let recent: [ContentHash]
  let policy: ConflictPolicy

  /// Looks at what is live without the lock: a set that a later manifest no
  /// longer names lies there for the grace, and the commit takes it back in.
  init(_ store: Store, policy: ConflictPolicy?, _ report: Report) throws(StoreError) {
    self.store = store
    do throws(StoreError) {
      let manifest = try store.manifest(report)
      var seen: [ContentHash] = []
      for info in manifest.segments.sorted(by: { $0.lastSequence > $1.lastSequence }) {
        guard let set = info.set, !seen.contains(set) else { continue }
        seen.append(set)
        if seen.count == SetPlacement.tried { break }
      }
      recent = seen
      self.policy = policy ?? manifest.conflict
    } catch .missing {
      recent = []
      self.policy = policy ?? .last
    }
  }

  /// The parts of a batch whose series stand in `order`.
  func place(_ order: [UInt32], of batch: borrowing SampleBatch) throws(StoreError) -> [Part] {
    var unplaced = Array(order.indices)
    var parts: [Part] = []
    for set in try candidates(order, batch.series, batch.metadata) {
      guard
        let refs = try readable({ () throws(StoreError) in
          try set.find(unplaced.map { order[$0] }, of: batch.series)
        })
      else { continue }
      let known = refs.indices.filter { refs[$0] != SeriesSet.unknown }
      guard known.count == unplaced.count || known.count >= SetPlacement.worthSplitting else {
        continue
      }
      parts.append(
        Part(
          indices: known.map { unplaced[$0] }, series: SeriesList(known.map { refs[$0] }),
          set: set.id))
      unplaced = refs.indices.filter { refs[$0] == SeriesSet.unknown }.map { unplaced[$0] }
      if unplaced.isEmpty { return parts }
    }
    parts.append(try newSet(unplaced, order, batch))
    return parts
  }

  /// The sets that know any of a few probes, those that know most first. A set
  /// that cannot be read is passed over: it is damage for `verify` to name.
  private func candidates(
    _ order: [UInt32], _ series: borrowing SeriesTable, _ metadata: [MetricMetadata]
  ) throws(StoreError) -> [SeriesSet] {
    let step = max(1, order.count / 16)
    let probes = stride(from: 0, to: order.count, by: step).map { order[$0] }
    var found: [(set: SeriesSet, hits: Int)] = []
    for id in recent {
      let candidate = try readable { () throws(StoreError) -> (set: SeriesSet, hits: Int)? in
        let set = try SeriesSet(region: FileRegion(opening: store.setPath(id), in: store.files))
        guard try set.describes(metadata) else { return nil }
        return (set, try set.find(probes, of: series).count { $0 != SeriesSet.unknown })
      }
      guard case .some(.some(let (set, hits))) = candidate else { continue }
      if hits > 0 { found.append((set, hits)) }
      if hits == probes.count { break }
    }
    return found.sorted { $0.hits > $1.hits }.map(\.set)
  }

  /// What `body` says of a set; nil where the set cannot be read.
  private func readable<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R? {
    do throws(StoreError) {
      return try body()
    } catch .damaged, .vanished, .foreign {
      return nil
    }
  }

  private func newSet(
    _ indices: [Int], _ order: [UInt32], _ batch: borrowing SampleBatch
  ) throws(StoreError) -> Part {
    var writer = SeriesSetWriter()
    for index in indices { batch.series.withKey(order[index]) { writer.add($0) } }
    for entry in batch.metadata { writer.add(entry) }
    let set = writer.finish()
    let series = SeriesList.stretch(0..<indices.count)
    let home = try store.home(of: set)
    return Part(indices: indices, series: series, set: home.id, inline: home.inline)
  }
}

extension SeriesSet {
  /// Whether the set knows all of `metadata`: a metric that was declared anew
  /// needs a set that says so.
  fileprivate func describes(_ metadata: [MetricMetadata]) throws(StoreError) -> Bool {
    if metadata.isEmpty { return true }
    let known = Set(try allMetadata())
    return metadata.allSatisfy { known.contains($0) }
  }
}

extension Store {
  /// A set under 512 bytes lies in its segment, since two syncs saved are worth
  /// more than the labels written again; a larger one gets a file.
  func home(of set: SeriesSetBytes) throws(StoreError) -> (id: ContentHash?, inline: [UInt8]?) {
    if set.bytes.count <= 512 { return (nil, set.bytes) }
    try write(set)
    return (set.id, nil)
  }

  /// Makes a set durable under its name. Its name is its content: where the
  /// file is there already, only its name is synced, which a run that died may have
  /// left undone. A damaged file gets its right content back.
  func write(_ set: SeriesSetBytes) throws(StoreError) {
    let path = setPath(set.id)
    try onDisk { () throws(FileError) in
      if let status = try files.status(path), status.size == set.bytes.count,
        try files.contents(of: path, limit: set.bytes.count) == set.bytes
      {
        return try files.syncDirectory(setDirectory)
      }
      try files.replace(
        path, with: set.bytes,
        temporary: FilePath.join(setDirectory, Store.temporaryPrefix + "\(set.id)"))
    }
  }
}
