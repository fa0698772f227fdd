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
  private let pieceSize: Int

  init(
    _ name: String, _ delivery: Delivery, _ options: IntakeOptions, _ gate: Gate,
    modified: Int64?, number: Int
  ) {
    lane = gate.lane(source: name)
    var decoding = options.decoding
    if let modified, !options.hasTimestamp { decoding.defaultTime = modified }
    defaultTime = decoding.defaultTime
    pieceSize = options.pieceSize
    identity = InputIdentity(
      explicit: options.batchID.map { "\($0)\u{0}\(number)" }, delivery, options, gate.settings,
      defaultTime: decoding.defaultTime)
    stream = DecodedStream(options.format, decoding)
  }

  /// Cuts what arrives into pieces of one size.
  func add(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if bytes.count > 0 { isEmpty = false }
    var rest = bytes[...]
    if piece.isEmpty, rest.count == pieceSize { return try body(bytes) }
    while !rest.isEmpty {
      let room = pieceSize - piece.count
      piece.append(contentsOf: rest.prefix(room))
      rest = rest.dropFirst(room)
      if piece.count == pieceSize { try flush(body) }
    }
  }

  func flush(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if piece.isEmpty { return }
    try piece.withUnsafeBytes { try body($0) }
    piece.removeAll(keepingCapacity: true)
  }

  /// Whether any of these is the time of samples that carry none.
  func noteTimes(_ times: ArraySlice<Int64>) {
    if identity.usesDefaultTime { return }
    identity.usesDefaultTime = times.contains(defaultTime)
  }
}
