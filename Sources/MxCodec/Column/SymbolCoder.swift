import CZstd
import Glibc

/// Decides how residuals are written and makes their zstd frame.
///
/// zstd's Huffman coder is the fastest entropy coder at hand. Level 1 with a
/// minimum match of 7 keeps it to that: on residuals, matches cost more than
/// they save, in bytes and in decoding.
final class SymbolCoder {
  private let huffman: OpaquePointer
  private let matcher: OpaquePointer
  private let bytes = Scratch<UInt8>(4096)
  private let frame = Scratch<UInt8>(4096)

  init() {
    guard let first = ZSTD_createCCtx(), let second = ZSTD_createCCtx() else {
      preconditionFailure("out of memory")
    }
    huffman = first
    matcher = second
    ZSTD_CCtx_setParameter(huffman, ZSTD_c_compressionLevel, 1)
    ZSTD_CCtx_setParameter(huffman, ZSTD_c_minMatch, 7)
    ZSTD_CCtx_setParameter(huffman, ZSTD_c_contentSizeFlag, 0)
    ZSTD_CCtx_setParameter(matcher, ZSTD_c_compressionLevel, 5)
    ZSTD_CCtx_setParameter(matcher, ZSTD_c_contentSizeFlag, 0)
  }

  deinit {
    ZSTD_freeCCtx(huffman)
    ZSTD_freeCCtx(matcher)
  }

  /// Sets `header.residual` and what belongs to it for residuals of
  /// `header.width` bits, and returns their frame, empty if there is none.
  /// The frame is valid until the next call.
  func code(
    _ values: UnsafePointer<Int64>, _ count: Int, _ header: inout ColumnHeader, _ effort: Effort
  ) -> UnsafeBufferPointer<UInt8> {
    let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    if header.width == 0 {
      header.residual = .constant
      return none
    }
    header.residual = .packed
    guard effort != .fresh, count >= ColumnEncoder.entropyMinimum || effort == .index else {
      return none
    }
    let packed = BitPacking.byteCount(count, width: header.width)
    var entropy = header
    entropy.residual = .entropy
    entropy.perSymbol = ColumnEncoder.residualsPerSymbol(header.width)
    let low = BitPacking.byteCount(count, width: entropy.lowBits)
    var best = packed &- packed / 50
    var size = 0
    if let coded = compress(huffman, values, count, entropy), coded &+ low < best {
      size = coded
      best = coded &+ low
      header = entropy
    }
    if effort == .index {
      var matched = entropy
      matched.residual = .matched
      matched.perSymbol = 1
      if let coded = compress(matcher, values, count, matched), coded < best &- best / 20 {
        header = matched
        size = coded
      } else if size > 0 {
        // The frame was overwritten: make the chosen one again.
        size = compress(huffman, values, count, header) ?? 0
      }
    }
    header.symbolBytes = size
    return UnsafeBufferPointer(start: frame.base, count: size)
  }

  /// Fills `frame`; nil if zstd fails, which makes the caller pack bits.
  private func compress(
    _ context: OpaquePointer, _ values: UnsafePointer<Int64>, _ count: Int, _ header: ColumnHeader
  ) -> Int? {
    let size = header.symbolCount(count)
    let source = bytes.reserve(size &+ 8)
    if header.residual == .matched {
      fillWhole(values, count, (header.width &+ 7) / 8, source)
    } else {
      fillSymbols(values, count, header, source, size)
    }
    let bound = ZSTD_compressBound(size)
    let written = ZSTD_compress2(context, frame.reserve(bound), bound, source, size)
    return ZSTD_isError(written) == 0 ? written : nil
  }

  private func fillSymbols(
    _ values: UnsafePointer<Int64>, _ count: Int, _ header: ColumnHeader,
    _ out: UnsafeMutablePointer<UInt8>, _ size: Int
  ) {
    let shift = Int64(header.lowBits)
    if header.perSymbol == 1 {
      for i in 0..<count { out[i] = UInt8(truncatingIfNeeded: values[i] &>> shift) }
      return
    }
    let bits = UInt8(8 / header.perSymbol)
    memset(out, 0, size)
    for plane in 0..<header.perSymbol {
      let from = plane &* size
      let step = UInt8(plane) &* bits
      for j in 0..<max(0, min(size, count &- from)) {
        out[j] |= UInt8(truncatingIfNeeded: values[from &+ j]) &<< step
      }
    }
  }

  private func fillWhole(
    _ values: UnsafePointer<Int64>, _ count: Int, _ size: Int, _ out: UnsafeMutablePointer<UInt8>
  ) {
    let raw = UnsafeMutableRawPointer(out)
    for i in 0..<count {
      // Eight bytes at a time: the next value overwrites what is too much.
      raw.storeBytes(of: values[i].littleEndian, toByteOffset: i &* size, as: Int64.self)
    }
  }
}
