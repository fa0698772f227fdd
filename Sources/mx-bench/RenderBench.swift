import Glibc
import MxCodec
import MxFiles
import MxModel
import MxStore

/// `mx-bench render DIR [DASHBOARD.json]`: what the promises of mx-render cost.
///
/// Makes below DIR a day of 100 hosts (cpu walks, ten metrics, a sample every 10 s)
/// and dashboards over it, and runs the mx-render that lies beside this program as
/// processes of their own: wall and CPU time, files and bytes written. With a
/// dashboard of the outside world (Node Exporter Full) also that, over series that
/// `mx-bench feed` makes of its queries.
enum RenderBench {
  private static let end: Int64 = 1_795_154_400
  private static let fields = [
    "user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice",
  ]

  static func run(_ arguments: [String]) throws -> Int32 {
    guard (1...2).contains(arguments.count) else {
      print("usage: mx-bench render DIR [DASHBOARD.json]")
      return 2
    }
    let bench = RenderRuns(directory: arguments[0])
    try makeStore(bench.store)
    print("                                         wall ms   CPU ms  written")
    try twentyPanels(bench)
    try weight(bench)
    try manyPanels(bench)
    if arguments.count == 2 {
      let fed = RenderRuns(directory: arguments[0], store: "\(arguments[0])/fed")
      if try fed.files.status(fed.store) == nil {
        _ = try FeedBench.run([fed.store, arguments[1]])
      }
      try fed.remove("outside")
      fed.say("\(FilePath.name(of: arguments[1])), cold", try fed.render("outside", [arguments[1]]))
      fed.say("the same, nothing new", try fed.render("outside", [arguments[1]]))
    }
    return 0
  }

  private static func makeStore(_ path: String) throws {
    let store = Store(path: path, files: DiskFileSystem())
    if try store.files.status(path) != nil { return }
    var random = SeededGenerator(seed: 1)
    var batch = SampleBatch()
    for host in 0..<100 {
      for field in fields {
        let labels = LabelSet(
          name: "cpu_usage_\(field)",
          [("hostname", "host_\(host)"), ("region", "region-\(host % 9)"), ("os", "debian")])
        let series = batch.series.intern(labels)
        var level = random.uniform() * 100
        for tick in 0...8640 {
          level = min(100, max(0, level + random.normal()))
          batch.append(
            series, (end - 86_400 + Int64(tick) * 10) * 1000, (level * 100).rounded() / 100)
        }
      }
      let writer = StoreWriter(store, CommitOptions(now: end * 1000))
      try writer.append(batch)
      try writer.commit()
      batch = SampleBatch()
    }
    _ = try store.mergeAll(now: end * 1000, Report())
  }

  // MARK: - The promises

  private static func twentyPanels(_ bench: RenderRuns) throws {
    let queries = fields.flatMap { field in
      ["avg by (region) (cpu_usage_\(field))", "max(max_over_time(cpu_usage_\(field)[5m]))"]
    }
    let path = try bench.dashboard("twenty", queries, range: "now-24h")
    for round in 1...3 {
      try bench.remove("twenty")
      bench.say("20 panels, 24 h of 100 hosts, cold \(round)", try bench.render("twenty", [path]))
    }
    bench.say("the same, nothing new", try bench.render("twenty", [path]))
  }

  /// 20 panels of 5 series and 300 points each.
  private static func weight(_ bench: RenderRuns) throws {
    let queries = (0..<20).map { number in
      "avg_over_time(cpu_usage_\(fields[number % 10])"
        + "{hostname=~\"host_[\(number / 10 * 5)-\(number / 10 * 5 + 4)]\"}[5m])"
    }
    let path = try bench.dashboard("heavy", queries, range: "now-5h", interval: "1m")
    try bench.remove("heavy")
    bench.say("20 panels x 5 series x 300 points", try bench.render("heavy", [path]))
    let page = try bench.files.contents(of: "\(bench.directory)/heavy/heavy.html", limit: 1 << 28)
    var packed = 0
    let deflater = Deflater(level: 6)
    page.withUnsafeBytes { deflater.push($0) { packed += $0.count } }
    deflater.finish { packed += $0.count }
    print("  its page: \(page.count / 1000) kB, gzipped \(packed / 1000) kB")
  }

  /// 75 dashboards of 20 panels, a host each; then one host in a hundred has news.
  private static func manyPanels(_ bench: RenderRuns) throws {
    var paths: [String] = []
    for number in 0..<75 {
      let queries = (0..<20).map { panel in
        "cpu_usage_\(fields[panel % 10]){hostname=\"host_\((number * 20 + panel) % 100)\"}"
      }
      paths.append(try bench.dashboard("many-\(number)", queries, range: "now-24h"))
    }
    try bench.remove("many")
    bench.say("1,500 panels, cold", try bench.render("many", paths))
    bench.say("the same, nothing new", try bench.render("many", paths))
    let store = Store(path: bench.store, files: bench.files)
    var batch = SampleBatch()
    for field in fields {
      let labels = LabelSet(
        name: "cpu_usage_\(field)",
        [("hostname", "host_7"), ("region", "region-7"), ("os", "debian")])
      // Another value each time: this is news however often it runs.
      let news = Double(try store.manifest(Report()).generation % 100)
      batch.append(labels, (end - 3600) * 1000, news)
    }
    let writer = StoreWriter(store, CommitOptions(now: end * 1000))
    try writer.append(batch)
    try writer.commit()
    bench.say("the same, 1 % of the data changed", try bench.render("many", paths))
  }
}

/// Runs of mx-render over one store.
private struct RenderRuns {
  let directory: String
  let store: String
  let files = DiskFileSystem()

  init(directory: String, store: String? = nil) {
    self.directory = directory
    self.store = store ?? "\(directory)/store"
  }

  struct Cost {
    var wall: Double
    var processor: Double
    var report: String
  }

  /// A dashboard of time series, four in a line.
  func dashboard(
    _ name: String, _ queries: [String], range: String, interval: String = ""
  ) throws -> String {
    let panels = queries.enumerated().map { index, query in
      let expr = query.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\\\"")
      return """
        {"id":\(index + 1),"type":"timeseries","title":"Panel \(index + 1)",\
        "gridPos":{"x":\(index % 4 * 6),"y":\(index / 4 * 8),"w":6,"h":8},\
        "interval":"\(interval)","maxDataPoints":300,\
        "targets":[{"refId":"A","expr":"\(expr)"}]}
        """
    }
    let path = "\(directory)/\(name).json"
    let text = """
      {"uid":"\(name)","title":"\(name)","time":{"from":"\(range)","to":"now"},\
      "panels":[\(panels.joined(separator: ","))]}
      """
    try files.replace(path, with: Array(text.utf8), temporary: path + ".new")
    return path
  }

  func remove(_ out: String) throws { try remove(path: "\(directory)/\(out)") }

  private func remove(path: String) throws {
    guard let status = try files.status(path) else { return }
    guard status.isDirectory else { return try files.remove(path) }
    for entry in try files.list(path) { try remove(path: "\(path)/\(entry.name)") }
    try files.removeDirectory(path)
  }

  func render(_ out: String, _ dashboards: [String]) throws -> Cost {
    let own = CommandLine.arguments[0]
    let tool = FilePath.join(FilePath.parent(of: own), "mx-render")
    let report = "\(directory)/report.json"
    let words =
      [
        tool, "--store", store, "--out", "\(directory)/\(out)", "--now", "1795154400", "--report",
        report,
      ]
      + dashboards
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let start = Self.wall()
    guard posix_spawn(&process, tool, nil, nil, &arguments, environ) == 0 else {
      print("mx-bench: '\(tool)' does not run; build it first")
      exit(1)
    }
    var status: Int32 = 0
    var usage = rusage()
    wait4(process, &status, 0, &usage)
    let seconds =
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    let text = String(
      decoding: try files.contents(of: report, limit: 1 << 20), as: UTF8.self)
    return Cost(wall: Self.wall() - start, processor: seconds, report: text)
  }

  private static func wall() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  func say(_ what: String, _ cost: Cost) {
    print(
      Harness.left(what, 40) + Harness.right(Harness.fixed(cost.wall * 1000, 1), 8)
        + Harness.right(Harness.fixed(cost.processor * 1000, 1), 9)
        + "  \(figure("files_written", cost.report)) files, "
        + "\(figure("bytes_written", cost.report)) bytes")
  }

  /// A member of the run's report.
  private func figure(_ name: String, _ report: String) -> String {
    guard let start = report.utf8.firstRange(of: "\"\(name)\":".utf8) else { return "?" }
    return String(report[start.upperBound...].prefix { $0.isNumber })
  }
}
