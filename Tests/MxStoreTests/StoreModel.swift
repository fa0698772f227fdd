import MxCodec
import MxModel
import MxTestSupport

@testable import MxStore

/// What a store must hold, kept the simplest way: a dictionary a series.
struct StoreModel: Equatable {
  private(set) var series: [LabelSet: [Int64: UInt64]] = [:]

  /// Later rows win; bit patterns, so that NaN payloads count.
  mutating func add(_ batch: SampleBatch) {
    for row in 0..<batch.count {
      let labels = batch.series.labels(batch.refs[row])
      series[labels, default: [:]][batch.times[row]] = batch.values[row].bitPattern
    }
  }

  mutating func delete(_ matchers: [Matcher], _ range: TimeRange) {
    for labels in series.keys
    where matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }) {
      series[labels] = series[labels]?.filter { !range.contains($0.key) }
      if series[labels]?.isEmpty ?? true { series[labels] = nil }
    }
  }

  /// What the store says, read series by series.
  init(reading store: Store, _ report: Report = Report(), in range: TimeRange = .all) throws {
    try self.init(Snapshot(store, report), report, in: range)
  }

  /// What the segments alone say.
  init(rebuilding store: Store) throws {
    let report = Report()
    try self.init(Snapshot(store, store.rebuiltManifest(report)), report)
  }

  init(_ snapshot: Snapshot, _ report: Report, in range: TimeRange = .all) throws {
    let selection = try snapshot.open([SelectRequest([], range: range)], report: report)[0]
    try selection.read(0..<selection.count, range, worker: 0) { number, samples in
      let labels = try selection.labels(number)
      for index in 0..<samples.count {
        series[labels, default: [:]][samples.times[index]] = samples.values[index].bitPattern
      }
    }
  }

  init() {}

  func within(_ range: TimeRange) -> StoreModel {
    var result = StoreModel()
    for (labels, samples) in series {
      let inside = samples.filter { range.contains($0.key) }
      if !inside.isEmpty { result.series[labels] = inside }
    }
    return result
  }

  var count: Int { series.values.reduce(0) { $0 + $1.count } }
}

/// Random work on a store, mirrored in a model.
struct StoreWorkload {
  var random: SeededGenerator
  /// Names of segments: a retry of the same work draws others.
  var ids: SeededGenerator
  var model = StoreModel()
  /// What a step that is under way is to make of the model: where the store says that it
  /// is uncertain, or died, it may be that already.
  var intended = StoreModel()
  /// The fake present; every commit is a minute later.
  var now: Int64 = 1_700_000_000_000
  /// How large batches are; fault tests want small ones.
  var seriesLimit = 12
  var rowLimit = 60

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    ids = SeededGenerator(seed: ~seed)
  }

  private mutating func newIDs() -> SeededGenerator { SeededGenerator(seed: ids.next()) }

  mutating func batch() -> SampleBatch {
    var batch = SampleBatch()
    let names = ["up", "cpu", "reqs_total"]
    // Often the same series at one time each, as a scrape; sometimes anything.
    let isScrape = Int.random(in: 0..<3, using: &random) > 0
    let count = isScrape ? seriesLimit : Int.random(in: 1...rowLimit, using: &random)
    for row in 0..<count {
      let job = isScrape ? row : Int.random(in: 0..<seriesLimit * 2, using: &random)
      let labels = LabelSet(name: names[job % 3], [("job", "j\(job)"), ("zone", "z\(job % 2)")])
      let time = isScrape ? now : now - Int64.random(in: 0..<7_200_000, using: &random)
      let values = [Double(row), 1.5, -0.0, StaleMarker.value, .infinity, Double(time % 977)]
      batch.append(labels, time, values.randomElement(using: &random) ?? 0)
    }
    batch.metadata = [MetricMetadata(family: "up", type: .gauge, help: "whether it is up")]
    return batch
  }

  /// Commits one batch; the model takes it once the store said yes.
  mutating func commit(to store: Store) throws {
    now += 60_000
    try commit(batch(), to: store)
  }

  mutating func commit(_ batch: SampleBatch, to store: Store) throws {
    let writer = StoreWriter(store, CommitOptions(now: now), random: newIDs())
    try writer.append(batch)
    try finish(writer, [batch])
  }

  private mutating func finish(_ writer: StoreWriter, _ batches: [SampleBatch]) throws {
    intended = model
    for batch in batches { intended.add(batch) }
    try writer.commit()
    model = intended
  }

  /// One commit of several batches: each becomes a segment of its own.
  mutating func commitTogether(_ count: Int, to store: Store) throws {
    now += 60_000
    let batches = (0..<count).map { _ in batch() }
    let writer = StoreWriter(store, CommitOptions(now: now), random: newIDs())
    for batch in batches { try writer.append(batch) }
    try finish(writer, batches)
  }

  /// Series with names so long that their set becomes a file.
  mutating func commitPods(to store: Store) throws {
    now += 60_000
    var batch = SampleBatch()
    var names = SeededGenerator(seed: 77)
    for pod in 0..<20 {
      let uid = "\(names.next())-\(names.next())"
      batch.append(
        LabelSet(name: "pods", [("pod", "p\(pod)"), ("uid", uid)]), now, Double(pod % 3))
    }
    let writer = StoreWriter(store, CommitOptions(now: now), random: newIDs())
    try writer.append(batch)
    try finish(writer, [batch])
  }

  mutating func delete(from store: Store) throws {
    let job = Int.random(in: 0..<seriesLimit * 2, using: &random)
    let matchers = [try Matcher("job", .regex, "j\(job)|j\(job + 1)")]
    let from = now - Int64.random(in: 0..<3_600_000, using: &random)
    let range = TimeRange(from: from, to: from + 900_000)
    intended = model
    intended.delete(matchers, range)
    _ = try store.delete(matchers, range, now: now, Report(), random: newIDs())
    model = intended
  }

  /// Merges what is due once `hours` have gone by.
  mutating func compact(_ store: Store, after hours: Int64 = 3, grace: Int64 = 0) throws {
    now += hours * 3_600_000
    for job in MergePlan.jobs(try store.manifest(Report()), now: now, grace: grace) {
      try store.execute(
        job, now: now, grace: grace, effort: .merged, Report(), random: newIDs())
    }
  }
}
