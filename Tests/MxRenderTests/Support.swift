import Glibc
import MxRender

/// Data that looks like what a query asks for, so that every panel has something
/// to draw. The same for the same expression.
struct SyntheticSource {
  var hosts = ["alpha:9100", "beta:9100", "gamma:9100"]

  var source: PanelSource {
    PanelSource(query: { query in self.answer(query) }, ask: { query in self.values(query) })
  }

  func values(_ query: VariableQuery) -> [String]? {
    switch query {
    case .labelValues(let label, _):
      return label == "instance" ? hosts : (1...3).map { "\(label)-\($0)" }
    case .labelNames: return ["instance", "job"]
    case .metrics: return ["up"]
    case .result: return ["up{instance=\"alpha\"} 1 1"]
    }
  }

  func answer(_ query: PanelQuery) -> QueryResult {
    var random = SmallRandom(query.expr)
    let isSingle = query.expr.hasPrefix("sum(") || query.expr.hasPrefix("count(")
    let sets = isSingle ? [[]] : labelSets(query.expr)
    let scale = Self.scale(query.expr)
    let series = sets.map { labels -> QueryResult.Series in
      let phase = random.next() * 6.28
      let level = scale * (0.3 + 0.5 * random.next())
      var times: [Int64] = []
      var values: [Double] = []
      var time = query.from
      let hole = query.from + (query.to - query.from) / 100 * Int64(20 + 60 * random.next())
      while time <= query.to {
        // A hole in every series: gaps are to be seen.
        if query.isInstant || abs(time - hole) > (query.to - query.from) / 40 {
          let turn = Double(time % 86_400_000) / 86_400_000 * 6.28 * 4
          times.append(time)
          values.append(level * (1 + 0.25 * sin(turn + phase) + 0.06 * (random.next() - 0.5)))
        }
        time += query.step
      }
      return QueryResult.Series(labels: labels, times: times, values: values)
    }
    return QueryResult(series: series)
  }

  private func labelSets(_ expr: String) -> [[QueryResult.Label]] {
    if expr.contains("by (mode)") {
      return ["iowait", "softirq", "steal", "system", "user"].map {
        [QueryResult.Label("mode", $0)]
      }
    }
    if expr.contains("by (device)") {
      return ["eth0", "nvme0n1"].map { [QueryResult.Label("device", $0)] }
    }
    if expr.contains("(le)") || expr.contains("by (le") {
      return ["0.1", "0.25", "0.5", "1", "2.5", "+Inf"].map { [QueryResult.Label("le", $0)] }
    }
    if expr.contains("node_filesystem") {
      return hosts.flatMap { host in
        ["/", "/home", "/var"].map { mount in
          [
            QueryResult.Label("device", "/dev/nvme0n1p2"), QueryResult.Label("fstype", "ext4"),
            QueryResult.Label("instance", host), QueryResult.Label("mountpoint", mount),
          ]
        }
      }
    }
    return hosts.map { [QueryResult.Label("instance", $0), QueryResult.Label("job", "node")] }
  }

  private static func scale(_ expr: String) -> Double {
    if expr.contains("bool") { return 0 }
    if expr.hasPrefix("1 - ") || expr.contains("_ratio") || expr.contains("io_time") { return 1 }
    if expr.contains("100 *") || expr.contains("* 100") { return 95 }
    if expr.contains("boot_time") && expr.contains("time()") { return 8e6 }
    if expr.contains("filesystem") { return 5e11 }
    if expr.contains("bytes") { return expr.contains("rate") ? 4e7 : 1.6e10 }
    return 4
  }
}

/// Numbers from 0 to 1 by a text: no test depends on chance.
struct SmallRandom {
  private var state: UInt64

  init(_ text: String) {
    state = 14_695_981_039_346_656_037
    for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 1_099_511_628_211 }
  }

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 33) / Double(UInt64(1) << 31)
  }
}

/// Files beside the sources; no rule of the house forbids tests to read.
enum Files {
  static func root(_ file: String = #filePath) -> String {
    file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
      .joined(separator: "/")
  }

  static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  static func write(_ bytes: [UInt8], _ path: String) {
    guard let file = fopen(path, "wb") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  /// All files below a folder, sorted; empty where it is not there.
  static func list(_ folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      let path = folder + "/" + name
      if entry.pointee.d_type == UInt8(DT_DIR) { found += list(path) } else { found.append(path) }
    }
    return found.sorted()
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
