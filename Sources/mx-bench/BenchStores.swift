import Glibc
import MxCodec
import MxFiles
import MxModel
import MxStore

/// The stores that queries are measured on, of the shapes that the peers were
/// measured with; walks of two decimals, whole counters.
enum BenchStore: String, CaseIterable {
  case cpuM = "cpu-M"
  case cpuL = "cpu-L"
  /// 30 times cpu-M: whether a question costs what it asks for.
  case cpuXL = "cpu-XL"
  case nodeM = "node-M"
  case index100k = "index-100k"
  case index1M = "index-1M"
  /// 100 series at 15 s for 365 days, with tiers.
  case year

  /// 2026-01-01.
  static let start: Int64 = 1_767_225_600_000

  /// MiB that a query may take at most.
  var memory: Int {
    switch self {
    case .cpuM, .nodeM, .index100k, .year: 64
    case .cpuL, .cpuXL: 128
    case .index1M: 400
    }
  }

  var ticks: Int {
    switch self {
    case .cpuM: 720
    case .cpuL: 8640
    case .cpuXL: 21_600
    case .nodeM: 480
    case .index100k, .index1M: 5
    case .year: 365 * 5760
    }
  }

  var step: Int64 {
    switch self {
    case .cpuM, .cpuL, .cpuXL: 10_000
    case .nodeM, .year: 15_000
    case .index100k, .index1M: 60_000
    }
  }

  func table() -> SeriesTable {
    switch self {
    case .cpuM, .cpuL, .cpuXL: return SetShape.cpuM.table()
    case .nodeM: return SetShape.nodeM.table()
    case .index100k: return SetShape.index100k.table()
    case .index1M: return SetShape.index1M.table()
    case .year:
      var table = SeriesTable()
      for host in 0..<100 {
        _ = table.intern(LabelSet(name: "temperature_celsius", [("host", "host_\(host)")]))
      }
      return table
    }
  }

  /// Writes the store, merges it as mx-compact would, and marks it as whole.
  func make(below directory: String) throws {
    let path = directory + "/" + rawValue
    print("making \(path)")
    let store = Store(path: path, files: DiskFileSystem())
    let table = table()
    var levels = Levels(table)
    // Half a million samples a commit at least, 4 million at most.
    let ticksAtOnce = min(ticks, max(1, 4_000_000 / table.count))
    var now = BenchStore.start
    for first in stride(from: 0, to: ticks, by: ticksAtOnce) {
      var batch = SampleBatch()
      batch.series = table
      for tick in first..<min(ticks, first + ticksAtOnce) {
        now = BenchStore.start + Int64(tick) * step
        levels.append(now, to: &batch)
      }
      let writer = StoreWriter(store, CommitOptions(now: now))
      try writer.append(batch)
      try writer.commit()
    }
    if self == .year {
      _ = try store.rollUp(RollupOptions(now: now + 3_600_000), Report())
    }
    for _ in 0..<8 {
      let jobs = MergePlan.jobs(try store.manifest(Report()), now: now + 30 * 86_400_000)
      if jobs.isEmpty { break }
      for job in jobs {
        _ = try store.execute(job, now: now, effort: .merged, Report())
      }
    }
    if self != .year { _ = try store.mergeAll(now: now, Report()) }
    guard let file = fopen(path + "/made", "w") else { return }
    fclose(file)
  }
}

/// The values of all series as time goes on.
struct Levels {
  private var values: [Int64]
  /// Whether a series only grows, and by how much at most.
  private let growth: [Int64]
  private var state: UInt64 = 42

  init(_ table: SeriesTable) {
    var growth: [Int64] = []
    var rank: Int64 = 0
    for ref in 0..<table.count {
      let labels = table.withKey(UInt32(ref)) { LabelSet(key: Array($0)) }
      let name = labels.metricName ?? ""
      // Buckets stand in the order of their bounds: each grows as the one below, and more.
      rank = name.hasSuffix("_bucket") ? rank + 1 : 0
      let isCounter = ["_total", "_sum", "_count"].contains { name.hasSuffix($0) }
      growth.append(rank > 0 ? -((rank - 1) % 12 + 1) : isCounter ? 300 : 0)
    }
    self.growth = growth
    values = growth.map { $0 == 0 ? 5000 : 0 }
  }

  mutating func append(_ time: Int64, to batch: inout SampleBatch) {
    for series in values.indices {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      // About a normal step: the sum of four bytes.
      let noise =
        Int64(state & 0xff) + Int64(state >> 8 & 0xff) + Int64(state >> 16 & 0xff)
        + Int64(state >> 24 & 0xff) - 510
      let growth = growth[series]
      if growth < 0 {
        values[series] -= growth
      } else if growth > 0 {
        values[series] += Int64(state >> 32) % growth
      } else {
        values[series] = min(10_000, max(0, values[series] + noise * 100 / 148))
      }
      batch.append(
        UInt32(series), time, growth == 0 ? Double(values[series]) / 100 : Double(values[series]))
    }
  }
}
