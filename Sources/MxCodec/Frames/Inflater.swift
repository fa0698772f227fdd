import CZlib
import CZstd

/// What a stream of bytes is, by its first four.
package enum StreamFormat: Equatable, Sendable {
  case gzip, zstd, plain

  /// Bytes needed to tell.
  package static let magicBytes = 4

  /// `1f 8b` is gzip; `28 b5 2f fd`, or `5x 2a 4d 18` (a skippable frame), is
  /// zstd; anything else, and anything shorter, is plain.
  package static func detect(_ head: some Collection<UInt8>) -> StreamFormat {
    let first = Array(head.prefix(magicBytes))
    if first.starts(with: [0x1f, 0x8b]) { return .gzip }
    guard first.count == magicBytes else { return .plain }
    if first == [0x28, 0xb5, 0x2f, 0xfd] { return .zstd }
    if first[0] & 0xf0 == 0x50, first[1...] == [0x2a, 0x4d, 0x18] { return .zstd }
    return .plain
  }
}

/// Decompresses a stream that comes in pieces, gzip or zstd, told apart by
/// its first bytes. Several gzip members or zstd frames one after the other
/// are one stream, as the gzip and zstd tools have it; zeros may pad the end
/// of gzip.
///
/// Memory is bounded by the window (32 KiB of gzip, `windowLog` of zstd) and
/// a 64 KiB output buffer; output by `maxOutput` and by `maxRatio` times the
/// input, so that a bomb ends in an error before it fills a disk.
///
///     let inflater = Inflater(limits: .init(maxOutput: 1 << 30))
///     while let chunk = read() { try inflater.push(chunk) { parse($0) } }
///     try inflater.finish { parse($0) }
package final class Inflater {
  package struct Limits: Sendable {
    /// Output bytes in all.
    package var maxOutput: Int
    /// Output bytes an input byte may become, past the first MiB of output.
    /// Exposition text reaches 20, gzip's own limit is 1032.
    package var maxRatio: Int
    /// log2 of the largest zstd window. 23 (8 MiB) is what level 19 uses.
    package var windowLog: Int

    package init(maxOutput: Int = .max, maxRatio: Int = 400, windowLog: Int = 23) {
      precondition(maxOutput >= 0 && maxRatio >= 1, "BUG: bad limits")
      precondition((10...27).contains(windowLog), "BUG: window log \(windowLog)")
      self.maxOutput = maxOutput
      self.maxRatio = maxRatio
      self.windowLog = windowLog
    }
  }

  private enum State {
    case detecting, plain
    case gzip(GzipReader)
    case zstd(ZstdReader)
  }

  private let limits: Limits
  private let acceptsPlain: Bool
  private var state = State.detecting
  private var head: [UInt8] = []
  private var failed: CodecError?
  /// Bytes taken and given so far.
  package private(set) var inputBytes = 0
  package private(set) var outputBytes = 0

  private static let freeOutput = 1 << 20

  /// With `acceptsPlain`, what is neither gzip nor zstd passes unchanged;
  /// without it, it is refused as `notCompressed`.
  package init(limits: Limits = Limits(), acceptsPlain: Bool = false) {
    self.limits = limits
    self.acceptsPlain = acceptsPlain
  }

  /// What the stream is; nil before enough bytes came.
  package var format: StreamFormat? {
    switch state {
    case .detecting: nil
    case .plain: .plain
    case .gzip: .gzip
    case .zstd: .zstd
    }
  }

  /// Takes the next input and gives the output it completes, in pieces that
  /// are valid only inside `body`. Throws `CodecError`, or what `body` throws.
  /// After an error every further call throws.
  package func push(
    _ input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if let failed { throw failed }
    var rest = input
    if case .detecting = state {
      let taken = min(StreamFormat.magicBytes - head.count, rest.count)
      head.append(contentsOf: rest.prefix(taken))
      rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
      guard head.count == StreamFormat.magicBytes else { return }
      try start(body)
    }
    try feed(rest, body)
  }

  /// Ends the stream; an input that stops in the middle is an error.
  package func finish(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if let failed { throw failed }
    if case .detecting = state { try start(body) }
    let isComplete =
      switch state {
      case .detecting, .plain: true
      case .gzip(let reader): reader.isBetweenMembers
      case .zstd(let reader): reader.isBetweenFrames
      }
    if !isComplete { throw fail(.truncated(at: inputBytes)) }
  }

  private func start(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch StreamFormat.detect(head) {
    case .gzip: state = .gzip(GzipReader())
    case .zstd: state = .zstd(ZstdReader(windowLog: limits.windowLog))
    case .plain:
      guard acceptsPlain else { throw fail(.notCompressed) }
      state = .plain
    }
    try head.withUnsafeBytes { try feed($0, body) }
    head = []
  }

  private func feed(
    _ input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard !input.isEmpty else { return }
    let start = inputBytes
    inputBytes += input.count
    do {
      switch state {
      case .detecting: break
      case .plain: try give(input, body)
      case .gzip(let reader): try reader.push(input, at: start) { try give($0, body) }
      case .zstd(let reader): try reader.push(input, at: start) { try give($0, body) }
      }
    } catch let error as CodecError {
      throw fail(error)
    }
  }

  private func give(
    _ output: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard output.count <= limits.maxOutput - outputBytes else {
      throw CodecError.tooLarge(limit: limits.maxOutput)
    }
    outputBytes += output.count
    if outputBytes > Self.freeOutput, outputBytes / limits.maxRatio > inputBytes {
      throw CodecError.tooDense(ratio: limits.maxRatio)
    }
    try body(output)
  }

  private func fail(_ error: CodecError) -> CodecError {
    failed = error
    return error
  }
}

/// Bytes of output given at a time.
private let outputChunk = 65_536

/// zlib's side of `Inflater`.
private final class GzipReader {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let output = UnsafeMutableRawBufferPointer.allocate(
    byteCount: outputChunk, alignment: 16)
  private(set) var isBetweenMembers = false
  private var isPadding = false

  init() {
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for 'gzip only'.
    let result = inflateInit2_(
      stream, 31, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    precondition(result == Z_OK, "out of memory")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  func push(
    _ input: UnsafeRawBufferPointer, at start: Int, _ give: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    // zlib counts in 32 bits.
    var offset = 0
    while offset < input.count {
      let size = min(input.count - offset, 1 << 30)
      let piece = UnsafeRawBufferPointer(rebasing: input[offset..<(offset + size)])
      try pushPiece(piece, at: start + offset, give)
      offset += size
    }
  }

  private func pushPiece(
    _ input: UnsafeRawBufferPointer, at start: Int, _ give: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let bytes = input.bindMemory(to: UInt8.self)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    var mayHoldOutput = true
    while stream.pointee.avail_in > 0 || mayHoldOutput {
      let position = input.count - Int(stream.pointee.avail_in)
      if isBetweenMembers {
        guard position < input.count else { return }
        if input[position] == 0 || isPadding {
          guard input[position...].allSatisfy({ $0 == 0 }) else {
            throw CodecError.trailingBytes(at: start + position)
          }
          isPadding = true
          return
        }
        guard input[position] == 0x1f else {
          throw CodecError.trailingBytes(at: start + position)
        }
        inflateReset(stream)
        isBetweenMembers = false
      }
      stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(outputChunk)
      let result = inflate(stream, Z_NO_FLUSH)
      let produced = outputChunk - Int(stream.pointee.avail_out)
      mayHoldOutput = produced == outputChunk
      if produced > 0 { try give(UnsafeRawBufferPointer(rebasing: output[..<produced])) }
      switch result {
      case Z_STREAM_END: isBetweenMembers = true
      case Z_OK: break
      // No progress: all input is taken and all output given.
      case Z_BUF_ERROR: return
      case Z_MEM_ERROR: preconditionFailure("out of memory")
      default:
        let text = stream.pointee.msg.map { String(cString: $0) } ?? "bad data"
        let at = start + input.count - Int(stream.pointee.avail_in)
        throw CodecError.malformed("gzip: \(text)", at: at)
      }
    }
  }
}

/// libzstd's side of `Inflater`.
private final class ZstdReader {
  private let context: OpaquePointer
  private let output = UnsafeMutableRawBufferPointer.allocate(
    byteCount: outputChunk, alignment: 16)
  private(set) var isBetweenFrames = false

  init(windowLog: Int) {
    guard let context = ZSTD_createDCtx() else { preconditionFailure("out of memory") }
    self.context = context
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLog))
  }

  deinit {
    ZSTD_freeDCtx(context)
    output.deallocate()
  }

  func push(
    _ input: UnsafeRawBufferPointer, at start: Int, _ give: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var mayHoldOutput = true
    while source.pos < source.size || mayHoldOutput {
      // Asking again at a frame's end would begin a new frame.
      if isBetweenFrames, source.pos == source.size { return }
      var target = ZSTD_outBuffer(dst: output.baseAddress, size: outputChunk, pos: 0)
      let before = source.pos
      let result = ZSTD_decompressStream(context, &target, &source)
      if ZSTD_isError(result) != 0 {
        let text = String(cString: ZSTD_getErrorName(result))
        throw CodecError.malformed("zstd: \(text)", at: start + source.pos)
      }
      isBetweenFrames = result == 0
      mayHoldOutput = target.pos == outputChunk
      if target.pos > 0 { try give(UnsafeRawBufferPointer(rebasing: output[..<target.pos])) }
      if source.pos == before, target.pos == 0 { return }
    }
  }
}
