import Glibc
import MxCodec
import MxModel

/// Files of the kinds that speed is promised for, of the series of `BenchStore`.
enum BenchFiles: String, CaseIterable {
  case cpuText = "cpu-M.prom"
  case cpuInflux = "cpu-M.influx"
  case cpuCSV = "cpu-M.csv"
  case cpuJSON = "cpu-M.jsonl"
  case nodeText = "node-M.prom"
  case indexText = "index-1M.prom"

  /// M samples a CPU-second and a second of wall time that were promised.
  var goals: (cpu: Double, wall: Double) {
    switch self {
    case .cpuText: (2.5, 4)
    case .cpuInflux: (5, 8)
    case .cpuCSV: (8, 12)
    case .cpuJSON: (1.4, 2.2)
    case .nodeText: (2.2, 3.5)
    case .indexText: (0.8, 0)
    }
  }

  private var store: BenchStore {
    switch self {
    case .cpuText, .cpuInflux, .cpuCSV, .cpuJSON: .cpuM
    case .nodeText: .nodeM
    case .indexText: .index1M
    }
  }

  /// Writes the file; all series at one instant, then all at the next.
  func make(_ path: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    let table = store.table()
    let names = (0..<table.count).map { ref in
      table.withKey(UInt32(ref)) { LabelSet(key: Array($0)) }
    }
    let heads = heads(names)
    var levels = Levels(table)
    var out: [UInt8] = self == .cpuCSV ? Array((header(names[0]) + "\n").utf8) : []
    for tick in 0..<store.ticks {
      let time = BenchStore.start + Int64(tick) * store.step
      var batch = SampleBatch()
      batch.series = table
      levels.append(time, to: &batch)
      lines(heads, batch.values.map { "\($0)" }, time, &out)
      fwrite(out, 1, out.count, file)
      out.removeAll(keepingCapacity: true)
    }
    return fclose(file) == 0
  }

  /// What each line begins with, the same at every instant.
  private func heads(_ names: [LabelSet]) -> [[UInt8]] {
    switch self {
    case .cpuText, .nodeText, .indexText: names.map { Array("\(text($0)) ".utf8) }
    case .cpuJSON: names.map { Array("{\"metric\":{\(pairs($0.pairs, ":", "\""))},".utf8) }
    case .cpuInflux:
      hosts(names).map { Array("cpu,\(pairs($0.withoutName, "=", ""))\u{20}".utf8) }
    case .cpuCSV:
      hosts(names).map { host in
        Array((host.withoutName.map { $0.value + "," }.joined()).utf8)
      }
    }
  }

  private func header(_ first: LabelSet) -> String {
    let names = first.withoutName.map(\.name) + ["ts"]
    return (names + BenchFiles.fields).joined(separator: ",")
  }

  private func lines(
    _ heads: [[UInt8]], _ values: [String], _ time: Int64, _ out: inout [UInt8]
  ) {
    for (index, head) in heads.enumerated() {
      out += head
      switch self {
      case .cpuText, .nodeText, .indexText: out += "\(values[index]) \(time)\n".utf8
      case .cpuJSON: out += "\"values\":[\(values[index])],\"timestamps\":[\(time)]}\n".utf8
      case .cpuInflux:
        let own = zip(BenchFiles.fields, values[index * 10..<index * 10 + 10])
        out += own.map { "\($0)=\($1)" }.joined(separator: ",").utf8
        out += " \(time)000000\n".utf8
      case .cpuCSV:
        out += "\(time),\(values[index * 10..<index * 10 + 10].joined(separator: ","))\n".utf8
      }
    }
  }

  private static let fields = [
    "user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice",
  ].map { "usage_\($0)" }

  /// The first of each ten series: the cpu sets have ten a host, side by side.
  private func hosts(_ names: [LabelSet]) -> [LabelSet] {
    stride(from: 0, to: names.count, by: 10).map { names[$0] }
  }

  private func text(_ labels: LabelSet) -> String {
    let own = labels.withoutName.map { "\($0.name)=\"\($0.value)\"" }
    return "\(labels.metricName ?? "x"){\(own.joined(separator: ","))}"
  }

  private func pairs(_ labels: [(name: String, value: String)], _ sign: String, _ quote: String)
    -> String
  {
    labels.map { "\(quote)\($0.name)\(quote)\(sign)\(quote)\($0.value)\(quote)" }
      .joined(separator: ",")
  }
}

extension LabelSet {
  fileprivate var withoutName: [(name: String, value: String)] {
    pairs.filter { $0.name != LabelName.metric }
  }
}
