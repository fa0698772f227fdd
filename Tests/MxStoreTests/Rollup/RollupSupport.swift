import MxCodec
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Minutes of samples from a seed: what is committed does not depend on what else is done.
struct RollupWork {
  private var random: SeededGenerator
  private var others: SeededGenerator
  var now = RollupTests.start
  private var levels = [Double](repeating: 0, count: 7)

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    others = SeededGenerator(seed: seed &+ 1000)
  }

  func labels(_ series: Int) -> LabelSet {
    LabelSet(name: "m\(series % 3)", [("job", "j\(series)")])
  }

  /// One more minute; `late`: also samples of an hour ago.
  mutating func commit(to store: Store, late: Bool = false) throws {
    var batch = SampleBatch()
    // Dense enough for 1m, for 5m, for 1h, for none; the last one comes and goes.
    let spacings: [Int64] = [5000, 5000, 6000, 20_000, 60_000, 400_000, 5000]
    let minute = (now - RollupTests.start) / 60_000
    for (series, spacing) in spacings.enumerated() where series < 6 || minute / 7 % 2 == 0 {
      var time = now + spacing
      while time <= now + 60_000 || (spacing > 60_000 && minute % 7 == 0) {
        batch.append(labels(series), time, value(series))
        time += spacing
        if spacing > 60_000 { break }
      }
    }
    if late {
      for _ in 0..<3 {
        let series = Int.random(in: 0..<3, using: &random)
        let time = now - Int64.random(in: 0..<3_600_000, using: &random)
        batch.append(labels(series), max(time, RollupTests.start + 1), value(series))
      }
    }
    try commit(batch, to: store)
    now += 60_000
  }

  private mutating func value(_ series: Int) -> Double {
    switch Int.random(in: 0..<300, using: &random) {
    case 0: return StaleMarker.value
    case 1: return OrdinaryNaN.value
    case 2: levels[series] = 0
    default: levels[series] += Double(Int.random(in: 0...500, using: &random)) / 100
    }
    return levels[series]
  }

  mutating func commit(_ batch: SampleBatch, to store: Store) throws {
    // Ids are drawn anew each time: none may come twice.
    let ids = SeededGenerator(seed: others.next())
    let writer = StoreWriter(store, CommitOptions(now: now), random: ids)
    try writer.append(batch)
    try writer.commit()
  }

  mutating func rollUp(_ store: Store) throws -> RollupResult {
    let ids = SeededGenerator(seed: others.next())
    return try store.rollUp(RollupOptions(now: now), Report(), random: ids)
  }

  mutating func compact(_ store: Store) throws {
    for job in MergePlan.jobs(try store.manifest(Report()), now: now) {
      let ids = SeededGenerator(seed: others.next())
      try store.execute(job, now: now, effort: .merged, Report(), random: ids)
    }
  }

  func selection(_ store: Store) throws -> StoreSelection {
    let report = Report()
    return try StoreSelection(
      try Snapshot(store, report), SelectRequest([], range: .all), report)
  }

  /// What `readWindows` gives is what the samples say, whether stored or not.
  func expectTruth(_ store: Store, from start: Int64 = RollupTests.start) throws {
    let selection = try selection(store)
    for tier in [60_000, 300_000, 3_600_000] as [Int64] {
      var expected: [[Window]] = []
      try selection.read(0..<selection.count, .all, worker: 0) { _, columns in
        let samples = (0..<columns.count).map {
          Sample(time: columns.times[$0], value: columns.values[$0])
        }
        expected.append((RollupData.windows(of: samples, [tier])[tier] ?? []).map(\.stored))
      }
      var found: [[Window]] = []
      let range = TimeRange(from: start, to: now + 86_400_000)
      try selection.readWindows(0..<selection.count, tier: tier, range, fields: .every, worker: 0) {
        found.append(TierDump.windows($1))
      }
      #expect(found.count == expected.count)
      for (series, (found, expected)) in zip(found, expected).enumerated() {
        let wrong = zip(found, expected).first { !$0.isIdentical(to: $1) }
        #expect(found.count == expected.count, "tier \(tier), series \(series)")
        #expect(wrong == nil, "tier \(tier), series \(series)")
      }
    }
  }
}

/// All windows that a store's tiers hold, as bits.
struct TierDump: Equatable {
  struct Key: Hashable {
    var labels: LabelSet
    var tier: Int64
    var end: Int64
  }

  private(set) var windows: [Key: [UInt64]] = [:]

  init(_ store: Store) throws {
    let report = Report()
    let selection = try StoreSelection(
      try Snapshot(store, report), SelectRequest([], range: .all), report)
    for tier in [60_000, 300_000, 3_600_000] as [Int64] {
      try selection.readStored(0..<selection.count, tier: tier, ends: .all, worker: 0) {
        let labels = try selection.labels($0)
        for window in $1 where !window.flags.contains(.void) {
          windows[Key(labels: labels, tier: tier, end: window.end)] =
            TierDump.bits(window, tier)
        }
      }
    }
    #expect(report.damage.isEmpty)
  }

  /// What a window says, however a tier writes it; the tail as format version 1 began.
  static func bits(_ window: Window, _ tier: Int64) -> [UInt64] {
    var told = window
    told.tail = SumTail.scaled(window.tail, sum: window.sum)
    return columns.map { $0.value(of: told, width: tier).bitPattern }
  }

  static let columns = WindowColumn.allCases.filter { $0 != .places && $0 != .form }

  static func windows(_ columns: borrowing WindowColumns) -> [Window] {
    var result: [Window] = []
    for index in columns.ends.indices {
      var window = Window(end: columns.ends[index])
      window.count = columns.counts[index]
      window.minimum = columns.minima[index]
      window.maximum = columns.maxima[index]
      window.sum = columns.sums[index]
      window.tail = columns.sumTails[index]
      window.first = columns.firsts[index]
      window.last = columns.lasts[index]
      window.firstTime = columns.firstTimes[index]
      window.lastTime = columns.lastTimes[index]
      window.resetSum = columns.resetSums[index]
      window.resetCount = columns.resetCounts[index]
      window.flags = WindowFlags(rawValue: columns.flags[index])
      result.append(window)
    }
    return result
  }
}

extension WindowFields {
  static let every = WindowFields(rawValue: .max)
}
