import MxCodec

/// Which series of its set a segment holds: slot -> ref, ascending.
///
///     size  field
///     1     form: 0 a stretch of the set, 1 a list
///     …     number of slots, varint
///     …     form 0: first ref, varint
///           form 1: blocks of 4096 refs, each an integer column
///
/// A stretch is the common case (all of the set) and costs nothing in memory
/// however long it is.
enum SeriesList: Hashable, Sendable {
  case stretch(Range<Int>)
  case list([UInt32])

  private static let blockSize = 4096

  init(_ refs: [UInt32]) {
    if let first = refs.first, let last = refs.last, Int(last - first) == refs.count - 1 {
      self = .stretch(Int(first)..<Int(last) + 1)
    } else if refs.isEmpty {
      self = .stretch(0..<0)
    } else {
      self = .list(refs)
    }
  }

  var count: Int {
    switch self {
    case .stretch(let refs): refs.count
    case .list(let refs): refs.count
    }
  }

  func ref(_ slot: Int) -> Int {
    switch self {
    case .stretch(let refs): refs.lowerBound + slot
    case .list(let refs): Int(refs[slot])
    }
  }

  /// The slot of `ref`, nil where the segment does not hold it.
  func slot(of ref: Int) -> Int? {
    switch self {
    case .stretch(let refs): return refs.contains(ref) ? ref - refs.lowerBound : nil
    case .list(let refs):
      var low = 0
      var high = refs.count
      while low < high {
        let middle = (low + high) / 2
        if Int(refs[middle]) < ref { low = middle + 1 } else { high = middle }
      }
      return low < refs.count && Int(refs[low]) == ref ? low : nil
    }
  }

  func encoded() -> [UInt8] {
    var out: [UInt8] = []
    switch self {
    case .stretch(let refs):
      out.append(0)
      out.append(varint: refs.count)
      out.append(varint: refs.lowerBound)
    case .list(let refs):
      out.append(1)
      out.append(varint: refs.count)
      for start in stride(from: 0, to: refs.count, by: SeriesList.blockSize) {
        out.appendColumn(
          refs[start..<min(start + SeriesList.blockSize, refs.count)].map(Int64.init))
      }
    }
    return out
  }

  init(decoding bytes: UnsafeRawBufferPointer) throws(CodecError) {
    var reader = ByteReader(bytes)
    let form = try reader.uint8()
    let count = try reader.count(atMost: Int(UInt32.max))
    switch form {
    case 0:
      let first = try reader.count(atMost: Int(UInt32.max) - count)
      self = .stretch(first..<first + count)
    case 1: self = .list(try SeriesList.readList(&reader, count))
    default: throw .malformed("series list", at: 0)
    }
    try reader.finish()
  }

  private static func readList(_ reader: inout ByteReader, _ count: Int) throws(CodecError)
    -> [UInt32]
  {
    var refs: [UInt32] = []
    var last: Int64 = -1
    while refs.count < count {
      for ref in try reader.column(min(blockSize, count - refs.count)) {
        guard ref > last, ref <= Int64(UInt32.max) else {
          throw .malformed("series list", at: reader.offset)
        }
        refs.append(UInt32(ref))
        last = ref
      }
    }
    return refs
  }
}
