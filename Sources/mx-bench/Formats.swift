import Glibc
import MxFormats
import MxModel

/// `mx-bench formats FILE...`: how fast each file is parsed, in samples per
/// CPU-second (user and system), store and reading left out of nothing: the
/// file is read from the page cache in pieces of 1 MiB.
enum FormatsBench {
  static func run(_ files: [String]) -> Int32 {
    for file in files { measure(file) }
    return 0
  }

  private static func measure(_ path: String) {
    guard let format = Format.benchFormat(of: path) else {
      print("mx-bench: no format is known by the name '\(path)'")
      return
    }
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else {
      print("mx-bench: cannot open '\(path)'")
      return
    }
    defer { close(descriptor) }
    let start = cpuSeconds()
    var decoder = FormatDecoder(format, FormatOptions(defaultTime: 0))
    var batch = SampleBatch()
    var problems = Problems()
    var samples = 0
    var bytes = 0
    var sum = 0.0
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    do {
      while true {
        let count = read(descriptor, piece.baseAddress, piece.count)
        if count <= 0 { break }
        bytes += count
        let part = UnsafeRawBufferPointer(rebasing: piece[0..<count])
        try decoder.feed(part, into: &batch, problems: &problems)
        samples += batch.count
        if let last = batch.values.last { sum += last }
        batch.removeRows()
      }
      try decoder.finish(into: &batch, problems: &problems)
      samples += batch.count
    } catch {
      print("mx-bench: \(path): \(error)")
    }
    let seconds = cpuSeconds() - start
    let rate = Double(samples) / seconds / 1e6
    let megabytes = Double(bytes) / seconds / 1e6
    print(
      path, format.rawValue, "samples", samples, "series", batch.series.count, "problems",
      problems.count, "CPU s", (seconds * 100).rounded() / 100, "M samples/CPU-s",
      (rate * 100).rounded() / 100, "MB/CPU-s", megabytes.rounded(), "check", sum)
    for problem in problems.all.prefix(3) { print("  \(problem)") }
  }

  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension Format {
  /// The format by a data file's ending.
  fileprivate static func benchFormat(of path: String) -> Format? {
    let endings: [(String, Format)] = [
      (".prom", .prometheus), (".om", .openmetrics), (".influx", .influx), (".csv", .csv),
      (".csvlong", .csv), (".jsonl", .ndjson), (".graphite", .graphite),
    ]
    return endings.first { path.hasSuffix($0.0) }?.1
  }
}
