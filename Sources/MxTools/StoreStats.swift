import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxStore

/// `mx-compact stats`: what a store holds and how it grows, as tables or as JSON.
enum StoreStats {
  /// One fact: what a table calls it, and JSON. Nil where it is not known.
  private struct Fact {
    enum Value {
      case count(Int)
      case ratio(String)
      case time(Int64)
    }

    var title: String
    var key: String
    var value: Value?
    /// As the table has it, where that says more.
    var text: String?
  }

  static func run(_ run: Run) throws -> ExitCode {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let report = Report()
    let stats = try store.statistics(report)
    let facts = facts(stats) + (try growth(store, stats, run))
    let metrics = try store.bytesByMetric(report)
    if run.arguments.string("format") == "json" {
      try run.output.write(json(facts, stats, metrics))
    } else {
      try table(facts, stats).write(to: run.output)
      try run.output.write("\n")
      try table(metrics).write(to: run.output)
    }
    return StoreDamage.tell(report, run)
  }

  private static func facts(_ stats: StoreStatistics) -> [Fact] {
    func count(_ title: String, _ key: String, _ value: Int) -> Fact {
      Fact(title: title, key: key, value: .count(value))
    }
    return [
      count("series", "series", stats.series),
      count("samples", "samples", stats.samples),
      count("bytes of segments", "segment_bytes", stats.segmentBytes),
      count("bytes of series sets", "set_bytes", stats.setBytes),
      count("bytes of the manifest", "manifest_bytes", stats.manifestBytes),
      count("bytes, live files", "live_bytes", stats.liveBytes),
      Fact(title: "bytes a sample", key: "bytes_a_sample", value: perSample(stats)),
      count("bytes waiting for the grace to end", "waiting_bytes", stats.retiredBytes),
      count("segments", "segments", stats.segments),
      count("deletions", "deletions", stats.deletions),
      count("generation", "generation", Int(clamping: stats.generation)),
      Fact(title: "oldest sample", key: "oldest", value: stats.range.map { .time($0.from) }),
      Fact(title: "newest sample", key: "newest", value: stats.range.map { .time($0.to) }),
    ]
  }

  private static func perSample(_ stats: StoreStatistics) -> Fact.Value? {
    if stats.samples == 0 { return nil }
    let thousandths = (stats.liveBytes * 1000 + stats.samples / 2) / stats.samples
    let digits = String(thousandths % 1000)
    return .ratio(
      "\(thousandths / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits)")
  }

  /// How fast the store grows, and when its room ends: what the settings allow, or the
  /// file system.
  private static func growth(
    _ store: Store, _ stats: StoreStatistics, _ run: Run
  ) throws -> [Fact] {
    let settings = try SettingsReader.load(run)
    let limits = try StoreRetention.limits(settings, store)
    var room = try store.files.freeSpace(store.path).free - limits.minFree
    if let maxBytes = limits.maxBytes { room = min(room, maxBytes - (try store.usedBytes())) }
    let days = stats.growthADay.flatMap { $0 > 0 ? max(0, room) / $0 : nil }
    return [
      Fact(
        title: "growth a day, bytes", key: "growth_bytes_a_day",
        value: stats.growthADay.map { .count($0) }),
      Fact(
        title: "days until full", key: "days_until_full", value: days.map { .count($0) },
        text: (days ?? 0) > 36_500 ? "over 100 years" : nil),
    ]
  }

  // MARK: - Tables

  private static func table(_ facts: [Fact], _ stats: StoreStatistics) -> TableWriter {
    var table = TableWriter([("what", .left), ("value", .right)])
    for fact in facts {
      table.append([fact.title, fact.text ?? text(fact.value)])
      if fact.key != "segments" { continue }
      for (level, name) in MergePlan.names.enumerated() {
        table.append(["segments, \(name)", String(stats.segmentsByLevel[level])])
      }
    }
    return table
  }

  private static func text(_ value: Fact.Value?) -> String {
    switch value {
    case .count(let value): String(value)
    case .ratio(let text): text
    case .time(let time): TimeText.rfc3339(time)
    case nil: "-"
    }
  }

  /// How many metrics are listed: the largest.
  private static let listedMetrics = 20

  private static func table(_ metrics: [(name: String, bytes: Int)]) -> TableWriter {
    var table = TableWriter([("metric", .left), ("bytes", .right), ("share", .right)])
    let sum = max(1, metrics.reduce(0) { $0 + $1.bytes })
    for metric in metrics.prefix(listedMetrics) {
      table.append([
        metric.name.isEmpty ? "(no name)" : metric.name, String(metric.bytes),
        "\(metric.bytes * 100 / sum) %",
      ])
    }
    let rest = metrics.dropFirst(listedMetrics)
    if !rest.isEmpty {
      let bytes = rest.reduce(0) { $0 + $1.bytes }
      table.append(["\(rest.count) others", String(bytes), "\(bytes * 100 / sum) %"])
    }
    return table
  }

  // MARK: - JSON

  /// All metrics; times are RFC 3339.
  private static func json(
    _ facts: [Fact], _ stats: StoreStatistics, _ metrics: [(name: String, bytes: Int)]
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for fact in facts {
      writer.name(fact.key)
      switch fact.value {
      case .count(let value): writer.int(value)
      case .ratio(let text): writer.raw(Array(text.utf8))
      case .time(let time): writer.string(TimeText.rfc3339(time))
      case nil: writer.null()
      }
    }
    writer.name("segments_by_level")
    writer.beginObject()
    for (level, name) in MergePlan.names.enumerated() {
      writer.member(name, Int64(stats.segmentsByLevel[level]))
    }
    writer.endObject()
    writer.name("metrics")
    writer.beginArray()
    for metric in metrics {
      writer.beginObject()
      writer.member("name", metric.name)
      writer.member("bytes", Int64(metric.bytes))
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    writer.newline()
    return writer.bytes
  }
}
