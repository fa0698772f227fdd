import Glibc
import MxFiles
import MxModel
import MxStore

/// `mx-bench sets [SHAPE…]`: bytes per series by part, and what questions cost.
/// `mx-bench sets write SHAPE FILE` and `mx-bench sets probe FILE UID` measure
/// one cold look-up in a process of its own.
enum SetsBench {
  static func main(_ arguments: [String]) -> Int32 {
    do {
      try run(arguments)
      return 0
    } catch {
      say("mx-bench: error: \(error)")
      return 1
    }
  }

  private static func run(_ arguments: [String]) throws {
    switch arguments.first {
    case "write" where arguments.count == 3: try write(arguments[1], arguments[2])
    case "probe" where arguments.count == 3: try probe(arguments[1], arguments[2])
    default:
      let wanted = arguments.isEmpty ? SetShape.allCases.map { $0.rawValue } : arguments
      for name in wanted { if let shape = SetShape(rawValue: name) { try measure(shape) } }
    }
  }

  private static func measure(_ shape: SetShape) throws {
    let table = shape.table()
    let order = table.sortedRefs()
    let made = build(table, order)
    let writing = median(3) { _ = build(table, order) }
    let series = Double(made.count)
    say("\n\(shape.rawValue)  \(made.count) series, keys \(table.keyBytes) bytes")
    say(
      "  set          \(made.bytes.count) bytes  \(two(Double(made.bytes.count) / series)) a series"
    )
    say("  write        \(two(writing * 1e9 / series)) ns a series")
    let set = try open(made.bytes)
    for part in try set.inspect().parts {
      say(
        "    \(part.name)  \(part.count)  \(part.bytes) bytes"
          + "  \(two(Double(part.bytes) / series)) a series  \(part.note)")
    }
    var total = 0
    let streaming = try timed(3) { try set.keys(set.allRefs) { _, key in total &+= key.count } }
    say("  keys         \(two(series / streaming / 1e6)) M a second (\(total / 3) bytes)")
    let finding = try timed(3) { total &+= try set.find(order, of: table).count }
    say("  find all     \(two(finding * 1e3)) ms, \(two(finding * 1e9 / series)) ns a key")
    var few: [UInt32] = []
    for place in stride(from: 0, to: order.count, by: max(1, order.count / 50)) {
      few.append(order[place])
    }
    let findingFew = try timed(5) { total &+= try set.find(few, of: table).count }
    say("  find \(few.count)      \(two(findingFew * 1e3)) ms")
    try questions(set, table, order)
  }

  private static func questions(
    _ set: SeriesSet, _ table: SeriesTable, _ order: [UInt32]
  ) throws {
    let sample = table.labels(order[order.count / 3])
    let name = sample.metricName ?? ""
    let label = ["uid", "trace", "hostname", "pod", "instance"].first { sample[$0] != nil } ?? ""
    let value = sample[label] ?? ""
    let asked: [[Matcher]] = [
      [Matcher(equal: "__name__", name)],
      [Matcher(equal: "__name__", name), Matcher(equal: label, value)],
      [Matcher(equal: label, value)],
      [try Matcher(label, .regex, "\(value)|nothing|other")],
      [try Matcher(label, .regex, "\(value.prefix(2)).*")],
      [try Matcher(label, .regex, ".*beef.*")],
      [try Matcher(label, .regex, ".*[b]ee[f0].*")],
      [try Matcher(label, .notEqual, value)],
    ]
    for matchers in asked {
      var found = SeriesRefs()
      let warm = try timed(5) { found = try set.match(matchers) }
      let cold = try timed(5) {
        let fresh = try SeriesSet(region: set.wholeRegion)
        found = try fresh.match(matchers)
      }
      let shown = matchers.map { "\($0)" }.joined(separator: ", ")
      say(
        "  {\(shown)}  \(found.count) series  \(two(warm * 1e6)) us, opened anew \(two(cold * 1e6)) us"
      )
    }
    let refs = try set.match([Matcher(equal: label, value)])
    let reading = try timed(5) { _ = try set.labels(refs) }
    say("  labels of \(refs.count)  \(two(reading * 1e6)) us")
    let column = try timed(3) { _ = try set.column(label, set.allRefs) }
    say("  column of all  \(two(column * 1e9 / Double(set.count))) ns a series")
    let metrics = try timed(5) { _ = try set.metrics() }
    say("  metrics  \(two(metrics * 1e6)) us")
  }

  private static func write(_ shape: String, _ path: String) throws {
    guard let shape = SetShape(rawValue: shape) else { return }
    let table = shape.table()
    let made = build(table, table.sortedRefs())
    let file = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    var offset = 0
    made.bytes.withUnsafeBytes { bytes in
      while offset < bytes.count, let base = bytes.baseAddress {
        let written = Glibc.write(file, base + offset, bytes.count - offset)
        if written <= 0 { break }
        offset += written
      }
    }
    close(file)
    let last = table.labels(table.sortedRefs()[made.count / 2])
    say("\(path)  \(offset) bytes, \(last)")
  }

  /// Opens, finds and prints one series, then what the process has used.
  private static func probe(_ path: String, _ uid: String) throws {
    let before = memory()
    let start = clock()
    let file = try BenchFile(path)
    let set = try SeriesSet(
      region: FileRegion(file: file, path: path, base: 0, count: file.size))
    let refs = try set.match([Matcher(equal: "uid", uid)])
    let labels = try set.labels(refs)
    let used = clock() - start
    say("\(labels.count) of \(set.count) series in \(two(used * 1e3)) ms of CPU")
    say("\(file.bytesRead) bytes read in \(file.reads) reads, \(memory() - before) KiB more memory")
    say("\(labels.first ?? .empty)")
  }

  private static func build(_ table: SeriesTable, _ order: [UInt32]) -> SeriesSetBytes {
    var writer = SeriesSetWriter()
    for ref in order { table.withKey(ref) { writer.add($0) } }
    return writer.finish()
  }

  private static func open(_ bytes: [UInt8]) throws -> SeriesSet {
    try SeriesSet(
      region: FileRegion(file: BenchBytes(bytes), path: "bench", base: 0, count: bytes.count))
  }

  // MARK: Measuring

  /// CPU seconds of this process.
  private static func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func memory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss
  }

  private static func median(_ count: Int, _ body: () -> Void) -> Double {
    var times: [Double] = []
    for _ in 0..<count {
      let start = clock()
      body()
      times.append(clock() - start)
    }
    return times.sorted()[count / 2]
  }

  private static func timed(_ count: Int, _ body: () throws -> Void) throws -> Double {
    var times: [Double] = []
    for _ in 0..<count {
      let start = clock()
      try body()
      times.append(clock() - start)
    }
    return times.sorted()[count / 2]
  }

  private static func two(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  private static func say(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = Glibc.write(1, $0.baseAddress, $0.count) }
  }
}

/// Bytes in memory as a file.
private final class BenchBytes: ReadableFile {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var size: Int { bytes.count }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    let count = max(0, min(buffer.count, bytes.count - offset))
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)]))
    }
    return count
  }
}

/// A file that counts its reads. Used by one thread.
private final class BenchFile: ReadableFile, @unchecked Sendable {
  private let descriptor: Int32
  let size: Int
  private(set) var reads = 0
  private(set) var bytesRead = 0

  init(_ path: String) throws(FileError) {
    descriptor = open(path, O_RDONLY)
    if descriptor < 0 { throw .notFound(path: path) }
    size = Int(lseek(descriptor, 0, SEEK_END))
  }

  deinit { close(descriptor) }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
    if count < 0 { throw .failed(operation: "read", path: "bench", code: errno) }
    reads += 1
    bytesRead += count
    return count
  }
}
