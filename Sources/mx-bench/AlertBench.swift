import Glibc
import MxAlert
import MxConfig
import MxEngine
import MxFiles
import MxModel
import MxRules
import MxStore

/// `mx-bench alert DIR [NAME...]`: rules over stores that it makes in DIR.
///
///     many     1,000 rules of 10 series each, one run; the goal is 0.4 s and 128 MiB
///     idle     a run of 100 rules when nothing is due; 10 ms, the process' start included
///     replay   20 rules over 200 series and 121 steps; 0.3 s
///     month    100 rules over 30 days at steps of a minute, 100 hosts; 30 s
///
/// Times are of the wall clock and CPU seconds of the process, memory is its high-water mark.
enum AlertBench {
  private static let origin: Int64 = 1_793_491_200_000
  private static let minute: Int64 = 60_000

  static func run(_ arguments: [String]) throws -> Int32 {
    guard let directory = arguments.first else {
      print("usage: mx-bench alert DIR [many|idle|replay|month]...")
      return 2
    }
    let all: [(String, (String) throws -> String)] = [
      ("many", many), ("idle", idle), ("replay", replay), ("month", month),
    ]
    print(
      Harness.left("case", 8) + Harness.right("s", 9) + Harness.right("CPU s", 9)
        + Harness.right("MiB", 7) + "  did")
    for (name, body) in all where arguments.count == 1 || arguments.contains(name) {
      let said = try body(directory + "/" + name)
      print(Harness.left(name, 8) + said)
    }
    return 0
  }

  // MARK: - Cases

  private static func many(_ path: String) throws -> String {
    let store = try made(path) { writer in
      var batch = SampleBatch()
      for metric in 0..<1000 {
        for host in 0..<10 {
          let ref = batch.series.intern(labels("metric_\(metric)", host))
          for step in 0..<20 as Range<Int64> {
            batch.append(ref, origin + step * minute, Double((host * 37 + Int(step)) % 100))
          }
        }
      }
      try writer.append(batch)
    }
    let rules = (0..<1000).map { "{alert: A\($0), expr: 'metric_\($0) > 90', for: 5m}" }
    let groups = try groups(rules)
    let ledger = try ledger(path)
    try run(groups, store, ledger, at: origin + 10 * minute)
    return try measured {
      let report = try run(groups, store, ledger, at: origin + 11 * minute)
      return "\(report.rules.evaluations) rules, \(report.pending) alerts"
    }
  }

  private static func idle(_ path: String) throws -> String {
    let store = try cpu(path, hosts: 10, steps: 20, fields: 10)
    let groups = try groups(cpuRules(100))
    let ledger = try ledger(path)
    try run(groups, store, ledger, at: origin + 10 * minute)
    return try measured {
      let report = try run(groups, store, ledger, at: origin + 10 * minute + 1000)
      return "\(report.rules.evaluations) evaluations"
    }
  }

  private static func replay(_ path: String) throws -> String {
    let store = try made(path) { writer in
      var batch = SampleBatch()
      for host in 0..<200 {
        let ref = batch.series.intern(labels("cpu_usage_user", host))
        for step in 0...120 {
          let value = step <= 60 ? host % 60 + step : 60 + host % 60 - (step - 60)
          batch.append(ref, origin + Int64(step) * minute, Double(value))
        }
      }
      try writer.append(batch)
    }
    let rules = (0..<20).map {
      "{alert: A\($0), expr: 'avg_over_time(cpu_usage_user[5m]) > \(60 + $0)', for: 5m}"
    }
    return try replayed(try groups(rules), store, minutes: 120)
  }

  private static func month(_ path: String) throws -> String {
    let store = try cpu(path, hosts: 100, steps: 30 * 1440, fields: 10)
    return try replayed(try groups(cpuRules(100)), store, minutes: 30 * 1440 - 1)
  }

  private static func replayed(
    _ groups: [RuleGroup], _ store: Store, minutes: Int64
  ) throws -> String {
    try measured {
      let source = try Snapshot(store, Report())
      var notices = 0
      var settings = AlertSettings()
      settings.rules.engine.threads = min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      let result = try AlertReplay.execute(
        groups, TimeRange(from: origin, to: origin + minutes * minute), source: source,
        settings: settings, report: Report(), keeps: \.isNews, take: { _, _ in notices += 1 })
      return "\(result.rules.evaluations) evaluations, \(notices) notices"
    }
  }

  // MARK: - Stores and rules

  private static func labels(_ metric: String, _ host: Int) -> LabelSet {
    LabelSet(name: metric, [("hostname", "host_\(host)"), ("region", "r\(host % 9)")])
  }

  private static func made(
    _ path: String, _ fill: (StoreWriter) throws -> Void
  ) throws -> Store {
    let store = Store(path: path, files: DiskFileSystem())
    if try store.files.status(path) != nil { return store }
    let writer = StoreWriter(store, CommitOptions(now: origin))
    try fill(writer)
    try writer.commit()
    return store
  }

  private static func cpu(_ path: String, hosts: Int, steps: Int, fields: Int) throws -> Store {
    let store = Store(path: path, files: DiskFileSystem())
    if try store.files.status(path) != nil { return store }
    var generator = SeededGenerator(seed: 3)
    var values = [Double](repeating: 50, count: hosts * fields)
    for day in stride(from: 0, to: steps, by: 1440) {
      let writer = StoreWriter(store, CommitOptions(now: origin))
      var batch = SampleBatch()
      for series in values.indices {
        let name = "cpu_usage_\(series % fields)"
        let ref = batch.series.intern(labels(name, series / fields))
        for step in day..<min(steps, day + 1440) {
          let next = values[series] + Double.random(in: -3...3, using: &generator)
          values[series] = min(100, max(0, next))
          batch.append(ref, origin + Int64(step) * minute, values[series].rounded())
        }
      }
      try writer.append(batch)
      try writer.commit()
    }
    return store
  }

  /// Ten questions of each of ten fields.
  private static func cpuRules(_ count: Int) -> [String] {
    (0..<count).map { number in
      let field = "cpu_usage_\(number % 10)"
      let text: String
      switch number / 10 {
      case 0: text = "\(field) > 98"
      case 1: text = "avg_over_time(\(field)[5m]) > 97"
      case 2: text = "max_over_time(\(field)[10m]) > 99"
      case 3: text = "avg by (region) (\(field)) > 80"
      case 4: text = "min_over_time(\(field)[15m]) > 90"
      case 5: text = "rate(\(field)[5m]) > 0.5"
      case 6: text = "sum(\(field)) / count(\(field)) > 70"
      case 7: text = "\(field) > 95 and on (hostname) cpu_usage_0 > 95"
      case 8: text = "quantile_over_time(0.9, \(field)[10m]) > 98"
      default: text = "\(field) < 1"
      }
      return "{alert: A\(number), expr: '\(text)', for: 5m, annotations: {a: '{{ $value }}'}}"
    }
  }

  private static func groups(_ rules: [String]) throws -> [RuleGroup] {
    let text = "groups:\n- name: g\n  rules:\n" + rules.map { "  - \($0)\n" }.joined()
    let problems = ConfigProblems()
    let file = RuleReader.read(Array(text.utf8), file: "bench.yml", problems: problems)
    try problems.check()
    return file.groups
  }

  private static func ledger(_ path: String) throws -> AlertLedger {
    unlink(path + "/alerts.db")
    return try AlertLedger.open(path + "/alerts.db", wait: 0)
  }

  @discardableResult
  private static func run(
    _ groups: [RuleGroup], _ store: Store, _ ledger: AlertLedger, at now: Int64
  ) throws -> AlertReport {
    var settings = AlertSettings()
    settings.delay = 0
    let report = Report()
    return try AlertRun.execute(
      groups, ledger: ledger, source: try Snapshot(store, report),
      sink: StoreWriter(store, CommitOptions(now: now)), now: now, settings: settings,
      report: report)
  }

  // MARK: - Measuring

  private static func measured(_ body: () throws -> String) throws -> String {
    let start = (wall: seconds(CLOCK_MONOTONIC), used: seconds(CLOCK_PROCESS_CPUTIME_ID))
    let said = try body()
    let used = seconds(CLOCK_PROCESS_CPUTIME_ID) - start.used
    let wall = seconds(CLOCK_MONOTONIC) - start.wall
    return Harness.right(Harness.fixed(wall, 3), 9) + Harness.right(Harness.fixed(used, 3), 9)
      + Harness.right("\(highWater())", 7) + "  "
      + said
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func highWater() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }
}
