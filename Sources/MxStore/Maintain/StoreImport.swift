import MxCodec
import MxFiles
package import MxModel

/// What taking over another store did.
package struct ImportResult: Hashable, Sendable {
  package var series = 0
  package var samples = 0
  package var duplicates = DuplicateCounts()
  /// All that is there was taken over before, or is here anyway: nothing was done.
  package var isKnown = false

  package init() {}
}

extension Store {
  /// Takes over what of `other` was not taken before, as if what went into it had been
  /// ingested here, later than all that is here: overlapping stores give what both inputs
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
    let own = try ownSnapshot(report)
    // An id that cannot be read may be one of those asked for: damage is told by name.
    let held = try heldBatches(report).ids
    let plan = ImportPlan(of: source.manifest, into: own?.manifest, held: held)
    if plan.isEmpty {
      var result = ImportResult()
      result.isKnown = true
      return result
    }
    var options = options
    options.batches = try source.batches(report) + options.batches + plan.names
    var run = StoreImport(self, source, own, plan, options, report, random: random)
    return try run.execute(oversight)
  }

  /// What is here; nil where nothing was committed yet.
  private func ownSnapshot(_ report: Report) throws(StoreError) -> Snapshot? {
    do throws(StoreError) { return try Snapshot(self, report) } catch .missing { return nil }
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
  private let own: Snapshot?
  private let plan: ImportPlan
  private let options: CommitOptions
  private let report: Report
  private var random: any RandomNumberGenerator
  private var writer: StoreWriter
  private var drafts = 0
  private var batch = SampleBatch()
  private var result = ImportResult()
  private var seen: Set<LabelSet> = []
  /// Events that stand here already, and others at their instants.
  private var heldEvents = 0

  init(
    _ store: Store, _ source: Snapshot, _ own: Snapshot?, _ plan: ImportPlan,
    _ options: CommitOptions, _ report: Report, random: any RandomNumberGenerator
  ) {
    self.store = store
    self.source = source
    self.own = own
    self.plan = plan
    self.options = options
    self.report = report
    self.random = random
    writer = StoreWriter(
      store, StoreImport.unfinished(options, plan), random: SeededIds(&self.random))
  }

  /// Only the last commit may say that all of it is there; the others, that some may be.
  private static func unfinished(_ options: CommitOptions, _ plan: ImportPlan) -> CommitOptions {
    var options = options
    options.batches = [plan.begun]
    return options
  }

  mutating func execute(_ oversight: Oversight) throws -> ImportResult {
    warnOfTiers()
    batch.metadata = try source.allMetadata()
    // What is unsure is never later than what is fresh, where they overlap.
    try takeAll(plan.unsure, isUnsure: true, oversight)
    try takeAll(plan.fresh, isUnsure: false, oversight)
    try finish()
    result.series = seen.count
    if heldEvents > 0 {
      report.warn(
        "\(source.store.path): \(heldEvents) events stand at instants of events that are here: "
          + "taken to be the same, as far as they can be")
    }
    return result
  }

  /// Takes the segments `ids`.
  private mutating func takeAll(
    _ ids: Set<UInt64>, isUnsure: Bool, _ oversight: Oversight
  ) throws {
    if ids.isEmpty { return }
    let part = source.restricted(to: ids)
    let width = MergePlan.week.width
    var weeks: Set<Int64> = []
    for info in part.manifest.segments {
      let last = MergePlan.bucket(info.range.to, width)
      var week = MergePlan.bucket(info.range.from, width)
      while week <= last {
        weeks.insert(week)
        week += 1
      }
    }
    for (done, week) in weeks.sorted().enumerated() {
      try oversight.check()
      oversight.progress("weeks", done, weeks.count)
      let from = week.multipliedReportingOverflow(by: width)
      let start = from.overflow ? Int64.min : from.partialValue
      let (end, overflow) = start.addingReportingOverflow(width - 1)
      let range = TimeRange(from: start, to: overflow ? .max : end)
      let held = try isUnsure ? own.map { try EventsHeld($0, batch.metadata, range, report) } : nil
      try take(range, of: part, held)
    }
  }

  /// `held`: the events that are here and may be the same.
  private mutating func take(
    _ range: TimeRange, of part: Snapshot, _ held: EventsHeld?
  ) throws {
    let selection = try StoreSelection(part, SelectRequest([], range: range), report)
    var ref: UInt32 = 0
    var last = -1
    var known: [Int64: Double]?
    var rows = SampleBatch()
    swap(&rows, &batch)
    try selection.read(0..<selection.count, range, worker: 0) { number, samples in
      if number != last {
        let labels = try selection.labels(number)
        seen.insert(labels)
        ref = rows.series.intern(labels)
        known = held?.series[labels]
        last = number
      }
      for index in 0..<samples.count {
        var value = samples.values[index]
        if let here = known?[samples.times[index]] {
          if value.bitPattern != here.bitPattern { heldEvents += 1 }
          value -= here
          if !(value > 0) { continue }
        }
        rows.append(ref, samples.times[index], value)
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
      store, StoreImport.unfinished(options, plan), random: SeededIds(&random))
  }

  /// The last commit, which says what was taken over.
  private mutating func finish() throws {
    // What damage hid may be mended there, and is to be taken then.
    try writer.commit(naming: report.damage.isEmpty ? options.batches : [plan.begun])
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

/// What a store holds of series that add up, in a stretch of time.
private struct EventsHeld {
  private(set) var series: [LabelSet: [Int64: Double]] = [:]

  /// `metadata` says which metrics add up.
  init(
    _ snapshot: Snapshot, _ metadata: [MetricMetadata], _ range: TimeRange, _ report: Report
  ) throws {
    for entry in metadata where entry.type == .event {
      let request = SelectRequest([Matcher(equal: LabelName.metric, entry.family)], range: range)
      let selection = try StoreSelection(snapshot, request, report)
      try selection.read(0..<selection.count, range, worker: 0) { number, samples in
        let labels = try selection.labels(number)
        for index in 0..<samples.count {
          series[labels, default: [:]][samples.times[index]] = samples.values[index]
        }
      }
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
