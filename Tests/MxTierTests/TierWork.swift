import MxCodec
import MxEngine
import MxFiles
import MxModel
import MxPromQL
import MxStore
import MxTestSupport
import Testing

/// A store whose samples are known, and work on it that must change no answer.
struct TierWork {
  /// A day's begin, so that windows of all widths begin there too.
  static let start: Int64 = 1_767_225_600_000
  static let minutes: Int64 = 150

  var random: SeededGenerator
  var store: Store
  var files: SimulatedFileSystem
  var now: Int64
  private var committed: [SampleBatch] = []

  init(seed: UInt64) throws {
    random = SeededGenerator(seed: seed)
    files = SimulatedFileSystem()
    try files.makeDirectory("/data")
    store = Store(path: "/data/s", files: files)
    now = TierWork.start
    var batches = [SampleBatch](repeating: SampleBatch(), count: 10)
    for series in TierSeries.all {
      for sample in series.samples(&random) {
        let part = Int((sample.time - TierWork.start) * 10 / (TierWork.minutes * 60_000))
        batches[min(9, max(0, part))].append(series.labels, sample.time, sample.value)
      }
    }
    for batch in batches { try commit(batch) }
    now = TierWork.start + TierWork.minutes * 60_000 + 120_000
  }

  mutating func commit(_ batch: SampleBatch) throws {
    now += 60_000
    let writer = StoreWriter(
      store, CommitOptions(now: now), random: SeededGenerator(seed: random.next()))
    try writer.append(batch)
    try writer.commit()
    committed.append(batch)
  }

  /// Samples that come late, between those that are there and in their place.
  mutating func commitLate() throws {
    var batch = SampleBatch()
    for _ in 0..<6 {
      guard let series = TierSeries.all.randomElement(using: &random) else { continue }
      let minute = Int64.random(in: 0..<TierWork.minutes, using: &random)
      let offset = Int64.random(in: 0...60, using: &random) * 1000
      batch.append(series.labels, TierWork.start + minute * 60_000 + offset, 7.25)
    }
    try commit(batch)
  }

  mutating func rollUp() throws {
    _ = try store.rollUp(
      RollupOptions(now: now), Report(), random: SeededGenerator(seed: random.next()))
  }

  /// Any piece of upkeep; what it was.
  mutating func upkeep() throws -> String {
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      for job in MergePlan.jobs(try store.manifest(Report()), now: now) {
        try store.execute(
          job, now: now, effort: .merged, Report(),
          random: SeededGenerator(seed: random.next()))
      }
      return "merge"
    case 1:
      files = files.crashed(.loseAll)
      store = Store(path: "/data/s", files: files)
      return "crash and open again"
    case 2:
      _ = try store.repair(now: now, Report(), random: SeededGenerator(seed: random.next()))
      return "repair"
    case 3:
      try commitLate()
      return "late samples"
    case 4:
      now += 600_000
      try rollUp()
      return "roll up, later"
    default:
      try rollUp()
      return "roll up"
    }
  }

  /// All samples in memory, the later commit's first.
  var memory: MemorySource {
    var all = SampleBatch()
    for batch in committed {
      for row in 0..<batch.count {
        let labels = batch.series.withKey(batch.refs[row]) { LabelSet(key: Array($0)) }
        all.append(labels, batch.times[row], batch.values[row])
      }
    }
    return MemorySource(all)
  }

  /// Takes the raw segments out that end before `time`, as retention does.
  mutating func dropRaw(before time: Int64) throws {
    let old = try store.manifest(Report()).segments.filter {
      $0.kind == .samples && $0.range.to < time
    }
    #expect(old.count >= 4)
    _ = try store.drop(
      Set(old.map(\.id)), now: now, Report(), random: SeededGenerator(seed: random.next()))
  }
}

/// What a series is like.
struct TierSeries {
  enum Habit {
    /// Whole numbers that grow, and begin anew now and then.
    case counter
    /// Quarters that grow, likewise.
    case seconds
    /// Two decimals that go up and down; some NaN.
    case gauge
    /// The same with stale markers and an outage.
    case fading
    /// The same with infinities.
    case wild
  }

  var labels: LabelSet
  var spacing: Int64
  var habit: Habit

  static let all = [
    TierSeries(name: "c_total", job: "a", spacing: 10_000, .counter),
    TierSeries(name: "c_total", job: "b", spacing: 5000, .seconds),
    TierSeries(name: "g", job: "a", spacing: 10_000, .gauge),
    TierSeries(name: "g", job: "b", spacing: 10_000, .fading),
    TierSeries(name: "s", job: "a", spacing: 400_000, .gauge),
    TierSeries(name: "w", job: "a", spacing: 60_000, .gauge),
    TierSeries(name: "x", job: "a", spacing: 10_000, .wild),
  ]

  private init(name: String, job: String, spacing: Int64, _ habit: Habit) {
    labels = LabelSet(name: name, [("job", job)])
    self.spacing = spacing
    self.habit = habit
  }

  /// On a grid of `spacing`, so that samples lie on the edges of all windows.
  func samples(_ random: inout SeededGenerator) -> [Sample] {
    var samples: [Sample] = []
    var level = 10.0
    var time = TierWork.start
    while time < TierWork.start + TierWork.minutes * 60_000 {
      time += spacing
      let dice = Int.random(in: 0..<200, using: &random)
      switch habit {
      case .counter: level = dice == 0 ? 3 : level + Double(dice % 7)
      case .seconds: level = dice == 0 ? 0.25 : level + Double(dice % 9) / 4
      case .gauge, .fading, .wild: level += Double(dice - 100) / 100
      }
      var value = (level * 100).rounded() / 100
      if habit == .gauge, dice == 1 { value = .nan }
      if habit == .wild, dice < 2 { value = dice == 0 ? .infinity : -.infinity }
      if habit == .fading, dice < 4 { value = StaleMarker.value }
      samples.append(Sample(time: time, value: value))
      if habit == .fading, dice == 5 { time += Int64.random(in: 1...150, using: &random) * 10_000 }
    }
    return samples
  }
}
