import MxCodec
package import MxFormats
import MxModel
package import MxStore

/// How an input becomes samples of the store.
package struct IntakeOptions: Sendable {
  /// The present, ms.
  package var now: Int64
  /// Nil: recognised by content.
  package var format: Format?
  package var decoding: FormatOptions
  /// Added to every series that lacks them.
  package var labels: [(name: String, value: String)] = []
  package var lockWait: Double = 60

  package init(now: Int64) {
    self.now = now
    decoding = FormatOptions(defaultTime: now)
  }
}

/// What came of all inputs of a run.
package struct IntakeResult: Sendable {
  package var inputs = 0
  package var bytes = 0
  package var samples = 0
  package var series = 0
  package var duplicates = DuplicateCounts()
  /// Every refused line, with the name of its input; bounded (see `Problems`).
  package var problems: [(input: String, problem: Problem)] = []
  package var refused = 0

  package init() {}
}

/// Takes inputs of any format into a store, several of them in one commit.
///
/// Memory is one batch of four million rows and the labels of the series seen:
/// a longer stream is committed as it goes.
package final class Intake {
  private let store: Store
  private let options: IntakeOptions
  private var batch = SampleBatch()
  /// Series of `batch` -> the same with the extra labels; refs of `labelled`.
  private var labelled = SampleBatch()
  private var map: [UInt32] = []
  package private(set) var result = IntakeResult()

  /// 4 Mi rows are 80 MiB.
  private static let batchRows = 4 << 20

  package init(_ store: Store, _ options: IntakeOptions) {
    self.store = store
    self.options = options
  }

  /// Reads one input to its end. `next` fills a buffer and returns how much; 0 is
  /// the end. `modified`: the time of samples that carry none.
  package func take(
    name: String, modified: Int64?, next: (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws {
    result.inputs += 1
    batch = SampleBatch()
    map = []
    var decoding = options.decoding
    if let modified { decoding.defaultTime = modified }
    let unpack = Inflater(acceptsPlain: true)
    var stream = DecodedStream(options.format, decoding)
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    var problems = Problems()
    while true {
      let count = try next(piece)
      if count == 0 { break }
      result.bytes += count
      try unpack.push(UnsafeRawBufferPointer(rebasing: piece[..<count])) { plain in
        try stream.feed(plain, into: &batch, problems: &problems)
        if batch.count >= Intake.batchRows { try commit() }
      }
      keep(&problems, of: name)
    }
    try unpack.finish { plain in try stream.feed(plain, into: &batch, problems: &problems) }
    try stream.finish(into: &batch, problems: &problems)
    keep(&problems, of: name)
    result.refused += problems.count
    result.series += batch.series.count
    gather()
  }

  private func keep(_ problems: inout Problems, of name: String) {
    for problem in problems.take() where result.problems.count < 1000 {
      result.problems.append((name, problem))
    }
  }

  /// Moves the rows of the input into the run's batch, with the extra labels.
  private func gather() {
    for ref in map.count..<batch.series.count {
      map.append(labelled.series.intern(withLabels(batch.series.labels(UInt32(ref)))))
    }
    for row in 0..<batch.count {
      labelled.append(map[Int(batch.refs[row])], batch.times[row], batch.values[row])
    }
    labelled.metadata += batch.metadata
    batch.removeRows()
    batch.metadata = []
  }

  private func withLabels(_ labels: LabelSet) -> LabelSet {
    var labels = labels
    for (name, value) in options.labels where labels[name] == nil {
      labels = labels.setting(name, to: value)
    }
    return labels
  }

  /// Makes all that was taken so far durable.
  package func commit() throws {
    gather()
    if labelled.count == 0 { return }
    var commit = CommitOptions(now: options.now)
    commit.lockWait = options.lockWait
    let writer = StoreWriter(store, commit)
    try writer.append(labelled)
    try writer.commit()
    result.samples += writer.result.samples
    result.duplicates += writer.result.duplicates
    labelled.removeRows()
  }
}

/// A decoder that waits for enough bytes to know its format.
struct DecodedStream {
  private var decoder: FormatDecoder?
  private let format: Format?
  private let options: FormatOptions
  private var head: [UInt8] = []

  init(_ format: Format?, _ options: FormatOptions) {
    self.format = format
    self.options = options
  }

  mutating func feed(
    _ bytes: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws {
    if decoder != nil {
      try decoder?.feed(bytes, into: &batch, problems: &problems)
      return
    }
    head += bytes
    if head.count >= Format.prefixLength || format != nil {
      try begin(isWhole: false, into: &batch, problems: &problems)
    }
  }

  mutating func finish(into batch: inout SampleBatch, problems: inout Problems) throws {
    if decoder == nil { try begin(isWhole: true, into: &batch, problems: &problems) }
    try decoder?.finish(into: &batch, problems: &problems)
  }

  private mutating func begin(
    isWhole: Bool, into batch: inout SampleBatch, problems: inout Problems
  ) throws {
    if head.isEmpty { return }
    let found = format ?? head.withUnsafeBytes { Format.detect($0, isWhole: isWhole) }
    guard let found else { throw IntakeError.unknownFormat }
    decoder = FormatDecoder(found, options)
    let bytes = head
    head = []
    try bytes.withUnsafeBytes { try decoder?.feed($0, into: &batch, problems: &problems) }
  }
}

/// Why an input was not taken.
package enum IntakeError: Error, Equatable {
  /// The bytes look like none of the formats.
  case unknownFormat
}
