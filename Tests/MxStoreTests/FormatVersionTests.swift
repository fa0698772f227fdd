import Glibc
import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Stores of earlier format versions stay readable: one tiny store a version lies in
/// Fixtures/, beside a text that says what is in it. None of them is ever written again;
/// a new version gets a fixture of its own (`MX_FIXTURE=write`, once).
@Suite struct FormatVersionTests {
  static let fixtures = FilePath.join(FilePath.parent(of: #filePath), "Fixtures")

  @Test(arguments: ["format-1", "format-2"])
  func aStoreOfThatVersionReadsAsItWasWritten(version: String) throws {
    if getenv("MX_FIXTURE") != nil { try FixtureMaker.write(version) }
    let directory = try TemporaryDirectory()
    let home = FilePath.join(FormatVersionTests.fixtures, version)
    // A copy, since readers may leave lock files behind.
    let store = try FormatVersionTests.copy(FilePath.join(home, "store"), into: directory.path)
    let text = try DiskFileSystem().contents(
      of: FilePath.join(home, "contents.txt"), limit: 1 << 20)
    let expected = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(expected.count > 30)
    #expect(try StoreContents.lines(of: store) == expected)
    let report = Report()
    _ = try store.verify(deep: true, report)
    #expect(report.damage.isEmpty)
    // This version's own upkeep over it changes no answer.
    _ = try store.mergeAll(now: FixtureMaker.end, Report())
    let merged = try StoreContents.lines(of: store)
    #expect(merged.filter { $0.hasPrefix("raw ") } == expected.filter { $0.hasPrefix("raw ") })
  }

  private static func copy(_ from: String, into directory: String) throws -> Store {
    let files = DiskFileSystem()
    let target = FilePath.join(directory, "store")
    for part in ["", "segments", "sets"] {
      let source = part.isEmpty ? from : FilePath.join(from, part)
      let place = part.isEmpty ? target : FilePath.join(target, part)
      try files.makeDirectory(place)
      for entry in try files.list(source) {
        let path = FilePath.join(source, entry.name)
        guard let status = try files.status(path), !status.isDirectory else { continue }
        let bytes = try files.contents(of: path, limit: 1 << 20)
        try files.writeNew(FilePath.join(place, entry.name), bytes)
      }
    }
    return Store(path: target, files: files)
  }
}

/// What is in a store, as text: a line a series and tier, with a hash of all its samples.
enum StoreContents {
  static func lines(of store: Store) throws -> [String] {
    var lines = try StoreModel(reading: store).series.map { labels, samples in
      let ordered = samples.sorted { $0.key < $1.key }
      return line("raw", labels, ordered.flatMap { [UInt64(bitPattern: $0.key), $0.value] }, 2)
    }
    var tiers: [String: (tier: Int64, labels: LabelSet, numbers: [UInt64])] = [:]
    let windows = try TierDump(store).windows
    for (key, bits) in windows.sorted(by: { $0.key.end < $1.key.end }) {
      tiers["\(key.tier) \(key.labels)", default: (key.tier, key.labels, [])].numbers +=
        [UInt64(bitPattern: key.end)] + bits
    }
    lines += tiers.values.map {
      line("tier \($0.tier)", $0.labels, $0.numbers, 1 + TierDump.columns.count)
    }
    return lines.sorted()
  }

  private static func line(
    _ kind: String, _ labels: LabelSet, _ numbers: [UInt64], _ width: Int
  ) -> String {
    let hash = numbers.withUnsafeBytes { XXH64.hash($0) }
    return "\(kind) \(labels) \(numbers.count / width) rows, "
      + "first \(numbers.prefix(width).map { String($0, radix: 16) }.joined(separator: " ")), "
      + "hash \(String(hash, radix: 16))"
  }
}

/// Makes the fixture of the present version: every kind of column, clock, set, record
/// and tier that it knows.
enum FixtureMaker {
  static let start: Int64 = 1_700_006_400_000 / 86_400_000 * 86_400_000
  static let end = start + 6 * 3_600_000
  private static let rows = 1500

  static func write(_ version: String) throws {
    let files = DiskFileSystem()
    let home = FilePath.join(FormatVersionTests.fixtures, version)
    for directory in [FormatVersionTests.fixtures, home] { try files.makeDirectory(directory) }
    let store = Store(path: FilePath.join(home, "store"), files: files)
    try #require(try files.status(store.path) == nil, "a fixture is written once")
    var ids = SeededGenerator(seed: 1)
    var random = SeededGenerator(seed: 2)
    try commit(columns(&random), to: store, &ids)
    _ = try store.mergeAll(now: start, Report())
    _ = try store.rollUp(RollupOptions(now: end), Report(), random: SeededGenerator(seed: 9))
    try commit(oddities(), to: store, &ids)
    for _ in 0..<2 { try commit(events(), to: store, &ids) }
    var pods = StoreWorkload(seed: 3)
    try pods.commitPods(to: store)
    _ = try store.delete(
      [try Matcher("kind", .equal, "bits")], TimeRange(from: start, to: start + 3_600_000),
      now: end, Report(), random: SeededGenerator(seed: ids.next()))
    let text = try StoreContents.lines(of: store).map { $0 + "\n" }.joined()
    try files.writeNew(FilePath.join(home, "contents.txt"), Array(text.utf8))
  }

  private static func commit(
    _ batch: SampleBatch, to store: Store, _ ids: inout SeededGenerator
  ) throws {
    let writer = StoreWriter(
      store, CommitOptions(now: end), random: SeededGenerator(seed: ids.next()))
    try writer.append(batch)
    try writer.commit()
  }

  /// Long columns, so that merged pages use every coding.
  private static func columns(_ random: inout SeededGenerator) -> SampleBatch {
    var batch = SampleBatch()
    var walk = 50.0
    var counter = 0.0
    var bytes = 4_294_967_296.0
    var sum = 0.0
    for row in 0..<rows {
      let time = start + Int64(row) * 10_000 + 1
      walk = min(100, max(0, walk + Double(Int.random(in: -200...200, using: &random)) / 100))
      counter = row % 700 == 699 ? 0 : counter + Double(Int.random(in: 0...40, using: &random))
      if row % 3 == 0 { bytes += 4096 * Double(Int.random(in: -50...50, using: &random)) }
      sum += Double.random(in: 0..<0.013, using: &random)
      let values: [(kind: String, value: Double)] = [
        ("walk", (walk * 100).rounded() / 100), ("counter", counter), ("bytes", bytes),
        ("sum", sum), ("bits", Double.random(in: 0..<1, using: &random)),
        ("constant", 17), ("switch", Double(row / 300 % 2)),
        ("patched", row % 500 == 250 ? 1e12 : Double(row % 7)),
      ]
      for (kind, value) in values {
        batch.append(LabelSet(name: "column", [("kind", kind)]), time, value)
      }
      // Clocks of their own: jittered, irregular, a late start, gaps.
      let jitter = Int64.random(in: -5...5, using: &random)
      batch.append(LabelSet(name: "clock", [("kind", "jitter")]), time + jitter, 1)
      let other = time + Int64.random(in: 0..<9000, using: &random)
      batch.append(LabelSet(name: "clock", [("kind", "irregular")]), other, 2)
      if row > 900 { batch.append(LabelSet(name: "clock", [("kind", "late")]), time, 3) }
      if row / 100 % 3 != 1 { batch.append(LabelSet(name: "clock", [("kind", "gaps")]), time, 4) }
    }
    batch.metadata = [
      MetricMetadata(family: "column", type: .gauge, help: "columns of every kind"),
      MetricMetadata(family: "clock", type: .counter, help: "clocks of every kind"),
    ]
    return batch
  }

  /// Values that only bits tell apart, and names that are no identifiers.
  private static func oddities() -> SampleBatch {
    let values: [Double] = [
      -0.0, 0, .infinity, -.infinity, StaleMarker.value, .nan, Double(bitPattern: 0x7ff8_0000_dead),
      .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1 + 0.2,
    ]
    var batch = SampleBatch()
    for (row, value) in values.enumerated() {
      let time = end - 60_000 + Int64(row) * 1000
      batch.append(LabelSet(name: "odd", [("kind", "bits")]), time, value)
      batch.append(LabelSet(name: "température.°C", [("straße.nr", "\"1\"\n\\")]), time, value)
    }
    batch.append(LabelSet([("only", "a label")]), -62_135_596_800_000, 1)
    batch.append(LabelSet([("only", "a label")]), 253_402_300_799_999, 2)
    return batch
  }

  private static func events() -> SampleBatch {
    var batch = SampleBatch()
    for row in 0..<20 {
      batch.append(
        LabelSet(name: "deploys", [("app", "a\(row % 2)")]), end - 1000 * Int64(row / 4), 1)
    }
    batch.metadata = [MetricMetadata(family: "deploys", type: .event, help: "they add up")]
    return batch
  }
}
