import MxFormats
import MxModel

/// One input while it is read: its decoder, its lane through the gate, its name.
final class IntakeInput {
  let lane: GateLane
  let defaultTime: Int64
  var identity: InputIdentity
  var stream: DecodedStream
  var batch = SampleBatch()
  var problems = Problems()
  /// The first row of the gate's batch that is this input's and not committed.
  var firstRow = 0
  /// The first refusal kept for telling that is this input's, likewise.
  var firstRefusal = 0
  var rowsSinceBoundary = 0
  private(set) var isEmpty = true
  private var piece: [UInt8] = []

  /// What is decoded at a time. Pieces begin at multiples of it, however the
  /// input arrives: commits must fall on the same bytes when it comes again.
  static let pieceSize = 1 << 20

  init(_ name: String, _ options: IntakeOptions, _ gate: Gate, modified: Int64?, number: Int) {
    lane = gate.lane(source: name)
    var decoding = options.decoding
    if let modified { decoding.defaultTime = modified }
    defaultTime = decoding.defaultTime
    identity = InputIdentity(
      explicit: options.batchID.map { "\($0)\u{0}\(number)" }, options, gate.settings,
      defaultTime: decoding.defaultTime)
    stream = DecodedStream(options.format, decoding)
  }

  /// Cuts what arrives into pieces of one size.
  func add(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if bytes.count > 0 { isEmpty = false }
    var rest = bytes[...]
    if piece.isEmpty, rest.count == Self.pieceSize { return try body(bytes) }
    while !rest.isEmpty {
      let room = Self.pieceSize - piece.count
      piece.append(contentsOf: rest.prefix(room))
      rest = rest.dropFirst(room)
      if piece.count == Self.pieceSize { try flush(body) }
    }
  }

  func flush(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if piece.isEmpty { return }
    try piece.withUnsafeBytes { try body($0) }
    piece.removeAll(keepingCapacity: true)
  }

  func decode(_ piece: UnsafeRawBufferPointer) throws {
    identity.update(piece)
    try stream.feed(piece, into: &batch, problems: &problems)
  }

  func finish() throws { try stream.finish(into: &batch, problems: &problems) }
}
