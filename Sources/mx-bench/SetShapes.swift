import MxModel

/// The label sets of the data sets that the store is measured with, made by
/// the rules of their generator: what index-100k, cpu-M and node-M hold.
enum SetShape: String, CaseIterable {
  case index50k = "index-50k"
  case index100k = "index-100k"
  case index1M = "index-1M"
  case cpuM = "cpu-M"
  case nodeM = "node-M"
  /// A minute's scrape of one target.
  case target = "one-target"
  /// The opposite of shared labels: each series has a random id of its own.
  case unique100k = "unique-100k"

  func table() -> SeriesTable {
    var table = SeriesTable()
    switch self {
    case .index50k: Self.index(50_000, into: &table)
    case .index100k: Self.index(100_000, into: &table)
    case .index1M: Self.index(1_000_000, into: &table)
    case .cpuM: Self.cpu(hosts: 1000, into: &table)
    case .nodeM: Self.node(hosts: 100, pods: 2, into: &table)
    case .target: Self.node(hosts: 1, pods: 1, into: &table)
    case .unique100k: Self.unique(100_000, into: &table)
    }
    return table
  }

  private static func index(_ count: Int, into table: inout SeriesTable) {
    for number in 0..<count {
      var random = Mix(state: 42 &* 77 &+ UInt64(number / 20))
      let (a, b) = (random.next(), random.next())
      let metric = number % 20
      table.add([
        ("__name__", "k_metric_\(padded(metric, 2))"), ("container", "c\(metric / 5)"),
        ("namespace", "ns-\(padded(Int(a % 100), 3))"),
        ("node", "node-\(padded(Int(a / 100 % 1000), 4))"),
        ("pod", "svc-\(b % 500)-\(hex(b >> 32, 8))-\(hex(a >> 44, 5))"),
        ("uid", hex(a, 16) + hex(b, 16)), ("zone", ["a", "b", "c"][Int(a % 3)]),
      ])
    }
  }

  private static let regions = [
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1",
    "ap-southeast-2", "ap-northeast-1", "sa-east-1",
  ]
  private static let fields = [
    "user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice",
  ]

  private static func cpu(hosts: Int, into table: inout SeriesTable) {
    for host in 0..<hosts {
      var random = Mix(state: 42 &* 1_000_003 &+ UInt64(host))
      let region = regions[random.pick(9)]
      let tags = [
        ("arch", ["x64", "x86"][random.pick(2)]),
        ("datacenter", region + ["a", "b", "c"][random.pick(3)]), ("hostname", "host_\(host)"),
        ("os", ["Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"][random.pick(3)]),
        ("rack", "\(random.pick(100))"), ("region", region), ("service", "\(random.pick(20))"),
        ("service_environment", ["production", "staging", "test"][random.pick(3)]),
        ("service_version", "\(random.pick(2))"),
        ("team", ["SF", "NYC", "LON", "CHI"][random.pick(4)]),
      ]
      for field in fields { table.add([("__name__", "cpu_usage_\(field)")] + tags) }
    }
  }

  private static func node(hosts: Int, pods: Int, into table: inout SeriesTable) {
    for host in 0..<hosts {
      var random = Mix(state: 42 &* 2_000_003 &+ UInt64(host))
      let region = regions[random.pick(9)]
      let target = [
        ("instance", "host_\(host):9100"), ("region", region),
        ("datacenter", region + ["a", "b", "c"][random.pick(3)]),
        ("env", ["production", "staging", "test"][random.pick(3)]),
      ]
      for (name, extra) in NodeMetrics.host {
        table.add([("__name__", name), ("job", "node")] + target + extra)
      }
      for _ in 0..<pods {
        let pod = "app-\(hex(random.next() & 0xffff_ffff, 8))-\(hex(random.next() & 0xfffff, 5))"
        for (name, extra) in NodeMetrics.app {
          table.add([("__name__", name), ("job", "app"), ("pod", pod)] + target + extra)
        }
      }
    }
  }

  private static func unique(_ count: Int, into table: inout SeriesTable) {
    var random = Mix(state: 42)
    for number in 0..<count {
      table.add([
        ("__name__", "requests_\(number % 10)"), ("path", "/item/\(random.pick(20_000))"),
        ("trace", hex(random.next(), 16)), ("user", "user-\(random.pick(50_000))"),
      ])
    }
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  private static func hex(_ number: UInt64, _ width: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}

extension SeriesTable {
  fileprivate mutating func add(_ pairs: [(String, String)]) { _ = intern(LabelSet(pairs)) }
}

/// SplitMix64, as the data generator has it.
private struct Mix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }

  mutating func pick(_ count: Int) -> Int { Int(next() % UInt64(count)) }
}

/// The metrics of a node exporter and of an instrumented application.
private enum NodeMetrics {
  static let host: [(String, [(String, String)])] = {
    var all: [(String, [(String, String)])] = []
    for cpu in 0..<4 {
      for mode in ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"] {
        all.append(("node_cpu_seconds_total", [("cpu", "\(cpu)"), ("mode", mode)]))
      }
    }
    for (kind, devices) in [("network", ["eth0", "lo"]), ("disk", ["nvme0n1", "sda"])] {
      for device in devices {
        for name in ["read_bytes", "written_bytes", "io_time_seconds", "completed"] {
          all.append(("node_\(kind)_\(name)_total", [("device", device)]))
        }
      }
    }
    for name in ["MemTotal", "MemFree", "Cached", "Buffers", "HugePages"] {
      all.append(("node_memory_\(name)_bytes", []))
    }
    for mount in ["/", "/boot", "/data"] {
      for name in ["size_bytes", "avail_bytes", "readonly"] {
        all.append(("node_filesystem_\(name)", [("mountpoint", mount)]))
      }
    }
    for name in [
      "load1", "load5", "load15", "boot_time_seconds", "time_seconds",
      "context_switches_total", "intr_total", "forks_total",
    ] { all.append(("node_\(name)", [])) }
    all.append(("up", []))
    for collector in [
      "cpu", "diskstats", "edac", "filesystem", "hwmon", "loadavg", "meminfo", "netdev", "stat",
      "time",
    ] { all.append(("node_scrape_collector_success", [("collector", collector)])) }
    for sensor in ["temp1", "temp2"] {
      all.append(("node_hwmon_temp_celsius", [("sensor", sensor)]))
    }
    return all
  }()

  static let app: [(String, [(String, String)])] = {
    var all: [(String, [(String, String)])] = []
    for handler in ["/api/v1/items", "/api/v1/search", "/login"] {
      for bound in [
        "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
      ] {
        all.append(
          ("http_request_duration_seconds_bucket", [("handler", handler), ("le", bound)]))
      }
      all.append(("http_request_duration_seconds_sum", [("handler", handler)]))
      all.append(("http_request_duration_seconds_count", [("handler", handler)]))
      for code in ["200", "404", "500"] {
        all.append(("http_requests_total", [("handler", handler), ("code", code)]))
      }
    }
    for name in [
      "app_cache_hit_ratio", "app_queue_fill_ratio", "app_gc_pause_seconds", "app_queue_length",
      "app_config_version", "process_start_time_seconds", "process_resident_memory_bytes",
      "process_open_fds", "process_max_fds",
    ] { all.append((name, [])) }
    return all
  }()
}
