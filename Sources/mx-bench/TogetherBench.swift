import Glibc
import MxFiles
import MxModel
import MxStore
import Synchronization

/// `mx-bench together DIR [SECONDS]`: a commit every 100 ms beside four readers, a big
/// merge of everything that begins again as it ends, and `cp -r` with `mx-compact verify
/// --deep` of each copy. Readers and copies are processes, one after the other.
///
/// Printed is how long a commit took from its first byte to durable, and how long of that
/// it waited for the lock that a merge takes to publish; 100 ms of that is the promise.
enum TogetherBench {
  private final class Shared: Sendable {
    let store: Store
    let directory: String
    let tools: String
    let deadline: Double
    let commits = Mutex<[Double]>([])
    let waits = Mutex<[Double]>([])
    let counts = Mutex<[String: Int]>([:])
    let failures = Mutex<[String]>([])

    init(_ directory: String, _ seconds: Double) {
      self.directory = directory
      store = Store(path: directory + "/together", files: DiskFileSystem())
      let own = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false)
      tools = own.dropLast().joined(separator: "/")
      deadline = TogetherBench.clock() + seconds
    }

    var isOver: Bool { TogetherBench.clock() >= deadline }

    /// Runs a tool, or a program by its path, and counts it.
    func run(_ name: String, _ arguments: [String]) {
      let path = name.hasPrefix("/") ? name : "\(tools)/\(name)"
      let status = Child.run(path, [name] + arguments).status
      counts.withLock { $0[name, default: 0] += 1 }
      if status != 0 { failures.withLock { $0.append("\(name) ends with \(status)") } }
    }
  }

  static func run(_ arguments: [String]) throws -> Int32 {
    guard let directory = arguments.first, arguments.count <= 2,
      let seconds = Double(arguments.count == 2 ? arguments[1] : "60")
    else {
      print("usage: mx-bench together DIR [SECONDS]")
      return 2
    }
    mkdir(directory, 0o755)
    _ = Child.run("/bin/rm", ["rm", "-rf", "--", "\(directory)/together"])
    let shared = Shared(directory, seconds)
    try fill(shared.store)
    try commit(0, shared)
    try parallelFor(count: 7, workers: 7) { role, _ in
      switch role {
      case 0: try write(shared)
      case 1: try merge(shared)
      case 2: copy(shared)
      default: read(shared)
      }
    }
    report(shared)
    return shared.failures.withLock(\.isEmpty) ? 0 : 1
  }

  private static func report(_ shared: Shared) {
    print(spread(of: shared.commits.withLock { $0.sorted() }, "commits"))
    print(spread(of: shared.waits.withLock { $0.sorted() }, "waits for the lock"))
    for (name, count) in shared.counts.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      print("\(count) \(name)")
    }
    for failure in shared.failures.withLock({ $0 }) { print("mx-bench: \(failure)") }
  }

  private static func spread(of times: [Double], _ name: String) -> String {
    func at(_ share: Double) -> String {
      Harness.fixed(times[min(times.count - 1, Int(Double(times.count) * share))] * 1000, 1)
    }
    return "\(times.count) \(name): median \(at(0.5)) ms, 99 % \(at(0.99)) ms, longest \(at(1)) ms"
  }

  /// Twelve segments of half a million samples, for the merge to work on.
  private static func fill(_ store: Store) throws {
    let shape = BenchStore.cpuM
    let table = shape.table()
    var levels = Levels(table)
    for part in 0..<12 {
      var batch = SampleBatch()
      batch.series = table
      for tick in 0..<60 {
        levels.append(
          BenchStore.start + Int64(part * 60 + tick) * shape.step, to: &batch)
      }
      let writer = StoreWriter(store, CommitOptions(now: BenchStore.start))
      try writer.append(batch)
      try writer.commit()
    }
  }

  private static func commit(_ number: Int, _ shared: Shared) throws {
    let start = clock()
    let now = wallClock()
    var batch = SampleBatch()
    for series in 0..<8 {
      batch.append(LabelSet(name: "n", [("series", "\(series)")]), now, Double(number))
    }
    let writer = StoreWriter(shared.store, CommitOptions(now: now))
    try writer.append(batch)
    try writer.commit()
    shared.commits.withLock { $0.append(clock() - start) }
    shared.waits.withLock { $0.append(writer.result.waited) }
  }

  private static func write(_ shared: Shared) throws {
    var number = 1
    while !shared.isOver {
      let start = clock()
      try commit(number, shared)
      number += 1
      let rest = start + 0.1 - clock()
      if rest > 0 { usleep(UInt32(rest * 1e6)) }
    }
  }

  private static func merge(_ shared: Shared) throws {
    while !shared.isOver {
      let lock = try shared.store.lockMaintenance(wait: 60)
      defer { lock.release() }
      _ = try shared.store.mergeAll(now: wallClock(), Report())
      _ = try shared.store.removeRetired(now: wallClock(), grace: grace, Report())
      shared.counts.withLock { $0["merges", default: 0] += 1 }
    }
  }

  private static func read(_ shared: Shared) {
    let now = "\((BenchStore.start + 7_000_000) / 1000)"
    while !shared.isOver {
      shared.run(
        "mx-query",
        ["--quiet", "--store", shared.store.path, "--at", now, "count(cpu_usage_user)"])
    }
  }

  private static func copy(_ shared: Shared) {
    let target = shared.directory + "/together-copy"
    while !shared.isOver {
      // Files may go while they are copied: cp says so, and the copy is whole still.
      _ = Child.run("/bin/cp", ["cp", "-r", shared.store.path, target], quiet: true)
      shared.run("mx-compact", ["verify", "--deep", "--quiet", "--store", target])
      _ = Child.run("/bin/rm", ["rm", "-rf", "--", target])
    }
  }

  /// Copies take less than this, ms.
  private static let grace: Int64 = 20_000

  private static func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  private static func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
