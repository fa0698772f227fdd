import CZstd

/// Compresses blobs, one zstd frame each, with a context that is reused.
///
/// The frame carries its content's size and no checksum: who stores it has
/// one over the compressed bytes. Deterministic under one version of libzstd.
package final class ZstdCompressor {
  private let context: OpaquePointer

  /// Levels 1…19: 1 and 3 for speed, 9 and more for what is written once.
  package init(level: Int = 3) {
    precondition((1...19).contains(level), "BUG: zstd level \(level)")
    guard let context = ZSTD_createCCtx() else { preconditionFailure("out of memory") }
    self.context = context
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends the frame of `bytes` to `out`.
  package func compress(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) {
    let bound = ZSTD_compressBound(bytes.count)
    let start = out.count
    out.append(contentsOf: repeatElement(0, count: bound))
    let size = out.withUnsafeMutableBytes { buffer in
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
      return ZSTD_compress2(
        context, target.baseAddress, target.count, bytes.baseAddress, bytes.count)
    }
    // With room for the bound only a failing allocation is left.
    precondition(ZSTD_isError(size) == 0, "out of memory")
    out.removeLast(bound - size)
  }

  package func compress(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    bytes.withUnsafeBytes { compress($0, into: &out) }
    return out
  }
}

/// Decompresses what `ZstdCompressor` or any zstd wrote, one frame at a time,
/// with a context that is reused.
package final class ZstdDecompressor {
  private let context = ZstdContext()

  package init() {}

  /// The content of the one frame `bytes` is, of at most `limit` bytes.
  ///
  /// The frame's own idea of its size is believed only up to the limit, and
  /// only what decompresses is kept: a lying header costs at most `limit`
  /// bytes of untouched address space.
  package func decompress(
    _ bytes: UnsafeRawBufferPointer, limit: Int
  ) throws(CodecError) -> [UInt8] {
    precondition(limit >= 0, "BUG: negative limit")
    let length = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
    guard ZSTD_isError(length) == 0 else { throw .malformed("zstd frame", at: 0) }
    guard length == bytes.count else { throw .trailingBytes(at: length) }
    let declared = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
    // The two highest values say 'unknown' and 'error'.
    let isKnown = declared < UInt64.max &- 1
    guard !isKnown || declared <= UInt64(limit) else { throw .tooLarge(limit: limit) }
    let capacity = isKnown ? Int(declared) : limit
    var failure: CodecError?
    let out = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      let size = ZSTD_decompressDCtx(
        context.pointer, buffer.baseAddress, capacity, bytes.baseAddress, bytes.count)
      if ZSTD_isError(size) != 0 {
        // Only a frame that hides its size can find the buffer too small.
        let text = String(cString: ZSTD_getErrorName(size))
        failure =
          !isKnown && text.hasPrefix("Destination")
          ? .tooLarge(limit: limit) : .malformed("zstd: \(text)", at: 0)
        count = 0
      } else {
        count = size
      }
    }
    if let failure { throw failure }
    return out
  }

  package func decompress(_ bytes: [UInt8], limit: Int) throws(CodecError) -> [UInt8] {
    let result: Result<[UInt8], CodecError> = bytes.withUnsafeBytes { buffer in
      do throws(CodecError) {
        return .success(try decompress(buffer, limit: limit))
      } catch { return .failure(error) }
    }
    return try result.get()
  }
}
