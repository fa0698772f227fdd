import MxCodec
import MxFiles
import MxModel
import MxStore
import MxTestSupport

/// What lies on disk. Checksums are off in this program (see `XXH64`): a flipped bit
/// gets as far as one that somebody had forged.
enum FileTargets {
  static let all: [FuzzTarget] = [
    FuzzTarget("store", seeds: edits) { store($0) },
    FuzzTarget(
      "manifest", seeds: [world.files.first { $0.name.contains("MANIFEST") }?.bytes ?? []]
    ) { bytes in
      if let manifest = try? Manifest(decoding: Array(bytes), path: "m") {
        let again = try? Manifest(decoding: manifest.encoded(), path: "m")
        precondition(again?.encoded() == manifest.encoded(), "BUG: a manifest changes in writing")
      }
    },
    FuzzTarget("column", seeds: columns) { column($0) },
  ]

  // MARK: - A store with something changed in one of its files

  private struct World: Sendable {
    var disk: SimulatedFileSystem
    var files: [(name: String, bytes: [UInt8])]
  }

  private static let now: Int64 = 1_795_132_800_000
  private static let path = "/s"

  /// A small store with everything in it: sets inside and outside of segments, tiers,
  /// merges, a deletion. As small as that can be, since most of a run is work on what
  /// was not changed; of the manifests that a store keeps two are enough to fall back on.
  private static let world: World = {
    let disk = SimulatedFileSystem()
    do {
      let store = Store(path: path, files: disk)
      for hour in 0..<2 { try commit(hour, to: store) }
      let report = Report()
      try merge(store, report)
      try commit(2, to: store)
      _ = try store.rollUp(rollup, report)
      let matchers = [try Matcher("pod", .regex, "p1.*")]
      _ = try store.delete(matchers, .all, now: now + 6 * 3_600_000, report)
      try commit(3, to: store)
      let manifests = disk.allFiles().keys.filter { $0.contains(Manifest.prefix) }.sorted()
      for old in manifests.dropLast(2) { try disk.remove(old) }
    } catch {
      fatalError("BUG: a store in memory: \(error)")
    }
    let files = disk.allFiles().sorted { $0.key < $1.key }.map { (name: $0.key, bytes: $0.value) }
    return World(disk: disk, files: files.filter { !$0.name.hasSuffix(".lock") })
  }()

  private static func commit(_ hour: Int, to store: Store) throws {
    var batch = SampleBatch()
    var names = SeededGenerator(seed: 7)
    // With the last hour's few series their set is small enough to lie in the segment.
    for pod in 0..<(hour == 3 ? 2 : 8) {
      let uid = (0..<6).map { _ in "\(names.next())" }.joined(separator: "-")
      let labels = LabelSet(name: pod % 2 == 0 ? "a" : "b", [("pod", "p\(pod)"), ("uid", uid)])
      // Of 64 samples on there are statistics.
      for step in 0..<(pod == 0 ? 70 : 4) {
        let value = pod % 3 == 0 ? Double(step) : Double(step * pod) * 0.37
        batch.append(labels, now + Int64(hour * 3600 + step * 30) * 1000, value)
      }
    }
    batch.metadata = [MetricMetadata(family: "a", type: .gauge, help: "h")]
    let writer = StoreWriter(store, CommitOptions(now: now + Int64(hour + 1) * 3_600_000))
    try writer.append(batch)
    try writer.commit()
  }

  private static func merge(_ store: Store, _ report: Report) throws {
    let inputs = try store.manifest(report).segments.filter { $0.kind == .samples }
      .sorted { $0.lastSequence < $1.lastSequence }
    try store.execute(
      MergeJob(inputs: inputs.map(\.id), level: 2), now: now + 5 * 3_600_000, effort: .fresh,
      report)
  }

  private static let rollup: RollupOptions = {
    var options = RollupOptions(now: now + 6 * 3_600_000)
    options.tiers = [300_000, 3_600_000]
    options.effort = .fresh
    return options
  }()

  /// Sixteen changes: more leave nothing to be read, and only cost time.
  private static let mostBytes = 2 + 16 * 5

  /// The first byte chooses the file, the second what is done with the store; five
  /// bytes each then say what changes where.
  private static func store(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 2 else { return }
    let file = world.files[Int(bytes[0]) % world.files.count]
    let disk = world.disk.restarted()
    do {
      try disk.damage(file.name) { content in
        for edit in stride(from: 2, to: min(bytes.count, mostBytes) - 4, by: 5) {
          change(&content, UnsafeRawBufferPointer(rebasing: bytes[edit..<edit + 5]))
        }
      }
      try look(Store(path: path, files: disk), bytes[1])
    } catch {
      // An error is an answer.
    }
  }

  private static func change(_ content: inout [UInt8], _ edit: UnsafeRawBufferPointer) {
    if content.isEmpty { return }
    let place = Int(edit[1]) | Int(edit[2]) << 8 | Int(edit[3]) << 16
    // Footers say where everything is: half of the places count from the end.
    let offset =
      edit[0] & 0x80 > 0
      ? content.count - 1 - place % content.count : place % content.count
    switch edit[0] & 0x7f {
    case 1: content.removeSubrange(offset...)
    case 2: content.remove(at: offset)
    case 3: content.insert(edit[4], at: offset)
    default: content[offset] = edit[4]
    }
  }

  private static func look(_ store: Store, _ choice: UInt8) throws {
    let report = Report()
    let later = rollup.now + 3 * 3_600_000
    switch choice % 8 {
    case 0: _ = try store.verify(deep: true, report)
    case 1: _ = try store.statistics(report)
    case 2: try merge(store, report)
    case 3: _ = try store.repair(now: later, report)
    case 4:
      var options = rollup
      options.now = later
      _ = try store.rollUp(options, report)
    case 5: try commit(4, to: store)
    default: try read(store, report)
    }
  }

  private static func read(_ store: Store, _ report: Report) throws {
    let snapshot = try Snapshot(store, report)
    let selection = try snapshot.open([SelectRequest([], range: .all)], report: report)[0]
    for series in 0..<selection.count { _ = try? selection.labels(series) }
    _ = try? selection.column("pod")
    try? selection.read(0..<selection.count, .all, worker: 0) { _, _ in }
    _ = try? snapshot.labelValues("uid", matching: [], range: .all, report: report)
    _ = try snapshot.allMetadata()
  }

  private static var edits: [[UInt8]] {
    world.files.indices.flatMap { file in
      (0..<7).flatMap { work in
        let start = [UInt8(file), UInt8(work)]
        return [start + [0, 20, 0, 0, 1], start + [0x80, 40, 0, 0, 255, 0x80, 90, 0, 0, 3]]
      }
    }
  }

  // MARK: - Columns alone

  private static var columns: [[UInt8]] {
    let encoder = ColumnEncoder()
    let shapes: [[Double]] = [
      (0..<300).map { Double($0) }, (0..<300).map { Double($0 % 7) * 0.1 },
      (0..<300).map { Double(bitPattern: UInt64($0) &* 0x9E37_79B9_7F4A_7C15) },
      [Double](repeating: 1, count: 300),
    ]
    return shapes.flatMap { values in
      [Effort.fresh, .merged, .index].map { effort in
        var out: [UInt8] = [3, 100]
        values.withUnsafeBufferPointer { values in
          [Int32(100), 100, 100].withUnsafeBufferPointer { runs in
            encoder.encode(doubles: values, runs: runs, effort: effort, into: &out)
          }
        }
        return out
      }
    }
  }

  /// The first two bytes: how many runs, and how long each.
  private static func column(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 2 else { return }
    let runs = [Int32](repeating: Int32(bytes[1]), count: Int(bytes[0] % 16))
    let column = UnsafeRawBufferPointer(rebasing: bytes[2...])
    let decoder = ColumnDecoder()
    let count = runs.reduce(0) { $0 + Int($1) }
    var doubles = [Double](repeating: 0, count: count)
    var integers = [Int64](repeating: 0, count: count)
    runs.withUnsafeBufferPointer { runs in
      doubles.withUnsafeMutableBufferPointer { out in
        try? decoder.decodeDoubles(column, runs: runs, range: 0..<runs.count, into: out)
      }
      integers.withUnsafeMutableBufferPointer { out in
        try? decoder.decodeIntegers(column, runs: runs, range: 0..<runs.count, into: out)
      }
    }
  }
}
