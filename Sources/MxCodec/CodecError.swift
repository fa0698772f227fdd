/// Why a run of bytes is not a valid encoding.
///
/// A codec knows offsets, not file names: whoever read the bytes adds the
/// path. Offsets count from the start of the bytes the codec was handed.
package enum CodecError: Error, Equatable {
  /// The bytes ended before the value did.
  case truncated(at: Int)
  /// A varint holds more than 64 bits.
  case varintTooLong(at: Int)
  /// The encoding was complete but bytes were left over.
  case trailingBytes(at: Int)
  /// A field holds what no encoder writes; the text names the field.
  case malformed(String, at: Int)
  /// A column kind this version does not read: written by a newer one, or
  /// one of the reserved kinds 16…31.
  case unknownKind(UInt8)
  /// The output would pass the limit the caller set (bytes or values).
  case tooLarge(limit: Int)
  /// A compressed stream expands more than the allowed ratio: a bomb.
  case tooDense(ratio: Int)
  /// The bytes are neither gzip nor zstd.
  case notCompressed
}

extension CodecError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let at): "ends within a value at byte \(at)"
    case .varintTooLong(let at): "a number of over 64 bits at byte \(at)"
    case .trailingBytes(let at): "bytes are left over from byte \(at) on"
    case .malformed(let field, let at): "the field '\(field)' is not as written at byte \(at)"
    case .unknownKind(let kind): "a column of kind \(kind), which this version does not know"
    case .tooLarge(let limit): "unpacks to over \(limit) bytes"
    case .tooDense(let ratio): "unpacks to over \(ratio) times its size"
    case .notCompressed: "is neither gzip nor zstd"
    }
  }
}
