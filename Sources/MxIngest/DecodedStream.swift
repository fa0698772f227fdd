import MxFormats
import MxModel

/// A decoder that waits for enough bytes to know its format.
struct DecodedStream {
  private var decoder: FormatDecoder?
  private let wanted: Format?
  private let options: FormatOptions
  private var head: [UInt8] = []

  init(_ format: Format?, _ options: FormatOptions) {
    wanted = format
    self.options = options
  }

  /// What some editors put before UTF-8; of a metric's name it is no part.
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// What people pack files with besides gzip and zstd, by how it begins.
  private static let packers: [(magic: [UInt8], kind: String, program: String)] = [
    (Array("BZh".utf8), "bzip2", "bzcat"), ([0xFD] + Array("7zXZ".utf8), "xz", "xzcat"),
    ([0x04, 0x22, 0x4D, 0x18], "lz4", "lz4cat"), (Array("PK".utf8) + [3, 4], "zip", "unzip -p"),
  ]

  /// Nil while it is not known.
  var format: Format? { decoder?.format ?? wanted }

  /// See `FormatDecoder.textsKnown`.
  var textsKnown: Int { decoder?.textsKnown ?? 0 }

  /// Whether the input counts as a whole or not at all.
  var isContainer: Bool {
    switch format {
    case .openmetrics?, .json?, .otlp?, .remoteWrite?, .prometheusProtobuf?, nil: true
    default: false
    }
  }

  mutating func feed(
    _ bytes: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws {
    if decoder != nil {
      try decoder?.feed(bytes, into: &batch, problems: &problems)
      return
    }
    head += bytes
    if head.count >= (wanted == nil ? Format.prefixLength : Self.mark.count) {
      try begin(isWhole: false, into: &batch, problems: &problems)
    }
  }

  mutating func finish(into batch: inout SampleBatch, problems: inout Problems) throws {
    if decoder == nil { try begin(isWhole: true, into: &batch, problems: &problems) }
    try decoder?.finish(into: &batch, problems: &problems)
  }

  /// It ends before its end: what stands behind the last newline may be cut short.
  mutating func stop(into batch: inout SampleBatch, problems: inout Problems) throws {
    if decoder != nil { return }
    head.removeLast(head.reversed().prefix { $0 != UInt8(ascii: "\n") }.count)
    try begin(isWhole: false, into: &batch, problems: &problems)
  }

  private mutating func begin(
    isWhole: Bool, into batch: inout SampleBatch, problems: inout Problems
  ) throws {
    if head.isEmpty { return }
    if let found = Self.packers.first(where: { head.starts(with: $0.magic) }) {
      throw IntakeError.packed(kind: found.kind, program: found.program)
    }
    let isMarked = head.starts(with: Self.mark)
    let text = isMarked ? Array(head.dropFirst(Self.mark.count)) : head
    let found = wanted ?? text.withUnsafeBytes { Format.detect($0, isWhole: isWhole) }
    guard let found else { throw IntakeError.unknownFormat }
    decoder = FormatDecoder(found, options)
    let bytes = found == .remoteWrite || found == .prometheusProtobuf ? head : text
    head = []
    try bytes.withUnsafeBytes { try decoder?.feed($0, into: &batch, problems: &problems) }
  }
}
