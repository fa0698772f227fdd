import Glibc
import MxFiles
import MxModel
import MxStore

/// `mx-bench upkeep DIR`: what merging and rolling up cost, by the mx-compact and the
/// mx-rollup beside this program, on stores that it makes below DIR and removes.
///
///     merge     120 minutes of cpu-M, a commit each, into one; 20 M samples/s
///     5m        the 5m tier of cpu-M alone; 0.35 s
///     all       the tiers 1m, 5m and 1h; 0.8 s
///     share     what 5m and 1h add to a day of cpu data; 25 % at most
///
/// Wall time is from exec to exit; the data is in the page cache.
struct UpkeepBench {
  private let directory: String
  private let tools: String
  private let files = DiskFileSystem()

  static func run(_ arguments: [String]) throws -> Int32 {
    guard arguments.count == 1 else {
      print("usage: mx-bench upkeep DIR")
      return 2
    }
    mkdir(arguments[0], 0o755)
    let own = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false)
    let bench = UpkeepBench(
      directory: arguments[0], tools: own.dropLast().joined(separator: "/"))
    print(
      Harness.left("case", 8) + Harness.right("wall s", 9) + Harness.right("CPU s", 9)
        + Harness.right("MiB", 6) + "  did")
    try bench.merge()
    try bench.tiers("5m", "5m")
    try bench.tiers("all", "1m, 5m, 1h")
    try bench.share()
    return 0
  }

  private func merge() throws {
    let store = try fresh("merge")
    let shape = BenchStore.cpuM
    let table = shape.table()
    var levels = Levels(table)
    var now = BenchStore.start
    for minute in 0..<120 {
      var batch = SampleBatch()
      batch.series = table
      for tick in 0..<6 {
        now = BenchStore.start + Int64(minute * 6 + tick) * shape.step
        levels.append(now, to: &batch)
      }
      let writer = StoreWriter(store, CommitOptions(now: now))
      try writer.append(batch)
      try writer.commit()
    }
    let segments = try store.manifest(Report()).segments
    let run = tool("mx-compact", store)
    let samples = segments.reduce(0) { $0 + $1.samples }
    say(
      "merge", run,
      "\(segments.count) segments (120 commits), "
        + "\(Harness.fixed(Double(samples) / run.wall / 1e6, 1)) M samples/s, now \(try live(store))"
    )
  }

  private func tiers(_ name: String, _ tiers: String) throws {
    let store = try fresh("tiers")
    try fill(store, .cpuM)
    try configure(store, tiers)
    let run = tool("mx-rollup", store)
    // A window is a value in each of its columns.
    let values = try store.manifest(Report()).segments.filter { $0.kind == .windows }
    say(name, run, "\(values.reduce(0) { $0 + $1.samples } / 13) windows of 7.2 M samples")
  }

  private func share() throws {
    let store = try fresh("share")
    try fill(store, .cpuL)
    let before = try bytes(store) { $0.kind == .samples }
    try configure(store, "5m, 1h")
    let run = tool("mx-rollup", store)
    _ = tool("mx-compact", store)
    let tiers = try bytes(store) { $0.kind == .windows }
    let share = Harness.fixed(100 * Double(tiers) / Double(before), 1)
    say("share", run, "\(share) % of merged samples")
  }

  // MARK: - Stores

  private func fresh(_ name: String) throws -> Store {
    let path = directory + "/upkeep-" + name
    _ = Child.run("/bin/rm", ["rm", "-rf", "--", path])
    return Store(path: path, files: files)
  }

  /// All samples of `shape`, merged.
  private func fill(_ store: Store, _ shape: BenchStore) throws {
    let table = shape.table()
    var levels = Levels(table)
    var now = BenchStore.start
    for first in stride(from: 0, to: shape.ticks, by: 360) {
      var batch = SampleBatch()
      batch.series = table
      for tick in first..<min(shape.ticks, first + 360) {
        now = BenchStore.start + Int64(tick) * shape.step
        levels.append(now, to: &batch)
      }
      let writer = StoreWriter(store, CommitOptions(now: now))
      try writer.append(batch)
      try writer.commit()
    }
    _ = try store.mergeAll(now: now, Report())
  }

  private func configure(_ store: Store, _ tiers: String) throws {
    try files.writeNew(store.path + "/mx.yml", Array("rollup: {tiers: [\(tiers)]}\n".utf8))
  }

  private func bytes(_ store: Store, _ isCounted: (SegmentInfo) -> Bool) throws -> Int {
    try store.manifest(Report()).segments.reduce(0) { $0 + (isCounted($1) ? $1.bytes : 0) }
  }

  private func live(_ store: Store) throws -> Int { try store.manifest(Report()).segments.count }

  // MARK: - Runs

  /// `tool` on `store`, when all that it holds is over by days.
  private func tool(_ tool: String, _ store: Store) -> Child {
    let now = "\((BenchStore.start + 30 * 86_400_000) / 1000)"
    let run = Child.run(
      "\(tools)/\(tool)", [tool, "--quiet", "--store", store.path, "--now", now])
    if run.status != 0 { print("mx-bench: \(tool) ends with \(run.status)") }
    return run
  }

  private func say(_ name: String, _ run: Child, _ what: String) {
    print(
      Harness.left(name, 8) + Harness.right(Harness.fixed(run.wall, 3), 9)
        + Harness.right(Harness.fixed(run.cpu, 3), 9) + Harness.right("\(run.kilobytes >> 10)", 6)
        + "  " + what)
  }
}
