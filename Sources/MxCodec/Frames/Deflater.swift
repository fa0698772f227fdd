import CZlib

/// Compresses a stream to gzip, in pieces, for outputs named `*.gz`.
///
/// One member without a name or time in its header, so that the same bytes
/// give the same file.
package final class Deflater {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

  /// Levels 1…9.
  package init(level: Int = 6) {
    precondition((1...9).contains(level), "BUG: gzip level \(level)")
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for a gzip header; 8 is zlib's usual memory.
    let result = deflateInit2_(
      stream, Int32(level), Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, zlibVersion(),
      Int32(MemoryLayout<z_stream>.size))
    precondition(result == Z_OK, "out of memory")
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  /// Takes the next bytes and gives what is ready of the compressed stream,
  /// valid only inside `body`.
  package func push(
    _ input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    // zlib counts in 32 bits.
    var offset = 0
    while offset < input.count {
      let size = min(input.count - offset, 1 << 30)
      try run(UnsafeRawBufferPointer(rebasing: input[offset..<(offset + size)]), Z_NO_FLUSH, body)
      offset += size
    }
  }

  /// Gives the rest. Nothing may be pushed after it.
  package func finish(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    try run(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, body)
  }

  private func run(
    _ input: UnsafeRawBufferPointer, _ flush: Int32,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    let bytes = input.bindMemory(to: UInt8.self)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    var isFull = true
    while isFull {
      stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(output.count)
      let result = deflate(stream, flush)
      precondition(result != Z_STREAM_ERROR, "BUG: deflate after finish")
      let produced = output.count - Int(stream.pointee.avail_out)
      isFull = stream.pointee.avail_out == 0
      if produced > 0 { try body(UnsafeRawBufferPointer(rebasing: output[..<produced])) }
    }
  }
}
