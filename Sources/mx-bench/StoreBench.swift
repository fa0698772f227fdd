import Glibc
import MxCodec
import MxFiles
import MxFormats
import MxModel
import MxStore

/// `mx-bench store FILE DIR`: takes a file of samples into a new store, merges
/// it, and prints what each step cost and what the store weighs.
enum StoreBench {
  static func run(_ arguments: [String]) throws -> Int32 {
    guard arguments.count == 2 else {
      print("usage: mx-bench store FILE DIR")
      return 2
    }
    let store = Store(path: arguments[1], files: DiskFileSystem())
    let watch = Stopwatch()
    let samples = try ingest(arguments[0], store)
    if samples == 0 {
      print(
        "\(arguments[0]): no sample in it: Prometheus text, or Influx lines in a '.influx' file")
      return 1
    }
    watch.lap("ingest", samples)
    let report = Report()
    let merged = try store.mergeAll(now: 0, report)
    watch.lap("merge of \(merged) segments", samples)
    let manifest = try store.manifest(report)
    let bytes = manifest.segments.reduce(0) { $0 + $1.bytes }
    print("segments \(manifest.segments.count), samples \(samples)")
    print("bytes in segments \(bytes): \(Double(bytes) / Double(samples)) a sample")
    var setBytes = 0
    for set in manifest.sets {
      setBytes += try store.files.status(store.setPath(set))?.size ?? 0
    }
    print("bytes in sets \(setBytes): \(Double(setBytes) / Double(samples)) a sample")
    print("all \(Double(bytes + setBytes) / Double(samples)) a sample")
    return 0
  }

  private static func ingest(_ path: String, _ store: Store) throws -> Int {
    let file = try store.files.openForReading(path)
    var options = FormatOptions(defaultTime: 0)
    options.lineLimit = 1 << 20
    var decoder = FormatDecoder(path.hasSuffix(".influx") ? .influx : .prometheus, options)
    var batch = SampleBatch()
    var problems = Problems()
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    var samples = 0
    func commit() throws {
      let writer = StoreWriter(store, CommitOptions(now: 0))
      try writer.append(batch)
      try writer.commit()
      samples += writer.result.samples
      batch.removeRows()
    }
    while true {
      let count = try piece.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
      if count == 0 { break }
      offset += count
      try piece.withUnsafeBytes {
        try decoder.feed(
          UnsafeRawBufferPointer(rebasing: $0[..<count]), into: &batch, problems: &problems)
      }
      if batch.count >= 4 << 20 { try commit() }
    }
    try decoder.finish(into: &batch, problems: &problems)
    try commit()
    return samples
  }
}

/// CPU and wall time between laps.
final class Stopwatch {
  private var cpu = Stopwatch.cpuSeconds()
  private var wall = Stopwatch.wallSeconds()

  func lap(_ name: String, _ samples: Int) {
    let cpu = Stopwatch.cpuSeconds() - self.cpu
    let wall = Stopwatch.wallSeconds() - self.wall
    let rate = (Double(samples) / cpu / 1e4).rounded() / 100
    print("\(name): cpu \(cpu) s, wall \(wall) s, \(rate) M samples/CPU-s")
    self.cpu = Stopwatch.cpuSeconds()
    self.wall = Stopwatch.wallSeconds()
  }

  static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func wallSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
