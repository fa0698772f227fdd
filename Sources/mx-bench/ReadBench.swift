import Glibc
import MxCodec
import MxFiles
import MxModel
import MxStore

/// `mx-bench read DIR`: makes a store below DIR of 10,000 series with 720 samples
/// each (walks of two decimals, as the cpu data sets), in 12 commits, and measures
/// writing, merging, reading everything back and finding series.
enum ReadBench {
  private static let ticks = 720
  private static let commits = 12

  static func run(_ arguments: [String]) throws -> Int32 {
    guard arguments.count == 1 else {
      print("usage: mx-bench read DIR")
      return 2
    }
    let store = Store(path: arguments[0], files: DiskFileSystem())
    let table = SetShape.cpuM.table()
    let samples = table.count * ticks
    var start = Harness.now()
    try write(table, to: store)
    say("write \(commits) commits", samples, Harness.now() - start)
    start = Harness.now()
    _ = try store.mergeAll(now: 0, Report())
    say("merge into one", samples, Harness.now() - start)
    let stats = try store.statistics(Report())
    print("bytes a sample   \(Harness.fixed(Double(stats.liveBytes) / Double(samples), 3))")
    try readAll(store, samples)
    try selectors(store)
    copyMemory()
    return 0
  }

  private static func write(_ table: SeriesTable, to store: Store) throws {
    var random = SeededGenerator(seed: 1)
    var levels = (0..<table.count).map { _ in random.uniform() * 100 }
    for commit in 0..<commits {
      var batch = SampleBatch()
      batch.series = table
      for tick in commit * ticks / commits..<(commit + 1) * ticks / commits {
        for series in 0..<table.count {
          levels[series] = min(100, max(0, levels[series] + random.normal()))
          batch.append(
            UInt32(series), Int64(tick) * 10_000, (levels[series] * 100).rounded() / 100)
        }
      }
      let writer = StoreWriter(store, CommitOptions(now: Int64(commit)))
      try writer.append(batch)
      try writer.commit()
    }
  }

  private static func readAll(_ store: Store, _ samples: Int) throws {
    let snapshot = try Snapshot(store, Report())
    let selection = try snapshot.open([SelectRequest([], range: .all)], report: Report())[0]
    var rates: [Double] = []
    var sum = 0.0
    for _ in 0..<9 {
      let start = Harness.now()
      try selection.read(0..<selection.count, .all, worker: 0) { _, columns in
        sum += columns.values[columns.count - 1]
      }
      rates.append(Double(samples) / (Harness.now() - start))
    }
    let rate = Harness.Rate(all: rates.sorted())
    print(
      "read everything  \(Harness.millions(rate)) M samples/s (median, spread, best), check \(sum)")
  }

  private static func selectors(_ store: Store) throws {
    let cases: [(String, [Matcher])] = [
      ("name", [Matcher(equal: "__name__", "cpu_usage_user")]),
      (
        "name and host",
        [
          Matcher(equal: "__name__", "cpu_usage_user"), Matcher(equal: "hostname", "host_42"),
        ]
      ),
      ("hosts by |", [try Matcher("hostname", .regex, "host_3|host_11|host_22")]),
      ("hosts by prefix", [try Matcher("hostname", .regex, "host_4.*")]),
      ("hosts by engine", [try Matcher("hostname", .regex, "host_[0-9]*7")]),
      ("all but a host", [try Matcher("hostname", .notEqual, "host_1")]),
    ]
    for (name, matchers) in cases {
      var times: [Double] = []
      var found = 0
      for _ in 0..<9 {
        let start = Harness.now()
        // A new snapshot each time: what a cold process does, files in memory.
        let snapshot = try Snapshot(store, Report())
        found = try snapshot.open([SelectRequest(matchers, range: .all)], report: Report())[0].count
        times.append((Harness.now() - start) * 1e6)
      }
      times.sort()
      print(
        "select \(Harness.left(name, 18)) \(Harness.right(Harness.fixed(times[4], 0), 7)) µs, "
          + "\(found) series")
    }
  }

  /// What this machine can copy: the limit beside the figures.
  private static func copyMemory() {
    let bytes = 64 << 20
    let source = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    let target = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    defer {
      source.deallocate()
      target.deallocate()
    }
    memset(source, 1, bytes)
    let rate = Harness.rate(units: bytes / 8, times: 9) { memcpy(target, source, bytes) }
    print("memcpy           \(Harness.millions(rate)) M doubles/s")
  }

  private static func say(_ name: String, _ samples: Int, _ seconds: Double) {
    let rate = Double(samples) / seconds / 1e6
    print("\(Harness.left(name, 16)) \(Harness.fixed(rate, 1)) M samples/CPU-s")
  }
}
