import MxCodec

/// How the pages of a set are packed.
enum SetCompression {
  static func compress(_ bytes: [UInt8]) -> [UInt8] { bytes }

  static func decompress(_ bytes: [UInt8], count: Int) throws(CodecError) -> [UInt8] {
    guard bytes.count == count else { throw .truncated(at: bytes.count) }
    return bytes
  }
}
