import MxCodec
import MxFiles
package import MxModel

/// What taking over another store did.
package struct ImportResult: Hashable, Sendable {
  package var series = 0
  package var samples = 0
  package var duplicates = DuplicateCounts()
  /// The same state of the other store was taken over before: nothing was done.
  package var isKnown = false

  package init() {}
}

extension Store {
  /// Takes over all samples of `other`, as if what went into it had been ingested
  /// here, later than all that is here: overlapping stores give what both inputs
  /// ingested give.
  ///
  /// Week by week, so that segments meet in the buckets of merges; memory is one
  /// batch. Inputs that the other store knows by id are known here as well
  /// afterwards. One commit, but for what is more than `commitDrafts` segments.
  package func takeOver(
    _ other: Store, _ options: CommitOptions, _ report: Report,
    _ oversight: Oversight = Oversight(),
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> ImportResult {
    let source = try Snapshot(other, report)
    var options = options
    let state = StoreImport.name(of: source.manifest)
    options.batches.append(state)
    if try holds(batch: state, Report()) {
      var result = ImportResult()
      result.isKnown = true
      return result
    }
    options.batches = try source.batches(report) + options.batches
    var run = StoreImport(self, source, options, report, random: random)
    return try run.execute(oversight)
  }
}

/// One run of `takeOver`.
struct StoreImport {
  /// 4 Mi rows are 80 MiB.
  private static let batchRows = 4 << 20
  /// So many segments are committed before it goes on: each is an open file.
  private static let commitDrafts = 128

  private let store: Store
  private let source: Snapshot
  private let options: CommitOptions
  private let report: Report
  private var random: any RandomNumberGenerator
  private var writer: StoreWriter
  private var drafts = 0
  private var batch = SampleBatch()
  private var result = ImportResult()
  private var seen: Set<LabelSet> = []

  init(
    _ store: Store, _ source: Snapshot, _ options: CommitOptions, _ report: Report,
    random: any RandomNumberGenerator
  ) {
    self.store = store
    self.source = source
    self.options = options
    self.report = report
    self.random = random
    writer = StoreWriter(store, StoreImport.unfinished(options), random: SeededIds(&self.random))
  }

  /// The name of a state of a store, so that it is taken over once.
  static func name(of manifest: Manifest) -> ContentHash {
    var bytes = Array("store taken over".utf8)
    bytes += manifest.storeID.bytes
    bytes.append(littleEndian: manifest.generation)
    return ContentHash.of(bytes)
  }

  /// Only the last commit may say that all of it is there.
  private static func unfinished(_ options: CommitOptions) -> CommitOptions {
    var options = options
    options.batches = []
    return options
  }

  mutating func execute(_ oversight: Oversight) throws -> ImportResult {
    warnOfTiers()
    let segments = source.manifest.segments.filter { $0.kind == .samples }
    let width = MergePlan.week.width
    var weeks: Set<Int64> = []
    for info in segments {
      let last = MergePlan.bucket(info.range.to, width)
      var week = MergePlan.bucket(info.range.from, width)
      while week <= last {
        weeks.insert(week)
        week += 1
      }
    }
    batch.metadata = try source.allMetadata()
    for (done, week) in weeks.sorted().enumerated() {
      try oversight.check()
      oversight.progress("weeks", done, weeks.count)
      let from = week.multipliedReportingOverflow(by: width)
      let start = from.overflow ? Int64.min : from.partialValue
      let (end, overflow) = start.addingReportingOverflow(width - 1)
      try take(TimeRange(from: start, to: overflow ? .max : end))
    }
    try finish()
    result.series = seen.count
    return result
  }

  private mutating func take(_ range: TimeRange) throws {
    let selection = try StoreSelection(source, SelectRequest([], range: range), report)
    var ref: UInt32 = 0
    var last = -1
    var rows = SampleBatch()
    swap(&rows, &batch)
    try selection.read(0..<selection.count, range, worker: 0) { number, samples in
      if number != last {
        let labels = try selection.labels(number)
        seen.insert(labels)
        ref = rows.series.intern(labels)
        last = number
      }
      for index in 0..<samples.count {
        rows.append(ref, samples.times[index], samples.values[index])
      }
      if rows.count >= StoreImport.batchRows { try append(&rows) }
    }
    try append(&rows)
    swap(&rows, &batch)
  }

  private mutating func append(_ rows: inout SampleBatch) throws {
    if rows.count == 0 { return }
    // Never after the last draft: the commit that says what was taken over has one.
    if drafts == StoreImport.commitDrafts { try commit() }
    try writer.append(rows)
    drafts += 1
    let metadata = rows.metadata
    rows = SampleBatch()
    rows.metadata = metadata
  }

  private mutating func commit() throws {
    try writer.commit()
    keep()
    drafts = 0
    writer = StoreWriter(
      store, StoreImport.unfinished(options), random: SeededIds(&random))
  }

  /// The last commit, which says what was taken over.
  private mutating func finish() throws {
    try writer.commit(naming: options.batches)
    keep()
  }

  private mutating func keep() {
    result.samples += writer.result.samples
    result.duplicates += writer.result.duplicates
  }

  /// Windows of a tier whose samples are gone there cannot be computed here.
  private func warnOfTiers() {
    let windows = source.manifest.segments.filter { $0.kind == .windows && $0.samples > 0 }
    let samples = source.manifest.segments.filter { $0.kind == .samples }
    guard let oldest = windows.map(\.range.from).min() else { return }
    let first = samples.map(\.range.from).min() ?? .max
    if WindowGrid.floor(first, 86_400_000) > oldest {
      report.warn(
        "\(source.store.path): its tiers reach further back than its samples: "
          + "what only tiers hold is not taken over")
    }
  }
}

extension Snapshot {
  /// The inputs that the segments hold, by id.
  fileprivate func batches(_ report: Report) throws(StoreError) -> [ContentHash] {
    var footers: [SegmentFooter] = []
    for info in manifest.segments where info.hasBatches {
      footers.append(
        try SegmentFooter(reading: FileRegion(opening: store.segmentPath(info), in: store.files)))
    }
    return SegmentFooter.batches(of: footers)
  }
}
