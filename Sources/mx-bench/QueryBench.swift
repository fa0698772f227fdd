import Glibc

/// `mx-bench query TOOL DIR [STORE...]`: runs the real tool, from exec to exit, on
/// stores that it makes below DIR where they are missing, and prints wall and CPU
/// time (medians) and peak memory beside what was promised.
enum QueryBench {
  private static let runs = 11

  static func run(_ arguments: [String]) throws -> Int32 {
    if arguments.count == 3, arguments[0] == "--make",
      let store = BenchStore(rawValue: arguments[1])
    {
      try store.make(below: arguments[2])
      return 0
    }
    guard arguments.count >= 2 else {
      print("usage: mx-bench query TOOL DIR [STORE...]")
      return 2
    }
    let directory = arguments[1]
    let names = Array(arguments.dropFirst(2))
    mkdir(directory, 0o755)
    // A copy, as installing makes: pages of the file as the linker wrote it are small ones,
    // and starting it takes 0.9 ms longer (2026-11-29).
    let tool = directory + "/mx-query"
    guard Child.run("/bin/cp", ["cp", arguments[0], tool]).status == 0 else { return 1 }
    print(
      Harness.left("store", 12) + Harness.left("query", 6) + Harness.right("goal", 9)
        + Harness.right("wall", 9) + Harness.right("best", 9) + Harness.right("CPU", 9)
        + Harness.right("MiB", 7) + Harness.right("at most", 9))
    var walls: [String: Double] = [:]
    for store in BenchStore.allCases where names.isEmpty || names.contains(store.rawValue) {
      let path = directory + "/" + store.rawValue
      if access(path + "/made", F_OK) != 0 {
        // In a process of its own, so that its memory is not counted as the tool's.
        let maker = Child.run(
          "/proc/self/exe", ["mx-bench", "query", "--make", store.rawValue, directory])
        guard maker.status == 0 else { return 1 }
        // Or the kernel writes it while the first queries run.
        sync()
      }
      for query in store.queries {
        let row = measure(tool, path, query)
        walls["\(store.rawValue) \(query.name)"] = row.wall
        show(store, query, row)
      }
    }
    if let small = walls["cpu-M Q1"], let large = walls["cpu-XL Q1"] {
      let ratio = Harness.fixed(large / small, 2)
      print("Q1 on 30 times the samples takes \(ratio) times as long (goal 1.5)")
    }
    return 0
  }

  private struct Row {
    var wall: Double
    var best: Double
    var cpu: Double
    var megabytes: Int
  }

  private static func measure(_ tool: String, _ store: String, _ query: BenchQuery) -> Row {
    let arguments =
      [
        "mx-query", "--store", store, "--format", "csv", "--limit", "query_series=off", "--limit",
        "query_samples=off",
      ] + query.times + [query.text]
    // The first one warms the page cache.
    _ = Child.run(tool, arguments)
    let all = (0..<runs).map { _ in Child.run(tool, arguments) }
    if let failed = all.first(where: { $0.status != 0 }) {
      print("\(query.name) ends with \(failed.status)")
    }
    return Row(
      wall: all.map(\.wall).sorted()[runs / 2], best: all.map(\.wall).min() ?? 0,
      cpu: all.map(\.cpu).sorted()[runs / 2], megabytes: (all.map(\.kilobytes).max() ?? 0) / 1024)
  }

  private static func show(_ store: BenchStore, _ query: BenchQuery, _ row: Row) {
    func milliseconds(_ seconds: Double) -> String {
      Harness.right(Harness.fixed(seconds * 1000, 1), 9)
    }
    print(
      Harness.left(store.rawValue, 12) + Harness.left(query.name, 6)
        + milliseconds(query.goal / 1000) + milliseconds(row.wall) + milliseconds(row.best)
        + milliseconds(row.cpu) + Harness.right("\(row.megabytes)", 7)
        + Harness.right("\(store.memory)", 9))
  }
}

/// A question and what it may take.
struct BenchQuery {
  var name: String
  /// Milliseconds from exec to exit, on a quiet machine of two cores.
  var goal: Double
  /// `--at`, or `--from`, `--to` and `--step`.
  var times: [String]
  var text: String
}

/// A process and what it took.
struct Child {
  var status: Int32
  /// Seconds.
  var wall: Double
  var cpu: Double
  var kilobytes: Int

  /// Runs `path`; what it prints goes to /dev/null, with `quiet` its errors too.
  static func run(_ path: String, _ arguments: [String], quiet: Bool = false) -> Child {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    if quiet {
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    }
    defer { posix_spawn_file_actions_destroy(&actions) }
    var words = arguments.map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    let start = clock()
    var process = pid_t()
    guard posix_spawn(&process, path, &actions, nil, words, environ) == 0 else {
      return Child(status: 127, wall: 0, cpu: 0, kilobytes: 0)
    }
    var status: Int32 = 0
    var usage = rusage()
    wait4(process, &status, 0, &usage)
    return Child(
      status: status >> 8 | status & 0x7f, wall: clock() - start,
      cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime), kilobytes: usage.ru_maxrss)
  }

  private static func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
  }
}
