import MxCodec
package import MxFormats
package import MxModel

/// Reads one input of any format, packed or plain, into a batch in memory: for those
/// who look at a file without a store.
package enum BatchReader {
  package struct Result {
    package var batch = SampleBatch()
    /// Of the refused lines the first thousand.
    package var problems: [Problem] = []
    package var refused = 0
    package var bytes = 0
  }

  /// `next` fills a buffer and returns how much; 0 is the end. `format` nil: recognised.
  package static func read(
    _ format: Format?, _ decoding: FormatOptions,
    next: (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws -> Result {
    var result = Result()
    let unpack = Inflater(acceptsPlain: true)
    var stream = DecodedStream(format, decoding)
    var problems = Problems()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    while true {
      let count = try next(piece)
      if count == 0 { break }
      result.bytes += count
      try unpack.push(UnsafeRawBufferPointer(rebasing: piece[..<count])) { plain in
        try stream.feed(plain, into: &result.batch, problems: &problems)
      }
    }
    try unpack.finish { plain in
      try stream.feed(plain, into: &result.batch, problems: &problems)
    }
    try stream.finish(into: &result.batch, problems: &problems)
    result.problems = problems.all
    result.refused = problems.count
    return result
  }
}
