import Glibc

/// `mx-bench ingest FILE...`: the mx-ingest beside this program takes each file
/// into a new store, three times; printed is the median by CPU time. Of a DIR the
/// files that speed was promised for are made in it, one after the other, and removed.
///
/// CPU is user and system time of the whole process, from start to durable. A
/// file with 'index' in its name is taken with the limits of series lifted.
enum IngestBench {
  private struct Run {
    var cpu: Double
    var wall: Double
    var memory: Int
    var samples: Double
    var series: Double
  }

  static func run(_ files: [String]) -> Int32 {
    if files.count == 3, files[0] == "--make", let kind = BenchFiles(rawValue: files[1]) {
      return kind.make(files[2]) ? 0 : 1
    }
    guard let first = files.first else {
      print("usage: mx-bench ingest FILE...|DIR")
      return 2
    }
    print(
      Harness.left("file", 20) + Harness.right("samples", 10) + Harness.right("M/CPU-s", 9)
        + Harness.right("goal", 6) + Harness.right("M/s", 8) + Harness.right("goal", 6)
        + Harness.right("CPU s", 8) + Harness.right("MiB", 6) + Harness.right("allowed", 9))
    var about = stat()
    if files.count == 1, stat(first, &about) == 0, about.st_mode & S_IFMT == S_IFDIR {
      return BenchFiles.allCases.reduce(0) { max($0, show($1, below: first)) }
    }
    return files.reduce(0) { max($0, show($1, goals: nil)) }
  }

  private static func show(_ kind: BenchFiles, below directory: String) -> Int32 {
    let path = "\(directory)/\(kind.rawValue)"
    defer { unlink(path) }
    // In a process of its own, so that its memory is not counted as the tool's.
    let make = ["mx-bench", "ingest", "--make", kind.rawValue, path]
    guard Child.run("/proc/self/exe", make).status == 0 else {
      print("mx-bench: cannot write '\(path)'")
      return 1
    }
    return show(path, goals: kind.goals)
  }

  private static func show(_ file: String, goals: (cpu: Double, wall: Double)?) -> Int32 {
    let runs = (0..<3).compactMap { _ in measure(file) }.sorted { $0.cpu < $1.cpu }
    guard runs.count == 3 else {
      print("mx-bench: '\(file)' was not taken")
      return 1
    }
    let run = runs[1]
    // 200 MiB and 400 bytes a series: the promise of issue and README.
    let allowed = 200 + Int(run.series * 400) >> 20
    func goal(_ value: Double?) -> String {
      Harness.right(value.map { $0 > 0 ? Harness.fixed($0, 1) : "" } ?? "", 6)
    }
    print(
      Harness.left(String(file.split(separator: "/").last ?? ""), 20)
        + Harness.right("\(Int(run.samples))", 10)
        + Harness.right(Harness.fixed(run.samples / run.cpu / 1e6, 2), 9) + goal(goals?.cpu)
        + Harness.right(Harness.fixed(run.samples / run.wall / 1e6, 2), 8) + goal(goals?.wall)
        + Harness.right(Harness.fixed(run.cpu, 2), 8)
        + Harness.right("\(run.memory >> 10)", 6) + Harness.right("\(allowed)", 9))
    return 0
  }

  private static func measure(_ file: String) -> Run? {
    let marks = String(repeating: "X", count: 6)
    var template = Array("/tmp/mx-bench-\(marks)".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    guard let made else { return nil }
    let directory = String(cString: made)
    defer { _ = spawn(["/bin/rm", "-rf", "--", directory]) }
    let own = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false)
    let tool = (own.dropLast() + ["mx-ingest"]).joined(separator: "/")
    var words = [
      tool, "--quiet", "--store", "\(directory)/store", "--report", "\(directory)/report",
      // The data lie in the past and in the future alike.
      "--limit", "future=off",
    ]
    if file.contains("index") {
      words += ["--limit", "series_per_metric=off", "--limit", "new_series_per_run=off"]
    }
    let start = seconds()
    guard let usage = spawn(words + [file]) else { return nil }
    let wall = seconds() - start
    guard let samples = figure("samples", in: "\(directory)/report"),
      let series = figure("series", in: "\(directory)/report")
    else { return nil }
    return Run(
      cpu: time(usage.ru_utime) + time(usage.ru_stime), wall: wall, memory: usage.ru_maxrss,
      samples: samples, series: series)
  }

  private static func spawn(_ words: [String]) -> rusage? {
    var child = pid_t()
    let copies = words.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    guard posix_spawn(&child, words[0], nil, nil, copies + [nil], environ) == 0 else { return nil }
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(child, &status, 0, &usage) == child, status == 0 else { return nil }
    return usage
  }

  /// A number of the report, which is one flat object.
  private static func figure(_ name: String, in path: String) -> Double? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [CChar](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count - 1, file)
    let text = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let parts = text.split(separator: "\"\(name)\":", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    return Double(parts[1].prefix { $0 != "," && $0 != "}" })
  }

  private static func time(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
