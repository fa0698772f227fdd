import Glibc
import MxFiles
import MxModel
import MxStore

/// A store as large as one machine's gets in years, written straight into segments: percentages of two
/// decimals of 2000 processors, a sample each fifteen seconds.
enum LargeBench {
  private static let series = 2000
  private static let step: Int64 = 15_000
  /// 2026-01-01.
  private static let start: Int64 = 1_767_225_600_000
  /// Samples a commit: four hours and a half.
  private static let ticksAtOnce = 1080

  static func run(_ arguments: [String]) throws -> Int32 {
    guard let path = arguments.first else {
      print("usage: mx-bench large STORE [MILLIONS of samples, 4500]")
      return 2
    }
    let millions = arguments.dropFirst().first.flatMap { Int($0) } ?? 4500
    let ticks = millions * 1_000_000 / series
    let store = Store(path: path, files: DiskFileSystem())
    var table = SeriesTable()
    for cpu in 0..<series {
      _ = table.intern(
        LabelSet(
          name: "cpu_usage_percent", [("host", "host-\(cpu / 8)"), ("cpu", "\(cpu % 8)")]))
    }
    var walk = Walk(count: series)
    let begin = Harness.now()
    var done = 0
    for first in stride(from: 0, to: ticks, by: ticksAtOnce) {
      var batch = SampleBatch()
      batch.series = table
      var now = start
      for tick in first..<min(ticks, first + ticksAtOnce) {
        now = start + Int64(tick) * step
        walk.append(now, to: &batch)
      }
      let writer = StoreWriter(store, CommitOptions(now: now))
      done += batch.count
      try writer.append(batch)
      try writer.commit()
      if (first / ticksAtOnce) % 50 == 49 {
        let seconds = Harness.now() - begin
        print("\(done / 1_000_000) million samples, \(Int(Double(done) / seconds / 1e6)) million/s")
        fflush(nil)
      }
    }
    let newest = start + Int64(ticks - 1) * step
    print("\(done) samples of \(series) series; the newest at \(newest)")
    return 0
  }

  /// Percentages that wander between 0 and 100.
  private struct Walk {
    private var values: [Int]
    private var state: UInt64 = 20_261_120

    init(count: Int) { values = Array(repeating: 5000, count: count) }

    mutating func append(_ time: Int64, to batch: inout SampleBatch) {
      for ref in 0..<values.count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let step = Int(state >> 56) - 127
        values[ref] = min(10_000, max(0, values[ref] + step))
        batch.append(UInt32(ref), time, Double(values[ref]) / 100)
      }
    }
  }
}
